package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.sim.Move.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Draws lists of moves. */
public final class Schedule {
    /** Kinds of move by how often they come; a style of run for each row. */
    private static final Object[][] QUIET = {
        {Kind.RUN, 20},
        {Kind.WRITE, 30},
        {Kind.CUT, 12},
        {Kind.JOB, 20},
        {Kind.DELIVER, 6},
        {Kind.STORE, 6},
        {Kind.REPLY, 6},
        {Kind.TAKE_OVER, 3},
        {Kind.CRASH, 3},
        {Kind.RESTART, 4},
        {Kind.GO_ALONE, 1},
        {Kind.RECONNECT, 2},
        {Kind.STORAGE_CRASH, 1},
        {Kind.DESTAGE, 2},
    };

    private static final Object[][] WILD = {
        {Kind.RUN, 8},
        {Kind.WRITE, 25},
        {Kind.CUT, 8},
        {Kind.JOB, 40},
        {Kind.DELIVER, 20},
        {Kind.STORE, 20},
        {Kind.REPLY, 20},
        {Kind.TAKE_OVER, 4},
        {Kind.CRASH, 3},
        {Kind.RESTART, 6},
        {Kind.GO_ALONE, 2},
        {Kind.RECONNECT, 3},
        {Kind.STORAGE_CRASH, 2},
        {Kind.DESTAGE, 5},
        {Kind.REPEAT, 4},
        {Kind.DROP, 4},
        {Kind.ABORT_JOIN, 1},
        {Kind.FORCE_COLD, 1},
        {Kind.CRASH_AT, 3},
        {Kind.CUT_LINK, 1},
        {Kind.HEAL, 2},
        {Kind.FULL, 1},
    };

    private static final Object[][] DAMAGED = {
        {Kind.RUN, 12},
        {Kind.WRITE, 30},
        {Kind.CUT, 8},
        {Kind.JOB, 30},
        {Kind.DELIVER, 10},
        {Kind.STORE, 10},
        {Kind.REPLY, 10},
        {Kind.TAKE_OVER, 3},
        {Kind.CRASH, 4},
        {Kind.RESTART, 6},
        {Kind.GO_ALONE, 1},
        {Kind.CRASH_AT, 4},
        {Kind.FLIP, 2},
        {Kind.MISDIRECT, 2},
        {Kind.FULL, 2},
    };

    /** Few blocks, and messages that come late and twice: what one epoch leaves to the next. */
    private static final Object[][] LATE = {
        {Kind.RUN, 5},
        {Kind.WRITE, 25},
        {Kind.CUT, 14},
        {Kind.JOB, 40},
        {Kind.DELIVER, 22},
        {Kind.STORE, 14},
        {Kind.REPLY, 14},
        {Kind.REPEAT, 14},
        {Kind.TAKE_OVER, 2},
        {Kind.CRASH, 2},
        {Kind.RESTART, 3},
        {Kind.RECONNECT, 3},
        {Kind.STORAGE_CRASH, 1},
        {Kind.SLOW_STATE, 6},
    };

    private static final int MOST_MOVES = 120;
    private static final int LARGEST = 64;
    private static final int FEW = 3;

    private static final Style MUCH_RUNS_WELL = new Style(QUIET, LARGEST);
    private static final Style ALL_FAULTS = new Style(WILD, LARGEST);
    private static final Style ALL_IS_LATE = new Style(LATE, FEW);
    private static final List<Style> STYLES = List.of(
            MUCH_RUNS_WELL,
            MUCH_RUNS_WELL,
            ALL_FAULTS,
            ALL_FAULTS,
            ALL_IS_LATE,
            ALL_IS_LATE,
            ALL_IS_LATE,
            new Style(DAMAGED, LARGEST));

    /** What is drawn, and how large the numbers of a move are. */
    private record Style(Object[][] weights, int largest) {}

    private Schedule() {}

    /** A list of moves from this seed: the same seed, the same list. */
    public static List<Move> of(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Style style = STYLES.get(random.nextInt(STYLES.size()));
        int total = 0;
        for (Object[] row : style.weights) {
            total += (int) row[1];
        }
        int count = 20 + random.nextInt(MOST_MOVES - 20);
        List<Move> moves = new ArrayList<>();
        moves.add(new Move(Kind.RUN, 0, 7, 0));
        for (int i = 0; i < count; i++) {
            moves.add(new Move(
                    pick(style.weights, random.nextInt(total)),
                    random.nextInt(2),
                    random.nextInt(style.largest),
                    random.nextInt(style.largest)));
        }
        return moves;
    }

    private static Kind pick(Object[][] style, int dice) {
        int left = dice;
        for (Object[] row : style) {
            left -= (int) row[1];
            if (left < 0) {
                return (Kind) row[0];
            }
        }
        throw new IllegalArgumentException("beyond the weights");
    }
}
