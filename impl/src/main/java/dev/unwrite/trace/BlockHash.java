package dev.unwrite.trace;

import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The hash of a block's content in a trace: 31 bits of its CRC32C. */
public final class BlockHash {
    /** Of a block of zeroes. */
    public static final int ZERO = one(ByteBuffer.allocate(Extent.BLOCK_BYTES));

    private BlockHash() {}

    /** The hashes of the buffer's remaining bytes, which are whole blocks; its position does not change. */
    public static int[] of(ByteBuffer content) {
        int[] values = new int[content.remaining() / Extent.BLOCK_BYTES];
        for (int i = 0; i < values.length; i++) {
            values[i] = one(content.slice(content.position() + i * Extent.BLOCK_BYTES, Extent.BLOCK_BYTES));
        }
        return values;
    }

    private static int one(ByteBuffer block) {
        CRC32C crc = new CRC32C();
        crc.update(block);
        return (int) (crc.getValue() & 0x7fffffff);
    }
}
