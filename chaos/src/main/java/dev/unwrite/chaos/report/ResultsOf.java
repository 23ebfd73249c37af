package dev.unwrite.chaos.report;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Counts and measures what a run did. */
public final class ResultsOf {
    private static final double NANOS_PER_MILLI = 1e6;

    private ResultsOf() {}

    /** The content of {@code results.json}. */
    public static ReportResults run(RunRecord run) {
        List<ReportResults.Fault> faults = run.events().stream()
                .filter(event -> event.kind().isFault())
                .map(event -> new ReportResults.Fault(
                        Moment.millisAfter(run.startedAt(), event.at()), event.lane(), "SIGKILL"))
                .toList();
        return new ReportResults(
                valid(verdict(run.checks())),
                run.seed(),
                run.takeovers().size(),
                run.switchovers().size(),
                answered(run).size(),
                faults.size(),
                run.checks(),
                faults,
                run.takeovers().stream()
                        .map(takeover -> takeover(takeover, run))
                        .toList(),
                numbers(run),
                run.command());
    }

    /** The verdict of all checks together. */
    public static Verdict verdict(List<CheckResult> checks) {
        return Verdict.of(checks.stream().map(CheckResult::verdict).toList());
    }

    /** As {@code results.json} spells it: true, false, or "unknown". */
    public static Object valid(Verdict verdict) {
        return switch (verdict) {
            case VALID -> true;
            case INVALID -> false;
            case UNKNOWN -> "unknown";
        };
    }

    private static List<Operation> answered(RunRecord run) {
        return run.history().stream().filter(op -> op.outcome() != Outcome.INFO).toList();
    }

    private static ReportResults.TakeoverNumbers takeover(ObservedTakeover takeover, RunRecord run) {
        TakeoverMoments moments = TakeoverMoments.of(takeover, run);
        Long takeOver = moments.takeOver();
        Long rolledBack = moments.rolledBack();
        List<Integer> ahead = takeover.ahead();
        return new ReportResults.TakeoverNumbers(
                takeover.number(),
                takeover.dead().name(),
                takeover.next().name(),
                takeover.nextTerm(),
                takeover.witness().epoch(),
                moments.sinceKill(takeOver),
                takeOver == null || rolledBack == null
                        ? null
                        : Math.round((rolledBack - takeOver) / NANOS_PER_MILLI * 10) / 10.0,
                moments.sinceKill(rolledBack == null ? (Long) moments.running() : rolledBack),
                moments.sinceKill(moments.firstReply()),
                takeover.restoredBlocks(),
                ahead == null ? null : (Integer) ahead.size(),
                takeover.heldReplies(),
                moments.inDoubt(run.history()).size());
    }

    private static ReportResults.Numbers numbers(RunRecord run) {
        List<Operation> answered = answered(run);
        Quantiles replies = new Quantiles(answered.stream()
                .map(op -> (op.complete() - op.invoke()) / NANOS_PER_MILLI)
                .toList());
        List<Checkpoints.Pair> checkpoints = new ArrayList<>();
        for (HostId host : HostId.values()) {
            checkpoints.addAll(Checkpoints.of(host, run.trace()));
        }
        List<Double> commits = checkpoints.stream()
                .map(Checkpoints.Pair::committed)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .map(Long::doubleValue)
                .toList();
        Quantiles commitTimes = new Quantiles(checkpoints.stream()
                .filter(pair -> pair.committed() != null)
                .map(pair -> (Objects.requireNonNull(pair.committed()) - pair.cut()) / NANOS_PER_MILLI)
                .toList());
        return new ReportResults.Numbers(
                Moment.millisAfter(run.startedAt(), run.endedAt()),
                perSecond(answered),
                replies.at(0.5),
                replies.at(0.99),
                replies.at(1),
                commits.isEmpty() ? run.counters().checkpoints() : commits.size(),
                commitTimes.at(0.5),
                commitTimes.at(0.99),
                run.counters().preservedBlocks(),
                run.takeovers().stream()
                        .mapToLong(ObservedTakeover::restoredBlocks)
                        .sum(),
                run.counters().held(),
                run.counters().released(),
                switchoverMs(run));
    }

    private static double perSecond(List<Operation> answered) {
        long first = answered.stream().mapToLong(Operation::invoke).min().orElse(0);
        long last = answered.stream().mapToLong(Operation::complete).max().orElse(0);
        return last <= first ? 0 : Math.round(answered.size() * 1e9 / (last - first) * 10) / 10.0;
    }

    private static @Nullable Double switchoverMs(RunRecord run) {
        return new Quantiles(run.switchovers().stream()
                        .map(each -> (each.doneAt() - each.askedAt()) / NANOS_PER_MILLI)
                        .toList())
                .at(1);
    }
}
