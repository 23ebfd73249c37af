package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.image.PieceReader;
import dev.unwrite.machine.qemu.SavedGuest.Fit;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A saved guest comes back as it was; what is not whole, or not for here, does not come back at all. */
class SavedGuestTest {
    private static final int PAGES = 16;
    private static final int PAGE = GuestMemory.PAGE;
    private static final int BYTES = PAGES * PAGE;
    private static final Fit FIT = new Fit("7.2.22", "0123456789abcdef", BYTES);
    private static final byte[] DEVICES = "the state of the devices".getBytes(java.nio.charset.StandardCharsets.UTF_8);

    private GuestMemory memory = memory();

    private static GuestMemory memory() {
        try {
            return GuestMemory.create(BYTES);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @BeforeEach
    void empty() throws IOException {
        memory.unlink();
    }

    @AfterEach
    void close() throws IOException {
        memory.close();
    }

    private static void fill(GuestMemory target, int... pages) {
        Random random = new Random(7);
        for (int page : pages) {
            byte[] bytes = new byte[PAGE];
            random.nextBytes(bytes);
            MemorySegment.copy(bytes, 0, target.page(page), ValueLayout.JAVA_BYTE, 0, PAGE);
        }
    }

    private static byte[] contents(GuestMemory of) {
        byte[] all = new byte[BYTES];
        for (int page = 0; page < PAGES; page++) {
            MemorySegment.copy(of.page(page), ValueLayout.JAVA_BYTE, 0, all, page * PAGE, PAGE);
        }
        return all;
    }

    private final GuestImage image = new GuestImage(memory, FIT);

    private byte[] saved() throws IOException {
        try (SavedGuest guest = new GuestImage(memory, FIT).save(1, 0, DEVICES)) {
            return applied(guest, new byte[0]);
        }
    }

    /** The image that results where {@code base} is there. */
    private static byte[] applied(SavedGuest guest, byte[] base) throws IOException {
        byte[] all = Arrays.copyOf(base, 10 * BYTES);
        PieceReader reader = new PieceReader(PAGE, (offset, bytes) -> {
            int count = bytes.remaining();
            bytes.get(all, (int) offset, count);
        });
        try (InputStream in = guest.pieces()) {
            reader.take(ByteBuffer.wrap(in.readAllBytes()));
        }
        assertThat(reader.isWhole()).isTrue();
        return Arrays.copyOf(all, (int) reader.imageBytes());
    }

    private static byte[] restore(byte[] state, Fit here, GuestMemory into) throws IOException {
        return SavedGuest.restore(new ByteArrayInputStream(state), here, into);
    }

    /** Zeroes at the start, in the middle and at the end; the last page; none; all. */
    @ParameterizedTest
    @ValueSource(strings = {"1 2 5 6 14", "0 15", "", "15", "0", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"})
    void itComesBackAsItWas(String pages) throws IOException {
        int[] present = Arrays.stream(pages.split(" "))
                .filter(word -> !word.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
        fill(memory, present);
        try (SavedGuest guest = new GuestImage(memory, FIT).save(1, 0, DEVICES)) {
            assertThat(guest.pages()).as("pages of zeroes are left out").isEqualTo(present.length + 2);
        }
        byte[] state = saved();
        try (GuestMemory fresh = memory();
                GuestMemory used = memory()) {
            fill(used, 0, 3, 4, 5, 15);
            for (GuestMemory other : new GuestMemory[] {fresh, used}) {
                assertThat(restore(state, FIT, other)).isEqualTo(DEVICES);
                assertThat(contents(other)).isEqualTo(contents(memory));
            }
        }
    }

    /** It is sent while the guest runs on. */
    @Test
    void whatIsSavedDoesNotChangeWithTheMemory() throws IOException {
        fill(memory, 3);
        byte[] before = contents(memory);
        try (SavedGuest guest = image.save(1, 0, DEVICES)) {
            memory.page(3).fill((byte) 0);
            fill(memory, 9);
            image.save(2, 1, DEVICES).close();
            for (int time = 0; time < 2; time++) {
                try (GuestMemory other = memory()) {
                    restore(applied(guest, new byte[0]), FIT, other);
                    assertThat(contents(other)).isEqualTo(before);
                }
            }
        }
    }

    /** Whoever reads byte by byte reads the same. */
    @Test
    void theStreamReadsAlikeInPartsOfAnySize() throws IOException {
        fill(memory, 0, 7, 8, 15);
        try (SavedGuest guest = image.save(1, 0, DEVICES)) {
            byte[] whole = guest.pieces().readAllBytes();
            for (int part : new int[] {1, 3, PAGE, PAGE + 12, PAGE + 13}) {
                try (InputStream in = guest.pieces()) {
                    byte[] all = new byte[whole.length];
                    int at = 0;
                    while (at < all.length) {
                        int count = in.read(all, at, Math.min(part, all.length - at));
                        assertThat(count).isPositive();
                        at += count;
                    }
                    assertThat(in.read()).isEqualTo(-1);
                    assertThat(all).isEqualTo(whole);
                }
            }
        }
    }

    private byte[] deltaOn(byte[] before, long epoch, byte[] devices, int pages) throws IOException {
        return deltaOn(before, epoch, epoch - 1, devices, pages);
    }

    private byte[] deltaOn(byte[] before, long epoch, long base, byte[] devices, int pages) throws IOException {
        try (SavedGuest guest = image.save(epoch, base, devices)) {
            assertThat(guest.isDelta()).isTrue();
            assertThat(guest.pages()).isEqualTo(pages);
            return applied(guest, before);
        }
    }

    private void isTheGuest(byte[] state, byte[] devices) throws IOException {
        try (GuestMemory other = memory()) {
            assertThat(restore(state, FIT, other)).isEqualTo(devices);
            assertThat(contents(other)).isEqualTo(contents(memory));
        }
    }

    @Test
    void DeltaOnItsBase_aDeltaHasWhatChangedSinceTheStateBefore() throws IOException {
        fill(memory, 1, 2, 3);
        byte[] state = applied(image.save(1, 0, DEVICES), new byte[0]);
        state = deltaOn(state, 2, DEVICES, 0);
        memory.page(2).set(ValueLayout.JAVA_BYTE, 17, (byte) 99);
        memory.page(3).fill((byte) 0);
        fill(memory, 15);
        state = deltaOn(state, 3, DEVICES, 3);
        isTheGuest(state, DEVICES);
        // Devices whose state has another length change the head, and what lies behind the memory.
        byte[] more = Arrays.copyOf(DEVICES, 2 * PAGE + 5);
        state = deltaOn(state, 4, more, 4);
        isTheGuest(state, more);
        more = more.clone();
        more[PAGE + 1]++;
        state = deltaOn(state, 5, more, 1);
        isTheGuest(state, more);
        state = deltaOn(state, 6, DEVICES, 2);
        isTheGuest(state, DEVICES);
    }

    /** What a state carried that was not used goes into the next one. */
    @Test
    void DeltaOnItsBase_aStateOfTheSameNumberAgainHasWhatTheFirstOneHad() throws IOException {
        fill(memory, 1);
        byte[] state = applied(image.save(1, 0, DEVICES), new byte[0]);
        fill(memory, 5);
        image.save(2, 1, DEVICES).close();
        fill(memory, 9);
        image.save(2, 1, DEVICES).close();
        state = deltaOn(state, 2, 1, DEVICES, 2);
        isTheGuest(state, DEVICES);
        fill(memory, 10);
        state = deltaOn(state, 3, DEVICES, 1);
        isTheGuest(state, DEVICES);
    }

    @Test
    void DeltaOnItsBase_aStateIsWholeWhereTheBaseIsNotTheStateBefore() throws IOException {
        fill(memory, 1);
        image.save(4, 0, DEVICES).close();
        image.save(5, 4, DEVICES).close();
        fill(memory, 2);
        for (long[] asked : new long[][] {{7, 6}, {7, 5}, {8, 4}, {9, 0}, {9, 8}}) {
            try (SavedGuest guest = image.save(asked[0], asked[1], DEVICES)) {
                assertThat(guest.isDelta()).as(Arrays.toString(asked)).isFalse();
                isTheGuest(applied(guest, new byte[0]), DEVICES);
            }
        }
    }

    @Test
    void aGuestThatDoesNotFitIsRefusedInOneLine() throws IOException {
        fill(memory, 2);
        byte[] state = saved();
        byte[] before = contents(memory);
        doesNotFit(state, new Fit("8.0.0", FIT.file(), BYTES), "the guest ran on QEMU 7.2.22, here is 8.0.0");
        doesNotFit(state, new Fit(FIT.qemu(), "ffff", BYTES), "the guest was started with other arguments");
        doesNotFit(state, new Fit("8.0.0", "ffff", 1), "the guest was started with other arguments");
        doesNotFit(
                state, new Fit(FIT.qemu(), FIT.file(), 1), "the guest has " + BYTES + " bytes of memory, here are 1");
        assertThat(contents(memory)).as("nothing was touched").isEqualTo(before);
    }

    private void doesNotFit(byte[] state, Fit here, String why) {
        assertThatThrownBy(() -> restore(state, here, memory))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(why)
                .hasMessageNotContaining("\n");
    }

    private void isDamaged(byte[] state, String what) {
        assertThatThrownBy(() -> restore(state, FIT, memory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the mirrored state is damaged: " + what);
    }

    @Test
    void whatIsCutShortIsRefused() throws IOException {
        fill(memory, 4, 5);
        byte[] state = saved();
        for (int length = 0; length < state.length; length += length < 100 || length > state.length - 30 ? 1 : 977) {
            isDamaged(Arrays.copyOf(state, length), "it ends too early");
        }
    }

    @Test
    void whatFollowsTheEndIsRefused() throws IOException {
        fill(memory, 4);
        byte[] state = saved();
        isDamaged(Arrays.copyOf(state, state.length + 1), "there is more than there should be");
    }

    @Test
    void aHeadThatIsNoHeadIsRefused() throws IOException {
        byte[] state = saved();
        assertThatThrownBy(() -> restore(withInt(state, 0, 7), FIT, memory))
                .isInstanceOf(IOException.class)
                .hasMessage("the mirrored state is not that of a guest of QEMU: another --machine was here");
        assertThatThrownBy(() -> restore(withInt(state, 4, 9), FIT, memory))
                .isInstanceOf(IOException.class)
                .hasMessage("the mirrored state has version 9, known is 2");
        isDamaged(withInt(state, 8, -1), "a word of -1 bytes");
        isDamaged(withInt(state, 8, 257), "a word of 257 bytes");
        int devices = 4 + 4 + 4 + FIT.qemu().length() + 4 + FIT.file().length() + 8;
        isDamaged(withInt(state, devices, -1), "devices of -1 bytes");
        isDamaged(withInt(state, devices, Integer.MAX_VALUE), "devices of 2147483647 bytes");
    }

    private static byte[] withInt(byte[] state, int at, int value) {
        byte[] changed = state.clone();
        ByteBuffer.wrap(changed).putInt(at, value);
        return changed;
    }
}
