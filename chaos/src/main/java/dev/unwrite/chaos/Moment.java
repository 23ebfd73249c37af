package dev.unwrite.chaos;

import java.util.concurrent.TimeUnit;

/** Moments of a run: nanoseconds since 1970, on the clock that nodes and clients write into their records too. */
public final class Moment {
    private Moment() {}

    /** Now. */
    public static long now() {
        java.time.Instant now = java.time.Instant.now();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    /** The same moment in milliseconds after {@code start}, with a precision of a hundredth. */
    public static double millisAfter(long start, long moment) {
        return Math.round((moment - start) / 10_000.0) / 100.0;
    }
}
