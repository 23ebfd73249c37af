package dev.unwrite.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** A state comes back out of its pieces; what is no state is refused, and promises no more than it may. */
class PiecesTest {
    private static final int PAGE = 64;

    private static byte[] pieces(long... numbers) {
        ByteBuffer pieces = ByteBuffer.allocate(1 << 16);
        for (int i = 0; i < numbers.length; i += 2) {
            int length = (int) numbers[i + 1];
            pieces.putLong(numbers[i]).putInt(length);
            for (int at = 0; at < length; at++) {
                pieces.put((byte) (numbers[i] + at + 1));
            }
        }
        byte[] bytes = new byte[pieces.flip().remaining()];
        pieces.get(bytes);
        return bytes;
    }

    private static PieceReader read(byte[] pieces, int part) throws IOException {
        PieceReader reader = new PieceReader(PAGE, (offset, bytes) -> {});
        for (int at = 0; at < pieces.length; at += part) {
            reader.take(ByteBuffer.wrap(pieces, at, Math.min(part, pieces.length - at)));
        }
        return reader;
    }

    @Property(tries = 100)
    void whatIsFlatComesBack(@ForAll @IntRange(max = 600_000) int length, @ForAll int seed) throws IOException {
        byte[] state = new byte[length];
        new Random(seed).nextBytes(state);
        byte[] pieces = PieceStream.flat(new ByteArrayInputStream(state)).readAllBytes();
        assertThat(read(pieces, 1 + Math.floorMod(seed, 7_000)).imageBytes()).isEqualTo(length);
        assertThat(Flat.of(new ByteArrayInputStream(pieces))).isEqualTo(state);
    }

    @Example
    void whatNoPieceCoversIsZeroes() throws IOException {
        byte[] state = Flat.of(new ByteArrayInputStream(pieces(64, 64, 192, 10, 202, 0)));
        assertThat(state).hasSize(202);
        for (int at = 0; at < state.length; at++) {
            boolean covered = (at >= 64 && at < 128) || at >= 192;
            assertThat(state[at]).as("at %d", at).isEqualTo((byte) (covered ? at + 1 : 0));
        }
        assertThat(Flat.of(new ByteArrayInputStream(pieces(100, 0)))).isEqualTo(new byte[100]);
    }

    @Example
    void piecesThatCannotBeAreRefused() throws IOException {
        assertThat(read(pieces(0, 64, 128, 70, 198, 0), 5).isWhole()).isTrue();
        assertThat(read(pieces(0, 64, 128, 64), 5).isWhole()).isFalse();
        long[][] bad = {
            {1, 64, 200, 0},
            {64, 64, 0, 64, 128, 0},
            {0, 128, 64, 64, 128, 0},
            {0, 10, 64, 64, 128, 0},
            {0, 10, 64, 0},
            {0, 64, 63, 0},
            {-64, 64, 0, 0},
            {0, 64, 64, 0, 64, 64}
        };
        for (long[] numbers : bad) {
            assertThatThrownBy(() -> read(pieces(numbers), 7)).isInstanceOf(IOException.class);
        }
        byte[] huge = ByteBuffer.allocate(12)
                .putLong(0)
                .putInt(PieceStream.PIECE_BYTES_MAX + 64)
                .array();
        assertThatThrownBy(() -> read(huge, 12)).hasMessageContaining("a piece of");
    }

    private static boolean isInAHead(int at) {
        return at < 12 || (at >= 76 && at < 88) || at >= 216;
    }

    /** Before a checksum tells: it is not longer than it may be. */
    @Property(tries = 500)
    void whatIsDamagedIsNotLongerThanTheImage(@ForAll @IntRange(max = 8 * 228 - 1) int bit) {
        byte[] bad = pieces(64, 64, 192, 128, 320, 0);
        assertThat(bad).hasSize(228);
        int at = bit / 8;
        bad[at] ^= (byte) (1 << bit % 8);
        try (FlatImage image = new FlatImage(new ByteArrayInputStream(bad), 320, IOException::new)) {
            long count = 0;
            byte[] buffer = new byte[100];
            for (int read = image.read(buffer); read >= 0; read = image.read(buffer)) {
                count += read;
                assertThat(count).isLessThanOrEqualTo(320);
            }
            assertThat(count).isEqualTo(320);
        } catch (IOException e) {
            assertThat(at).as("damage of content is not seen here").matches(PiecesTest::isInAHead);
        }
    }
}
