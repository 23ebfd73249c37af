package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.TidyUp;
import dev.unwrite.chaos.vm.VmRun;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unwrite bench}: what protection costs. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures what protection costs, on this machine, in one run.",
            "fio writes to a bare disk (qemu-nbd), to a node without a second host, to a protected node whose copies are"
                    + " durable, and to QEMU's copy-before-write filter with a durable target, in turns. All are reached"
                    + " over NBD, on unix sockets, and each run of fio ends with a flush. Leave the machine alone meanwhile."
        },
        footer = {
            "",
            "Prints a table: medians, with the least and the most, ratios of medians, and which targets are met; a target that is missed",
            "is no failure. bench.json has every sample, bench.html plots.",
            "Needs fio and qemu-nbd; copy-before-write needs qemu-storage-daemon, and is skipped without it.",
            "Exit codes: 0 measured, 1 a measurement failed, 2 wrong usage, 3 something is lacking."
        })
public final class BenchCommand implements Callable<Integer> {
    /** The kernel takes some of it for the disks. */
    private static final double OTHERS_CORES_MAX = 0.2;

    private static final Duration END_MAX = Duration.ofSeconds(10);

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--quick",
            description =
                    "In less than 3 minutes; without it all workloads at all depths, checkpoints every 50 ms, half an hour.")
    private boolean quick;

    @Option(
            names = "--vm",
            description =
                    "Of a Linux guest of QEMU (256 MiB, ten checkpoints a second) instead: its speed protected and alone, the"
                            + " pauses, and how long the outside hears nothing after a SIGKILL; four minutes (needs root,"
                            + " qemu-system-x86, busybox-static, e2fsprogs, iproute2).")
    private boolean vm;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description =
                    "Where the disks lie while it runs, and bench.json, bench.html and logs stay; an earlier run there is"
                            + " replaced (default: a temporary folder that is removed, and the other two in the current one).")
    private @Nullable Path dir;

    @Option(names = "--rounds", hidden = true, paramLabel = "N", description = "So many rounds.")
    private @Nullable Integer rounds;

    @Option(names = "--disk-mib", hidden = true, paramLabel = "N", description = "Disks of so many MiB.")
    private @Nullable Integer diskMib;

    @Option(names = "--cell", hidden = true, paramLabel = "MS", description = "So long for a cell, in milliseconds.")
    private @Nullable Integer cellMillis;

    @Option(names = "--warm", hidden = true, paramLabel = "N", description = "So many rounds before it counts.")
    private @Nullable Integer warmRounds;

    /** For picocli. */
    public BenchCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        return vm ? ofGuest() : ofDisks();
    }

    private int ofGuest() throws IOException {
        BenchFolder folder = BenchFolder.make(dir);
        TidyUp tidyUp = TidyUp.atTheEnd(() -> {}, () -> remove(folder), END_MAX);
        try {
            print("machine   " + MachineInfo.look(folder.dir()).words());
            Path json = folder.json().resolveSibling("bench-vm.json");
            int code = VmRun.bench(folder.work().toAbsolutePath(), quick, json);
            if (code == Exit.OK) {
                print("done      every sample is in " + json);
            }
            return code;
        } finally {
            tidyUp.now();
        }
    }

    private int ofDisks() throws IOException, InterruptedException {
        Needs.programs();
        BenchPlan plan = plan();
        List<String> skipped = Needs.lackingForCopyBeforeWrite().stream().toList();
        skipped.forEach(why -> print("SKIPPED   " + why + "; there are no ratios to it"));
        BenchFolder folder = BenchFolder.make(dir);
        Processes processes = new Processes(folder.logs());
        TidyUp tidyUp = TidyUp.atTheEnd(processes::close, () -> remove(folder), END_MAX);
        try {
            Needs.folder(folder.dir(), plan);
            return measure(folder, folder.work(), processes, plan, skipped);
        } catch (BenchException | ClusterException e) {
            String logs = dir == null ? "; with --dir the logs stay" : "; the logs are in " + folder.logs();
            throw new ExitException(Exit.FAILED, e.getMessage() + logs, e);
        } finally {
            tidyUp.now();
        }
    }

    private int measure(BenchFolder folder, Path work, Processes processes, BenchPlan plan, List<String> skipped)
            throws IOException, InterruptedException {
        Instant startedAt = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        MachineInfo machine = MachineInfo.look(folder.dir());
        print("machine   " + machine.words());
        Bench bench = new Bench(work, processes, plan, skipped.isEmpty(), this::print);
        List<Setup> setups = bench.run();
        List<String> allSkipped = new ArrayList<>(skipped);
        allSkipped.addAll(bench.skipped());
        long seconds = Duration.between(startedAt, Instant.now()).toSeconds();
        BenchJson.write(
                folder.json(),
                new BenchJson.Head(command(), startedAt, seconds, plan, bench.rounds(), machine, allSkipped),
                bench.results());
        print("");
        Table.lines(bench.results(), setups).forEach(this::print);
        print("");
        if (bench.rounds() < plan.rounds()) {
            print("!         only " + bench.rounds() + " of " + plan.rounds() + " rounds: there was no time for more");
        }
        allSkipped.forEach(why -> print("SKIPPED   " + why));
        double others = bench.results().othersCores();
        print(String.format(
                Locale.ROOT,
                "%-8s  other processes took %.2f of %d cores meanwhile%s",
                others > OTHERS_CORES_MAX ? "!" : "machine",
                others,
                machine.cores(),
                others > OTHERS_CORES_MAX ? ": this is not what the machine can do" : ""));
        print("done      " + bench.rounds() + " rounds in " + seconds + " s; medians of them; every sample is in "
                + folder.json() + ", plots in " + folder.json().resolveSibling("bench.html"));
        return Exit.OK;
    }

    private BenchPlan plan() {
        BenchPlan usual = quick ? BenchPlan.quick() : BenchPlan.whole();
        return new BenchPlan(
                diskMib == null ? usual.diskBytes() : (long) diskMib << 20,
                rounds == null ? usual.rounds() : rounds,
                cellMillis == null ? usual.cell() : Duration.ofMillis(cellMillis),
                cellMillis == null ? usual.cold() : Duration.ofMillis(cellMillis),
                warmRounds == null ? usual.warmRounds() : warmRounds,
                usual.most(),
                usual.isWhole());
    }

    private String command() {
        return "unwrite bench" + (quick ? " --quick" : "") + (dir == null ? "" : " --dir " + dir)
                + (rounds == null ? "" : " --rounds " + rounds) + (diskMib == null ? "" : " --disk-mib " + diskMib)
                + (cellMillis == null ? "" : " --cell " + cellMillis)
                + (warmRounds == null ? "" : " --warm " + warmRounds);
    }

    private static void remove(BenchFolder folder) {
        try {
            folder.close();
        } catch (IOException | UncheckedIOException e) {
            System.err.println("cannot remove what lies in " + folder.dir() + ": " + e.getMessage());
        }
    }

    private void print(String line) {
        out().println(line);
        out().flush();
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }
}
