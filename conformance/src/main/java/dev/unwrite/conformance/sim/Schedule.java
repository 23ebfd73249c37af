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
        {Kind.READ_ONLY, 1},
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
        {Kind.RUN, 8},
        {Kind.WRITE, 25},
        {Kind.CUT, 14},
        {Kind.JOB, 36},
        {Kind.DELIVER, 18},
        {Kind.STORE, 13},
        {Kind.REPLY, 13},
        {Kind.REPEAT, 8},
        {Kind.AGAIN, 16},
        {Kind.TAKE_OVER, 2},
        {Kind.CRASH, 2},
        {Kind.RESTART, 3},
        {Kind.RECONNECT, 3},
        {Kind.STORAGE_CRASH, 1},
        {Kind.SLOW_STATE, 5},
    };

    /** Writes that are flushed, while requests and answers of the storage are put aside. */
    private static final Object[][] PUT_ASIDE = {
        {Kind.WRITE, 3}, {Kind.HOLD, 2}, {Kind.RUN, 3},
    };

    /** A new session takes the place of the one in which they were put aside. */
    private static final Object[][] IN_A_NEW_SESSION = {
        {Kind.RECONNECT, 3}, {Kind.WRITE, 3}, {Kind.HOLD, 2}, {Kind.RUN, 3},
    };

    /** They arrive, and the host goes by them. */
    private static final Object[][] COME_LATE = {
        {Kind.LATE, 4}, {Kind.CUT, 4}, {Kind.WRITE, 1}, {Kind.RUN, 1},
    };

    /** A disk with something to restore, and then a failure. */
    private static final Object[][] BEFORE_A_FAILURE = {
        {Kind.RUN, 25},
        {Kind.WRITE, 25},
        {Kind.CUT, 4},
        {Kind.DESTAGE, 3},
        {Kind.TAKE_OVER, 12},
    };

    /** A failover, while one of the disks can only be read. */
    private static final Object[][] FAILS_ON_A_DISK_THAT_CANNOT_DELETE = {
        {Kind.READ_ONLY, 2}, {Kind.TAKE_OVER, 2}, {Kind.RUN, 1},
    };

    /** The machine goes on. */
    private static final Object[][] GOES_ON = {
        {Kind.RUN, 2}, {Kind.WRITE, 2},
    };

    /** And dies. */
    private static final Object[][] DIES = {
        {Kind.CRASH, 3}, {Kind.READ_ONLY, 1}, {Kind.RESTART, 1}, {Kind.RUN, 1},
    };

    /** The owner of a pair ends and starts again, and is told not to wait for the other host. */
    private static final Object[][] ENDS = {{Kind.CRASH, 1}};

    private static final Object[][] STARTS = {{Kind.RESTART, 1}};

    private static final Object[][] STARTS_COLD = {{Kind.FORCE_COLD, 3}, {Kind.STORE, 1}, {Kind.REPLY, 1}};

    /** What it found is all that there is. */
    private static final Object[][] IS_ALONE = {
        {Kind.RUN, 4}, {Kind.WRITE, 3}, {Kind.STORAGE_CRASH, 1}, {Kind.DESTAGE, 1}, {Kind.TAKE_OVER, 1},
    };

    private static final Object[][] WRITES = {{Kind.WRITE, 1}};

    /** Perhaps the next flush; then writes stay as they are, however long the storage goes on. */
    private static final Object[][] PUTS_ASIDE = {{Kind.HOLD, 1}};

    /** One to four: after three of them a write of a pair has been applied and not flushed yet. */
    private static final Object[][] SOME_ROUNDS = {{Kind.RUN, 1}};

    private static final Object[][] LOSES_WHAT_IS_NOT_FLUSHED = {{Kind.STORAGE_CRASH, 2}, {Kind.DESTAGE, 1}};

    /** Somebody goes by what is left. */
    private static final Object[][] AND_MORE = {
        {Kind.RUN, 6}, {Kind.TAKE_OVER, 2}, {Kind.CRASH, 2}, {Kind.RESTART, 2}, {Kind.CUT, 2}, {Kind.STORAGE_CRASH, 1},
    };

    /** A rollback goes on step by step, while the storage loses its cache, sessions end, and the host starts again. */
    private static final Object[][] IN_A_ROLLBACK = {
        {Kind.JOB, 28},
        {Kind.STORE, 25},
        {Kind.REPLY, 25},
        {Kind.TAKE_OVER, 2},
        {Kind.CRASH, 1},
        {Kind.RESTART, 2},
        {Kind.RECONNECT, 1},
        {Kind.STORAGE_CRASH, 2},
        {Kind.DESTAGE, 2},
        {Kind.READ_ONLY, 2},
        {Kind.RUN, 1},
    };

    /** A host joins, and the state travels for long, while the machine goes on. */
    private static final Object[][] JOINS = {
        {Kind.RUN, 10},
        {Kind.WRITE, 20},
        {Kind.JOB, 30},
        {Kind.DELIVER, 16},
        {Kind.STORE, 12},
        {Kind.REPLY, 12},
        {Kind.SLOW_STATE, 8},
        {Kind.TAKE_OVER, 6},
        {Kind.GO_ALONE, 4},
        {Kind.ABORT_JOIN, 1},
        {Kind.CRASH, 1},
        {Kind.RESTART, 3},
    };

    /** The undo log is cut short again and again, and read back. */
    private static final Object[][] TORN = {
        {Kind.RUN, 22},
        {Kind.WRITE, 25},
        {Kind.CUT, 10},
        {Kind.CRASH_AT, 18},
        {Kind.RESTART, 16},
        {Kind.JOB, 6},
        {Kind.DELIVER, 4},
        {Kind.TAKE_OVER, 2},
    };

    private static final int MOST_MOVES = 120;
    private static final int LONG = 20;
    private static final int SHORT = 5;
    private static final int ONE = 1;
    private static final int LARGEST = 64;
    private static final int FEW = 3;
    private static final int FOUR = 4;
    private static final int BOTH = 2;
    private static final int ONLY_A = 1;

    private static final Style MUCH_RUNS_WELL = new Style(BOTH, LARGEST, LARGEST, LONG, QUIET);
    private static final Style ALL_FAULTS = new Style(BOTH, LARGEST, LARGEST, LONG, WILD);
    private static final Style LATE_MESSAGES = new Style(BOTH, FEW, FEW, LONG, LATE);
    private static final Style LATE_MESSAGES_OF_LONG_AGO = new Style(BOTH, FEW, LARGEST, LONG, LATE);
    private static final Style LATE_ANSWERS =
            new Style(ONLY_A, FEW, LARGEST, SHORT, PUT_ASIDE, IN_A_NEW_SESSION, COME_LATE);
    private static final Style ROLLBACKS = new Style(BOTH, FEW, LARGEST, LONG, BEFORE_A_FAILURE, IN_A_ROLLBACK);
    private static final Style DELETIONS_THAT_FAIL =
            new Style(BOTH, FEW, LARGEST, SHORT, GOES_ON, FAILS_ON_A_DISK_THAT_CANNOT_DELETE, GOES_ON, DIES);
    private static final Style COLD_STARTS =
            new Style(ONLY_A, FEW, LARGEST, SHORT, BEFORE_A_FAILURE, ENDS, STARTS, STARTS_COLD, IS_ALONE);
    private static final Style LOSSES = new Style(
            BOTH,
            FEW,
            FOUR,
            ONE,
            PUTS_ASIDE,
            WRITES,
            WRITES,
            SOME_ROUNDS,
            LOSES_WHAT_IS_NOT_FLUSHED,
            SOME_ROUNDS,
            AND_MORE);
    private static final Style TORN_LOGS = new Style(BOTH, FEW, LARGEST, LONG, TORN);
    private static final List<Style> STYLES = List.of(
            MUCH_RUNS_WELL,
            MUCH_RUNS_WELL,
            ALL_FAULTS,
            ALL_FAULTS,
            LATE_MESSAGES,
            LATE_MESSAGES,
            LATE_MESSAGES_OF_LONG_AGO,
            LATE_ANSWERS,
            LATE_ANSWERS,
            LATE_ANSWERS,
            ROLLBACKS,
            ROLLBACKS,
            ROLLBACKS,
            TORN_LOGS,
            TORN_LOGS,
            DELETIONS_THAT_FAIL,
            COLD_STARTS,
            LOSSES,
            LOSSES,
            new Style(BOTH, FEW, LARGEST, LONG, JOINS),
            new Style(BOTH, FEW, LARGEST, LONG, JOINS),
            new Style(BOTH, LARGEST, LARGEST, LONG, DAMAGED));

    /**
     * How a run is drawn.
     *
     * @param hosts whom moves concern: both hosts, or only the one that has the machine at first
     * @param blocks how large the numbers of a write are
     * @param largest how large the numbers of all other moves are
     * @param longest how many moves a stretch has at most
     * @param stretches what is drawn: some moves of each kind of stretch in turn
     */
    private record Style(int hosts, int blocks, int largest, int longest, Object[][]... stretches) {}

    private Schedule() {}

    /** A list of moves from this seed: the same seed, the same list. */
    public static List<Move> of(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Style style = STYLES.get(random.nextInt(STYLES.size()));
        int count = 20 + random.nextInt(MOST_MOVES - 20);
        List<Move> moves = new ArrayList<>();
        moves.add(new Move(Kind.RUN, 0, 7, 0));
        for (int stretch = 0; moves.size() <= count; stretch++) {
            Object[][] weights = style.stretches[stretch % style.stretches.length];
            int length = 1 + random.nextInt(style.longest);
            for (int i = 0; i < length && moves.size() <= count; i++) {
                Kind kind = pick(weights, random.nextInt(total(weights)));
                int largest = switch (kind) {
                    case WRITE -> style.blocks;
                    case STORAGE_CRASH -> LARGEST; // A bit for each block that it may lose.
                    default -> style.largest;
                };
                moves.add(
                        new Move(kind, random.nextInt(style.hosts), random.nextInt(largest), random.nextInt(largest)));
            }
        }
        return moves;
    }

    private static int total(Object[][] weights) {
        int total = 0;
        for (Object[] row : weights) {
            total += (int) row[1];
        }
        return total;
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
