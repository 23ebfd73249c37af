package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The runs of {@code unwrite simulate}, seed by seed, break nothing. */
class SimulatorIT {
    private static final int RUNS = Integer.getInteger("unwrite.simulatedRuns", 2000);
    /** Other seeds than those of the kill matrix and of the tests that want certain runs. */
    private static final long FIRST_SEED = 1_000_000;

    private static final int BROKEN_SHOWN = 5;

    @Test
    void noRunBreaksAProperty() {
        Counts counts = new Counts();
        List<String> broken = new ArrayList<>();
        long start = System.nanoTime();
        for (long seed = FIRST_SEED; seed < FIRST_SEED + RUNS && broken.size() < BROKEN_SHOWN; seed++) {
            try {
                counts.add(Run.of(Schedule.of(seed), Tracing.NONE));
            } catch (Violation e) {
                broken.add("unwrite simulate --runs 1 --seed " + seed + ": " + e.getMessage());
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, "%d runs: %s; %.0f runs a second%n", RUNS, counts, RUNS / seconds);
        assertThat(broken).isEmpty();
        // Runs in which nothing happens, or nothing is promised, show nothing.
        assertThat(counts.failovers()).isGreaterThan(RUNS / 3);
        assertThat(counts.lost()).isLessThan(RUNS / 20 + 1);
    }
}
