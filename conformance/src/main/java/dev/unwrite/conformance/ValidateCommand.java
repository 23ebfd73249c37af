package dev.unwrite.conformance;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.conformance.trace.TraceFormatException;
import dev.unwrite.conformance.trace.TraceJudgment;
import dev.unwrite.conformance.trace.TraceProgress;
import dev.unwrite.conformance.trace.TraceValidation;
import dev.unwrite.spec.tlc.LackingException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code unwrite validate}: holds traces of real processes against the specification. */
@Command(
        name = "validate",
        mixinStandardHelpOptions = true,
        description = {
            "Says whether the specification allows what was recorded: every step that the nodes and the storage took,"
                    + " with its parameters and the state after it.",
            "PATH is a trace, or a folder with traces (*.ndjson), or one with a folder trace. Give all traces of a"
                    + " group at once: of both nodes and of the storage, from the group's beginning."
        },
        footer = {
            "",
            "Exit codes: 0 accepted, 1 rejected, 2 no traces or not all of them, 3 something is lacking.",
            "The format is described in conformance/README.md."
        })
public final class ValidateCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "PATH", arity = "1..*", description = "Traces, or folders with traces.")
    private List<Path> paths = new ArrayList<>();

    @Option(names = "--details", description = "On a rejection, show the specification's whole state there.")
    private boolean details;

    @Override
    public Integer call() {
        CommandLine line = java.util.Objects.requireNonNull(spec).commandLine();
        PrintWriter out = line.getOut();
        try {
            return switch (TraceValidation.validate(paths, TraceProgress.inLines(line.getErr()::println))) {
                case TraceJudgment.Accepted accepted -> show(out, accepted);
                case TraceJudgment.Rejected rejected -> show(out, rejected);
            };
        } catch (TraceFormatException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        } catch (LackingException e) {
            throw new ExitException(Exit.LACKING, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new ExitException(Exit.FAILED, "nobody knows: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ExitException(Exit.FAILED, "interrupted", e);
        }
    }

    private static int show(PrintWriter out, TraceJudgment.Accepted accepted) {
        out.println("accepted: " + accepted.events() + " events, " + accepted.steps() + " steps of "
                + accepted.actions().size() + " actions on " + accepted.blocks() + " blocks, in "
                + seconds(accepted.time()) + " (TLC: " + seconds(accepted.checking()) + ", "
                + accepted.events() * 1000L / Math.max(1, accepted.checking().toMillis()) + " events/s)");
        accepted.actions().forEach((action, count) -> out.println("  " + action + " " + count));
        accepted.hidden().forEach((why, count) -> out.println("not recorded: " + why + ", " + count + " times"));
        return Exit.OK;
    }

    private int show(PrintWriter out, TraceJudgment.Rejected rejected) {
        out.println("REJECTED at " + rejected.file() + ", line " + rejected.line() + " (of " + rejected.events()
                + " events, in " + seconds(rejected.time()) + ")");
        out.println("  " + rejected.event());
        out.println("  " + rejected.why());
        if (!rejected.enabled().isEmpty()) {
            out.println("  enabled: " + String.join(", ", rejected.enabled()));
        }
        if (details) {
            rejected.details().forEach(detail -> out.println("  " + detail));
        }
        return Exit.FAILED;
    }

    private static String seconds(Duration time) {
        return Math.round(time.toMillis() / 100.0) / 10.0 + " s";
    }
}
