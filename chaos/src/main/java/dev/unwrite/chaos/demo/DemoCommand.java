package dev.unwrite.chaos.demo;

import dev.unwrite.chaos.RunFolder;
import dev.unwrite.chaos.check.SpecTraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.report.RunStory;
import dev.unwrite.chaos.vm.VmRun;
import dev.unwrite.cli.Exit;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unwrite demo}: one scripted run of a pair, checked, with a report. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Shows a pair at work and at failure, and checks it, in less than a minute.",
            "Starts a storage, two nodes and the clients of a ledger as processes of this machine. Kills the primary in the"
                    + " middle of its writes; the other host puts disk and machine back to the last checkpoint and goes on;"
                    + " the dead one comes back and joins; then the same the other way round; then a planned switchover."
        },
        footer = {
            "",
            "DIR gets report.html (open it in a browser), results.json, trace/*.ndjson, log/*.log.",
            "Exit codes: 0 valid, 1 invalid or not decided, 2 wrong usage, 3 something is lacking."
        })
public final class DemoCommand implements Callable<Integer> {
    private static final int SEEDS = 1_000_000;
    private static final int TAKEOVERS = 10;
    /** Enough for a machine that has other things to do; an idle one takes a fraction. */
    private static final Duration TRACE_CHECK_MAX = Duration.ofMinutes(3);

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "unwrite-demo",
            description =
                    "Where the run leaves its files; an earlier run there is replaced (default ${DEFAULT-VALUE}).")
    private Path dir = Path.of("unwrite-demo");

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides the moments and the requests (default: a new one).")
    private @Nullable Long seed;

    @Option(
            names = "--vm",
            description =
                    "With a Linux guest of QEMU in place of the ledger, and somebody outside who holds one TCP connection"
                            + " to it through everything (needs root, qemu-system-x86, busybox-static, e2fsprogs, iproute2).")
    private boolean vm;

    @Option(
            names = "--database",
            description = "As --vm, with PostgreSQL in the guest and pgbench outside, through " + TAKEOVERS
                    + " takeovers (needs postgresql, too).")
    private boolean database;

    /** For picocli. */
    public DemoCommand() {}

    @Override
    public Integer call() throws IOException {
        Long given = seed;
        long chosen = given == null ? ThreadLocalRandom.current().nextInt(SEEDS) : given;
        Path folder = RunFolder.prepare(dir);
        if (database) {
            return VmRun.database(folder.toAbsolutePath(), chosen, TAKEOVERS, again("--database", chosen));
        }
        if (vm) {
            return VmRun.demo(folder.toAbsolutePath(), chosen, again("--vm", chosen));
        }
        RunStory story = new RunStory(out(), isColourful());
        Verdict verdict = new Demo(folder, dir, chosen, story, new SpecTraceJudge(TRACE_CHECK_MAX)).run();
        return verdict == Verdict.VALID ? Exit.OK : Exit.FAILED;
    }

    private String again(String what, long chosen) {
        return "unwrite demo " + what + " --seed " + chosen + " --dir " + dir;
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    private static boolean isColourful() {
        boolean terminal = Optional.ofNullable(System.console())
                .filter(Console::isTerminal)
                .isPresent();
        return terminal && System.getenv("NO_COLOR") == null;
    }
}
