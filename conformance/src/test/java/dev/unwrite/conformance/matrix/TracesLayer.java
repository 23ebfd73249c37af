package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Generated schedules of the mutated protocol; TLC says whether the specification allows what they did. */
final class TracesLayer implements Layer {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private static final String PROTOCOL = "dev/unwrite/protocol/";

    private static final String GENERATOR = "dev.unwrite.conformance.trace.PairDriverMain";
    private final List<String> schedules;

    TracesLayer() {
        this(List.of());
    }

    /** Only these schedules, such as {@code plain-17} or {@code faults-11}. */
    TracesLayer(List<String> schedules) {
        this.schedules = List.copyOf(schedules);
    }

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

    /** Storage and undo log are played in these schedules, not run. */
    @Override
    public boolean appliesTo(Mutant mutant) {
        return changesProtocol(mutant);
    }

    /** Whether a layer that runs the protocol alone can see the mutant; it has to pass the canary too. */
    static boolean changesProtocol(Mutant mutant) {
        return mutant.equals(Mutant.CANARY)
                || mutant.hunks().stream().anyMatch(hunk -> hunk.file().startsWith(PROTOCOL));
    }

    @Override
    public String settings() {
        return String.join(" ", schedules);
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        Path traces = workspace.folder().resolve("traces");
        List<String> arguments = new ArrayList<>(List.of(traces.toString()));
        arguments.addAll(schedules);
        Finding generated = workspace.mutated().run("generate", LIMIT, List.of(), GENERATOR, arguments);
        if (generated.verdict() != Verdict.MISSED) {
            return generated;
        }
        Finding validated = workspace
                .real()
                .run("validate", LIMIT, List.of(), ValidateMain.class.getName(), List.of(traces.toString()));
        return new Finding(validated.verdict(), validated.by(), generated.millis() + validated.millis());
    }
}
