package dev.unwrite.conformance.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.cluster.SimulateCommand;
import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The simulator runs the host that ships, so it finds what is wrong in it, and soon; without a slip it finds nothing. */
class HostMutantsIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private static final Layer SIMULATOR = new MainLayer(
            "simulator",
            List.of("impl/src/main", "conformance/src/main/java/dev/unwrite/conformance/cluster"),
            List.of("dev/unwrite/"),
            LIMIT,
            SimulateCommand.class.getName(),
            List.of("--seed", "1", "--runs", "2000", "--seconds", "120", "--first"));

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test
    void eachIsCaughtAndTheCanaryIsNot(@TempDir Path dir) throws Exception {
        List<Mutant> mutants = Stream.concat(Stream.of(Mutant.CANARY), Mutants.inHost().stream())
                .toList();
        KillMatrix engine =
                new KillMatrix(Workspace.findRoot(), dir, new PrintStream(said, true, StandardCharsets.UTF_8));
        List<Row> rows = engine.run(mutants, List.of(SIMULATOR));
        System.out.println(said.toString(StandardCharsets.UTF_8));
        assertThat(rows).hasSize(mutants.size()).noneMatch(Row::isBroken);
        assertThat(rows.getFirst().caught()).as("the canary").isZero();
        assertThat(rows.subList(1, rows.size()))
                .filteredOn(row -> row.caught() == 0)
                .extracting(row -> row.mutant().name())
                .isEmpty();
    }
}
