package dev.unwrite.chaos.report;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Quantiles of durations in milliseconds. */
public final class Quantiles {
    private final double[] sorted;

    /** Of these. */
    public Quantiles(Collection<Double> values) {
        this.sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    }

    /** The smallest value that a share {@code q} of all does not exceed; null where there are none. */
    public @Nullable Double at(double q) {
        if (sorted.length == 0) {
            return null;
        }
        int rank = (int) Math.ceil(q * sorted.length);
        return Math.round(sorted[Math.clamp(rank - 1L, 0, sorted.length - 1)] * 100) / 100.0;
    }
}
