package dev.unwrite.host;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;

/**
 * Keeps the undo log of the secondary within its limit, seen from the primary: near it a checkpoint is wanted, at it
 * writes wait until one is committed. What the log takes the secondary says itself; a write whose copies it has not stored
 * yet counts with the most that they can take, from before it begins, so that many writes cannot pass together.
 */
final class UndoRoom {
    /** The most that the copy of a block takes: itself, and a header of its own if it is alone. */
    private static final long COPY_BYTES = 2L * Extent.BLOCK_BYTES;

    private final long limitBytes;
    private long reported;
    private long reserved;

    UndoRoom(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    long bytes() {
        return reported;
    }

    long limitBytes() {
        return limitBytes;
    }

    /** The secondary says what its log takes now. */
    void reported(long bytes) {
        reported = bytes;
    }

    /** Whether a checkpoint should be cut soon. */
    boolean isNear(HostState s) {
        return s.mode() != Mode.SOLO && reported + reserved > limitBytes / 2;
    }

    /**
     * Takes room for copies of the extent; how much, 0 if it needs none in the present epoch, or -1 if there is none.
     *
     * @param anyway whether it is taken even so: room comes from the next checkpoint, and that waits for the write. What the
     *     log of the secondary has left, and that copies mostly take less than is reckoned with, is there for it
     */
    long reserve(HostState s, Extent extent, boolean anyway) {
        if (s.mode() == Mode.SOLO || s.kept().containsAll(extent)) {
            return 0;
        }
        long wanted = extent.count() * COPY_BYTES;
        // What is wanted alone must fit at some time, whatever the limit.
        if (!anyway && reported + reserved + wanted > limitBytes / 10 * 9 && reported + reserved > 0) {
            return -1;
        }
        reserved += wanted;
        return wanted;
    }

    /** The write has ended: what its copies take, the secondary has said by now. */
    void release(long bytes) {
        reserved -= bytes;
    }
}
