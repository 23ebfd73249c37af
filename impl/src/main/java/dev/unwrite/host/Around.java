package dev.unwrite.host;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import org.jspecify.annotations.Nullable;

/**
 * What is copied unasked (action ReadAround): the blocks behind a run that is being overwritten, as many as the run has. So a
 * sequence of small writes, such as a journal's, is asked for in ever fewer and larger pieces, and no more is copied in vain than
 * was copied for a reason.
 */
final class Around {
    /** The largest piece, with what was asked for, in blocks: 256 KiB. */
    static final int BLOCKS_MAX = 64;
    /** What is asked for in pieces of 64 KiB is large enough as it is. */
    private static final int ASKED_MAX = 15;

    /** Two blocks beside each other are no sequence yet; at random they meet too often. */
    private static final int RUN_MIN = 2;

    private Around() {}

    /**
     * The blocks behind {@code asked} that are read along with it; null for none.
     *
     * @param copied what is stored of this epoch
     * @param reading what is being read for it
     * @param end of the volume, in blocks
     */
    static @Nullable Extent behind(Extent asked, Blocks copied, Blocks reading, long end) {
        int volume = asked.volume();
        if (asked.count() > ASKED_MAX) {
            return null;
        }
        int run = 0;
        while (run < BLOCKS_MAX && has(volume, asked.first() - 1 - run, copied, reading)) {
            run++;
        }
        if (run < RUN_MIN) {
            return null;
        }
        long most = Math.min(Math.min(run, BLOCKS_MAX - asked.count()), end - asked.end());
        int count = 0;
        while (count < most && !has(volume, asked.end() + count, copied, reading)) {
            count++;
        }
        return count == 0 ? null : new Extent(volume, asked.end(), count);
    }

    private static boolean has(int volume, long block, Blocks copied, Blocks reading) {
        if (block < 0) {
            return false;
        }
        Extent one = new Extent(volume, block, 1);
        return copied.containsAny(one) || reading.containsAny(one);
    }
}
