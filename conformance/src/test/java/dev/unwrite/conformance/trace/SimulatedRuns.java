package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.cluster.Run;
import dev.unwrite.conformance.cluster.Schedule;
import dev.unwrite.conformance.cluster.Tracing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The runs of {@code unwrite simulate --trace}, seed by seed; clocks differ in two of three. */
record SimulatedRuns(Path scratch) implements RunSource {
    private static final int SKEW_MICROS = 40;

    @Override
    public Map<String, List<String>> run(long seed) throws IOException {
        Path folder = Files.createDirectories(scratch.resolve("run" + seed));
        Run.of(Schedule.traced(seed), Tracing.into(folder, seed % 3 * SKEW_MICROS));
        return RunSource.taken(folder);
    }
}
