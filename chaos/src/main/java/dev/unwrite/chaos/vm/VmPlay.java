package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.report.Event.Kind;
import dev.unwrite.chaos.report.GuestReport;
import dev.unwrite.chaos.report.RunRecord;
import dev.unwrite.chaos.report.RunStory;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.chaos.vm.VmObserver.Heard;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Plays what a {@link VmPlan} says, and remembers what came of it. Each way ends, or throws with what did not come about. */
final class VmPlay {
    private static final Duration BOOT_MAX = Duration.ofMinutes(3);
    private static final Duration HEAR_MAX = Duration.ofMinutes(1);
    private static final Duration SWITCHOVER_MAX = Duration.ofSeconds(30);
    private static final long DISK_BYTES = 64 << 20;
    private static final int HEARD_FIRST = 20;
    /** Before somebody is killed there is something to be seen. */
    private static final int CHECKPOINTS = 20;

    private static final int PAUSE_MAX_MILLIS = 2_000;
    private static final double SECOND = 1e9;

    private final VmPlan plan;
    private final VmPair pair;
    private final VmObserver observer;
    private final Watcher watcher;
    private final RunStory story;
    private final @Nullable Database database;
    private final Random chance;
    private final VmFindings findings = new VmFindings();
    private final Map<HostId, Long> lifeBegan = new EnumMap<>(HostId.class);

    VmPlay(
            VmPlan plan,
            VmPair pair,
            VmObserver observer,
            Watcher watcher,
            RunStory story,
            @Nullable Database database) {
        this.plan = plan;
        this.pair = pair;
        this.observer = observer;
        this.watcher = watcher;
        this.story = story;
        this.database = database;
        this.chance = new Random(plan.seed());
    }

    /** What came of it so far. */
    VmFindings findings() {
        return findings;
    }

    void play() throws IOException {
        if (database == null) {
            TickGuest.disk(pair.disk(), DISK_BYTES);
        }
        pair.startStorage();
        story.tell("storage", Kind.START, "the shared storage starts, and host A, which boots the guest (TCG)");
        pair.start(HostId.A, true);
        lifeBegan.put(HostId.A, Moment.now());
        Await.untilTrue(
                "the guest to boot and to answer",
                BOOT_MAX,
                () -> observer.heard().size() >= HEARD_FIRST,
                () -> "its console: " + pair.console(HostId.A).lastTick());
        story.tell(
                "A",
                Kind.PRIMARY,
                "the guest answers: " + last() + "; one TCP connection to it stays open from here on");
        if (database != null) {
            database.awaitReady();
            story.tell("clients", Kind.NOTE, "PostgreSQL in the guest takes connections");
        }
        pair.start(HostId.B, false);
        pair.awaitProtected(HostId.A);
        story.tell("B", Kind.PROTECTED, "B has joined: memory and disk of the guest are mirrored");
        HostId primary = switch (plan.kind()) {
            case STORY -> story();
            case DATABASE -> database();
            case CAMPAIGN -> campaign();
        };
        story.tell("clients", Kind.NOTE, "all end: " + primary.other() + ", " + primary + ", and the storage");
        keepConsole(primary);
        pair.stop(primary.other());
    }

    private HostId campaign() throws IOException {
        long end = System.nanoTime() + plan.least().toNanos();
        HostId primary = HostId.A;
        for (int i = 0; System.nanoTime() < end || findings.struck().size() < VmStrike.values().length; i++) {
            primary = takeover(primary, strike(i));
        }
        return primary;
    }

    /** Each in its turn at first, so that a short campaign has seen all of them. */
    private VmStrike strike(int number) {
        VmStrike[] all = VmStrike.values();
        return all[number < all.length ? number : chance.nextInt(all.length)];
    }

    private HostId story() throws IOException {
        HostId primary = takeover(takeover(HostId.A, VmStrike.NODE), VmStrike.NODE);
        Await.pause(chance.nextInt(PAUSE_MAX_MILLIS));
        long before = Moment.now();
        int heardBefore = observer.heard().size();
        story.tell(primary.name(), Kind.SWITCHOVER, "planned switchover from " + primary + " to " + primary.other());
        pair.client(primary).post("switchover", SWITCHOVER_MAX);
        awaitHeard(primary.other(), "the switchover", before, heardBefore);
        findings.add(new RunRecord.Switchover(
                before, Moment.now(), primary.name(), primary.other().name()));
        keepConsole(primary);
        compareMemory(primary, "switchover");
        HostId next = primary.other();
        pair.awaitProtected(next);
        return next;
    }

