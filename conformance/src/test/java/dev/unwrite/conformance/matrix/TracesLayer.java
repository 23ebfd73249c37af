package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Generated schedules of the mutated protocol; TLC says whether the specification allows what they did. */
final class TracesLayer implements Layer {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @Override
    public String name() {
        return "traces";
    }

    @Override
    public List<String> sources() {
        return List.of(
                "spec/src/main",
                "impl/src/main",
                "conformance/src/main",
                "conformance/src/test/java/dev/unwrite/conformance/trace");
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        Path traces = workspace.folder().resolve("traces");
        Finding generated = workspace
                .mutated()
                .run(
                        "generate",
                        LIMIT,
                        List.of(),
                        "dev.unwrite.conformance.trace.PairDriverMain",
                        List.of(traces.toString()));
        if (generated.verdict() != Verdict.MISSED) {
            return generated;
        }
        Finding validated = workspace
                .real()
                .run("validate", LIMIT, List.of(), ValidateMain.class.getName(), List.of(traces.toString()));
        return new Finding(validated.verdict(), validated.by(), generated.millis() + validated.millis());
    }
}
