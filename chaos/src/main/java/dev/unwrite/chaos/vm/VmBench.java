package dev.unwrite.chaos.vm;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.RoleLog;
import dev.unwrite.chaos.report.Quantiles;
import dev.unwrite.cli.Exit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * What protection costs a guest: its speed without a second host and with one, how long it stands still for a checkpoint, and for
 * how long nobody hears of it when its host is killed. A process of its own, in a network of its own; its nodes run as for a
 * user, neither traced nor checked.
 */
final class VmBench {
    static final int MEMORY_MIB = 256;

    private static final String CHECKPOINT_EVERY = "100ms";
    private static final String FAILOVER_AFTER = "500ms";
    private static final Duration BOOT_MAX = Duration.ofMinutes(2);
    private static final Duration CONNECT_MAX = Duration.ofMillis(50);
    private static final Duration GO_ON_MAX = Duration.ofMinutes(1);
    private static final long DISK_BYTES = 64 << 20;
    private static final int CALIBRATE_LOOPS = 20_000;
    private static final int WRITES = 500;
    private static final double SECOND = 1e9;
    private static final double MILLI = 1e6;

    private static final double PAUSE_MAX_MILLIS = 15;
    private static final double COMPUTE_MIN = 0.8;
    private static final double DELTA_MAX = 0.05;
    private static final double DOWN_MAX_MILLIS = 1_000;

    /** Whether a figure is what it should be. */
    record Target(String what, double value, String wanted, boolean met) {}

    /** Every sample. */
    record Samples(
            int memoryMib,
            String checkpointEvery,
            String failoverAfter,
            List<Speed> alone,
            List<Speed> guarded,
            List<CheckpointFigures.Seen> idle,
            List<CheckpointFigures.Seen> atWork,
            List<Down> takeovers,
            List<Target> targets) {}

    static final String SAMPLES = "vm.json";

    private final Path dir;
    private final boolean quick;
    private final PrintWriter out;
    private final long startedAt = System.nanoTime();

    /** Speeds of the guest: loops and writes a second, milliseconds. */
    record Speed(double loops, double writes, double roundTripMillis) {}

    /** Milliseconds: from the kill, from that, and from the kill until the connection that stood gave its answer. */
    record Down(double detected, double heard, double answered) {}

    private VmBench(Path dir, boolean quick, PrintWriter out) {
        this.dir = dir;
        this.quick = quick;
        this.out = out;
    }

    /** A folder, which is empty but for the guest's FILE, and whether to be brief. */
    public static void main(String[] args) throws IOException {
        PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
        try {
            new VmBench(Path.of(args[0]), Boolean.parseBoolean(args[1]), out).run();
        } catch (ClusterException | IOException e) {
            out.println("unwrite bench: " + e.getMessage());
            System.exit(Exit.FAILED);
        }
        System.exit(Exit.OK);
    }

    private void run() throws IOException {
        try (Processes processes = new Processes(dir.resolveSibling("log"));
                VmPair pair = new VmPair(
                        dir,
                        processes,
                        "qemu:" + dir.resolve("guest"),
                        CHECKPOINT_EVERY,
                        FAILOVER_AFTER,
                        VmPair.Use.MEASURED)) {
            TickGuest.disk(pair.disk(), DISK_BYTES);
            pair.startStorage();
            pair.start(HostId.A, true);
            tell("A boots a guest of " + MEMORY_MIB + " MiB (QEMU, TCG)");
            try (VmTalk talk = connect(pair, BOOT_MAX)) {
                measure(pair, talk);
            }
        }
    }

    private void measure(VmPair pair, VmTalk talk) throws IOException {
        // Until now the guest booted; what it does first it does for the first time.
        int loops = loopsFor(quick ? 1 : 5, talk);
        talk.write(WRITES);
        tell("alone");
        List<Speed> alone = speeds(talk, loops);
        pair.start(HostId.B, false);
        tell("B joins; a checkpoint every " + CHECKPOINT_EVERY);
        pair.awaitProtected(HostId.A);
        talk.compute(loops);
        tell("protected, idle but for a count twenty times a second");
        CheckpointFigures idle = figures(pair);
        Await.pause(quick ? 2_000 : 20_000);
        idle.close();
        tell("protected, at work");
        CheckpointFigures busy = figures(pair);
        List<Speed> guarded = speeds(talk, loops);
        busy.close();
        List<Down> downs = downs(pair, talk);
        List<Target> targets = say(alone, guarded, idle, busy, downs);
        new JsonMapper()
                .writerWithDefaultPrettyPrinter()
                .writeValue(
                        dir.resolve(SAMPLES).toFile(),
                        new Samples(
                                MEMORY_MIB,
                                CHECKPOINT_EVERY,
                                FAILOVER_AFTER,
                                alone,
                                guarded,
                                idle.deltas(),
                                busy.deltas(),
                                downs,
                                targets));
    }

    private static CheckpointFigures figures(VmPair pair) {
        return new CheckpointFigures(pair, List.of(HostId.A));
    }

    /** So many take about so long. */
    private static int loopsFor(int seconds, VmTalk talk) throws IOException {
        talk.compute(CALIBRATE_LOOPS);
        long began = System.nanoTime();
        talk.compute(CALIBRATE_LOOPS);
        return (int) (CALIBRATE_LOOPS * seconds * SECOND / (System.nanoTime() - began));
    }