    private HostId database() throws IOException {
        Database asked = Objects.requireNonNull(database);
        HostId primary = HostId.A;
        for (int i = 0; i < plan.takeovers(); i++) {
            Database.Round round = asked.begin(i);
            primary = takeover(primary, strike(i));
            long told = round.finish();
            String found = asked.damage();
            Tools.Outcome checked = pair.checkDisk();
            String disk = checked.ok() ? "" : "e2fsck: " + checked.oneLine();
            findings.round(told, found, disk);
            story.tell(
                    "clients",
                    found.isEmpty() && disk.isEmpty() ? Kind.NOTE : Kind.FAILURE,
                    told + " transactions were told of, each of them is there; "
                            + (found.isEmpty() ? "pg_amcheck is content" : found) + ", "
                            + (disk.isEmpty() ? "e2fsck, too" : disk));
        }
        return primary;
    }

    /** Returns who runs the guest then. */
    private HostId takeover(HostId victim, VmStrike strike) throws IOException {
        if (plan.kind() == VmPlan.Kind.STORY) {
            long joined = pair.client(victim).status().epoch();
            pair.await(victim, "so many checkpoints further", status -> status.epoch() >= joined + CHECKPOINTS);
        }
        Await.pause(chance.nextInt(PAUSE_MAX_MILLIS));
        HostId next = victim.other();
        String what = "SIGKILL of " + (strike == VmStrike.NODE ? "" : strike.title() + ", at ") + victim;
        SeenStatus before = watcher.last(victim);
        long restoredBefore = watcher.last(next).counters().restoredBlocks();
        strike.strike(pair, victim, chance);
        long killed = Moment.now();
        int heardBefore = observer.heard().size();
        keepConsole(victim);
        story.tell(killed, victim.name(), Kind.KILL, what + "; the outside has heard " + last());
        long heard = awaitHeard(next, what, killed, heardBefore);
        SeenStatus after = pair.await(next, "primary", SeenStatus::isPrimary);
        long restored = after.counters().restoredBlocks();
        OptionalLong cut = compareMemory(victim, what);
        findings.add(
                strike,
                new ObservedTakeover(
                        findings.takeovers().size() + 1,
                        victim,
                        before.term(),
                        next,
                        after.term(),
                        killed,
                        heard,
                        restored < restoredBefore ? restored : restored - restoredBefore,
                        before.counters().held() - before.counters().released(),
                        new ObservedTakeover.Witness(cut.orElse(-1), null, null),
                        null,
                        null,
                        0));
        pair.start(victim, false);
        pair.awaitProtected(next);
        story.tell(victim.name(), Kind.RESTART, victim + " is back and has joined");
        return next;
    }

    /** Asked for when the guest runs there: what it was before it ran is written down. */
    private OptionalLong compareMemory(HostId from, String what) throws IOException {
        if (!plan.comparesMemory()) {
            return OptionalLong.empty();
        }
        OptionalLong cut = pair.pages(from.other()).resumedFrom(pair.pages(from));
        findings.memory(what, cut);
        pair.pages(from).forget();
        return cut;
    }

    private long awaitHeard(HostId at, String what, long since, int before) {
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
                (next.at() - since) / SECOND,
                what,
                next.number());
        findings.gap(gap);
        lifeBegan.put(at, next.at());
        story.tell(next.at(), at.name(), Kind.PRIMARY, gap);
        return next.at();
    }

    private String last() {
        List<Heard> all = observer.heard();
        return all.isEmpty() ? "nothing" : Long.toString(all.getLast().number());
    }

    /** The guest has just ceased to run there. */
    private void keepConsole(HostId host) {
        findings.life(new GuestReport.Life(
                host.name(),
                Moment.millisAfter(story.startedAt(), lifeBegan.getOrDefault(host, story.startedAt())),
                Moment.millisAfter(story.startedAt(), Moment.now()),
                pair.console(host).lines()));
    }
}
