package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.bench.Workload.Pattern;
import dev.unwrite.chaos.cluster.Ports;
import dev.unwrite.chaos.cluster.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Starts all setups beside each other and measures them in turns, so that what the machine does besides hits all alike. */
final class Bench {
    private final Path dir;
    private final Processes processes;
    private final Plan plan;
    private final boolean withQemu;
    private final Consumer<String> say;
    private final Results results = new Results();
    private final FioRun fio;
    private final long startedAt = System.nanoTime();
    private int rounds;

    /** {@code dir} is empty; {@code withQemu} is whether copy-before-write is measured, too. */
    Bench(Path dir, Processes processes, Plan plan, boolean withQemu, Consumer<String> say) {
        this.dir = dir;
        this.processes = processes;
        this.plan = plan;
        this.withQemu = withQemu;
        this.say = say;
        this.fio = new FioRun(processes, dir.resolve("fio.json"));
    }

    Results results() {
        return results;
    }

    /** How many rounds were made; fewer than planned on a machine that is too slow for them. */
    int rounds() {
        return rounds;
    }

    /** Measures everything; returns the setups in the order in which people want to see them. */
    List<Setup> run() throws IOException, InterruptedException {
        List<Setup> setups = setups();
        progress("cold", "stride of depth " + Plan.cold().depth() + ", each right after its start: writes a second");
        for (Setup setup : setups) {
            setup.start();
            setup.freshen();
            Sample sample = measure(setup, Plan.cold(), 0, 0);
            results.add(setup.id(), Plan.cold(), true, sample);
            setup.rest();
            progress("cold", String.format(Locale.ROOT, "%-24s %8s", setup.title(), Table.whole(sample.iops())));
        }
        for (int round = 1; round <= plan.warmRounds(); round++) {
            for (Setup setup : setups) {
                if (setup.warmsUp()) {
                    all(setup, 0, "warm-up");
                }
            }
        }
        progress("", String.format(Locale.ROOT, "%-24s  %s", "", headings()));
        long longest = 0;
        while (rounds < plan.rounds()
                && (rounds == 0 || elapsed() + longest < plan.most().toNanos())) {
            long began = System.nanoTime();
            rounds++;
            for (Setup setup : setups) {
                all(setup, rounds, "round " + rounds);
            }
            longest = Math.max(longest, System.nanoTime() - began);
        }
        return setups;
    }

    private List<Setup> setups() throws IOException {
        Path sockets = Files.createDirectories(dir.resolve("s"));
        Path raw = dir.resolve("raw.img");
        Path alone = dir.resolve("alone.img");
        Path pair = dir.resolve("pair.img");
        Path target = dir.resolve("target.img");
        List<Path> images = new ArrayList<>(List.of(raw, alone, pair));
        if (withQemu) {
            images.add(target);
        }
        progress("disks", "writes " + images.size() + " of " + (plan.diskBytes() >> 20) + " MiB full");
        Images.fill(images, plan.diskBytes());
        Ports ports = new Ports();
        RawSetup bare = new RawSetup(processes, raw, sockets.resolve("raw.sock"));
        List<Setup> setups = new ArrayList<>(List.of(
                bare,
                new NodeSetup(processes, alone, Files.createDirectories(dir.resolve("n1")), ports, false),
                new NodeSetup(processes, pair, Files.createDirectories(dir.resolve("n2")), ports, true)));
        if (withQemu) {
            setups.add(new CopyBeforeWriteSetup(processes, bare, target, sockets));
        }
        return setups;
    }

    /** All workloads once; what is measured in round 0 does not count. */
    private void all(Setup setup, int round, String name) throws IOException, InterruptedException {
        StringBuilder line = new StringBuilder();
        long strideBytes = 0;
        for (Workload workload : Plan.workloads()) {
            if (workload.pattern().onFreshDisk()) {
                setup.freshen();
            }
            Sample sample = measure(setup, workload, round, strideBytes);
            if (workload.pattern() == Pattern.STRIDE) {
                strideBytes = sample.bytes();
            }
            if (round > 0) {
                results.add(setup.id(), workload, false, sample);
            }
            line.append(String.format(Locale.ROOT, " %7s", Table.whole(sample.iops())));
        }
        setup.rest();
        progress(name, String.format(Locale.ROOT, "%-24s %s", setup.title(), line));
    }

    private static String headings() {
        StringBuilder line = new StringBuilder();
        for (Workload workload : Plan.workloads()) {
            line.append(String.format(Locale.ROOT, " %7s", shortName(workload)));
        }
        return line.substring(1);
    }

    private static String shortName(Workload workload) {
        String word = workload.pattern().name().toLowerCase(Locale.ROOT);
        return word.substring(0, Math.min(word.length(), 4)) + " " + workload.depth();
    }

    private Sample measure(Setup setup, Workload workload, int round, long strideBytes)
            throws IOException, InterruptedException {
        try {
            JsonNode job = fio.run(setup.uri(), workload, plan, strideBytes);
            return Sample.of(job, round, setup.copies());
        } catch (BenchException e) {
            throw new BenchException(setup.title() + ", " + workload.id() + ": " + e.getMessage(), e);
        }
    }

    private long elapsed() {
        return System.nanoTime() - startedAt;
    }

    private void progress(String what, String text) {
        long seconds = Duration.ofNanos(elapsed()).toSeconds();
        say.accept(String.format(Locale.ROOT, "%4d s  %-8s  %s", seconds, what, text));
    }
}
