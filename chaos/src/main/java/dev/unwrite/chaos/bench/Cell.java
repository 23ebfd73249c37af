package dev.unwrite.chaos.bench;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
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

    /** What reached the disk for each byte that was written; nothing where none was, or where nobody tells. */
    Optional<Spread> diskBytes() {
        List<Double> known =
                samples.stream().map(Sample::diskBytes).filter(Objects::nonNull).toList();
        return known.isEmpty() ? Optional.empty() : Optional.of(Spread.of(known));
    }

    /** The median of what each process did, by its role. */
    Map<String, Double> byProcess(Function<Sample, Map<String, Double>> value) {
        Map<String, Double> medians = new TreeMap<>();
        for (String process : value.apply(samples.getFirst()).keySet()) {
            medians.put(
                    process,
                    spread(sample -> value.apply(sample).getOrDefault(process, 0.0))
                            .median());
        }
        return medians;
    }

    private Spread spread(ToDoubleFunction<Sample> value) {
        return Spread.of(samples.stream().map(value::applyAsDouble).toList());
    }
}
