package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A pair of real processes of mutated code that are killed and stopped while they write; then TLC says whether the
 * specification allows what they did. The story is told by {@code dev.unwrite.node.PairScenario} of impl's tests.
 */
final class ProcessesLayer implements Layer {
    static final String SCENARIO = "dev.unwrite.node.PairScenario";
    private static final Duration LIMIT = Duration.ofMinutes(3);
    /** Whatever does not happen for so long never will. */
    private static final int PATIENCE_SECONDS = 40;

    @Override
    public String name() {
        return "processes";
    }

    @Override
    public List<String> sources() {
        return List.of("spec/src/main", "impl/src/main", "impl/src/test/java/dev/unwrite/node", "conformance/src/main");
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        Path runs = Files.createDirectories(workspace.folder().resolve("runs"));
        Finding ran = workspace
                .mutated()
                .run(
                        "scenario",
                        LIMIT,
                        List.of("-Dunwrite.patience.seconds=" + PATIENCE_SECONDS),
                        SCENARIO,
                        List.of(runs.resolve("pair").toString()));
        if (ran.verdict() != Verdict.MISSED) {
            return ran;
        }
        Finding validated = workspace
                .real()
                .run("validate", LIMIT, List.of(), ValidateMain.class.getName(), List.of(runs.toString()));
        return new Finding(validated.verdict(), validated.by(), ran.millis() + validated.millis());
    }
}
