package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Durations are counted by the smallest bound that they do not exceed. */
class HistogramTest {
    @Test
    void aDurationCountsUpToItsBoundAndNotAboveIt() {
        List<Long> bounds = Histogram.boundsNanos();
        assertThat(bounds).isSorted().startsWith(500_000L).endsWith(5_000_000_000L);
        for (int i = 0; i <= bounds.size(); i++) {
            Histogram histogram = new Histogram();
            long least = i == 0 ? 0 : bounds.get(i - 1) + 1;
            long most = i == bounds.size() ? Long.MAX_VALUE / 2 : bounds.get(i);
            histogram.add(least);
            histogram.add(most);
            assertThat(histogram.counts().totalNanos()).isEqualTo(least + most);
            List<Long> counts = histogram.counts().counts();
            assertThat(counts).hasSize(bounds.size() + 1);
            assertThat(counts.get(i)).as("up to bound %d", i).isEqualTo(2);
            assertThat(Collections.frequency(counts, 0L)).isEqualTo(bounds.size());
        }
    }

    @Test
    void countsThatWereTakenDoNotChangeAfterwards() {
        Histogram histogram = new Histogram();
        Histogram.Counts before = histogram.counts();
        histogram.add(1);
        assertThat(before).isEqualTo(Histogram.Counts.NONE);
        assertThat(histogram.counts()).isNotEqualTo(before);
    }
}
