package dev.unwrite.chaos.bench;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Measurements for tests: some figures are the test's, the others always the same. */
final class Samples {
    private Samples() {}

    static Sample sample(double iops, double p99Micros, @Nullable Double diskBytes, double othersCores) {
        return new Sample(
                1,
                iops,
                1000,
                4_096_000,
                500,
                50,
                p99Micros,
                1500,
                60,
                2000,
                -1,
                Map.of("A", 12.0, "B", 8.0),
                diskBytes,
                Map.of("A", 0.0, "B", 1.25),
                othersCores);
    }
}
