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
    private static final String MAIN = "dev.unwrite.conformance.cluster.SimulateCommand";
    private static final Duration LIMIT = Duration.ofSeconds(100);
    private static final String MOVES =
            "config:135,run:8,load:A:15:3,run:6,checkpoint:A:0,run:6,load:A:15:40,run:6,crash:A:0,run:9,load:B:15:3,run:3";

    @Test
    void theReplayFindsWhatTheRecordedCodeDidWrongAndMakesItShort(@TempDir Path dir) throws Exception {
        Mutant mutant = Mutants.all().stream()
                .filter(one -> one.name().equals("RestoreAll"))
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
        assertThat(replayed.by()).contains("CheckpointedMachine");
        assertThat(replayed.moves()).isBetween(1, Matrix.MOVES_MAX);
        assertThat(Files.readString(dir.resolve("replayed.log"))).contains("again: unwrite simulate --replay ");

        Finding sound = run(workspace.real(), "sound", List.of("--recorded", traces.toString()));
        assertThat(sound.verdict()).isEqualTo(Finding.Verdict.MISSED);
        assertThat(Files.readString(dir.resolve("sound.log"))).contains("no property is broken");
    }

    private static Finding run(ChildJvm jvm, String name, List<String> arguments)
            throws IOException, InterruptedException {
        return jvm.run(name, LIMIT, List.of(), MAIN, arguments);
    }
}
