package dev.unwrite.conformance.cluster;

import dev.unwrite.conformance.cluster.Move.Kind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Draws lists of moves. A style of run is a row of stretches; a stretch says how often each kind of move comes. */
public final class Schedule {
    private static final String CALM =
            "run 8, blink 12, ask 12, load 10, checkpoint 1, failover 1, switchover 1, crash 2, kill 1,"
                    + " restart 3, break 1, hang_up 1, storage_crash 1, destage 2, request 4, answer 4, message 4, disk 3, later 3";
    private static final String WILD =
            "run 5, blink 9, time 2, ask 16, load 8, message 8, again 2, request 10, answer 10, disk 8,"
                    + " later 6, checkpoint 2, failover 2, switchover 1, protect 1, leave 1, crash 2, crash_at 2, kill 1, restart 5,"
                    + " freeze 2, jump 1, full 1, read_only 1, break 2, cut 1, slow_state 1, hang_up 2, cut_off 1, lose 2, hold 1,"
                    + " fail 2, name_in_use 1, storage_crash 2, destage 3, heal 4";
    private static final String STORAGE =
            "run 4, blink 8, ask 14, load 8, request 10, answer 10, disk 3, message 4, hang_up 3,"
                    + " cut_off 1, lose 3, hold 2, fail 4, storage_crash 3, destage 3, heal 4, failover 1, checkpoint 1, name_in_use 1";
    private static final String NETWORK =
            "run 6, blink 8, time 2, ask 12, load 7, message 14, again 8, disk 6, later 5, request 4,"
                    + " answer 4, break 4, cut 3, slow_state 3, freeze 3, jump 2, heal 4, failover 2, checkpoint 2, switchover 1";
    private static final String STEPS =
            "ask 12, load 6, request 22, answer 22, message 18, disk 16, later 10, blink 3, time 2,"
                    + " checkpoint 2, crash 1, restart 2, hang_up 1, break 1, failover 1, storage_crash 1";
    private static final String DISKS = "run 6, blink 10, ask 12, load 10, checkpoint 2, crash_at 8, restart 8, full 2,"
            + " read_only 2, disk 5, message 3, failover 2, crash 2, kill 1, leave 1";
    private static final String BEFORE = "run 2, blink 8, ask 8, load 10, checkpoint 2, destage 2";
    private static final String FAILS =
            "load 3, crash 3, freeze 2, failover 3, switchover 1, kill 1, cut_off 1, break 1";
    private static final String ROLLBACK = "request 20, answer 20, disk 16, later 8, message 3, run 2, time 3, crash 1,"
            + " crash_at 2, restart 3, storage_crash 2, hang_up 1, fail 2, lose 1, read_only 1, destage 2, failover 1";
    private static final String IN_FLIGHT =
            "load 10, ask 4, request 5, answer 4, message 5, disk 5, later 3, blink 2, hold 2";
    private static final String ANOTHER_TAKES_OVER =
            "failover 6, freeze 2, hang_up 2, switchover 1, storage_crash 1, crash 1";
    private static final String LATE_ONES =
            "request 8, answer 6, blink 6, run 2, load 3, later 2, disk 2, heal 1, restart 1";
    private static final String ALONE =
            "blink 4, ask 10, load 8, request 10, answer 10, later 3, destage 2, hang_up 1, fail 1";
    private static final String LOSES = "storage_crash 4, crash 4, kill 1, hang_up 1";
    private static final String STARTS = "restart 6, run 2, blink 1";
    private static final String POWER = "crash 4, crash_at 2, storage_crash 3, failover 2, freeze 1";
    private static final String JOINS =
            "run 8, blink 4, ask 10, load 6, message 14, disk 10, later 6, request 6, answer 6,"
                    + " slow_state 4, break 2, crash 2, restart 3, replace 1, crash_at 1, failover 1, leave 1, protect 1";
    private static final String PEOPLE =
            "run 8, blink 6, ask 8, load 6, checkpoint 6, failover 4, switchover 5, protect 3,"
                    + " leave 3, restart 4, message 3, request 3, answer 3, disk 3, break 1, hang_up 1, crash 1";
    private static final String DAMAGED =
            "run 8, blink 6, ask 10, load 8, checkpoint 2, crash 4, restart 6, crash_at 3, flip 2,"
                    + " misdirect 2, failover 3, full 1";

