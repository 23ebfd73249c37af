package dev.unwrite.host;

import java.util.ArrayList;
import java.util.List;

/** How many durations there were, by their size. */
public final class Histogram {
    private static final long MILLI = 1_000_000;
    private static final List<Long> BOUNDS_NANOS = List.of(
            MILLI / 2,
            MILLI,
            2 * MILLI,
            3 * MILLI,
            5 * MILLI,
            8 * MILLI,
            12 * MILLI,
            20 * MILLI,
            30 * MILLI,
            50 * MILLI,
            100 * MILLI,
            200 * MILLI,
            500 * MILLI,
            1_000 * MILLI,
            5_000 * MILLI);

    private final long[] counts = new long[BOUNDS_NANOS.size() + 1];
    private long totalNanos;

    /**
     * The counts at one moment.
     *
     * @param counts how many were within each of the {@link #boundsNanos} and above the one before it; the last of them, above all
     */
    public record Counts(List<Long> counts, long totalNanos) {
        /** Of nothing. */
        public static final Counts NONE = new Histogram().counts();
    }

    /** The upper bounds, ascending. */
    public static List<Long> boundsNanos() {
        return BOUNDS_NANOS;
    }

    void add(long nanos) {
        int i = 0;
        while (i < BOUNDS_NANOS.size() && nanos > BOUNDS_NANOS.get(i)) {
            i++;
        }
        counts[i]++;
        totalNanos += nanos;
    }

    Counts counts() {
        List<Long> now = new ArrayList<>();
        for (long count : counts) {
            now.add(count);
        }
        return new Counts(List.copyOf(now), totalNanos);
    }
}
