package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.bench.NodeSetup.Kind;
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
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Starts all setups beside each other and measures them in turns, so that what the machine does besides hits all alike. */
final class Bench {
    private static final int PAUSE_CELLS = 5;
    private static final long LEDGER_BYTES = 64 << 20;
    /** Above this a takeover is measured once. */
    private static final long LARGE_TAKEOVER_BYTES = 1L << 30;

    private final Path dir;
    private final Processes processes;
    private final BenchPlan plan;
    private final boolean withQemu;
    private final Consumer<String> say;
    private final BenchResults results = new BenchResults();
    private final FioRun fio;
    private final DiskBytes disk;
    private final ClusterPorts ports = new ClusterPorts();
    private final List<String> skipped = new ArrayList<>();
    private final long startedAt = System.nanoTime();
    private int rounds;
    private @Nullable NodeSetup ticking;
    private @Nullable NodeSetup ledger;

    /** {@code dir} is empty; {@code withQemu} is whether copy-before-write is measured, too. */
    Bench(Path dir, Processes processes, BenchPlan plan, boolean withQemu, Consumer<String> say) throws IOException {
        this.dir = dir;
        this.processes = processes;
        this.plan = plan;
        this.withQemu = withQemu;
        this.say = say;
        this.fio = new FioRun(processes, dir.resolve("fio.json"));
        this.disk = DiskBytes.under(dir);
    }

    BenchResults results() {
        return results;
    }

    /** How many rounds were made; fewer than planned on a machine that is too slow for them. */
    int rounds() {
        return rounds;
    }

    /** What was not measured, and why, a line each. */
    List<String> skipped() {
        return List.copyOf(skipped);
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
        setups.forEach(setup -> results.memory(setup.id(), ofEach(setup, Processor::residentBytes)));
        pauses();
        takeovers();
        footprints();
        checkers();
        return setups;
    }

    private void checkers() throws IOException, InterruptedException {
        CheckerRun run = new CheckerRun(Files.createDirectories(dir.resolve("traces")));
        progress("traces", "compares " + plan.traceEvents() + " events with the specification");
        results.traces(run.traces(plan.traceEvents()));
        progress("simulate", "runs of the simulator, one after the other");
        results.simulator(run.simulator(plan.simulated()));
    }

    private void footprints() throws IOException, InterruptedException {
        progress("memory", "of pairs on volumes full of holes");
        FootprintRun run = new FootprintRun(fio, plan.cold());
        for (long bytes : plan.volumeBytes()) {
            Path image = dir.resolve("hole-" + bytes + ".img");
            try {
                FootprintRun.hole(image, bytes);
            } catch (IOException e) {
                skipped.add("memory with a volume of " + (bytes >> 30) + " GiB: " + e.getMessage());
                continue;
            }
            results.footprint(run.of(nodes("h" + results.footprints().size(), image, Kind.SPARSE), bytes));
            Files.delete(image);
        }
    }

    private void takeovers() throws IOException, InterruptedException {
        List<Long> sizes = TakeoverRun.withRoom(
                plan.takeoverBytes(), Files.getFileStore(dir).getUsableSpace(), skipped);
        long most = sizes.getLast();
        progress(
                "takeover",
                "kills the primary, for undo logs of " + (sizes.getFirst() >> 20) + " to " + (most >> 20) + " MiB");
        Path image = dir.resolve("takeover.img");
        Images.fill(List.of(image), most);
        NodeSetup pair = nodes("n6", image, Kind.TAKEOVER);
        pair.start();
        TakeoverRun run = new TakeoverRun(pair, fio, new DirectWrites(dir.resolve("dd.img"), most));
        for (int round = 1; round <= (plan.isWhole() ? plan.rounds() : 1); round++) {
            for (long bytes : sizes) {
                if (round == 1 || bytes <= LARGE_TAKEOVER_BYTES) {
                    results.takeover(run.takeover(bytes));
                }
            }
        }
        pair.end();
    }

    private void pauses() throws IOException, InterruptedException {
        progress("pause", "a ledger under load, checkpoint by checkpoint");
        PauseRun run = new PauseRun(processes, plan.cold(), plan.cell().multipliedBy(PAUSE_CELLS));
        results.pauses(run.ofLedger(Objects.requireNonNull(ledger), dir.resolve("ledger.ndjson")));
        NodeSetup disk = ticking;
        if (disk != null) {
            for (Workload workload : List.of(BenchPlan.afterStart(), new Workload(Pattern.DENSE, 16))) {
                results.pauses(run.ofDisk(disk, fio, workload.fio(plan.diskBytes(), plan.cell(), 0), workload));
            }
        }
    }

