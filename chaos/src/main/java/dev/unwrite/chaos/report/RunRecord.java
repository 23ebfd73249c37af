package dev.unwrite.chaos.report;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.ledger.Operation;
import java.util.List;

/**
 * All that is known of a run when it is over.
 *
 * @param command how to run it again
 * @param startedAt nanoseconds since 1970, as all moments
 * @param counters of all node processes together
 */
public record RunRecord(
        String command,
        long seed,
        long startedAt,
        long endedAt,
        Setup setup,
        List<Event> events,
        List<Watcher.Seen> samples,
        List<ReportedEvent> trace,
        List<ObservedTakeover> takeovers,
        List<Switchover> switchovers,
        List<Operation> history,
        SeenStatus.Counters counters,
        List<CheckResult> checks) {

    /** How the cluster ran. */
    public record Setup(int checkpointEveryMillis, int failoverAfterMillis, int clients, int accounts) {}

    /** A planned switchover: from the request until the other host was primary. */
    public record Switchover(long askedAt, long doneAt, String from, String to) {}
}
