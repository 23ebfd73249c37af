package dev.unwrite.host;

import dev.unwrite.protocol.Extent;
import dev.unwrite.trace.BlockHash;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a volume held in some blocks before they are overwritten.
 *
 * @param extent the blocks
 * @param parts the parts of it in their order, without a gap
 */
public record OldData(Extent extent, List<Part> parts) {
    /**
     * Adjacent blocks.
     *
     * @param first the number of the first block
     * @param data their content, not changed any more; null for zeroes
     */
    public record Part(long first, int count, @Nullable ByteBuffer data) {}

    /** One part. */
    public static OldData of(Extent extent, @Nullable ByteBuffer data) {
        return new OldData(extent, List.of(new Part(extent.first(), extent.count(), data)));
    }

    /** What stands for each block in a trace. */
    public int[] hashes() {
        int[] hashes = new int[extent.count()];
        for (Part part : parts) {
            int at = (int) (part.first - extent.first());
            if (part.data == null) {
                Arrays.fill(hashes, at, at + part.count, BlockHash.ZERO);
            } else {
                System.arraycopy(BlockHash.of(part.data), 0, hashes, at, part.count);
            }
        }
        return hashes;
    }
}