    private List<Setup> setups() throws IOException {
        Path sockets = Files.createDirectories(dir.resolve("s"));
        Path raw = dir.resolve("raw.img");
        Path alone = dir.resolve("alone.img");
        Path guarded = dir.resolve("pair.img");
        Path often = dir.resolve("often.img");
        Path inMemory = dir.resolve("memory.img");
        Path target = dir.resolve("target.img");
        Path unsynced = dir.resolve("unsynced.img");
        List<Path> images = new ArrayList<>(List.of(raw, alone, guarded));
        if (plan.isWhole()) {
            images.addAll(List.of(often, inMemory));
        }
        if (withQemu) {
            images.addAll(plan.isWhole() ? List.of(target, unsynced) : List.of(target));
        }
        progress("disks", "writes " + images.size() + " of " + (plan.diskBytes() >> 20) + " MiB full");
        Images.fill(images, plan.diskBytes());
        Path accounts = dir.resolve("ledger.img");
        Images.blank(accounts, LEDGER_BYTES);
        RawSetup bare = new RawSetup(processes, raw, sockets.resolve("raw.sock"));
        NodeSetup single = nodes("n1", alone, Kind.UNPROTECTED);
        NodeSetup two = nodes("n2", guarded, Kind.PROTECTED);
        ledger = nodes("n5", accounts, Kind.LEDGER);
        List<Setup> setups = new ArrayList<>(List.of(bare, single, two));
        if (plan.isWhole()) {
            NodeSetup every = nodes("n3", often, Kind.CHECKPOINTS);
            ticking = every;
            setups.addAll(List.of(every, nodes("n4", inMemory, Kind.MEMORY)));
        }
        if (withQemu) {
            setups.add(new CopyBeforeWriteSetup(processes, bare, target, sockets, true));
            if (plan.isWhole()) {
                setups.add(new CopyBeforeWriteSetup(processes, bare, unsynced, sockets, false));
            }
        }
        return setups;
    }

    private NodeSetup nodes(String folder, Path image, Kind kind) throws IOException {
        return new NodeSetup(processes, image, Files.createDirectories(dir.resolve(folder)), ports, kind);
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
            Map<String, Double> before = ofEach(setup, Processor::seconds);
            Map<String, Long> chargedBefore = charged(setup);
            OptionalLong diskBefore = disk.written();
            JsonNode job = fio.run(setup.uri(), workload.fio(plan.diskBytes(), most, strideBytes), workload.depth());
            double othersCores = processor.othersCores();
            OptionalLong diskAfter = disk.written();
            Map<String, Long> charged = charged(setup);
            charged.replaceAll((process, bytes) -> bytes - chargedBefore.getOrDefault(process, bytes));
            Map<String, Double> taken = ofEach(setup, Processor::seconds);
            taken.replaceAll((process, seconds) -> seconds - before.getOrDefault(process, 0.0));
            OptionalLong written = diskBefore.isPresent() && diskAfter.isPresent()
                    ? OptionalLong.of(diskAfter.getAsLong() - diskBefore.getAsLong())
                    : OptionalLong.empty();
            return Sample.of(job, round, setup.copies(), new Sample.Used(taken, written, charged), othersCores);
        } catch (BenchException e) {
            throw new BenchException(setup.title() + ", " + workload.id() + ": " + e.getMessage(), e);
        }
    }

    /** What is measured of each of its processes, by id. */
    static <T> Map<String, T> ofEach(Setup setup, LongFunction<T> measure) {
        Map<String, T> all = new TreeMap<>();
        setup.processes().forEach((role, process) -> all.put(role, measure.apply(process.pid())));
        return all;
    }

    /** What each of its processes has been charged with for disks so far, by id; those of which the kernel does not tell are left out. */
    private static Map<String, Long> charged(Setup setup) {
        Map<String, Long> all = new TreeMap<>();
        ofEach(setup, DiskBytes::charged).forEach((role, bytes) -> bytes.ifPresent(some -> all.put(role, some)));
        return all;
    }

    private long elapsed() {
        return System.nanoTime() - startedAt;
    }

    private void progress(String what, String text) {
        long seconds = Duration.ofNanos(elapsed()).toSeconds();
        say.accept(String.format(Locale.ROOT, "%4d s  %-8s  %s", seconds, what, text));
    }
}
