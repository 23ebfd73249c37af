package dev.unwrite.machine.qemu;

import java.time.Duration;

/**
 * Tells from signs of life that were asked for, one pair after the other, whether a QEMU hangs. Asks are counted, since this
 * process may have stood still itself.
 */
final class Silence {
    /** That often in a row QEMU may say nothing at all. */
    private static final int ALL_MAX = 5;

    /** And its main loop, which works for a disk that is slow as long as the requests last. */
    private static final int LOOP_MAX = 7;

    private final Duration each;
    private int all;
    private int loop;

    /** {@code each}: what two asks that are not answered take. */
    Silence(Duration each) {
        this.each = each;
    }

    /**
     * Takes what two asks came to: whether QEMU answers at all, whether its main loop does, and whether its disks have requests
     * under way. Returns whether the main loop hangs from now on.
     */
    boolean goesOn(boolean alive, boolean answers, boolean asks) {
        all = alive ? 0 : all + 1;
        loop = answers || asks ? 0 : loop + 1;
        return loop == LOOP_MAX;
    }

    /** Whether QEMU hangs as a whole. */
    boolean isOfAll() {
        return all == ALL_MAX;
    }

    /** How long it lasts, in a line. */
    String words() {
        return "QEMU" + (isOfAll() ? "" : "'s main loop") + " does not answer for "
                + each.multipliedBy(isOfAll() ? ALL_MAX : LOOP_MAX).toSeconds() + " s";
    }
}