    private List<Speed> speeds(VmTalk talk, int loops) throws IOException {
        List<Speed> all = new ArrayList<>();
        for (int round = 0; round < (quick ? 1 : 5); round++) {
            long began = System.nanoTime();
            talk.compute(loops);
            double loopsEach = loops * SECOND / (System.nanoTime() - began);
            began = System.nanoTime();
            talk.write(WRITES);
            double writesEach = WRITES * SECOND / (System.nanoTime() - began);
            List<Double> trips = new ArrayList<>();
            for (int i = 0; i < (quick ? 10 : 50); i++) {
                began = System.nanoTime();
                talk.ask();
                trips.add((System.nanoTime() - began) / MILLI);
            }
            all.add(new Speed(loopsEach, writesEach, median(trips)));
        }
        return all;
    }

    private List<Down> downs(VmPair pair, VmTalk talk) throws IOException {
        List<Down> downs = new ArrayList<>();
        HostId primary = HostId.A;
        for (int i = 0; i < (quick ? 1 : 6); i++) {
            downs.add(down(pair, talk, primary));
            pair.start(primary, false);
            primary = primary.other();
            pair.awaitProtected(primary);
        }
        return downs;
    }

    private Down down(VmPair pair, VmTalk talk, HostId victim) throws IOException {
        Instant killedAt = Instant.now();
        long killed = System.nanoTime();
        pair.kill(victim);
        CompletableFuture<Double> answered = CompletableFuture.supplyAsync(() -> answered(talk, killed));
        // Each try sends a frame of its own: nobody waits longer since a frame of his was lost meanwhile, as TCP does.
        connect(pair, GO_ON_MAX).close();
        Instant heardAt = Instant.now();
        Instant detectedAt = Await.until(
                "node " + victim.other() + " to say that the primary is silent",
                GO_ON_MAX,
                () -> pair.log(victim.other()).firstAfter(killedAt, RoleLog.DETECTED),
                pair::said);
        double answeredMillis = join(answered);
        double detectedMillis = millis(killedAt, detectedAt);
        double heardMillis = millis(detectedAt, heardAt);
        tell(String.format(
                Locale.ROOT,
                "SIGKILL of %s: noticed after %.0f ms, heard again %.0f ms later; the open connection answers after %.0f ms",
                victim,
                detectedMillis,
                heardMillis,
                answeredMillis));
        return new Down(detectedMillis, heardMillis, answeredMillis);
    }

    private static double answered(VmTalk talk, long killed) {
        try {
            talk.ask();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
        return (System.nanoTime() - killed) / MILLI;
    }

    private static double join(CompletableFuture<Double> answered) throws IOException {
        try {
            return answered.join();
        } catch (CompletionException e) {
            throw new IOException("the connection to the guest did not survive: " + e.getCause(), e);
        }
    }

    private static double millis(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / MILLI;
    }

    private static VmTalk connect(VmPair pair, Duration most) throws IOException {
        long deadline = System.nanoTime() + most.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<VmTalk> talk = VmTalk.tryToConnect(CONNECT_MAX);
            if (talk.isPresent()) {
                return talk.get();
            }
        }
        throw new ClusterException("the guest does not answer; " + pair.said());
    }

    private List<Target> say(
            List<Speed> alone, List<Speed> guarded, CheckpointFigures idle, CheckpointFigures busy, List<Down> downs) {
        out.println();
        out.printf(Locale.ROOT, "%-28s %12s %12s %8s%n", "", "alone", "protected", "ratio");
        double compute = row("loops a second", alone, guarded, Speed::loops);
        row("4 KiB writes a second", alone, guarded, Speed::writes);
        row("round trip, ms", alone, guarded, Speed::roundTripMillis);
        out.println();
        idle.lines("").forEach(line -> out.println("idle     " + line));
        busy.lines("").forEach(line -> out.println("at work  " + line));
        double heard = median(downs.stream().map(Down::heard).toList());
        out.printf(
                Locale.ROOT,
                "SIGKILL  %d takeovers (--failover-after %s): noticed after %.0f ms, heard again %.0f ms later (at most %.0f), the open connection answers after %.0f ms%n",
                downs.size(),
                FAILOVER_AFTER,
                median(downs.stream().map(Down::detected).toList()),
                heard,
                downs.stream().mapToDouble(Down::heard).max().orElse(Double.NaN),
                median(downs.stream().map(Down::answered).toList()));
        out.println();
        double pause = idle.pauseMillis();
        double share = idle.deltaBytes() / ((double) MEMORY_MIB * (1 << 20));
        List<Target> targets = List.of(
                new Target("pause, idle, p50, ms", pause, "< 15", pause < PAUSE_MAX_MILLIS),
                new Target("compute, protected / alone", compute, ">= 0.8", compute >= COMPUTE_MIN),
                new Target("checkpoint, idle, of the memory", share, "< 0.05", share < DELTA_MAX),
                new Target("heard again after detection, ms", heard, "< 1000", heard < DOWN_MAX_MILLIS));
        targets.forEach(target -> out.printf(
                Locale.ROOT,
                "%-8s %-36s %10.3f   %s%n",
                target.met ? "met" : "missed",
                target.what,
                target.value,
                target.wanted));
        return targets;
    }

    private double row(String what, List<Speed> alone, List<Speed> guarded, Function<Speed, Double> figure) {
        double before = median(alone.stream().map(figure).toList());
        double after = median(guarded.stream().map(figure).toList());
        out.printf(Locale.ROOT, "%-28s %12.1f %12.1f %8.2f%n", what, before, after, after / before);
        return after / before;
    }

    private static double median(List<Double> values) {
        return Objects.requireNonNull(new Quantiles(values).at(0.5));
    }

    private void tell(String line) {
        out.printf(Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - startedAt) / SECOND, line);
    }
}
