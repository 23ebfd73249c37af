package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.NullNode;
import dev.unwrite.conformance.trace.TraceMutants.Mutant;
import dev.unwrite.conformance.trace.TraceMutants.Outcome;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was counted is what the kill matrix reads and says. */
class TraceMutantCountsTest {
    @Test
    void whatWasCountedIsReadAgain(@TempDir Path dir) throws Exception {
        TraceMutantCounts counts = TraceMutantCounts.of(List.of(
                outcome("drop", true, false),
                outcome("drop", false, true),
                outcome("after.role", true, false),
                outcome("extent", false, false),
                // Rejected is rejected, whatever a rule says of it.
                outcome("swap", true, true)));
        Path file = dir.resolve("new/counts.json");
        counts.write(file);
        assertThat(TraceMutantCounts.read(file)).isEqualTo(counts);
        assertThat(counts)
                .hasToString("of 5 changed traces, 3 are rejected (alter 1 of 2, drop 1 of 2, swap 1 of 1),"
                        + " 1 are as right as the original, 1 are accepted though wrong.");
    }

    private static Outcome outcome(String mutation, boolean rejected, boolean equivalent) {
        Mutant mutant = new Mutant(mutation, "Speak", "A", 1, Map.of(), NullNode.getInstance(), null);
        return new Outcome(mutant, rejected, "", equivalent);
    }
}
