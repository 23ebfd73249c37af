package dev.unwrite.chaos.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What a run has measured so far. */
final class BenchResults {
    private final Map<Key, List<Sample>> samples = new LinkedHashMap<>();

    private final Map<String, Map<String, Long>> residentBytes = new LinkedHashMap<>();
    private final List<Takeover> takeovers = new ArrayList<>();
    private final List<Footprint> footprints = new ArrayList<>();
    private Optional<TraceSpeed> traces = Optional.empty();
    private Optional<SimulatorSpeed> simulator = Optional.empty();
    private final List<Pauses> pauses = new ArrayList<>();

    private record Key(Workload workload, boolean isCold, String setup) {}

    void add(String setup, Workload workload, boolean isCold, Sample sample) {
        samples.computeIfAbsent(new Key(workload, isCold, setup), key -> new ArrayList<>())
                .add(sample);
    }

    /** The memory of each process of a setup, after all that was measured. */
    void memory(String setup, Map<String, Long> bytes) {
        residentBytes.put(setup, bytes);
    }

    Map<String, Map<String, Long>> memory() {
        return residentBytes;
    }

    void takeover(Takeover one) {
        takeovers.add(one);
    }

    /** All, as they came. */
    List<Takeover> takeovers() {
        return List.copyOf(takeovers);
    }

    void footprint(Footprint one) {
        footprints.add(one);
    }

    /** Of each volume, as they came. */
    List<Footprint> footprints() {
        return List.copyOf(footprints);
    }

    void traces(TraceSpeed speed) {
        traces = Optional.of(speed);
    }

    Optional<TraceSpeed> traces() {
        return traces;
    }

    void simulator(SimulatorSpeed speed) {
        simulator = Optional.of(speed);
    }

    Optional<SimulatorSpeed> simulator() {
        return simulator;
    }

    void pauses(Pauses some) {
        pauses.add(some);
    }

    List<Pauses> pauses() {
        return List.copyOf(pauses);
    }

    /** All, as they came first. */
    List<Cell> cells() {
        return samples.keySet().stream().map(this::cell).toList();
    }

    /** All that were measured warm. */
    List<Workload> workloads() {
        return samples.keySet().stream()
                .filter(key -> !key.isCold())
                .map(Key::workload)
                .distinct()
                .toList();
    }

    Optional<Cell> cell(String setup, Workload workload, boolean isCold) {
        Key key = new Key(workload, isCold, setup);
        return samples.containsKey(key) ? Optional.of(cell(key)) : Optional.empty();
    }

    private Cell cell(Key key) {
        return new Cell(key.setup(), key.workload(), key.isCold(), List.copyOf(samples.getOrDefault(key, List.of())));
    }

    /** What others took of the processors, in cores, on average over all that was measured. */
    double othersCores() {
        return samples.values().stream()
                .flatMap(List::stream)
                .mapToDouble(Sample::othersCores)
                .average()
                .orElse(0);
    }

    /** The median IOPS of a cell as a multiple of those of another setup; nothing where that one was not measured. */
    OptionalDouble ratio(Cell cell, String other) {
        return cell(other, cell.workload(), cell.isCold())
                .map(base ->
                        OptionalDouble.of(cell.iops().median() / base.iops().median()))
                .orElse(OptionalDouble.empty());
    }
}
