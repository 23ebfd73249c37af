package dev.unwrite.chaos.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class UndoCurveTest {
    private static final long MILLI = 1_000_000;

    private static SeenStatus status(long epoch, long blocks) {
        return new SeenStatus("secondary", "none", 1, epoch, 0, blocks, "protected", SeenStatus.Counters.ZERO);
    }

    @Test
    void aPeakBetweenTwoPointsIsKept() {
        UndoCurve curve = new UndoCurve();
        curve.add(0, status(1, 5));
        curve.add(10 * MILLI, status(1, 90));
        curve.add(20 * MILLI, status(2, 0));
        curve.add(60 * MILLI, status(2, 7));
        assertThat(curve.points())
                .containsExactly(new UndoCurve.Point(0, 2, 90), new UndoCurve.Point(60 * MILLI, 2, 7));
    }

    @Test
    void anHourHasNoMorePointsThanAMinuteAndItsHighestPeak() {
        UndoCurve curve = new UndoCurve();
        for (long at = 0; at < 3_600_000; at += 20) {
            curve.add(at * MILLI, status(at / 100, at == 1_234_560 ? 777 : 3));
        }
        List<UndoCurve.Point> points = curve.points();
        assertThat(points.size()).isBetween(1_500, 4_000);
        assertThat(points).extracting(UndoCurve.Point::undoBlocks).containsOnlyOnce(777L);
        assertThat(points).extracting(UndoCurve.Point::at).isSorted().doesNotHaveDuplicates();
        assertThat(points.getFirst().at()).isZero();
        assertThat(points.getLast().at()).isGreaterThan(3_590_000 * MILLI);
    }
}
