package dev.unwrite.conformance.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What code without a rule did is recorded; the same code breaks the property again when it is replayed, sound code does not. */
class RecordedMutantIT {
    private static final String MAIN = "dev.unwrite.conformance.sim.SimulateCommand";
    private static final Duration LIMIT = Duration.ofSeconds(100);
    /** B is stopped, in a manner of speaking, with a write under way that arrives after A took over. */
    private static final String MOVES = "run:4,take_over:B,run:2,write:B:0:0,run:1,take_over:A,run:3";

    @Test
    void theReplayFindsWhatTheRecordedCodeDidWrongAndMakesItShort(@TempDir Path dir) throws Exception {
        Mutant mutant = Mutants.all().stream()
                .filter(one -> one.name().equals("FenceBeforeRollback"))
                .findFirst()
                .orElseThrow();
        Path root = Workspace.findRoot();
        Path classes = new MutantCompiler(root, Workspace.realClasspath()).compile(mutant, dir.resolve("mutant"));
        Workspace workspace = new Workspace(root, classes, dir);
        Path traces = dir.resolve("traces");
        Finding recorded =
                run(workspace.mutated(), "recorded", List.of("--replay", MOVES, "--trace", traces.toString()));
        assertThat(recorded).matches(Finding::isCaught);

        Finding replayed = run(workspace.mutated(), "replayed", List.of("--recorded", traces.toString()));
        assertThat(replayed).matches(Finding::isCaught);
        assertThat(replayed.by()).contains("OneOwner");
        assertThat(replayed.moves()).isBetween(1, Matrix.MOVES_MAX);
        assertThat(Files.readString(dir.resolve("replayed.log"))).contains("again: unwrite simulate --replay ");

        Finding sound = run(workspace.real(), "sound", List.of("--recorded", traces.toString()));
        assertThat(sound.verdict()).isEqualTo(Finding.Verdict.MISSED);
        assertThat(Files.readString(dir.resolve("sound.log"))).contains("not taken: Apply");
    }

    private static Finding run(ChildJvm jvm, String name, List<String> arguments)
            throws IOException, InterruptedException {
        return jvm.run(name, LIMIT, List.of(), MAIN, arguments);
    }
}
