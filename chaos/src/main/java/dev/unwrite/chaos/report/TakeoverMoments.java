package dev.unwrite.chaos.report;

import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * When the steps of one takeover happened, in nanoseconds since 1970: from the traces, where they have them, and from
 * what the harness and the clients saw.
 *
 * @param takeOver the ownership record names the new owner
 * @param rolledBack all copies are back and flushed
 * @param running the machine runs again
 * @param firstReply the first answer to a client after that
 */
record TakeoverMoments(
        ObservedTakeover takeover,
        @Nullable Long takeOver,
        @Nullable Long rolledBack,
        long running,
        @Nullable Long firstReply) {
    /** Answers that were in the socket when the primary died can arrive a little later, but never so late. */
    private static final long LATE_REPLY_NANOS = 200_000_000;

    static TakeoverMoments of(ObservedTakeover takeover, RunRecord run) {
        Long takeOver = first(takeover, run.trace(), "TakeOver");
        Long rolledBack = first(takeover, run.trace(), "FinishRollback");
        Long resume = first(takeover, run.trace(), "Resume");
        long running = resume == null ? takeover.primaryAt() : Math.min(resume, takeover.primaryAt());
        long after = takeOver == null ? takeover.killedAt() + LATE_REPLY_NANOS : takeOver;
        Long firstReply = run.history().stream()
                .filter(op -> op.outcome() != Outcome.INFO && op.complete() > after)
                .map(Operation::complete)
                .min(Comparator.naturalOrder())
                .orElse(null);
        return new TakeoverMoments(takeover, takeOver, rolledBack, running, firstReply);
    }

    private static @Nullable Long first(ObservedTakeover takeover, List<ReportedEvent> trace, String action) {
        Optional<ReportedEvent> first = trace.stream()
                .filter(event -> event.host() == takeover.next()
                        && event.at() >= takeover.killedAt()
                        && event.action().equals(action))
                .findFirst();
        return first.map(ReportedEvent::at).orElse(null);
    }

    /** Requests that were on their way when the primary died and have an answer. */
    List<Operation> inDoubt(List<Operation> history) {
        long killed = takeover.killedAt();
        Long again = firstReply;
        if (again == null) {
            return List.of();
        }
        return history.stream()
                .filter(op -> op.outcome() != Outcome.INFO && op.invoke() <= killed && op.complete() >= again)
                .toList();
    }

    /** Milliseconds from the kill to a moment, or null. */
    @Nullable
    Double sinceKill(@Nullable Long moment) {
        return moment == null ? null : Math.round((moment - takeover.killedAt()) / 100_000.0) / 10.0;
    }
}
