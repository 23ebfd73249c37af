package dev.unwrite.conformance.cluster;

import dev.unwrite.conformance.cluster.Move.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Makes a run that breaks a property shorter, as long as it breaks the same property: leaves out halves, quarters, and
 * so on down to single moves, then makes numbers smaller; then any two moves.
 */
public final class Shrinker {
    private final Predicate<List<Move>> bad;
    private int tries;

    private Shrinker(Predicate<List<Move>> bad, int tries) {
        this.bad = bad;
        this.tries = tries;
    }

    /** The shortest run found, within so many tries, that breaks the property. */
    public static List<Move> shrink(List<Move> moves, String property, Slip slip, int tries) {
        return shrink(
                moves,
                run -> {
                    Violation violation = Run.violation(run, slip);
                    return violation != null && violation.property().equals(property);
                },
                tries);
    }

    static List<Move> shrink(List<Move> moves, Predicate<List<Move>> bad, int tries) {
        Shrinker shrinker = new Shrinker(bad, tries);
        List<Move> best = moves;
        while (true) {
            List<Move> shorter = shrinker.simpler(shrinker.fewer(best));
            if (shorter.equals(best)) {
                shorter = shrinker.withoutTwo(best);
            }
            if (shorter.equals(best) || shrinker.tries <= 0) {
                return shorter;
            }
            best = shorter;
        }
    }

    private boolean breaks(List<Move> moves) {
        return tries-- > 0 && bad.test(moves);
    }

    /** Two moves of which the one undoes the other, such as a crash and a restart, can be left out only together. */
    private List<Move> withoutTwo(List<Move> moves) {
        for (int i = 0; i < moves.size(); i++) {
            for (int j = i + 1; j < moves.size(); j++) {
                List<Move> without = new ArrayList<>(moves);
                without.remove(j);
                without.remove(i);
                if (breaks(without)) {
                    return without;
                }
            }
        }
        return moves;
    }

    private List<Move> fewer(List<Move> moves) {
        List<Move> best = moves;
        for (int size = Math.max(1, best.size() / 2); size >= 1; size = size == 1 ? 0 : (size + 1) / 2) {
            for (int from = 0; from < best.size(); ) {
                List<Move> without = new ArrayList<>(best.subList(0, from));
                without.addAll(best.subList(Math.min(best.size(), from + size), best.size()));
                if (breaks(without)) {
                    best = without;
                } else {
                    from += size;
                }
            }
        }
        return best;
    }

    private List<Move> simpler(List<Move> moves) {
        List<Move> best = new ArrayList<>(moves);
        for (int i = 0; i < best.size(); i++) {
            Move move = best.get(i);
            for (Move simpler : List.of(
                    new Move(Kind.RUN, 0, 0, 0),
                    new Move(move.kind(), 0, 0, 0),
                    new Move(move.kind(), move.host(), 0, 0),
                    new Move(move.kind(), move.host(), move.a(), 0),
                    new Move(move.kind(), move.host(), 0, move.b()),
                    new Move(move.kind(), move.host(), move.a() / 2, move.b()),
                    new Move(move.kind(), move.host(), Math.max(0, move.a() - 1), move.b()),
                    new Move(move.kind(), move.host(), move.a(), move.b() / 2))) {
                if (weight(simpler) < weight(best.get(i))) {
                    Move before = best.set(i, simpler);
                    if (!breaks(best)) {
                        best.set(i, before);
                    }
                }
            }
        }
        return best;
    }

    private static long weight(Move move) {
        return (move.kind() == Kind.RUN ? 0 : 1_000_000L) + move.host() * 1_000L + move.a() + move.b();
    }
}
