package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.cluster.Run;
import dev.unwrite.conformance.cluster.Schedule;
import dev.unwrite.conformance.cluster.Tracing;
import dev.unwrite.conformance.cluster.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the traces of the first runs of the simulator into folders of the folder that is the first argument, for code that
 * may be wrong: what the simulator itself would notice is no matter here.
 */
final class TracedMain {
    private TracedMain() {}

    static void main(String[] args) throws IOException {
        for (int seed = 1; seed <= Integer.parseInt(args[1]); seed++) {
            Path folder = Files.createDirectories(Path.of(args[0], String.format("%03d", seed)));
            try {
                Run.unjudged(Schedule.traced(seed), Tracing.into(folder, 0));
            } catch (Violation e) {
                System.out.println("seed " + seed + " ended early");
            }
        }
    }
}
