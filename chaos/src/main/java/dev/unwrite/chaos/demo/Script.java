package dev.unwrite.chaos.demo;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.check.WitnessFiles;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.Cluster;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.report.Event.Kind;
import dev.unwrite.chaos.report.RunRecord;
import dev.unwrite.chaos.report.RunStory;
import dev.unwrite.chaos.workload.LedgerWorkload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The play: a pair is formed, its primary is killed, the other host takes over, the dead one joins again; the same the
 * other way round; a planned switchover. If no rollback had anything to restore, there is another kill.
 */
final class Script {
    private static final int KILLS = 2;
    private static final int KILLS_MAX = 5;
    private static final Duration START_MAX = Duration.ofSeconds(20);
    private static final Duration JOIN_MAX = Duration.ofSeconds(20);
    private static final Duration TAKEOVER_MAX = Duration.ofSeconds(20);
    private static final Duration SWITCHOVER_MAX = Duration.ofSeconds(15);
    /** So long after a kill, a record that still says solo was solo before. */
    private static final Duration SURELY_ALONE = Duration.ofSeconds(5);

    /** Without so many copies for so long, the kill comes anyway. */
    private static final Duration WRITES_MAX = Duration.ofMillis(500);
    /** Of so many blocks that were announced some are overwritten by now. */
    private static final int COPIES_MIN = 4;

    private static final String CLIENTS = "clients";

    private final Cluster cluster;
    private final Watcher watcher;
    private final Processes processes;
    private final LedgerWorkload.Settings loadSettings;
    private final DemoPlan plan;
    private final RunStory story;
    private final Path dir;
    private final List<ObservedTakeover> takeovers = new ArrayList<>();
    private final List<RunRecord.Switchover> switchovers = new ArrayList<>();
    private @Nullable LedgerWorkload load;

    Script(
            Cluster cluster,
            Watcher watcher,
            Processes processes,
            LedgerWorkload.Settings loadSettings,
            DemoPlan plan,
            RunStory story,
            Path dir) {
        this.cluster = cluster;
        this.watcher = watcher;
        this.processes = processes;
        this.loadSettings = loadSettings;
        this.plan = plan;
        this.story = story;
        this.dir = dir;
    }

    List<ObservedTakeover> takeovers() {
        return List.copyOf(takeovers);
    }

    List<RunRecord.Switchover> switchovers() {
        return List.copyOf(switchovers);
    }

    /** Plays all of it; throws where something does not come about in time. */
    void play() throws IOException {
        formPair();
        startLoad();
        for (int kills = 0; kills < KILLS_MAX && (takeovers.size() < KILLS || nothingRestored()); kills++) {
            Await.pause(plan.nextWork());
            HostId dead = killPrimary();
            Await.pause(plan.nextDeadTime());
            comeBack(dead);
        }
        Await.pause(plan.nextWork());
        switchOver();
        Await.pause(plan.nextWork());
        stopLoad();
    }

    /** Whether everything that the play is about has happened. */
    boolean isComplete() {
        return takeovers.size() >= KILLS && !switchovers.isEmpty();
    }

    private boolean nothingRestored() {
        return takeovers.stream().noneMatch(ObservedTakeover::tookSomethingBack);
    }

    private void formPair() {
        story.tell("storage", Kind.START, "the shared storage and the hosts A and B start");
        cluster.startStorage();
        cluster.startNode(HostId.A, true);
        cluster.startNode(HostId.B, false);
        SeenStatus alone = await(HostId.A, "A to be primary", START_MAX, SeenStatus::isPrimary);
        story.tell("A", Kind.PRIMARY, "A runs the machine (primary, term " + alone.term() + "), alone so far");
        awaitProtected("B", JOIN_MAX);
        story.tell("B", Kind.PROTECTED, "B has joined: from now on the machine is protected");
    }

    private void startLoad() {
        load = LedgerWorkload.start(processes, loadSettings);
        HostId primary = primary();
        long before = watcher.last(primary).counters().released();
        await(
                primary,
                "the first replies to clients",
                START_MAX,
                status -> status.counters().released() > before);
        story.tell(
                CLIENTS, Kind.NOTE, loadSettings.clients() + " clients move money between the accounts of the ledger");
    }

    private HostId killPrimary() throws IOException {
        HostId dead = awaitProtected("the pair", JOIN_MAX);
        HostId next = dead.other();
        awaitWrites(next);
        long restoredBefore = watcher.last(next).counters().restoredBlocks();
        SeenStatus before = cluster.status(dead);
        long deadTerm = before.term();
        long killedAt = Moment.now();
        cluster.kill(dead);
        Path atKill = DiskAtKill.copy(cluster, dead, dir.resolve("witness/at-kill-" + (takeovers.size() + 1) + ".bin"));
        story.tell(
                killedAt,
                dead.name(),
                Kind.KILL,
                dead + " (primary, term " + deadTerm + ") killed with SIGKILL in the middle of its writes");
        SeenStatus after = await(
                next,
                next + " to take over",
                TAKEOVER_MAX,
                status -> (status.isPrimary() && status.term() > deadTerm) || cannotTakeOver(status, killedAt));
        if (!after.isPrimary()) {
            story.tell(
                    next.name(),
                    Kind.NOTE,
                    dead + " had just lost touch with " + next
                            + " and was alone when it died: it must start again itself");
            return dead;
        }
        long primaryAt = Moment.now();
        ObservedTakeover.Witness witness =
                WitnessFiles.find(cluster.witness(dead), deadTerm, cluster.witness(next), after.term());
        ObservedTakeover takeover = new ObservedTakeover(
                takeovers.size() + 1,
                dead,
                deadTerm,
                next,
                after.term(),
                killedAt,
                primaryAt,
                after.counters().restoredBlocks() - restoredBefore,
                Math.max(0, before.counters().held() - before.counters().released()),
                witness,
                DiskAtKill.ahead(atKill, witness),
                DiskAtKill.different(witness),
                DiskAtKill.blocksInUse(witness));
        takeovers.add(takeover);
        story.tell(primaryAt, next.name(), Kind.PRIMARY, toldTakeover(takeover));
        return dead;
    }

