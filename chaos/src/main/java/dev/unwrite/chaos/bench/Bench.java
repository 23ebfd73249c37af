package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.bench.Workload.Pattern;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Starts all setups beside each other and measures them in turns, so that what the machine does besides hits all alike. */
final class Bench {
    private static final Duration CHECKPOINT_EVERY = Duration.ofMillis(50);

    private final Path dir;
    private final Processes processes;
    private final BenchPlan plan;
    private final boolean withQemu;
    private final Consumer<String> say;
    private final BenchResults results = new BenchResults();
    private final FioRun fio;
    private final long startedAt = System.nanoTime();
    private int rounds;

    /** {@code dir} is empty; {@code withQemu} is whether copy-before-write is measured, too. */
    Bench(Path dir, Processes processes, BenchPlan plan, boolean withQemu, Consumer<String> say) {
        this.dir = dir;
        this.processes = processes;
        this.plan = plan;
        this.withQemu = withQemu;
        this.say = say;
        this.fio = new FioRun(processes, dir.resolve("fio.json"));
    }

    BenchResults results() {
        return results;
    }

    /** How many rounds were made; fewer than planned on a machine that is too slow for them. */
    int rounds() {
        return rounds;
    }

    /** Measures everything; returns the setups in the order in which people want to see them. */
    List<Setup> run() throws IOException, InterruptedException {
        List<Setup> setups = setups();
        progress("cold", "IOPS of " + BenchPlan.afterStart().id() + ", each right after its start");
        for (Setup setup : setups) {
            setup.start();
            setup.freshen();
            Sample sample = measure(setup, BenchPlan.afterStart(), 0, plan.cold(), 0);
            results.add(setup.id(), BenchPlan.afterStart(), true, sample);
            setup.rest();
            progress("cold", String.format(Locale.ROOT, "%-11s  %7s", setup.id(), Table.whole(sample.iops())));
        }
        if (!plan.isWhole()) {
            headings();
        }
        for (int round = 1; round <= plan.warmRounds(); round++) {
            for (Setup setup : setups) {
                if (setup.warmsUp()) {
                    all(setup, 0, "warm-up");
                }
            }
        }
        long longest = 0;
        while (rounds < plan.rounds()
                && (rounds == 0 || elapsed() + longest < plan.most().toNanos())) {
            long began = System.nanoTime();
            rounds++;
            // There and back: nobody always has the same one before it.
            for (Setup setup : rounds % 2 == 1 ? setups : setups.reversed()) {
                all(setup, rounds, "round " + rounds);
            }
            longest = Math.max(longest, System.nanoTime() - began);
        }
        for (Setup setup : setups) {
            Map<String, Long> bytes = new TreeMap<>();
            setup.processes().forEach((role, process) -> bytes.put(role, Processor.residentBytes(process.pid())));
            results.memory(setup.id(), bytes);
        }
        takeovers(setups);
        return setups;
    }

    private void takeovers(List<Setup> setups) throws IOException, InterruptedException {
        for (Setup setup : setups) {
            if (plan.isWhole() && setup.id().equals("protected") && setup instanceof NodeSetup pair) {
                progress("takeover", "kills the primary, for undo logs of several sizes");
                results.takeovers(new TakeoverRun(pair, fio, plan.diskBytes()).run());
            }
        }
    }