    private static final List<Style> STYLES = List.of(
            new Style(2, 40, CALM),
            new Style(2, 20, WILD),
            new Style(2, 20, WILD),
            new Style(2, 20, STORAGE),
            new Style(2, 20, STORAGE),
            new Style(2, 20, NETWORK),
            new Style(2, 30, STEPS),
            new Style(2, 20, DISKS),
            new Style(2, 6, BEFORE, FAILS, ROLLBACK, ROLLBACK),
            new Style(2, 6, BEFORE, FAILS, ROLLBACK, ROLLBACK),
            new Style(1, 5, ALONE, LOSES, STARTS),
            new Style(1, 5, ALONE, LOSES, STARTS),
            new Style(2, 8, IN_FLIGHT, ANOTHER_TAKES_OVER, LATE_ONES, STARTS),
            new Style(2, 8, IN_FLIGHT, ANOTHER_TAKES_OVER, LATE_ONES, STARTS),
            new Style(2, 8, IN_FLIGHT, POWER, LATE_ONES, STARTS),
            new Style(2, 20, JOINS),
            new Style(2, 20, PEOPLE),
            new Style(2, 20, DAMAGED));

    /** The host that joins is another one before it has joined. */
    private static final String[] JOINER_REPLACED = {
        "kill 2, crash 2, leave 1",
        "rest 1",
        "slow_state 1",
        "restart 1",
        "run 2, blink 1",
        "load 3, ask 1",
        "blink 2, run 1",
        "crash 2, kill 1",
        "replace 3, put_back 1",
        "restart 1",
        "run 2, blink 1",
        "heal 3, slow_state 1",
        "run 3, load 1, back_up 1"
    };

    /** A host comes back, with what it had or without. */
    private static final String[] COMES_BACK = {
        "run 2, blink 8, load 8, ask 4, back_up 5, checkpoint 2",
        "crash 4, kill 3, leave 1",
        "replace 3, put_back 5, restart 6",
        "blink 8, load 6, ask 3, message 4, disk 4, later 2, run 1, crash 1, failover 1"
    };

    /** States arrive in part, late, and more than once. */
    private static final String[] STATES = {
        "load 2, ask 1",
        "checkpoint 1",
        "moment 3, blink 1",
        "break 4, crash 1, full 1, slow_state 1",
        "moment 3, later 1, restart 1",
        "moment 3, message 2",
        "again 1",
        "again 2, disk 1, message 1",
        "run 2, blink 1, heal 1, restart 1"
    };

    /** Requests for copies come again when another epoch has begun. */
    private static final String[] COPIES = {
        "load 3, ask 1",
        "blink 3, run 1",
        "slow_state 1, checkpoint 3",
        "blink 1",
        "ask 2, load 1",
        "time 2, message 2",
        "message 3, request 1",
        "request 3, answer 1, message 1",
        "answer 3, request 1, again 1",
        "again 3, answer 1",
        "disk 1",
        "heal 1, blink 2",
        "load 2, blink 2"
    };

    /** A hand-over, or a takeover, meets what breaks. */
    private static final String[] DECIDING = {
        "load 2, ask 1",
        "switchover 3, failover 1, checkpoint 1",
        "blink 3, message 4, request 2, answer 2, disk 2, later 1, hold 1",
        "break 4, lose 1, hang_up 1, freeze 1",
        "blink 3, run 1, later 1, message 1, heal 1"
    };

    /** The connection breaks while a machine is handed over. */
    private static final String[] HAND_OVER = {
        "load 2, ask 1",
        "switchover 1",
        "moment 3, blink 2",
        "moment 1, blink 1",
        "break 3, message 1",
        "moment 1, run 1, later 1",
        "run 5, heal 1"
    };

    /** An operation of the local disk fails while a takeover is near, and the host starts again. */
    private static final String[] LOCAL_DISK = {
        "load 3, ask 1",
        "blink 4, checkpoint 1",
        "eio 1",
        "load 3, ask 2, checkpoint 1",
        "blink 3, message 2, request 2, answer 2, disk 2, later 1",
        "failover 1",
        "blink 5, disk 2, run 1, request 1, answer 1",
        "crash 3, kill 3, heal 1",
        "restart 1",
        "run 2, blink 2, eio 1"
    };

    /** The undo log grows over many segments, and the host crashes while it does. */
    private static final String LOG = "run 2, blink 8, load 16, checkpoint 6, crash_at 5, restart 8, disk 5, message 3";

    /** Circumstances that the styles above come to too seldom; that of one host is B, which has the copies at first. */
    private static final List<Style> RARE = List.of(
            new Style(1, 1, 2, JOINER_REPLACED),
            new Style(1, 1, 5, COMES_BACK),
            new Style(0, 2, 5, COMES_BACK),
            new Style(0, 2, 2, STATES),
            new Style(0, 2, 3, COPIES),
            new Style(0, 2, 3, DECIDING),
            new Style(0, 2, 1, HAND_OVER),
            new Style(0, 2, 3, LOCAL_DISK),
            new Style(1, 1, 3, LOCAL_DISK),
            new Style(1, 1, 30, LOG));

