package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PausesTest {
    /** What a node prints, with as many in each bucket. */
    private static String metrics(long within1, long within5, long within20, long all) {
        return """
                # TYPE unwrite_checkpoint_pause_seconds histogram
                unwrite_checkpoint_pause_seconds_bucket{node="A",le="0.001"} %d
                unwrite_checkpoint_pause_seconds_bucket{node="A",le="0.005"} %d
                unwrite_checkpoint_pause_seconds_bucket{node="A",le="0.02"} %d
                unwrite_checkpoint_pause_seconds_bucket{node="A",le="+Inf"} %d
                unwrite_checkpoint_pause_seconds_count{node="A"} %d
                unwrite_checkpoint_duration_seconds_bucket{node="A",le="0.001"} 7777
                """.formatted(within1, within5, within20, all, all);
    }

    @Test
    void onlyWhatWasCountedMeanwhileCounts() {
        Pauses pauses = Pauses.between("it", metrics(900, 900, 900, 900), metrics(950, 998, 1000, 1000));
        assertThat(pauses).isEqualTo(new Pauses("it", 100, 1, 5, 20, 20));
    }

    @Test
    void whatIsAboveAllBoundsIsSaidToBe() {
        Pauses pauses = Pauses.between("it", metrics(0, 0, 0, 0), metrics(98, 98, 98, 100));
        assertThat(pauses.p90Millis()).isEqualTo(1);
        assertThat(pauses.p99Millis()).isInfinite();
        assertThat(Pauses.lines(List.of(pauses)).getFirst()).contains("p50 ≤ 1 ms", "p99 > 5 s");
    }

    @Test
    void withoutACheckpointThereIsNothingToSay() {
        assertThatThrownBy(() -> Pauses.between("it", metrics(5, 5, 5, 5), metrics(5, 5, 5, 5)))
                .hasMessage("it: no checkpoint was taken");
    }
}
