package dev.unwrite.conformance.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The simulator runs the host that ships, so it finds what is wrong in it; without a slip it finds nothing. It looks first where
 * it found each slip when MATRIX.md was made, and then goes on from there.
 */
class HostMutantsIT {
    private static final int RUNS = 2000;
    private static final int CANARY_RUNS = 500;
    private static final int SECONDS = 120;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test
    void eachIsCaughtAndTheCanaryIsNot(@TempDir Path dir) throws Exception {
        KillMatrix engine =
                new KillMatrix(Workspace.findRoot(), dir, new PrintStream(said, true, StandardCharsets.UTF_8));
        List<String> lives = new ArrayList<>();
        for (Mutant mutant : Part.host().mutants()) {
            boolean canary = mutant.equals(Mutant.CANARY);
            Layer simulator = Layers.hostSimulator(seed(mutant), canary ? CANARY_RUNS : RUNS, SECONDS);
            Row row = engine.run(List.of(mutant), List.of(simulator)).getFirst();
            assertThat(row.isBroken()).as(said.toString(StandardCharsets.UTF_8)).isFalse();
            if (canary == (row.caught() > 0)) {
                lives.add(mutant.name());
            }
        }
        System.out.println(said.toString(StandardCharsets.UTF_8));
        assertThat(lives).as("not as it should be").isEmpty();
    }

    /** Of the run that found it last. */
    private static long seed(Mutant mutant) throws IOException {
        String page = Files.readString(Workspace.findRoot().resolve("conformance/MATRIX.md"));
        Matcher row = Pattern.compile("(?m)^\\| \\**" + Pattern.quote(mutant.name()) + "\\** \\|.*\\| seed (\\d+): ")
                .matcher(page);
        return row.find() ? Long.parseLong(row.group(1)) : 1;
    }
}