    /** Every so many seeds have one of these. */
    private static final int RARE_EVERY = 4;

    private static final Set<Kind> UNTRACED = EnumSet.of(Kind.FLIP, Kind.MISDIRECT, Kind.CRASH_AT, Kind.PUT_BACK);

    private static final int LARGEST = 64;
    private static final int MOST_MOVES = 160;
    private static final int FEWEST_MOVES = 25;

    /**
     * How a run is drawn.
     *
     * @param host the first host whom moves concern
     * @param hosts whom moves concern: both hosts, or only one
     * @param longest how many moves a stretch has at most
     * @param stretches what is drawn: some moves of each in turn
     */
    private record Style(int host, int hosts, int longest, List<Weights> stretches) {
        Style(int hosts, int longest, String... stretches) {
            this(0, hosts, longest, stretches);
        }

        Style(int host, int hosts, int longest, String... stretches) {
            this(
                    host,
                    hosts,
                    longest,
                    java.util.Arrays.stream(stretches).map(Weights::of).toList());
        }
    }

    /** A kind of move, and its first number: the smallest, and how many there are. */
    private record Choice(Kind kind, int smallest, int count) {}

    /** Kinds of move by how often they come; {@code moment} and {@code blink} are a short {@code run}, {@code rest} is a long one. */
    private record Weights(List<Choice> choices) {
        static Weights of(String text) {
            List<Choice> choices = new ArrayList<>();
            for (String part : text.split(",")) {
                String[] words = part.trim().split(" ");
                Choice choice = switch (words[0]) {
                    case "moment" -> new Choice(Kind.RUN, 0, 1);
                    case "blink" -> new Choice(Kind.RUN, 0, 4);
                    case "rest" -> new Choice(Kind.RUN, Rounds.CHOICES - 1, 1);
                    default -> new Choice(Kind.valueOf(words[0].toUpperCase(java.util.Locale.ROOT)), 0, LARGEST);
                };
                for (int i = Integer.parseInt(words[1]); i > 0; i--) {
                    choices.add(choice);
                }
            }
            return new Weights(List.copyOf(choices));
        }
    }

    private Schedule() {}

    /** A list of moves from this seed: the same seed, the same list. */
    public static List<Move> of(long seed) {
        return seed % RARE_EVERY == 0 ? draw(seed, RARE, Config.REPEATS) : draw(seed, STYLES, 0);
    }

    private static List<Move> draw(long seed, List<Style> styles, int config) {
        SplittableRandom random = new SplittableRandom(seed);
        Style style = styles.get(random.nextInt(styles.size()));
        int count = FEWEST_MOVES + random.nextInt(MOST_MOVES - FEWEST_MOVES);
        // Small numbers keep clients together in few blocks.
        int places = random.nextBoolean() ? 24 : 400;
        List<Move> moves = new ArrayList<>();
        moves.add(new Move(Kind.CONFIG, 0, random.nextInt(Config.REPEATS) | config, 0));
        moves.add(new Move(Kind.RUN, 0, 8, 0));
        for (int stretch = 0; moves.size() <= count; stretch++) {
            Weights weights = style.stretches.get(stretch % style.stretches.size());
            int length = 1 + random.nextInt(style.longest);
            for (int i = 0; i < length && moves.size() <= count; i++) {
                Choice choice = weights.choices.get(random.nextInt(weights.choices.size()));
                Kind kind = choice.kind;
                int a = choice.smallest + random.nextInt(choice.count);
                int b = random.nextInt(
                        kind == Kind.FAIL ? 6 : kind == Kind.ASK || kind == Kind.LOAD ? places : LARGEST);
                moves.add(new Move(kind, style.host + random.nextInt(style.hosts), a, b));
            }
        }
        return moves;
    }

    /**
     * A list without what the specification does not know: damage to a local disk, which ends in its being replaced; a folder
     * that is put back; a crash within a step, which may part what the specification does at once; writes of the storage that are
     * done in part, and flushes that drop what they should have made durable.
     */
    public static List<Move> traced(long seed) {
        return draw(seed, STYLES, 0).stream()
                .filter(move -> !UNTRACED.contains(move.kind())
                        && !(move.kind() == Kind.FAIL && StorageFaults.leavesOpen(move.a())))
                .toList();
    }
}
