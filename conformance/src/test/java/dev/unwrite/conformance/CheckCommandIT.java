package dev.unwrite.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.cli.Exit;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command as a person calls it, on the models of the checker itself. */
class CheckCommandIT {
    private final StringWriter out = new StringWriter();

    @Test
    void whatIsAsExpectedExitsWithZero() {
        assertThat(run("selftest-states", "selftest-invariant")).isEqualTo(Exit.OK);
        assertThat(out.toString())
                .contains("holds: 15 states, depth 6", "breaks Bounded in 2 steps, as it must", "all as expected");
    }

    @Test
    void listsWhatIsKnownAndChecksNothing() {
        assertThat(run("--list", "selftest", "selftest-liveness")).isEqualTo(Exit.OK);
        assertThat(out.toString())
                .contains(
                        "selftest (small): the checker: what holds is found to hold",
                        "must hold: Bounded, ByOne, Copied, Refines, no deadlock",
                        "15 distinct states, depth 6",
                        "must break Copied",
                        "a counterexample of 5 steps");
    }

    @Test
    void anUnknownModelOrRuleNamesTheKnownOnes() {
        assertThat(run("nowhere")).isEqualTo(Exit.USAGE);
        assertThat(out.toString()).contains("there is no model nowhere", "selftest, ");
        assertThat(run("--without", "NoRule")).isEqualTo(Exit.USAGE);
        assertThat(out.toString()).contains("there is no rule NoRule", "AskFirst, ");
        assertThat(run("--cores", "0", "selftest")).isEqualTo(Exit.USAGE);
    }

    @Test
    void exportsWhatTlcNeedsElsewhere(@TempDir Path folder) {
        assertThat(run("--export", folder.toString(), "selftest")).isEqualTo(Exit.OK);
        assertThat(folder.resolve("selftest")).isDirectoryContaining("glob:**SelfTest.tla");
        assertThat(folder.resolve("selftest")).isDirectoryContaining("glob:**Counting.tla");
        assertThat(folder.resolve("selftest/SelfTest.cfg")).content().contains("SPECIFICATION Spec");
    }

    private int run(String... args) {
        CommandLine command = new CommandLine(new CheckCommand());
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(out, true));
        command.setExecutionExceptionHandler((error, line, parsed) -> {
            line.getErr().println(error.getMessage());
            return error instanceof dev.unwrite.cli.ExitException exit ? exit.code() : Exit.FAILED;
        });
        return command.execute(args);
    }
}
