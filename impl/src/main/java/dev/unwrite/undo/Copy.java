package dev.unwrite.undo;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The old content of adjacent blocks of a volume, as it was in an epoch before its first overwrite.
 *
 * @param term the term of the primary that asked
 * @param epoch the epoch of the overwrite
 * @param volume the id of the volume in its group
 * @param firstBlock the number of the first block
 * @param blockCount how many blocks, at least one
 * @param data the content, {@code blockCount} blocks of {@link UndoLog#BLOCK_BYTES}; must not change until the append is
 *     done; its position and limit are left alone. Null: all of them are zeroes
 */
public record Copy(
        long term,
        long epoch,
        int volume,
        long firstBlock,
        int blockCount,
        @Nullable ByteBuffer data) {
    /** Checks that there is at least one block and no part of one. */
    public Copy {
        if (data != null && data.remaining() != (long) blockCount * UndoLog.BLOCK_BYTES) {
            throw new IllegalArgumentException("a copy of " + data.remaining() + " bytes is not a number of blocks");
        }
        if (blockCount < 1 || volume < 0 || firstBlock < 0) {
            throw new IllegalArgumentException(
                    "a copy of volume " + volume + ", block " + firstBlock + ", count " + blockCount);
        }
    }

    /** Of what remains in {@code data}. */
    public Copy(long term, long epoch, int volume, long firstBlock, ByteBuffer data) {
        this(term, epoch, volume, firstBlock, data.remaining() / UndoLog.BLOCK_BYTES, data);
    }

    /** Of blocks of zeroes, of any number: they take no more room than the note that they are some. */
    public static Copy zeroes(long term, long epoch, int volume, long firstBlock, int blockCount) {
        return new Copy(term, epoch, volume, firstBlock, blockCount, null);
    }
}
