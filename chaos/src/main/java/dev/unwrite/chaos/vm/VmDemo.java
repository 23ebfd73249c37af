package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.SpecTraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.chaos.vm.VmObserver.Heard;
import dev.unwrite.cli.Exit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/**
 * A guest that survives its hosts, and somebody outside who talks to it all the time: the primary is killed, the other host goes
 * on, the dead one comes back and joins; the same the other way round; then a planned switchover. As a campaign, one
 * {@link VmStrike} after the other instead, for some time. A process of its own, in a network of its own.
 */
final class VmDemo {
    private static final String CHECKPOINT_EVERY = "100ms";
    private static final String FAILOVER_AFTER = "1s";
    private static final Duration TRACE_CHECK_MAX = Duration.ofMinutes(20);
    private static final Duration BOOT_MAX = Duration.ofMinutes(3);
    private static final Duration HEAR_MAX = Duration.ofMinutes(1);
    private static final Duration SWITCHOVER_MAX = Duration.ofSeconds(30);
    private static final long DISK_BYTES = 64 << 20;
    private static final int HEARD_FIRST = 20;
    private static final int PAUSE_MAX_MILLIS = 2_000;
    private static final int TOLD_MAX = 4;
    private static final String LIKE_NONE = "like no checkpoint";
    private static final double SECOND = 1e9;

    private final Path dir;
    private final Random chance;
    private final Duration campaign;
    private final PrintWriter out;
    private final long startedAt = System.nanoTime();
    private final List<String> consoles = new ArrayList<>();
    private final List<String> gaps = new ArrayList<>();
    private final List<String> memories = new ArrayList<>();
    private final Map<VmStrike, Integer> struck = new EnumMap<>(VmStrike.class);
    private boolean everyPageAlike = true;

    private VmDemo(Path dir, long seed, Duration campaign, PrintWriter out) {
        this.dir = dir;
        this.chance = new Random(seed);
        this.campaign = campaign;
        this.out = out;
    }

    /** A folder, which is empty but for the guest's FILE, the seed, and how long a campaign is to be, or nothing for none. */
    public static void main(String[] args) throws IOException {
        PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
        Duration campaign = args.length > 2 ? Duration.parse(args[2]) : Duration.ZERO;
        Verdict verdict = new VmDemo(Path.of(args[0]), Long.parseLong(args[1]), campaign, out).run();
        System.exit(verdict == Verdict.VALID ? Exit.OK : Exit.FAILED);
    }

    private Verdict run() throws IOException {
        List<CheckResult> checks = new ArrayList<>();
        try (Processes processes = new Processes(dir.resolve("log"));
                VmPair pair = new VmPair(
                        dir,
                        processes,
                        "qemu:" + dir.resolve("guest"),
                        CHECKPOINT_EVERY,
                        FAILOVER_AFTER,
                        VmPair.Use.CHECKED);
                VmObserver observer = new VmObserver();
                CheckpointFigures figures = new CheckpointFigures(pair, List.of(HostId.values()))) {
            String broken = "";
            try {
                play(pair, observer);
            } catch (ClusterException | IOException e) {
                broken = String.valueOf(e.getMessage());
            }
            checks.add(check(
                    "run-completed",
                    "Every takeover, join and switchover came to its end",
                    broken.isEmpty(),
                    broken.isEmpty() ? some(gaps) : broken));
            if (!campaign.isZero()) {
                checks.add(check(
                        "coverage",
                        "Each kind of strike was seen",
                        struck.size() == VmStrike.values().length,
                        struck.toString()));
            }
            checks.addAll(outside(observer));
            figures.lines(" (the check of each page with it)").forEach(this::tell);
            checks.add(check(
                    "memory-page-by-page",
                    "Each page of the memory with which the guest went on was that of a cut",
                    everyPageAlike && !memories.isEmpty(),
                    everyPageAlike
                            ? some(memories)
                            : some(memories.stream()
                                    .filter(memory -> memory.endsWith(LIKE_NONE))
                                    .toList())));
            checks.add(inside());
            checks.add(disk(pair));
            checks.add(new SpecTraceJudge(TRACE_CHECK_MAX).check(pair.traces()));
        }
        checks.forEach(check -> {
            out.println((check.verdict() == Verdict.VALID ? "ok       " : check.verdict() + "  ") + check.title());
            check.evidence().forEach(line -> out.println("           " + line));
        });
        boolean valid = checks.stream().allMatch(check -> check.verdict() == Verdict.VALID);
        out.println(valid ? "VALID" : "NOT VALID, see above");
        return valid ? Verdict.VALID : Verdict.INVALID;
    }

    private void play(VmPair pair, VmObserver observer) throws IOException {
        TickGuest.disk(pair.disk(), DISK_BYTES);
        pair.startStorage();
        pair.start(HostId.A, true);
        pair.start(HostId.B, false);
        tell("A boots the guest (TCG), B joins: its memory is mirrored every " + CHECKPOINT_EVERY);
        pair.awaitProtected(HostId.A);
        Await.until(
                "the guest to boot and to answer",
                BOOT_MAX,
                () -> observer.heard().size() >= HEARD_FIRST ? Optional.of(true) : Optional.empty(),
                () -> "its console: " + pair.console(HostId.A).lastTick());
        tell("the guest answers: " + last(observer) + "; one TCP connection stays open from here on");
        if (campaign.isZero()) {
            story(pair, observer);
        } else {
            strikes(pair, observer);
        }
    }

    private void strikes(VmPair pair, VmObserver observer) throws IOException {
        long end = System.nanoTime() + campaign.toNanos();
        HostId primary = HostId.A;
        for (int i = 0; System.nanoTime() < end || struck.size() < VmStrike.values().length; i++) {
            // Each in its turn at first, so that a short campaign has seen all of them.
            VmStrike[] all = VmStrike.values();
            takeover(pair, observer, primary, all[i < all.length ? i : chance.nextInt(all.length)]);
            primary = primary.other();
        }
        keepConsoles(pair);
        pair.stop(primary.other());
    }

