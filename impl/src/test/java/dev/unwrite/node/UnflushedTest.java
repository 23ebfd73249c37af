package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What was written and not flushed can be written again. */
class UnflushedTest {
    private final Unflushed unflushed = new Unflushed();

    private static ByteBuffer filled(int blocks, int value) {
        ByteBuffer bytes = ByteBuffer.allocate(blocks * Extent.BLOCK_BYTES);
        while (bytes.hasRemaining()) {
            bytes.put((byte) value);
        }
        return bytes.flip();
    }

    @Test
    void theNewestContentsOfEachBlockAreRemembered() {
        unflushed.put(new Extent(0, 10, 4), filled(4, 1));
        unflushed.put(new Extent(0, 12, 4), filled(4, 2));
        ByteBuffer all = filled(2, 1);
        assertThat(unflushed.get(new Extent(0, 10, 2))).isEqualTo(all);
        assertThat(unflushed.get(new Extent(0, 12, 4))).isEqualTo(filled(4, 2));
        assertThat(unflushed.bytes()).isEqualTo(6L * Extent.BLOCK_BYTES);
    }

    @Test
    void anExtentIsWholeOrNotThere() {
        unflushed.put(new Extent(0, 10, 4), filled(4, 1));
        assertThat(unflushed.get(new Extent(0, 10, 5))).isNull();
        assertThat(unflushed.get(new Extent(1, 10, 1))).isNull();
    }

    @Test
    void onlyWhatIsStillWantedIsKept() {
        unflushed.put(new Extent(0, 10, 4), filled(4, 1));
        unflushed.put(new Extent(1, 10, 1), filled(1, 3));
        unflushed.keepOnly(() -> Blocks.of(new Extent(0, 11, 1)).with(new Extent(1, 10, 1)));
        assertThat(unflushed.get(new Extent(0, 11, 1))).isEqualTo(filled(1, 1));
        assertThat(unflushed.get(new Extent(1, 10, 1))).isEqualTo(filled(1, 3));
        assertThat(unflushed.get(new Extent(0, 10, 1))).isNull();
        unflushed.clear();
        assertThat(unflushed.bytes()).isZero();
    }

    @Test
    void aBufferIsReadFromItsPosition() {
        ByteBuffer both = ByteBuffer.allocate(2 * Extent.BLOCK_BYTES);
        both.put(Extent.BLOCK_BYTES, filled(1, 7), 0, Extent.BLOCK_BYTES).position(Extent.BLOCK_BYTES);
        unflushed.put(new Extent(0, 1, 1), both);
        assertThat(unflushed.get(new Extent(0, 1, 1))).isEqualTo(filled(1, 7));
    }
}
