package dev.unwrite.host;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;

/**
 * Keeps the secondary's undo log within its limit, from the primary's side. Near the limit a checkpoint is wanted; at the limit
 * writes wait until one is committed. The secondary reports the size of its log. A write reserves the most its copies can take
 * before it begins, until they are stored, so that many writes cannot pass the limit together.
 */
final class UndoRoom {
    /** The most a copied block can take, in bytes: the block and a header page of its own. */
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
