package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    private byte[] saved() throws IOException {
        try (SavedGuest guest = new SavedGuest(FIT, DEVICES, memory.copy());
                InputStream in = guest.open()) {
            return in.readAllBytes();
        }
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
        byte[] state = saved();
        assertThat(state.length)
                .as("pages of zeroes are left out")
                .isLessThan((present.length + 1) * (PAGE + 4))
                .isGreaterThan(present.length * (PAGE + 4));
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
        try (SavedGuest guest = new SavedGuest(FIT, DEVICES, memory.copy())) {
            memory.zero(0, PAGES);
            fill(memory, 9);
            for (int time = 0; time < 2; time++) {
                try (InputStream in = guest.open();
                        GuestMemory other = memory()) {
                    SavedGuest.restore(in, FIT, other);
                    assertThat(contents(other)).isEqualTo(before);
                }
            }
        }
    }

    /** Whoever reads byte by byte reads the same. */
    @Test
    void theStreamReadsAlikeInPartsOfAnySize() throws IOException {
        fill(memory, 0, 7, 15);
        byte[] whole = saved();
        for (int part : new int[] {1, 3, PAGE, PAGE + 4, PAGE + 5}) {
            try (SavedGuest guest = new SavedGuest(FIT, DEVICES, memory.copy());
                    InputStream in = guest.open()) {
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

    /** At every byte, so at every boundary. */
    @Test
    void whatIsCutShortIsRefused() throws IOException {
        fill(memory, 4, 5);
        byte[] state = saved();
        int head = state.length - 2 * (PAGE + 4) - 4;
        for (int length = 0; length < state.length; length++) {
            boolean deepInAPage = length > head + 8 && length < state.length - 8 && (length - head) % 97 != 0;
            boolean atAPage = (length - head) % (PAGE + 4) == 0;
            if (!deepInAPage || atAPage) {
                isDamaged(Arrays.copyOf(state, length), "it ends too early");
            }
        }
    }

    @Test
    void whatFollowsTheEndIsRefused() throws IOException {
        fill(memory, 4);
        byte[] state = saved();
        isDamaged(Arrays.copyOf(state, state.length + 1), "there is more than there should be");
    }

    @Test
    void pagesThatGoBackOrBeyondTheMemoryAreRefused() throws IOException {
        fill(memory, 4, 5);
        byte[] state = saved();
        int first = state.length - 2 * (PAGE + 4) - 4;
        int second = first + PAGE + 4;
        isDamaged(withInt(state, second, 4), "page 4 after 4");
        isDamaged(withInt(state, second, 3), "page 3 after 4");
        isDamaged(withInt(state, first, PAGES), "page 16 after -1");
        isDamaged(withInt(state, second, PAGES), "page 16 after 4");
        isDamaged(withInt(state, second, Integer.MAX_VALUE), "page 2147483647 after 4");
        isDamaged(withInt(state, second, -2), "page -2 after 4");
    }

    @Test
    void aHeadThatIsNoHeadIsRefused() throws IOException {
        byte[] state = saved();
        assertThatThrownBy(() -> restore(withInt(state, 0, 7), FIT, memory))
                .isInstanceOf(IOException.class)
                .hasMessage("the mirrored state is not that of a guest of QEMU: another --machine was here");
        assertThatThrownBy(() -> restore(withInt(state, 4, 9), FIT, memory))
                .isInstanceOf(IOException.class)
                .hasMessage("the mirrored state has version 9, known is 1");
        isDamaged(withInt(state, 8, -1), "a word of -1 bytes");
        isDamaged(withInt(state, 8, 257), "a word of 257 bytes");
        int devices = state.length - 4 - DEVICES.length - 4;
        isDamaged(withInt(state, devices, -1), "devices of -1 bytes");
        isDamaged(withInt(state, devices, Integer.MAX_VALUE), "devices of 2147483647 bytes");
    }

    private static byte[] withInt(byte[] state, int at, int value) {
        byte[] changed = state.clone();
        ByteBuffer.wrap(changed).putInt(at, value);
        return changed;
    }
}
