package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.RunFolder;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.SpecTraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.TidyUp;
import dev.unwrite.chaos.fault.Fault;
import dev.unwrite.chaos.fault.Faults;
import dev.unwrite.chaos.report.ResultsOf;
import dev.unwrite.chaos.stage.DockerStage;
import dev.unwrite.chaos.stage.ProcessStage;
import dev.unwrite.chaos.stage.Stage;
import dev.unwrite.chaos.stage.StageException;
import dev.unwrite.chaos.stage.Sweep;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.chaos.vm.VmRun;
import dev.unwrite.chaos.volume.FioLoad;
import dev.unwrite.cli.Durations;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unwrite chaos}: a campaign of faults against a real pair, and a verdict. */
@Command(
        name = "chaos",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Breaks a pair in all ways that can be thought of, and checks what it did.",
            "Storage, two hosts and their clients run in containers of their own, or as processes, in network"
                    + " namespaces where this user may make them. Faults strike together, as the seed decides, and are"
                    + " healed; then the disk after each rollback, every answer, every owner and every step are checked."
        },
        footer = {
            "",
            "DIR gets report.html (open it in a browser), results.json, trace/*.ndjson, log/*.log.",
            "Exit codes: 0 valid, 1 invalid or not decided, 2 wrong usage, 3 something is lacking."
        })