    private List<Setup> setups() throws IOException {
        Path sockets = Files.createDirectories(dir.resolve("s"));
        Path raw = dir.resolve("raw.img");
        Path alone = dir.resolve("alone.img");
        Path pair = dir.resolve("pair.img");
        Path often = dir.resolve("often.img");
        Path target = dir.resolve("target.img");
        List<Path> images = new ArrayList<>(List.of(raw, alone, pair));
        if (plan.isWhole()) {
            images.add(often);
        }
        if (withQemu) {
            images.add(target);
        }
        progress("disks", "writes " + images.size() + " of " + (plan.diskBytes() >> 20) + " MiB full");
        Images.fill(images, plan.diskBytes());
        ClusterPorts ports = new ClusterPorts();
        RawSetup bare = new RawSetup(processes, raw, sockets.resolve("raw.sock"));
        List<Setup> setups = new ArrayList<>(List.of(
                bare,
                new NodeSetup(processes, alone, Files.createDirectories(dir.resolve("n1")), ports, false, null),
                new NodeSetup(processes, pair, Files.createDirectories(dir.resolve("n2")), ports, true, null)));
        if (plan.isWhole()) {
            Path folder = Files.createDirectories(dir.resolve("n3"));
            setups.add(new NodeSetup(processes, often, folder, ports, true, CHECKPOINT_EVERY));
        }
        if (withQemu) {
            setups.add(new CopyBeforeWriteSetup(processes, bare, target, sockets));
        }
        return setups;
    }

    /** All workloads once; what is measured in round 0 does not count. */
    private void all(Setup setup, int round, String name) throws IOException, InterruptedException {
        StringBuilder line = new StringBuilder();
        long began = System.nanoTime();
        long strideBytes = 0;
        for (Workload workload : plan.workloads()) {
            if (workload.pattern().onFreshDisk()) {
                setup.freshen();
            }
            Sample sample = measure(setup, workload, round, plan.cell(), strideBytes);
            if (workload.pattern() == Pattern.STRIDE) {
                strideBytes = sample.bytes();
            }
            if (round > 0) {
                results.add(setup.id(), workload, false, sample);
            }
            line.append(String.format(Locale.ROOT, " %7s", Table.whole(sample.iops())));
        }
        setup.rest();
        String told = plan.isWhole()
                ? plan.workloads().size() + " workloads in " + (System.nanoTime() - began) / 1_000_000_000 + " s"
                : line.toString();
        progress(name, String.format(Locale.ROOT, "%-11s %s", setup.id(), told));
    }

    /** Of the columns of what is told meanwhile. */
    private void headings() {
        StringBuilder patterns = new StringBuilder();
        StringBuilder depths = new StringBuilder();
        for (Workload workload : plan.workloads()) {
            String word = workload.pattern() == Pattern.SEQUENTIAL
                    ? "seq"
                    : workload.pattern().id();
            patterns.append(String.format(Locale.ROOT, " %7s", word));
            depths.append(String.format(Locale.ROOT, " %7d", workload.depth()));
        }
        progress("IOPS", String.format(Locale.ROOT, "%-11s %s", "", patterns));
        progress("", String.format(Locale.ROOT, "%11s %s", "depth", depths));
    }

    private Sample measure(Setup setup, Workload workload, int round, Duration most, long strideBytes)
            throws IOException, InterruptedException {
        try {
            Processor processor = Processor.watch();
            Map<String, Double> before = seconds(setup);
            JsonNode job = fio.run(setup.uri(), workload.fio(plan.diskBytes(), most, strideBytes), workload.depth());
            double othersCores = processor.othersCores();
            Map<String, Double> taken = seconds(setup);
            taken.replaceAll((process, seconds) -> seconds - before.getOrDefault(process, 0.0));
            return Sample.of(job, round, setup.copies(), taken, othersCores);
        } catch (BenchException e) {
            throw new BenchException(setup.title() + ", " + workload.id() + ": " + e.getMessage(), e);
        }
    }

    /** What each of its processes has taken of the processors so far. */
    private static Map<String, Double> seconds(Setup setup) {
        Map<String, Double> seconds = new TreeMap<>();
        setup.processes().forEach((role, process) -> seconds.put(role, Processor.seconds(process.pid())));
        return seconds;
    }

    private long elapsed() {
        return System.nanoTime() - startedAt;
    }

    private void progress(String what, String text) {
        long seconds = Duration.ofNanos(elapsed()).toSeconds();
        say.accept(String.format(Locale.ROOT, "%4d s  %-8s  %s", seconds, what, text));
    }
}
