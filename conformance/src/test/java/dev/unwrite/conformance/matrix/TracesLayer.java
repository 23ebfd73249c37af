package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Traces of simulated runs with the mutated classes; TLC says whether the specification allows what they did. */
final class TracesLayer implements Layer {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private static final String PROTOCOL = "dev/unwrite/protocol/";
    private static final int RUNS = 60;

    private final int runs;

    TracesLayer() {
        this(RUNS);
    }

    /** Of so many runs. */
    TracesLayer(int runs) {
        this.runs = runs;
    }

    @Override
    public String name() {
        return "traces";
    }

    @Override
    public List<String> sources() {
        return List.of("spec/src/main", "impl/src/main", "conformance/src/main");
    }

    @Override
    public boolean appliesTo(Mutant mutant) {
        return Layers.isSimulated(mutant);
    }

    /** Whether a layer that runs the protocol alone can see the mutant; it has to pass the canary too. */
    static boolean changesProtocol(Mutant mutant) {
        return mutant.equals(Mutant.CANARY)
                || mutant.hunks().stream().anyMatch(hunk -> hunk.file().startsWith(PROTOCOL));
    }

    @Override
    public String settings() {
        return Integer.toString(runs);
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
                        TracedMain.class.getName(),
                        List.of(traces.toString(), Integer.toString(runs)));
        if (generated.verdict() != Verdict.MISSED) {
            return generated;
        }
        Finding validated = workspace
                .real()
                .run("validate", LIMIT, List.of(), ValidateMain.class.getName(), List.of(traces.toString()));
        return new Finding(validated.verdict(), validated.by(), generated.millis() + validated.millis());
    }
}
