package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.sim.Move.Kind;
import dev.unwrite.conformance.trace.RecordedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes a replay that broke a property short. Its moves hang together: a message is named by its place among others. So lines
 * of the recording are left out first, and the moves for the others found anew each time; only then moves.
 */
final class RecordedShrinker {
    private static final Move MANY_ROUNDS = new Move(Kind.RUN, 0, Move.MOST_ROUNDS - 1, 0);
    /** How a world is before the lines that are kept: a pair with its machine at the one host, or at the other. */
    private static final List<List<Move>> BEGINNINGS = List.of(
            List.of(MANY_ROUNDS), List.of(MANY_ROUNDS, new Move(Kind.TAKE_OVER, 1, 0, 0), MANY_ROUNDS, MANY_ROUNDS));
    /** The most recent lines are tried alone, so many at first, then twice as many. */
    private static final int FEW_LINES = 25;

    private static final int LINES_MAX = 6_400;
    private static final int MOVES_MAX = 5_000;
    private static final int TRIES = 6_000;

    private final List<RecordedEvent> events;
    private final int blocks;
    private final String property;
    private final Predicate<RecordedEvent> losesPower;
    private final long deadline;

    RecordedShrinker(
            List<RecordedEvent> events, int blocks, String property, Predicate<RecordedEvent> losesPower, int seconds) {
        this.events = events;
        this.blocks = blocks;
        this.property = property;
        this.losesPower = losesPower;
        this.deadline = System.nanoTime() + seconds * 1_000_000_000L;
    }

    /** The shortest found within the time, which is those moves themselves if nothing shorter breaks the property. */
    List<Move> shrink(List<Move> moves) {
        List<Move> best = recent();
        best = best == null ? moves : best;
        if (best.size() > MOVES_MAX) {
            return best; // Each try would take long, and hardly any would help.
        }
        return Shrinker.shrink(best, this::isBad, TRIES);
    }

    /** A run of few of the most recent lines, in a pair that was just formed; null if it takes more than these. */
    private @Nullable List<Move> recent() {
        for (int count = FEW_LINES; count <= LINES_MAX; count *= 2) {
            List<RecordedEvent> recent = events.subList(Math.max(0, events.size() - count), events.size());
            for (List<Move> beginning : BEGINNINGS) {
                List<Move> moves = broken(beginning, recent);
                if (moves != null) {
                    return fewer(beginning, recent, moves);
                }
            }
            if (count >= events.size()) {
                break;
            }
        }
        return null;
    }

    /** Without every stretch of lines that is not needed: halves, quarters, and so on to single lines. */
    private List<Move> fewer(List<Move> beginning, List<RecordedEvent> lines, List<Move> itsMoves) {
        List<RecordedEvent> best = lines;
        List<Move> bestMoves = itsMoves;
        for (int size = Math.max(1, best.size() / 2); size >= 1; size = size == 1 ? 0 : (size + 1) / 2) {
            for (int from = 0; from < best.size(); ) {
                List<RecordedEvent> without = new ArrayList<>(best.subList(0, from));
                without.addAll(best.subList(Math.min(best.size(), from + size), best.size()));
                List<Move> moves = broken(beginning, without);
                if (moves != null) {
                    best = without;
                    bestMoves = moves;
                } else {
                    from += size;
                }
            }
        }
        return bestMoves;
    }

    /** The moves, if these lines break the property. */
    private @Nullable List<Move> broken(List<Move> beginning, List<RecordedEvent> lines) {
        if (System.nanoTime() > deadline) {
            return null;
        }
        RecordedReplay replay = RecordedReplay.of(lines, blocks, losesPower, beginning, (event, made, world) -> {});
        Violation violation = replay.violation();
        return violation != null && violation.property().equals(property) ? replay.moves() : null;
    }

    private boolean isBad(List<Move> moves) {
        if (System.nanoTime() > deadline) {
            return false;
        }
        Violation violation = SimRun.violation(moves);
        return violation != null && violation.property().equals(property);
    }
}
