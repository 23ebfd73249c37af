package dev.unwrite.conformance.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine on a few mutants and fast layers; all of them take an hour, {@code matrix.sh}. */
class KillMatrixIT {
    private static final List<String> NAMES = List.of("AskFirst", "kept-over-cut", "FlushBeforeAnswer");
    private static final List<Layer> LAYERS =
            List.of(new UnitLayer(List.of("protocol.RulesTest")), new TracesLayer(40));
    /** All that the simulator runs are simulated if this is set; else those above. */
    private static final boolean ALL = Boolean.getBoolean("unwrite.simulatedMutants");

    private static final int RUNS = ALL ? 10_000 : 300;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test
    void mutantsAreCaughtAndTheCanaryPasses(@TempDir Path dir) throws Exception {
        List<Mutant> mutants = Stream.concat(Stream.of(Mutant.CANARY), Mutants.all().stream())
                .filter(mutant -> mutant.equals(Mutant.CANARY) || NAMES.contains(mutant.name()))
                .toList();
        List<Row> rows = engine(dir).run(mutants, LAYERS);
        assertThat(rows).hasSize(NAMES.size() + 1).allMatch(Row::isGood, said.toString(StandardCharsets.UTF_8));
        assertThat(rows.getFirst().findings().values())
                .extracting(Finding::verdict)
                .containsOnly(Verdict.MISSED);
        assertThat(said.toString(StandardCharsets.UTF_8)).hasLineCount(mutants.size());
        // What was found is kept, and is not looked for again.
        List<Row> again = engine(dir).known(mutants, LAYERS);
        assertThat(again).isEqualTo(rows);
    }

    /** A person has to follow the run that shows what is wrong. */
    @Test
    void theSimulatorCatchesThemByShortRuns(@TempDir Path dir) throws Exception {
        Layer simulator = Layers.simulator(RUNS);
        List<Mutant> mutants = Stream.concat(Stream.of(Mutant.CANARY), Mutants.all().stream())
                .filter(mutant -> simulator.appliesTo(mutant))
                .filter(mutant -> ALL || mutant.equals(Mutant.CANARY) || NAMES.contains(mutant.name()))
                .toList();
        List<Row> rows = engine(dir).run(mutants, List.of(simulator));
        System.out.println(said.toString(StandardCharsets.UTF_8));
        assertThat(rows).noneMatch(Row::isBroken).noneMatch(Row::isLong);
        assertThat(rows.getFirst().caught()).as("the canary").isZero();
        for (Row row : rows.subList(1, rows.size())) {
            Finding finding = Objects.requireNonNull(row.findings().get(simulator.name()));
            if (NAMES.contains(row.mutant().name())) {
                assertThat(finding).matches(Finding::isCaught);
            }
            if (finding.isCaught()) {
                assertThat(finding.moves()).as(row.mutant().name()).isBetween(0, Matrix.MOVES_MAX);
            }
        }
    }

    @Test
    void aProgramThatBreaksHasCaughtNothing(@TempDir Path dir) throws Exception {
        Layer broken = new MainLayer(
                "broken", List.of(), List.of(), Duration.ofSeconds(20), "dev.unwrite.NoSuchClass", List.of());
        Row row = engine(dir).run(List.of(Mutant.CANARY), List.of(broken)).getFirst();
        assertThat(row.isBroken()).isTrue();
        assertThat(row.isGood()).isFalse();
    }

    private KillMatrix engine(Path dir) throws Exception {
        return new KillMatrix(
                Workspace.findRoot(), dir.resolve("results"), new PrintStream(said, true, StandardCharsets.UTF_8));
    }
}
