package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.sim.Move.Kind;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Generated runs: the list itself is generated, so that it shrinks. */
final class Moves {
    private static final int LARGEST = 63;
    private static final int MOST = 90;

    private Moves() {}

    /** Runs in which much happens: a pair is formed first, then all kinds of move by weight. */
    static Arbitrary<List<Move>> runs() {
        Arbitrary<Kind> kinds = Arbitraries.frequency(
                Tuple.of(14, Kind.RUN),
                Tuple.of(28, Kind.WRITE),
                Tuple.of(10, Kind.CUT),
                Tuple.of(30, Kind.JOB),
                Tuple.of(12, Kind.DELIVER),
                Tuple.of(12, Kind.STORE),
                Tuple.of(12, Kind.REPLY),
                Tuple.of(4, Kind.TAKE_OVER),
                Tuple.of(4, Kind.CRASH),
                Tuple.of(6, Kind.RESTART),
                Tuple.of(2, Kind.GO_ALONE),
                Tuple.of(3, Kind.RECONNECT),
                Tuple.of(2, Kind.STORAGE_CRASH),
                Tuple.of(4, Kind.DESTAGE),
                Tuple.of(4, Kind.REPEAT),
                Tuple.of(3, Kind.AGAIN),
                Tuple.of(3, Kind.HOLD),
                Tuple.of(3, Kind.LATE),
                Tuple.of(3, Kind.DROP),
                Tuple.of(1, Kind.ABORT_JOIN),
                Tuple.of(1, Kind.FORCE_COLD),
                Tuple.of(1, Kind.READ_ONLY),
                Tuple.of(3, Kind.CRASH_AT),
                Tuple.of(1, Kind.CUT_LINK),
                Tuple.of(3, Kind.SLOW_STATE),
                Tuple.of(1, Kind.HEAL),
                Tuple.of(1, Kind.FULL),
                Tuple.of(1, Kind.FLIP),
                Tuple.of(1, Kind.MISDIRECT));
        Arbitrary<Integer> numbers = Arbitraries.integers().between(0, LARGEST);
        Arbitrary<Move> moves = Combinators.combine(
                        kinds, Arbitraries.integers().between(0, 1), numbers, numbers)
                .as(Move::new);
        Arbitrary<List<Move>> lists = moves.list().ofMinSize(1).ofMaxSize(MOST);
        return lists.map(list -> {
            List<Move> all = new java.util.ArrayList<>(list);
            all.addFirst(new Move(Kind.RUN, 0, 7, 0));
            return List.copyOf(all);
        });
    }
}
