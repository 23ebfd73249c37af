package dev.unwrite.conformance.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Short runs of {@link PairDriver}: three of four with faults, every eighth with clocks that differ. */
record PairRuns(Path scratch, int steps, int blocks) implements RunSource {
    @Override
    public Map<String, List<String>> run(long seed) throws IOException {
        Path folder = Files.createDirectories(scratch.resolve("run" + seed));
        new PairDriver(folder, seed, seed % 4 != 0, blocks, seed % 8 == 1 ? 40 : 0).hurry(steps);
        return RunSource.taken(folder);
    }
}
