package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The runs of {@code unwrite simulate}, seed by seed, break nothing. */
class SimulatorIT {
    private static final int RUNS = Integer.getInteger("unwrite.simulatedRuns", 2000);
    /** Other seeds than those of the kill matrix and of the tests that want certain runs. */
    private static final long FIRST_SEED = 1_000_000;

    private static final int BROKEN_SHOWN = 5;

    /** What the simulator found after the schedules of {@link #noRunBreaksAProperty} had been through. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                // The rest of a state never came, and deltas waited for one that was lost: no other had room.
                "config:2071869,run:8,load:B:11:34,run:0,run:0,run:1,run:0,load:A:60:65,run:16,time:49,load:A:0:0,run:5,"
                        + "checkpoint:A:0,checkpoint:A:0",
                // The word of a refusal was lost with a connection that the primary did not know of.
                "run:7,load:A:6:0,checkpoint:A:0,run:0,run:0,break:B,again:0",
                // A checkpoint that could not be stored during a takeover was found, and resumed, by a restart.
                "config:2054323,run:8,run:1,eio:B:59,ask:A:0:0,run:1,failover:A:0,run:0,kill:B",
                // The first flush of a host that starts from its disk failed, and the second promised too much.
                "run:2,fail:37:0,load:A:54:12,crash:A:0,restart:A,run:0",
                // A rollback ends while its host is down, which then loses its checkpoint: it starts from the disk.
                "config:25427,run:8,load:A:8:23,load:A:29:0,run:2,failover:A:0,run:41,crash:B:0,flip:B:0:0",
            })
    void whatBrokeAPropertyOnceDoesNot(String moves) {
        assertThatCode(() -> Run.of(Move.parse(moves), Tracing.NONE)).doesNotThrowAnyException();
    }

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