public final class ChaosCommand implements Callable<Integer> {
    private static final int SEEDS = 1_000_000;
    private static final long DISK_BYTES = 256L << 20;
    private static final Duration TRACE_CHECK_MAX = Duration.ofMinutes(20);
    private static final Duration RECOVER_MAX = Duration.ofSeconds(30);
    private static final Duration DURATION_MIN = Duration.ofSeconds(5);
    private static final Duration DURATION_MAX = Duration.ofHours(24);
    private static final Duration CHECKPOINT_EVERY = Duration.ofMillis(100);
    private static final Duration FAILOVER_AFTER = Duration.ofMillis(700);
    private static final int CLIENTS = 6;
    private static final int RATE = 60;
    private static final int PIPELINE = 4;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--cluster",
            paramLabel = "docker|process",
            description = "Where it runs (default: docker if an engine answers, else process).")
    private @Nullable Cluster cluster;

    @Option(names = "--seed", paramLabel = "N", description = "Decides the faults (default: a new one).")
    private @Nullable Long seed;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "The least; it goes on until each fault was seen (default ${DEFAULT-VALUE}).")
    private String duration = "60s";

    @Option(
            names = "--faults",
            split = ",",
            paramLabel = "LIST",
            description =
                    "Only these, such as kill,partition; \"list\" shows them all (default: all that can be made).")
    private List<String> faults = List.of();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "unwrite-chaos",
            description =
                    "Where the run leaves its files; an earlier run there is replaced (default ${DEFAULT-VALUE}).")
    private Path dir = Path.of("unwrite-chaos");

    @Option(
            names = "--load",
            paramLabel = "ledger|volume|fio|vm",
            defaultValue = "ledger",
            description = {
                "What the machine does (default ${DEFAULT-VALUE}): clients of a ledger move money; a program writes blocks"
                        + " that describe themselves to the raw volume, and takes the checkpoints by command; fio does"
                        + " the same pass after pass, and verifies after each takeover; a Linux guest of QEMU counts, and"
                        + " somebody outside talks to it (as \"demo --vm\", on plain processes, with strikes of its own)."
            })
    private LoadKind load = LoadKind.LEDGER;

    @Option(names = "--no-wait", hidden = true, description = "End after --duration, whatever was seen.")
    private boolean noWait;

    @Option(
            names = "--classes",
            hidden = true,
            split = ":",
            description = "Classes that go before those of this build.")
    private List<Path> classes = List.of();

    private enum Cluster {
        DOCKER,
        PROCESS
    }

    /** For picocli. */
    public ChaosCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (faults.equals(List.of("list"))) {
            Faults.all().forEach(fault -> out().printf("%-22s %s%n", fault.name(), fault.title()));
            return Exit.OK;
        }
        if (load == LoadKind.VM) {
            return ofGuest();
        }
        if (load == LoadKind.FIO) {
            needFio();
        }
        List<Fault> chosen = chosen();
        Duration least = least();
        Cluster where = where();
        long number = number();
        try {
            Run run = Tries.of(
                    () -> once(chosen, least, number, where),
                    one -> one.outcome().trouble(),
                    this::print);
            return conclude(run, number, where);
        } catch (StageException e) {
            throw new ExitException(Exit.FAILED, "unknown: the stage failed: " + e.getMessage(), e);
        }
    }

    private long number() {
        Long given = seed;
        return given == null ? ThreadLocalRandom.current().nextInt(SEEDS) : given;
    }

    private int ofGuest() throws IOException {
        if (!faults.isEmpty() || cluster == Cluster.DOCKER) {
            throw new ExitException(
                    Exit.USAGE, "--load vm strikes in ways of its own, on processes: leave out --faults and --cluster");
        }
        Duration least = least();
        long number = number();
        String again = "unwrite chaos --load vm --seed " + number + " --duration " + duration + " --dir " + dir;
        return VmRun.campaign(RunFolder.prepare(dir).toAbsolutePath(), number, least, again);
    }

    /** A campaign that is over. */
    private record Run(Path dir, ChaosResults results, Campaign.Outcome outcome) {}

    private Run once(List<Fault> chosen, Duration least, long number, Cluster where)
            throws IOException, InterruptedException {
        Path folder = RunFolder.prepare(dir);
        sweep(where);
        try (Stage stage = open(where, folder)) {
            Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
                // When this process is told to end, two hooks remove containers: its own, and that of the library.
                if (!error.getClass().getName().startsWith("com.github.dockerjava.")) {
                    print(thread.getName() + ": " + error);
                }
            });
            Thread hook = Thread.ofPlatform().unstarted(stage::close);
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                return run(stage, possible(chosen, stage), least, number, where);
            } finally {
                TidyUp.unhook(hook);
            }
        }
    }

    private Run run(Stage stage, List<Fault> possible, Duration least, long number, Cluster where)
            throws IOException, InterruptedException {
        Pair.Options options =
                new Pair.Options(load, CHECKPOINT_EVERY, FAILOVER_AFTER, CLIENTS, RATE, PIPELINE, number);
        Campaign.Settings settings = new Campaign.Settings(
                options, possible, least, noWait ? least : least.multipliedBy(3), RECOVER_MAX, number);
        Campaign campaign =
                new Campaign(stage, settings, new SpecTraceJudge(TRACE_CHECK_MAX, this::print), this::print);
        Campaign.Outcome outcome = campaign.run();
        ChaosResults results =
                ChaosResults.of(outcome, options.load(), number, stage.kind(), commit(), command(number, where));
        ChaosReport.write(stage.dir(), results, settings, outcome);
        return new Run(stage.dir(), results, outcome);
    }

    private Integer conclude(Run run, long number, Cluster where) {
        ChaosResults results = run.results();
        print("");
        for (CheckResult check : run.outcome().checks()) {
            print(String.format("%-8s  %s", check.verdict().word(), check.title()));
            check.evidence().forEach(line -> print("          " + line));
        }
        Verdict verdict = ResultsOf.verdict(run.outcome().checks());
        print("");
        print(String.format(
                "%-8s  %d takeovers, %d joins, %d faults in %.0f s, %d requests answered, seed %d",
                verdict.word().toUpperCase(Locale.ROOT),
                results.counts().takeovers(),
                results.counts().joins(),
                results.faults(),
                results.durationMs() / 1_000,
                results.operations(),
                number));
        print("report    " + run.dir().resolve("report.html"));
        print("again     " + command(number, where));
        print("replay    unwrite simulate --recorded " + run.dir());
        return verdict == Verdict.VALID ? Exit.OK : Exit.FAILED;
    }

    private List<Fault> chosen() {
        List<Fault> all = Faults.all();
        if (faults.isEmpty()) {
            return all;
        }
        Set<String> unknown = new TreeSet<>(faults);
        List<Fault> chosen = new ArrayList<>();
        for (Fault fault : all) {
            if (unknown.remove(fault.name())) {
                chosen.add(fault);
            }
        }
        if (!unknown.isEmpty()) {
            throw new ExitException(
                    Exit.USAGE,
                    "--faults: no fault is called " + String.join(", ", unknown) + "; \"--faults list\" shows all");
        }
        return chosen;
    }

    /** Of all faults those that the stage can make; one that was asked for by name must be possible. */
    private List<Fault> possible(List<Fault> chosen, Stage stage) {
        List<Fault> possible = new ArrayList<>();
        for (Fault fault : chosen) {
            if (stage.abilities().containsAll(fault.needs())) {
                possible.add(fault);
            } else {
                String lacks = fault.needs().stream()
                        .filter(need -> !stage.abilities().contains(need))
                        .map(need -> need.needs())
                        .reduce("", (a, b) -> a.isEmpty() ? b : a + ", " + b);
                if (!faults.isEmpty()) {
                    throw new ExitException(Exit.LACKING, fault.name() + " needs " + lacks);
                }
                print("SKIPPED   " + fault.name() + ": needs " + lacks);
            }
        }
        return possible;
    }

    private Duration least() {
        try {
            Duration given = Durations.parse(duration);
            if (given.compareTo(DURATION_MIN) < 0 || given.compareTo(DURATION_MAX) > 0) {
                throw new IllegalArgumentException("'" + duration + "' is not between " + Durations.format(DURATION_MIN)
                        + " and " + Durations.format(DURATION_MAX));
            }
            return given;
        } catch (IllegalArgumentException e) {
            throw new ExitException(Exit.USAGE, "--duration: " + e.getMessage(), e);
        }
    }

    private Cluster where() {
        Cluster given = cluster;
        boolean engine = given != Cluster.PROCESS && DockerStage.possible();
        if (given == Cluster.DOCKER && !engine) {
            throw new ExitException(
                    Exit.LACKING, "no Docker engine answers; start one (dockerd), or use --cluster process");
        }
        if (given == null && !engine) {
            print("SKIPPED   containers: no Docker engine answers; the same campaign runs on plain processes");
        }
        return engine ? Cluster.DOCKER : Cluster.PROCESS;
    }

    private static void needFio() {
        String lacking = FioLoad.lacking();
        if (!lacking.isEmpty()) {
            throw new ExitException(Exit.LACKING, "--load fio: " + lacking);
        }
    }

    private void sweep(Cluster where) {
        List<String> swept = new ArrayList<>(where == Cluster.DOCKER ? DockerStage.sweep() : List.of());
        swept.addAll(Sweep.run());
        swept.forEach(line -> print("swept     " + line));
    }

    private Stage open(Cluster where, Path folder) {
        return where == Cluster.DOCKER
                ? DockerStage.open(folder, DISK_BYTES, classes, load.programs())
                : ProcessStage.open(folder, DISK_BYTES, classes);
    }

    private static String commit() {
        String home = System.getProperty("unwrite.home");
        if (home == null || !Files.exists(Path.of(home, ".git")) || !Tools.have("git")) {
            return "unknown";
        }
        Tools.Outcome outcome = Tools.attempt(List.of("git", "-C", home, "rev-parse", "--short=12", "HEAD"));
        return outcome.ok() ? outcome.output().strip() : "unknown";
    }

    private String command(long number, Cluster where) {
        return "unwrite chaos --cluster " + where.name().toLowerCase(Locale.ROOT) + " --seed " + number
                + " --duration " + duration + (load == LoadKind.LEDGER ? "" : " --load " + load.word())
                + (faults.isEmpty() ? "" : " --faults " + String.join(",", faults))
                + " --dir " + dir;
    }

    private void print(String line) {
        out().println(line);
        out().flush();
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }
}
