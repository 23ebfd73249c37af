package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.chaos.bench.Workload.Pattern;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class BenchResultsTest {
    private static final Workload STRIDE = new Workload(Pattern.STRIDE, 16);

    @Test
    void theMedianIsTheOneInTheMiddleOrBetweenTwo() {
        assertThat(Spread.of(List.of(9.0, 1.0, 4.0))).isEqualTo(new Spread(4, 1, 9));
        assertThat(Spread.of(List.of(9.0, 1.0, 4.0, 6.0))).isEqualTo(new Spread(5, 1, 9));
        assertThat(Spread.of(List.of(7.0))).isEqualTo(new Spread(7, 7, 7));
        assertThatThrownBy(() -> Spread.of(List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void ratiosAreThoseOfMediansOfTheSameWorkload() {
        BenchResults results = new BenchResults();
        for (double iops : new double[] {100, 900, 200}) {
            results.add("raw", STRIDE, false, sample(iops));
        }
        for (double iops : new double[] {50, 1, 60}) {
            results.add("protected", STRIDE, false, sample(iops));
        }
        results.add("raw", STRIDE, true, sample(1));
        results.add("raw", new Workload(Pattern.STRIDE, 1), false, sample(1));
        Cell cell = results.cell("protected", STRIDE, false).orElseThrow();

        assertThat(results.ratio(cell, "raw")).hasValue(0.25);
        assertThat(results.ratio(cell, "cbw")).isEmpty();
        assertThat(results.cells()).hasSize(4);
        assertThat(results.othersCores()).isEqualTo(0.25);
    }

    @Test
    void theTableHasALineForEachCellAndADashForWhatWasNotMeasured() {
        BenchResults results = new BenchResults();
        results.add("raw", STRIDE, true, sample(1234.4));
        for (double iops : new double[] {10_000, 12_000, 11_000}) {
            results.add("raw", STRIDE, false, sample(iops));
            results.add("protected", STRIDE, false, sample(iops / 10));
        }

        assertThat(Table.lines(
                        results, List.of(new Named("raw", "raw disk"), new Named("protected", "protected node"))))
                .contains(
                        "stride, depth 16: 4 KiB, each the first overwrite of its 64 KiB, once, right after the start",
                        "  raw disk                    1,234                          50      990       20    1.00      -",
                        "stride, depth 16: 4 KiB, each the first overwrite of its 64 KiB",
                        "  raw disk                   11,000   10,000 .. 12,000       50      990       20    1.00      -",
                        "  protected node              1,100     1,000 .. 1,200       50      990       20    0.10      -",
                        "stride, depth 16",
                        "  raw disk                                     20 µs: A 12, B 8                      2.25  A 0.00, B 1.25",
                        "protected / raw  stride 0.10")
                .noneMatch(line -> line.startsWith("dense,") || line.startsWith("protected / cbw"));
    }

    @Test
    void aTargetStandsBesideTheRowThatItIsAbout() {
        BenchResults results = new BenchResults();
        for (String setup : List.of("cbw", "protected")) {
            results.add(setup, STRIDE, true, sample(1_000));
            results.add(setup, STRIDE, false, sample(1_000));
        }
        assertThat(Table.lines(results, List.of(new Named("cbw", "QEMU"), new Named("protected", "protected node"))))
                .contains(
                        "  protected node              1,000                          50      990       20       -   1.00"
                                + "   first 0.5 s / steady state 1.000, target at least 0.6: met",
                        "  protected node              1,000                          50      990       20       -   1.00"
                                + "   protected / cbw 1.000, target at least 7: missed;"
                                + "   p99 of protected / cbw 1.000, target at most 0.5: missed",
                        "  1 met, 2 missed, 22 not measured")
                .noneMatch(line -> line.startsWith("  QEMU") && line.contains("target"));
    }

    @Test
    void memoryHasALineForEachVolume() {
        long mib = 1 << 20;
        Footprint huge = new Footprint(
                16 * mib * mib - mib, 16_384, 260_000, Map.of("A", 120 * mib, "B", 150 * mib, "storage", 90 * mib));
        assertThat(Table.footprints(List.of(huge)))
                .containsExactly(
                        "memory after some writes that are spread over a volume, MiB",
                        "  volume of     16,384 GiB  16,384 writes  260,000 blocks copied  primary  120  secondary  150"
                                + "  storage   90");
    }

    @Test
    void whatChecksTheRestHasALineEach() {
        BenchResults results = new BenchResults();
        assertThat(Table.checkers(results)).isEmpty();
        results.traces(new TraceSpeed(51, 20_000, 8));
        results.simulator(new SimulatorSpeed(400, 500, 10));
        assertThat(Table.checkers(results))
                .containsExactly(
                        "trace validation: 20,000 events of 51 runs in 8.0 s: 2,500 a second",
                        "simulator: 500 failovers of 400 runs in 10.0 s of processor time: 50 a second",
                        "");
    }

    private static Sample sample(double iops) {
        return Samples.sample(iops, 990, 2.25, 0.25);
    }

    /** Only what a table asks of it. */
    private record Named(String id, String title) implements Setup {
        @Override
        public void start() {}

        @Override
        public void freshen() {}

        @Override
        public String uri() {
            return "";
        }

        @Override
        public boolean warmsUp() {
            return false;
        }

        @Override
        public Map<String, Process> processes() {
            return Map.of();
        }

        @Override
        public long copies() {
            return -1;
        }

        @Override
        public void rest() {}
    }
}