    private void story(VmPair pair, VmObserver observer) throws IOException {
        takeover(pair, observer, HostId.A, VmStrike.NODE);
        takeover(pair, observer, HostId.B, VmStrike.NODE);
        Await.pause(chance.nextInt(1_000));
        long before = System.nanoTime();
        int heardBefore = observer.heard().size();
        pair.client(HostId.A).post("switchover", SWITCHOVER_MAX);
        tell("planned switchover from A to B");
        awaitHeard(observer, "the switchover", before, heardBefore);
        compareMemory(pair, HostId.A, "switchover");
        pair.awaitProtected(HostId.B);
        keepConsoles(pair);
        tell("all end: A, then B, then the storage");
        pair.stop(HostId.A);
    }

    /** Asked for when the guest runs there: what it was before it ran is written down. */
    private void compareMemory(VmPair pair, HostId from, String what) throws IOException {
        OptionalLong cut = pair.pages(from.other()).resumedFrom(pair.pages(from));
        everyPageAlike &= cut.isPresent();
        memories.add(what + ": " + (cut.isPresent() ? "checkpoint " + cut.getAsLong() : LIKE_NONE));
    }

    private void takeover(VmPair pair, VmObserver observer, HostId victim, VmStrike strike) throws IOException {
        Await.pause(chance.nextInt(PAUSE_MAX_MILLIS));
        String what = "SIGKILL of " + (strike == VmStrike.NODE ? "" : strike.title() + ", at ") + victim;
        strike.strike(pair, victim, chance);
        long killed = System.nanoTime();
        int heardBefore = observer.heard().size();
        consoles.addAll(pair.console(victim).lines());
        tell(what + "; the outside has heard " + last(observer));
        awaitHeard(observer, what, killed, heardBefore);
        compareMemory(pair, victim, what);
        pair.pages(victim).forget();
        struck.merge(strike, 1, Integer::sum);
        pair.start(victim, false);
        pair.awaitProtected(victim.other());
        tell(victim + " is back and has joined");
    }

    private void awaitHeard(VmObserver observer, String what, long since, int before) {
        // The first may have been on its way already.
        Heard next = Await.until(
                "the guest to answer after " + what,
                HEAR_MAX,
                () -> Optional.of(observer.heard())
                        .filter(all -> all.size() > before + 1)
                        .map(all -> all.get(before + 1)),
                () -> "the connection: "
                        + Optional.ofNullable(observer.failure()).orElse("stands"));
        String gap = String.format(
                Locale.ROOT,
                "%.2f s from %s to the next answer, %d",
                (next.nanos() - since) / SECOND,
                what,
                next.number());
        gaps.add(gap);
        tell(gap);
    }

    private static String last(VmObserver observer) {
        List<Heard> all = observer.heard();
        return all.isEmpty() ? "nothing" : Long.toString(all.getLast().number());
    }

    private void keepConsoles(VmPair pair) {
        for (HostId host : HostId.values()) {
            consoles.addAll(pair.console(host).lines());
        }
    }

    private static List<CheckResult> outside(VmObserver observer) {
        List<Heard> heard = observer.heard();
        String back = "";
        for (int i = 1; i < heard.size(); i++) {
            if (heard.get(i).number() < heard.get(i - 1).number()) {
                back = heard.get(i).number() + " after " + heard.get(i - 1).number();
            }
        }
        String failure = observer.failure();
        return List.of(
                check(
                        "connection-survives",
                        "One TCP connection to the guest stayed open through everything",
                        failure == null && !heard.isEmpty(),
                        failure == null ? heard.size() + " questions, " + heard.size() + " answers" : failure),
                check(
                        "no-output-lost",
                        "What the outside had heard, the guest still knew after each takeover",
                        back.isEmpty() && !heard.isEmpty(),
                        back.isEmpty() ? "no number ever went back" : "heard " + back),
                check(
                        "same-boot",
                        "The guest never rebooted",
                        observer.boots().size() == 1,
                        "boot ids heard: " + observer.boots()));
    }

    private CheckResult inside() {
        List<String> bad = consoles.stream()
                .filter(line ->
                        line.startsWith("MISMATCH") || line.startsWith("ERROR") || line.contains("Kernel panic"))
                .toList();
        long ticks = consoles.stream().filter(line -> line.startsWith("TICK")).count();
        return check(
                "memory-and-disk-agree",
                "The guest's memory and its file were of one moment at every count",
                bad.isEmpty() && ticks > 0,
                bad.isEmpty() ? ticks + " counts on the consoles" : String.join("; ", bad.subList(0, 1)));
    }

    private CheckResult disk(VmPair pair) throws IOException {
        Path copy = dir.resolve("disk.copy");
        Tools.Outcome clean = TickGuest.check(pair.disk(), copy);
        Files.delete(copy);
        return check(
                "file-system-clean",
                "The guest's file system is clean",
                clean.ok(),
                clean.output().strip().lines().reduce("", (earlier, later) -> later));
    }

    /** A campaign has hundreds. */
    private static String some(List<String> all) {
        return all.size() <= TOLD_MAX
                ? String.join("; ", all)
                : String.join("; ", all.subList(0, TOLD_MAX)) + "; and so on, " + all.size() + " in all";
    }

    private static CheckResult check(String id, String title, boolean holds, String evidence) {
        return new CheckResult(id, title, holds ? Verdict.VALID : Verdict.INVALID, List.of(evidence));
    }

    private void tell(String line) {
        out.printf(Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - startedAt) / SECOND, line);
    }
}
