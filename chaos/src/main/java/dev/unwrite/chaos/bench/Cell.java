package dev.unwrite.chaos.bench;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One workload on one setup.
 *
 * @param setup the {@link Setup#id()}
 * @param isCold measured once, right after the processes have started
 * @param samples at least one
 */
record Cell(String setup, Workload workload, boolean isCold, List<Sample> samples) {
    Spread iops() {
        return spread(Sample::iops);
    }

    Spread p50Micros() {
        return spread(Sample::p50Micros);
    }

    Spread p99Micros() {
        return spread(Sample::p99Micros);
    }

    /** Of all processes of the setup, for each write or read. */
    Spread cpuMicros() {
        return spread(Sample::cpuMicrosOfAll);
    }

    private Spread spread(ToDoubleFunction<Sample> value) {
        return Spread.of(samples.stream().map(value::applyAsDouble).toList());
    }
}
