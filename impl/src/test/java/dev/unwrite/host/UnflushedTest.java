package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The memory of blocks that are forgotten is used again, and that of the others is not. */
class UnflushedTest {
    private static Extent block(long number) {
        return new Extent(Stage.VOLUME, number, 1);
    }

    private static ByteBuffer filled(long value) {
        byte[] bytes = new byte[Extent.BLOCK_BYTES];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    @Test
    void whatIsKeptStaysAsItIsWhateverIsPutAfterwards() {
        Unflushed unflushed = new Unflushed();
        Blocks kept = Blocks.NONE;
        for (long i = 0; i < 8; i++) {
            unflushed.put(block(i), filled(i));
            kept = i % 2 == 0 ? kept.with(block(i)) : kept;
        }
        unflushed.keepOnly(kept);
        for (long i = 8; i < 16; i++) {
            unflushed.put(block(i), filled(i));
        }
        for (long i = 0; i < 16; i++) {
            if (i < 8 && i % 2 == 1) {
                assertThat(unflushed.get(block(i))).isNull();
            } else {
                assertThat(Objects.requireNonNull(unflushed.get(block(i)))).isEqualTo(filled(i));
            }
        }
    }
}
