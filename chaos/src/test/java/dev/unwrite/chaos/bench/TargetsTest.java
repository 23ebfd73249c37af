package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.bench.Workload.Pattern;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TargetsTest {
    private static final Workload STRIDE = new Workload(Pattern.STRIDE, 16);
    private static final long MIB = 1 << 20;

    @Test
    void theBoundItselfWillDo() {
        assertThat(new Target("", "it", true, 7, 7.0).isMet()).isTrue();
        assertThat(new Target("", "it", true, 7, Math.nextDown(7.0)).isMet()).isFalse();
        assertThat(new Target("", "it", false, 5, 5.0).isMet()).isTrue();
        assertThat(new Target("", "it", false, 5, Math.nextUp(5.0)).isMet()).isFalse();
        assertThat(new Target("", "it", false, 5, Double.POSITIVE_INFINITY).isMet())
                .isFalse();
    }

    @Test
    void whatWasNotMeasuredIsNeitherMetNorMissed() {
        Target open = new Target("", "it", true, 7, null);
        assertThat(open.isMet()).isFalse();
        assertThat(open.verdict()).isEqualTo("not measured");
        assertThat(open.figureWords()).isEqualTo("-");
        assertThat(Targets.of(new BenchResults())).isNotEmpty().noneMatch(Target::isMeasured);
        assertThat(Targets.lines(List.of(open)))
                .containsExactly("targets", "  0 met, 0 missed, 1 not measured", "  not measured: it");
    }

    @Test
    void whatIsMissedIsSaidAsPlainlyAsWhatIsMet() {
        assertThat(Targets.lines(List.of(
                        new Target("", "met", true, 0.95, 0.9504),
                        new Target("", "missed", true, 0.95, 0.9496),
                        new Target("", "too slow", false, 200, 1_234.56))))
                .containsExactly(
                        "targets",
                        "  met     met                                                          0.950   target: at least 0.95",
                        "  missed  missed                                                       0.949   target: at least 0.95",
                        "  missed  too slow                                                   1,234.6   target: at most 200",
                        "  1 met, 2 missed, 0 not measured");
    }

    @Test
    void itStandsBesideItsRowInTheTable() {
        assertThat(new Target("protected stride-16", "stride-16: protected / cbw", true, 8, 7.9999).besideRow())
                .isEqualTo("protected / cbw 7.999, target at least 8: missed");
        assertThat(new Target("", "ledger: p99", false, 5, Double.POSITIVE_INFINITY).besideRow())
                .isEqualTo("p99 Infinity, target at most 5: missed");
    }

    @Test
    void eachFigureIsThatOfItsCellsAndDepth() {
        BenchResults results = new BenchResults();
        results.add("protected", STRIDE, true, sample(6_000, 100));
        results.add("protected", STRIDE, false, sample(14_000, 500));
        results.add("cbw", STRIDE, false, sample(2_000, 1_000));
        results.add("checkpoints", STRIDE, false, sample(7_000, 500));
        results.pauses(new Pauses(NodeSetup.Kind.LEDGER.title(), 100, 1, 3, 5, 8));
        results.pauses(new Pauses("another", 100, 1, 3, 50, 80));
        results.takeover(new Takeover(64 * MIB, 16_384, 2_000, 100, 1_000, 101, 100));
        results.simulator(new SimulatorSpeed(1_000, 10_000, 10));
        List<Target> measured =
                Targets.of(results).stream().filter(Target::isMeasured).toList();

        assertThat(measured)
                .containsExactly(
                        new Target("protected stride-16", "stride-16: protected / cbw", true, 7, 7.0),
                        new Target("checkpoints stride-16", "stride-16: checkpoints / protected", true, 0.8, 0.5),
                        new Target("protected stride-16", "stride-16: p99 of protected / cbw", false, 0.5, 0.5),
                        new Target(
                                "protected stride-16 cold",
                                "stride-16 of protected: first 0.5 s / steady state",
                                true,
                                0.6,
                                6_000 / 14_000.0),
                        new Target("", "ledger, checkpoint every 25 ms: p99 of the pause, ms", false, 5, 5.0),
                        new Target("", "takeover, 64 MiB: rollback / dd", true, 0.7, 0.64),
                        new Target("", "takeover, 64 MiB: fenced and resumed, ms", false, 200, 201.0),
                        new Target("", "simulator: failovers a second of processor time", true, 1_000, 1_000.0));
        assertThat(measured.stream().map(Target::verdict))
                .containsExactly("met", "missed", "met", "missed", "met", "missed", "missed", "met");
    }

    private static Sample sample(double iops, double p99) {
        return Samples.sample(iops, p99, null, 0);
    }
}
