package dev.unwrite.undo;

import java.nio.ByteBuffer;

/**
 * The old content of adjacent blocks of a volume, as it was in an epoch before its first overwrite.
 *
 * @param term the term of the primary that asked
 * @param epoch the epoch of the overwrite
 * @param volume the index of the volume in its group
 * @param firstBlock the number of the first block
 * @param data the content, a whole number of blocks of {@link UndoLog#BLOCK_BYTES}; must not change until the append is
 *     done; its position and limit are left alone
 */
public record Copy(long term, long epoch, int volume, long firstBlock, ByteBuffer data) {
    /** Checks that there is at least one block and no part of one. */
    public Copy {
        if (data.remaining() == 0 || data.remaining() % UndoLog.BLOCK_BYTES != 0) {
            throw new IllegalArgumentException("a copy of " + data.remaining() + " bytes is not a number of blocks");
        }
        if (volume < 0 || firstBlock < 0) {
            throw new IllegalArgumentException("a copy of volume " + volume + ", block " + firstBlock);
        }
    }

    /** How many blocks. */
    public int blockCount() {
        return data.remaining() / UndoLog.BLOCK_BYTES;
    }
}
