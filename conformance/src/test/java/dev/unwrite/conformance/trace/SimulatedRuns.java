package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.sim.Move.Kind;
import dev.unwrite.conformance.sim.Schedule;
import dev.unwrite.conformance.sim.SimRun;
import dev.unwrite.conformance.sim.Tracing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs of the simulator: those of {@code unwrite simulate}, seed by seed; clocks differ in two of three. Left out is damage to
 * a disk, which ends in its being replaced (in the specification, what is in local storage stays there), and a crash
 * within a step, which may part what the specification does at once: the checkpoint forgotten, its copies not yet.
 */
record SimulatedRuns(Path scratch) implements RunSource {
    private static final int SKEW_MICROS = 40;
    private static final Set<Kind> LEFT_OUT = Set.of(Kind.FLIP, Kind.MISDIRECT, Kind.CRASH_AT);

    @Override
    public Map<String, List<String>> run(long seed) throws IOException {
        Path folder = Files.createDirectories(scratch.resolve("sim" + seed));
        SimRun.of(
                Schedule.of(seed).stream()
                        .filter(move -> !LEFT_OUT.contains(move.kind()))
                        .toList(),
                Tracing.into(folder, seed % 3 * SKEW_MICROS));
        return RunSource.taken(folder);
    }
}
