package dev.unwrite.chaos.campaign;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.FencedSession;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.check.StorageHistory.Kind;
import dev.unwrite.chaos.report.ResultsOf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The content of {@code results.json} of a campaign. Times are milliseconds from its start.
 *
 * @param valid true, false, or "unknown"
 * @param failovers takeovers after a failure, as the storage recorded them
 * @param operations requests of the clients that were answered
 * @param faults how many struck; {@code faultList} says which
 * @param fenced what hosts tried in sessions that had ended or were not the owner's
 */
@JsonPropertyOrder({"valid", "seed", "failovers", "operations", "faults", "checks"})
record ChaosResults(
        Object valid,
        long seed,
        long failovers,
        long operations,
        int faults,
        List<CheckResult> checks,
        Counts counts,
        List<FaultLine> faultList,
        List<Change> ownership,
        List<Fenced> fenced,
        List<String> endedByThemselves,
        double durationMs,
        String load,
        String cluster,
        String commit,
        String command) {
    /** Sessions that are listed; a campaign of an hour has some hundreds. */
    private static final int FENCED_MAX = 1_000;

    /** What happened how often. */
    record Counts(
            long takeovers,
            long restored,
            long degradations,
            long joins,
            long otherChanges,
            int restarts,
            int storageStarts,
            long blocksRestored,
            long blocksPreserved,
            long checkpoints,
            long unanswered,
            long slowestRecoveryMs) {}

    /** One fault. */
    record FaultLine(
            int step, double at, double healedAt, String fault, String title, String target, String hit, String seen) {}

    /** One change of the ownership record. */
    record Change(double at, long term, String owner, String mode, String kind) {}

    /**
     * What was refused in one session.
     *
     * @param fencedBy term of the record then
     * @param atLeast whether there may have been more than these numbers
     */
    record Fenced(
            double at,
            double until,
            String host,
            String session,
            long term,
            long fencedBy,
            long writes,
            long flushes,
            long changes,
            boolean atLeast) {}

    static ChaosResults of(
            Campaign.Outcome run, LoadKind load, long seed, String cluster, String commit, String command) {
        StorageHistory storage = run.storage();
        long answered =
                run.requests().stream().filter(CampaignRequest::isAnswered).count();
        return new ChaosResults(
                ResultsOf.valid(ResultsOf.verdict(run.checks())),
                seed,
                storage.count(Kind.TAKEOVER) - switchovers(run),
                answered,
                run.struck().size(),
                run.checks(),
                new Counts(
                        storage.count(Kind.TAKEOVER),
                        storage.count(Kind.RESTORED),
                        storage.count(Kind.DEGRADATION),
                        storage.count(Kind.JOIN),
                        storage.count(Kind.OTHER),
                        run.restarts(),
                        storage.boots(),
                        run.counters().restoredBlocks(),
                        run.counters().preservedBlocks(),
                        run.counters().checkpoints(),
                        run.requests().size() - answered,
                        run.recoveries().stream()
                                .mapToLong(Long::longValue)
                                .max()
                                .orElse(0)),
                run.struck().stream().map(one -> line(run, one)).toList(),
                changes(run),
                run.storage().fenced().stream()
                        .limit(FENCED_MAX)
                        .map(one -> fenced(run, one))
                        .toList(),
                run.ended(),
                Moment.millisAfter(run.startedAt(), run.endedAt()),
                load.word(),
                cluster,
                commit,
                command);
    }

    /** Those that were asked for and answered; the record shows them as it shows takeovers. */
    private static long switchovers(Campaign.Outcome run) {
        return run.struck().stream()
                .filter(one -> one.fault().equals("switchover") && one.tookEffect())
                .count();
    }

    private static FaultLine line(Campaign.Outcome run, Struck one) {
        return new FaultLine(
                one.step(),
                Moment.millisAfter(run.startedAt(), one.at()),
                Moment.millisAfter(run.startedAt(), one.healedAt()),
                one.fault(),
                one.title(),
                one.target(),
                one.hit(),
                one.seen());
    }

    private static Fenced fenced(Campaign.Outcome run, FencedSession one) {
        return new Fenced(
                Moment.millisAfter(run.startedAt(), one.firstAt()),
                Moment.millisAfter(run.startedAt(), one.lastAt()),
                one.host(),
                one.shown(),
                one.term(),
                one.fencedBy(),
                one.writes(),
                one.flushes(),
                one.changes(),
                one.atLeast());
    }

    private static List<Change> changes(Campaign.Outcome run) {
        List<Change> lines = new ArrayList<>();
        List<StorageHistory.Change> changes = run.storage().changes();
        for (int i = 0; i < changes.size(); i++) {
            StorageHistory.Change change = changes.get(i);
            String kind = i == 0
                    ? "begin"
                    : StorageHistory.kind(changes.get(i - 1), change).name().toLowerCase(Locale.ROOT);
            lines.add(new Change(
                    Moment.millisAfter(run.startedAt(), change.at()),
                    change.term(),
                    change.owner(),
                    change.mode(),
                    kind));
        }
        return lines;
    }
}
