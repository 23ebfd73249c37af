package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A simulator that notices nothing is worth nothing: each mistake that can be planted is found, and made short. */
class SlipsTest {
    private static final int MOST_RUNS = 1_500;
    private static final int FEW_RUNS = 20;
    private static final int TRIES = 400;

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void is_found(Slip slip) {
        List<Move> moves = List.of();
        @Nullable Violation found = null;
        for (long seed = 1; found == null && seed <= MOST_RUNS; seed++) {
            moves = Schedule.of(seed);
            found = Run.violation(moves, slip);
        }
        assertThat(found)
                .as("what " + slip + " breaks in " + MOST_RUNS + " runs")
                .isNotNull();
        String property = java.util.Objects.requireNonNull(found).property();
        List<Move> shorter = Shrinker.shrink(moves, property, slip, TRIES);
        assertThat(Run.violation(shorter, Slip.NONE))
                .as("without it nothing is broken")
                .isNull();
        assertThat(shorter.size()).isLessThanOrEqualTo(moves.size());
    }

    /** Else there would be no trace of what happened next, and a mistake that only traces could show would stay unseen. */
    @Test
    void doesNotEndARunThatIsLeftToWhoeverReadsTheTraces() {
        int found = 0;
        for (long seed = 1; seed <= FEW_RUNS; seed++) {
            List<Move> moves = Schedule.traced(seed);
            found += Run.violation(moves, Slip.STORED_TOO_EARLY) == null ? 0 : 1;
            Run.unjudged(moves, Tracing.NONE, Slip.STORED_TOO_EARLY);
        }
        assertThat(found).isPositive();
    }
}
