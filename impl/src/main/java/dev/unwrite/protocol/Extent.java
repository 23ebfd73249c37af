package dev.unwrite.protocol;

/**
 * Adjacent blocks of one volume.
 *
 * @param volume the index of the volume in its group
 * @param first the number of the first block
 * @param count how many blocks, at least one
 */
public record Extent(int volume, long first, int count) {
    /** Bytes in a block: the unit of copies, and of all that the protocol counts. */
    public static final int BLOCK_BYTES = 4096;

    /** Checks that the extent is not empty. */
    public Extent {
        if (volume < 0 || first < 0 || count < 1 || first > BlockSet.LIMIT - count) {
            throw new IllegalArgumentException("extent of volume " + volume + ", block " + first + ", count " + count);
        }
    }

    /** The block after the last. */
    public long end() {
        return first + count;
    }

    /** Where it begins in its volume, in bytes. */
    public long offsetBytes() {
        return first * BLOCK_BYTES;
    }

    /** Its length in bytes. */
    public long lengthBytes() {
        return (long) count * BLOCK_BYTES;
    }
}