    /** Waits until the primary is overwriting what the last checkpoint has: its secondary keeps copies then. */
    private void awaitWrites(HostId secondary) {
        Await.pause(plan.nextWrites());
        long deadline = System.nanoTime() + WRITES_MAX.toNanos();
        while (cluster.status(secondary).undoBlocks() < COPIES_MIN && System.nanoTime() < deadline) {
            Await.pause(1);
        }
    }

    /**
     * On a machine that is short of processors, a pair can lose touch for a moment. If the record says so when the primary
     * dies, the other host must not take over, and does not.
     */
    private static boolean cannotTakeOver(SeenStatus status, long killedAt) {
        return status.recordMode().equals("solo")
                && Moment.now() - killedAt > SURELY_ALONE.toNanos()
                && !status.role().equals("down");
    }

    private static String toldTakeover(ObservedTakeover takeover) {
        List<Integer> ahead = takeover.ahead();
        return String.format(
                Locale.ROOT,
                "%s has put %d blocks back%s and goes on from checkpoint %d (primary, term %d), %.2f s after the kill",
                takeover.next(),
                takeover.restoredBlocks(),
                ahead == null ? "" : " (the disk was ahead in " + ahead.size() + ")",
                takeover.witness().epoch(),
                takeover.nextTerm(),
                (takeover.primaryAt() - takeover.killedAt()) / 1e9);
    }

    private void comeBack(HostId dead) {
        story.tell(dead.name(), Kind.RESTART, dead + " comes back");
        cluster.startNode(dead, false);
        awaitProtected(dead.name(), JOIN_MAX);
        story.tell(dead.name(), Kind.PROTECTED, dead + " has joined: the machine is protected again");
    }

    private void switchOver() throws IOException {
        HostId from = awaitProtected("the pair", JOIN_MAX);
        HostId to = from.other();
        long restoredBefore = cluster.status(to).counters().restoredBlocks();
        long askedAt = Moment.now();
        cluster.post(from, "switchover", SWITCHOVER_MAX);
        SeenStatus after = await(to, to + " to be primary", SWITCHOVER_MAX, SeenStatus::isPrimary);
        long doneAt = Moment.now();
        long restored = after.counters().restoredBlocks() - restoredBefore;
        switchovers.add(new RunRecord.Switchover(askedAt, doneAt, from.name(), to.name()));
        story.tell(
                doneAt,
                to.name(),
                Kind.SWITCHOVER,
                String.format(
                        Locale.ROOT,
                        "planned switchover: %s hands over to %s (primary, term %d) in %.2f s, %s to put back",
                        from,
                        to,
                        after.term(),
                        (doneAt - askedAt) / 1e9,
                        restored == 0 ? "nothing" : restored + " blocks"));
        awaitProtected(from.name(), JOIN_MAX);
        story.tell(from.name(), Kind.PROTECTED, from + " is its secondary now: protected");
    }

    /** Ends the clients, once. */
    void stopLoad() throws IOException {
        LedgerWorkload running = load;
        load = null;
        if (running == null) {
            return;
        }
        try {
            boolean whole = running.finish();
            story.tell(
                    CLIENTS,
                    whole ? Kind.NOTE : Kind.FAILURE,
                    whole
                            ? "the clients have all their answers and stop"
                            : "the clients did not end well, see " + processes.log("clients"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        }
    }

    private HostId primary() {
        return Stream.of(HostId.values())
                .filter(host -> cluster.status(host).isPrimary())
                .findFirst()
                .orElseThrow(() -> new ClusterException("no host is primary; " + hint()));
    }

    /** Waits until a host is primary and has its secondary; answers which one is primary. */
    private HostId awaitProtected(String who, Duration within) {
        return Await.until(
                who + " to be protected",
                within,
                () -> checked(Stream.of(HostId.values())
                        .filter(host -> cluster.status(host).isProtectedPrimary())
                        .findFirst()),
                this::hint);
    }

    private SeenStatus await(HostId host, String what, Duration within, Predicate<SeenStatus> condition) {
        return Await.until(
                what, within, () -> checked(Optional.of(cluster.status(host)).filter(condition)), this::hint);
    }

    /** No use in waiting for a process that is gone. */
    private <T> Optional<T> checked(Optional<T> answer) {
        List<String> problems = cluster.problems();
        if (answer.isEmpty() && !problems.isEmpty()) {
            throw new ClusterException(String.join(", ", problems) + "; " + cluster.whereToLook());
        }
        LedgerWorkload running = load;
        if (running != null && !running.isAlive()) {
            throw new ClusterException("the clients have ended by themselves with code " + running.exitCode() + ", see "
                    + processes.log("clients"));
        }
        return answer;
    }

    private String hint() {
        return Stream.of(HostId.values())
                        .map(host -> host + " is " + cluster.status(host).words())
                        .collect(Collectors.joining(", "))
                + "; " + cluster.whereToLook();
    }
}
