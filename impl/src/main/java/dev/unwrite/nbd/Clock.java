package dev.unwrite.nbd;

import java.time.Duration;

/** Moments of {@link System#nanoTime} that can be stored in a long, where 0 means "never". */
final class Clock {
    static final long NEVER = 0;

    private Clock() {}

    static long now() {
        return System.nanoTime() | 1;
    }

    /** The moment {@code wait} from now; never, if it is zero. */
    static long after(Duration wait) {
        return wait.isZero() ? NEVER : (System.nanoTime() + wait.toNanos()) | 1;
    }

    static boolean isOver(long deadline, long now) {
        return deadline != NEVER && now - deadline > 0;
    }

    /** Whether more than {@code limit} has passed since {@code since}. */
    static boolean isOlder(long since, long now, Duration limit) {
        return since != NEVER && now - since > limit.toNanos();
    }
}
