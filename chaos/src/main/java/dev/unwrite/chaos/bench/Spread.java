package dev.unwrite.chaos.bench;

import java.util.Collection;

/** What several measurements of one thing have shown. */
record Spread(double median, double min, double max) {
    /** Of at least one; the median of an even number is the mean of the two in the middle. */
    static Spread of(Collection<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("nothing was measured");
        }
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }
}
