package dev.unwrite.chaos.volume;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What a block says of itself: which write it is, of whom, when, where, and after which checkpoint command, with a checksum
 * over all of it. The rest is filled with bytes that follow from the number of the write, so that halves of two writes never
 * make a whole.
 *
 * @param block where it was written
 * @param seq the number of the write; no two writes have the same one, and none has 0
 * @param writer who wrote it
 * @param checkpoint the number of the last checkpoint that was asked for
 * @param at when, in nanoseconds since 1970
 */
public record VolumeBlock(int block, long seq, int writer, long checkpoint, long at) {
    /** Its size. */
    public static final int BYTES = 4096;

    private static final long MAGIC = 0x756e777269746531L;
    private static final int FILL_AT = 40;
    private static final int SUM_AT = BYTES - Integer.BYTES;

    /**
     * What was found where a block should be.
     *
     * @param seq the write that it holds; 0 where it was never written, or is not whole
     * @param wrong what is wrong with it, or empty
     */
    public record Found(long seq, String wrong) {}

    /** Appends the block to {@code target}. */
    public void put(ByteBuffer target) {
        ByteBuffer bytes = target.slice(target.position(), BYTES);
        bytes.putLong(MAGIC)
                .putLong(seq)
                .putLong(checkpoint)
                .putLong(at)
                .putInt(block)
                .putInt(writer);
        long fill = seq;
        while (bytes.position() < SUM_AT - Integer.BYTES) {
            fill = fill * 6364136223846793005L + 1442695040888963407L;
            bytes.putLong(fill);
        }
        bytes.putInt((int) fill);
        bytes.putInt(sum(bytes));
        target.position(target.position() + BYTES);
    }

    /** Reads the block at the position of {@code source}, where block number {@code block} should be, and steps over it. */
    public static Found read(int block, ByteBuffer source) {
        ByteBuffer bytes = source.slice(source.position(), BYTES);
        source.position(source.position() + BYTES);
        if (isZero(bytes)) {
            return new Found(0, "");
        }
        long seq = bytes.getLong(Long.BYTES);
        if (bytes.getLong(0) != MAGIC || bytes.getInt(SUM_AT) != sum(bytes)) {
            return new Found(
                    0,
                    "block " + block + " is torn: its checksum is wrong"
                            + (bytes.getLong(0) == MAGIC ? ", it begins like write " + seq : ""));
        }
        int own = bytes.getInt(FILL_AT - 2 * Integer.BYTES);
        if (own != block) {
            return new Found(seq, "block " + block + " holds write " + seq + " of block " + own);
        }
        return new Found(seq, "");
    }

    private static boolean isZero(ByteBuffer bytes) {
        for (int i = 0; i < BYTES; i += Long.BYTES) {
            if (bytes.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static int sum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(0, SUM_AT));
        return (int) crc.getValue();
    }
}
