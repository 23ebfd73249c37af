package dev.unwrite.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.cli.Exit;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code unwrite check} as a user runs it: all that must hold holds, all that must break breaks as recorded. */
class CheckAllIT {
    private final StringWriter out = new StringWriter();

    @Test
    void everySmallModelHoldsAndEveryRuleIsNecessary() {
        assertThat(run()).as(out.toString()).isEqualTo(Exit.OK);
        assertThat(out.toString())
                .contains("without-AskFirst", "breaks Recoverable", "reach-takeover-back", "all as expected");
    }

    @ParameterizedTest
    @CsvSource({
        "AskFirst, Recoverable, SendWrite(A): a write goes out to the storage",
        "ReplayUnflushed, Consistent, StorageCrash: the storage crashes",
        "FenceBeforeRollback, OneOwner, TakeOver(B): the secondary takes over",
        "HoldOutput, NoOutputLost, Speak: the machine's output leaves",
    })
    void withoutARuleTheStoryOfWhatGoesWrongIsTold(String rule, String property, String step) {
        assertThat(run("--without", rule)).isEqualTo(Exit.FAILED);
        assertThat(out.toString()).contains(rule, property, step);
    }

    private int run(String... args) {
        CommandLine command = new CommandLine(new CheckCommand());
        command.setOut(new PrintWriter(out, true));
        return command.execute(args);
    }
}
