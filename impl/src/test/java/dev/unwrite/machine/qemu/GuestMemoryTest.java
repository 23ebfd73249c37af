package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.files.Holes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pages that changed are found, each once, however they changed; and what was never written to takes no memory. */
class GuestMemoryTest {
    private static final int PAGE = GuestMemory.PAGE;
    /** More than one processor is given at once. */
    private static final int PAGES = 5000;

    private GuestMemory memory = make();

    @SuppressWarnings("NullAway.Init")
    private Holes asQemu;

    private static GuestMemory make() {
        try {
            return GuestMemory.create((long) PAGES * PAGE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeEach
    void open() throws IOException {
        asQemu = Objects.requireNonNull(Holes.open(memory.file()), "this system has no holes");
        memory.unlink();
    }

    @AfterEach
    void close() throws IOException {
        asQemu.close();
        memory.close();
    }

    private void write(int page, int at, int value) {
        memory.page(page).asByteBuffer().put(at, (byte) value);
    }

    private static BitSet pages(int... numbers) {
        BitSet pages = new BitSet();
        Arrays.stream(numbers).forEach(pages::set);
        return pages;
    }

    @Test
    void whatChangedIsFoundOnce() throws IOException {
        assertThat(memory.changes()).isEqualTo(new BitSet());
        int[] written = {0, 1, 7, 1023, 1024, 2047, 2048, 3333, PAGES - 1};
        for (int page : written) {
            write(page, page % PAGE, 5);
        }
        assertThat(memory.changes()).isEqualTo(pages(written));
        assertThat(memory.changes()).isEqualTo(new BitSet());
        write(1024, PAGE - 1, 6);
        write(PAGES - 1, 0, 0);
        write(7, 7, 0);
        assertThat(memory.changes()).isEqualTo(pages(7, 1024));
    }

    @Test
    void allChangesOfManyRoundsAreFound() throws IOException {
        Random random = new Random(11);
        byte[] known = new byte[PAGES];
        for (int round = 0; round < 30; round++) {
            BitSet expected = new BitSet();
            for (int i = 0; i < 100; i++) {
                int page = random.nextInt(PAGES);
                if (random.nextInt(4) == 0) {
                    assertThat(asQemu.punch((long) page * PAGE, PAGE)).isTrue();
                    expected.set(page, known[page] != 0 || expected.get(page));
                    known[page] = 0;
                } else {
                    byte value = (byte) (1 + random.nextInt(100));
                    expected.set(page, known[page] != value || expected.get(page));
                    known[page] = value;
                    write(page, 9, value);
                }
            }
            BitSet changed = memory.changes();
            // One that was changed and changed back may be told of or not.
            changed.andNot(expected);
            assertThat(changed).isEqualTo(new BitSet());
            isShadowed(known);
        }
    }

    private void isShadowed(byte[] known) {
        BitSet filled = new BitSet();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(PAGE);
            for (int page = 0; page < PAGES; page++) {
                filled.set(page, known[page] != 0);
                memory.copy(page, copy, 0);
                assertThat(copy.asByteBuffer().get(9)).as("page %d", page).isEqualTo(known[page]);
            }
        }
        assertThat(memory.filled()).isEqualTo(filled);
    }

    @Test
    void aPageThatIsGivenBackIsZeroes() throws IOException {
        write(40, 3, 1);
        memory.changes();
        assertThat(asQemu.punch(40L * PAGE, PAGE)).isTrue();
        assertThat(memory.changes()).isEqualTo(pages(40));
        assertThat(memory.filled()).isEqualTo(new BitSet());
    }

    @Test
    void pagesOfZeroesAreGivenBack() throws IOException {
        for (int page : new int[] {40, 41, 42}) {
            write(page, 3, page == 41 ? 1 : 0);
        }
        assertThat(memory.present()).isEqualTo(pages(40, 41, 42));
        assertThat(memory.changes()).isEqualTo(pages(41));
        assertThat(memory.present()).isEqualTo(pages(41));
        write(41, 3, 0);
        write(42, 3, 7);
        assertThat(memory.changes()).isEqualTo(pages(41, 42));
        assertThat(memory.present()).isEqualTo(pages(42));
        assertThat(memory.page(41).mismatch(MemorySegment.ofArray(new byte[PAGE])))
                .isNegative();
    }

    @Test
    void whatNobodyWroteToIsNeverThere() throws IOException {
        write(40, 3, 1);
        memory.changes();
        memory.changes();
        memory.sums();
        memory.filled();
        try (Arena arena = Arena.ofConfined()) {
            memory.restore(41, arena.allocate(PAGE), memory.present());
        }
        assertThat(memory.present()).isEqualTo(pages(40));
    }

    @Test
    void aRestoredPageIsThatOfTheState() throws IOException {
        write(1, 0, 1);
        write(2, 0, 2);
        BitSet present = memory.present();
        byte[] state = new byte[PAGE];
        memory.restore(1, MemorySegment.ofArray(state), present);
        state[5] = 9;
        memory.restore(2, MemorySegment.ofArray(state), present);
        memory.restore(3, MemorySegment.ofArray(state), present);
        for (int page : new int[] {1, 2, 3}) {
            ByteBuffer content = memory.page(page).asByteBuffer();
            assertThat(content.get(0)).isZero();
            assertThat(content.get(5)).isEqualTo((byte) (page == 1 ? 0 : 9));
        }
        assertThat(memory.changes()).isEqualTo(pages(2, 3));
    }
}
