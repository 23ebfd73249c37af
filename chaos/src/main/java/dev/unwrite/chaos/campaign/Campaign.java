package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.RestoredImages;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.check.TraceJudge;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.UndoCurve;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.fault.Fault;
import dev.unwrite.chaos.stage.Stage;
import dev.unwrite.chaos.stage.StageException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Forms a pair, loads it, lets the {@link Nemesis} work, waits until all is well again, and checks. */
final class Campaign {
    private static final Duration START_MAX = Duration.ofSeconds(40);
    private static final Duration LOAD_END_MAX = Duration.ofSeconds(25);

    private final Stage stage;
    private final Settings settings;
    private final TraceJudge traceJudge;
    private final Consumer<String> say;
    private final long startedAt = Moment.now();

    /**
     * What to run.
     *
     * @param duration the least; it goes on until each fault was seen, at most {@code durationMax}
     * @param recoverMax how long after a heal the pair may stay unprotected
     */
    record Settings(
            Pair.Options options,
            List<Fault> faults,
            Duration duration,
            Duration durationMax,
            Duration recoverMax,
            long seed) {}

    Campaign(Stage stage, Settings settings, TraceJudge traceJudge, Consumer<String> say) {
        this.stage = stage;
        this.settings = settings;
        this.traceJudge = traceJudge;
        this.say = say;
    }

    /**
     * All that came of it.
     *
     * @param trouble of the stage itself, or empty
     */
    record Outcome(
            long startedAt,
            long endedAt,
            List<Struck> struck,
            List<String> ended,
            List<Long> recoveries,
            int restarts,
            StorageHistory storage,
            SeenStatus.Counters counters,
            List<Watcher.Seen> samples,
            Map<HostId, List<UndoCurve.Point>> undoCurves,
            List<CampaignRequest> requests,
            List<CheckResult> checks,
            String trouble) {}

    Outcome run() throws IOException, InterruptedException {
        String trouble = "";
        List<String> problems = new ArrayList<>();
        try (Pair pair = new Pair(stage, settings.options());
                Watcher watcher = Watcher.start(pair::status);
                Load load = Load.of(pair, watcher);
                RestoredImages images = new RestoredImages(List.of(pair.witness(HostId.A), pair.witness(HostId.B)))) {
            Nemesis nemesis =
                    new Nemesis(pair, watcher, settings.faults(), settings.seed(), settings.recoverMax(), this::tell);
            boolean formed = false;
            try {
                pair.clients().program(load.words());
                form(pair, watcher);
                formed = true;
                nemesis.run(settings.duration(), settings.durationMax(), CoverageCheck.takeovers(settings));
            } catch (StageException | ClusterException e) {
                trouble = String.valueOf(e.getMessage());
                tell("the campaign ends here: " + trouble);
            }
            if (formed) {
                calmDown(pair, nemesis, load, problems);
            }
            images.look();
            tell("checks: disk images, what clients saw, owners, and every step of the nodes against the specification"
                    + " ...");
            return outcome(pair, watcher, images, nemesis, load, problems, trouble);
        }
    }

    private void form(Pair pair, Watcher watcher) {
        tell("storage, hosts and clients start as " + stage.kind());
        pair.startStorage();
        pair.place(HostId.A).start();
        pair.place(HostId.B).start();
        pair.clients().start();
        Await.untilTrue(
                "the pair to be protected",
                START_MAX,
                () -> watcher.last(HostId.A).isProtectedPrimary(),
                () -> "A " + watcher.last(HostId.A).words() + ", B "
                        + watcher.last(HostId.B).words() + "; see "
                        + pair.place(HostId.A).log());
        tell("the pair is protected");
    }

    /** Everything healed: the pair must come back, the clients finish, and what is there is read. */
    private void calmDown(Pair pair, Nemesis nemesis, Load load, List<String> problems) throws InterruptedException {
        try {
            nemesis.healAll();
            nemesis.startAll();
            nemesis.awaitProtected();
            pair.clients().signal("TERM");
            Await.untilTrue(
                    "the clients to end",
                    LOAD_END_MAX,
                    () -> !pair.clients().isRunning(),
                    () -> "see " + pair.clients().log());
            load.end();
        } catch (IOException | StageException | ClusterException e) {
            problems.add("at the end: " + e.getMessage());
        } finally {
            for (HostId host : HostId.values()) {
                pair.place(host).kill();
            }
            pair.storage().kill();
        }
    }

    private Outcome outcome(
            Pair pair,
            Watcher watcher,
            RestoredImages images,
            Nemesis nemesis,
            Load load,
            List<String> problems,
            String trouble)
            throws IOException {
        long endedAt = Moment.now();
        StorageHistory storage = StorageHistory.read(pair.traces());
        List<CheckResult> checks = new ArrayList<>();
        checks.add(images.check());
        checks.addAll(load.checks(storage));
        checks.add(storage.check());
        checks.add(ProtectedAgain.check(nemesis, settings.recoverMax(), problems));
        checks.add(traceJudge.check(pair.traces()));
        checks.add(CoverageCheck.check(
                settings, stage.abilities(), nemesis, storage, watcher.counters(), images, trouble));
        return new Outcome(
                startedAt,
                endedAt,
                nemesis.struck(),
                nemesis.ended(),
                nemesis.recoveries(),
                nemesis.restarts(),
                storage,
                watcher.counters(),
                watcher.seen(),
                Map.of(HostId.A, watcher.undoCurve(HostId.A), HostId.B, watcher.undoCurve(HostId.B)),
                load.requests(),
                checks,
                trouble);
    }

    private void tell(String line) {
        say.accept(String.format(Locale.ROOT, "%7.2f s  %s", (Moment.now() - startedAt) / 1e9, line));
    }
}
