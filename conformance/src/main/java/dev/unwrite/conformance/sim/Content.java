package dev.unwrite.conformance.sim;

import dev.unwrite.protocol.Extent;
import dev.unwrite.trace.BlockHash;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** What stands in a block: a number at its begin and at its end, so that half a block is noticed. 0 is a new block. */
final class Content {
    /** What no block ever holds: its begin and its end do not agree. */
    static final int TORN = -1;

    private static final int LAST = Extent.BLOCK_BYTES - Integer.BYTES;
    private final Map<Integer, Integer> hashes = new HashMap<>();

    static ByteBuffer of(int[] values) {
        ByteBuffer data = ByteBuffer.allocate(values.length * Extent.BLOCK_BYTES);
        for (int i = 0; i < values.length; i++) {
            data.putInt(i * Extent.BLOCK_BYTES, values[i]);
            data.putInt(i * Extent.BLOCK_BYTES + LAST, values[i]);
        }
        return data;
    }

    static int[] values(ByteBuffer data) {
        int[] values = new int[data.remaining() / Extent.BLOCK_BYTES];
        Arrays.setAll(values, i -> {
            int at = data.position() + i * Extent.BLOCK_BYTES;
            int value = data.getInt(at);
            return value == data.getInt(at + LAST) ? value : TORN;
        });
        return values;
    }

    /** What a trace says of these blocks. */
    int[] hashes(int[] values) {
        int[] result = new int[values.length];
        Arrays.setAll(result, i -> hashes.computeIfAbsent(values[i], v -> BlockHash.of(of(new int[] {v}))[0]));
        return result;
    }
}
