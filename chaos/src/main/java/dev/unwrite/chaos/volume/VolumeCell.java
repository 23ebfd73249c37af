package dev.unwrite.chaos.volume;

import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What a piece of the volume says of itself: which write it is, of whom, when, where, and after which checkpoint command, with
 * a checksum over all of it. The rest is filled with bytes that follow from the number of the write, so that halves of two
 * writes never make a whole.
 *
 * <p>Each block of the volume is cut into eight cells whose borders are no borders of sectors. So a write of some cells begins
 * and ends at any byte of a block, and yet each byte that is found says which write it is of. No cell lies in two blocks: after
 * a cold start only one of two blocks may have been written.
 *
 * @param cell where it was written
 * @param seq the number of the write; no two writes have the same one, and none has 0
 * @param writer who wrote it
 * @param checkpoint the number of the last checkpoint that was asked for
 * @param at when, in nanoseconds since 1970
 */
public record VolumeCell(int cell, long seq, int writer, long checkpoint, long at) {
    /** Cells of a block. */
    public static final int PER_BLOCK = 8;

    /** The size of all but the last cell of a block, in bytes. */
    private static final int BYTES = 500;

    private static final long MAGIC = 0x756e777269746532L;
    private static final int CELL_AT = 4 * Long.BYTES;

    /**
     * What was found where a cell should be.
     *
     * @param seq the write that it holds; 0 where it was never written, or is not whole
     * @param wrong what is wrong with it, or empty
     */
    public record Found(long seq, String wrong) {}

    /** Where a cell begins, in bytes from the beginning of the volume. */
    public static long offset(int cell) {
        long block = cell / PER_BLOCK;
        long within = cell % PER_BLOCK;
        return block * Extent.BLOCK_BYTES + within * BYTES;
    }

    /** Its size, in bytes. */
    public static int bytes(int cell) {
        return (int) (offset(cell + 1) - offset(cell));
    }

    /** Whether so many cells, of which this is the first, are blocks as a whole. */
    public static boolean areBlocks(int cell, int count) {
        return cell % PER_BLOCK == 0 && count % PER_BLOCK == 0;
    }

    /** Appends the cell to {@code target}. */
    public void put(ByteBuffer target) {
        ByteBuffer bytes = target.slice(target.position(), bytes(cell));
        bytes.putLong(MAGIC)
                .putLong(seq)
                .putLong(checkpoint)
                .putLong(at)
                .putInt(cell)
                .putInt(writer);
        long fill = seq;
        while (bytes.remaining() > Integer.BYTES) {
            fill = fill * 6364136223846793005L + 1442695040888963407L;
            bytes.put((byte) (fill >>> 32));
        }
        bytes.putInt(sum(bytes));
        target.position(target.position() + bytes.capacity());
    }

    /** Reads what is at the position of {@code source}, where cell number {@code cell} should be, and steps over it. */
    public static Found read(int cell, ByteBuffer source) {
        ByteBuffer bytes = source.slice(source.position(), bytes(cell));
        source.position(source.position() + bytes.capacity());
        if (isZero(bytes)) {
            return new Found(0, "");
        }
        long seq = bytes.getLong(Long.BYTES);
        if (bytes.getLong(0) != MAGIC || bytes.getInt(bytes.capacity() - Integer.BYTES) != sum(bytes)) {
            return new Found(
                    0,
                    "cell " + cell + " is torn: its checksum is wrong"
                            + (bytes.getLong(0) == MAGIC ? ", it begins like write " + seq : ""));
        }
        int own = bytes.getInt(CELL_AT);
        if (own != cell) {
            return new Found(seq, "cell " + cell + " holds write " + seq + " of cell " + own);
        }
        return new Found(seq, "");
    }

    private static boolean isZero(ByteBuffer bytes) {
        for (int i = 0; i < bytes.capacity(); i++) {
            if (bytes.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static int sum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(0, bytes.capacity() - Integer.BYTES));
        return (int) crc.getValue();
    }
}
