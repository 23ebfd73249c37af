package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.bench.Workload.Pattern;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WorkloadTest {
    private static final long GIB = 1L << 30;
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void aStrideMeetsEachClusterOnce() {
        assertThat(new Workload(Pattern.STRIDE, 1).fio(GIB, SECOND, 0))
                .containsExactly(
                        "--rw=write:60k", "--bs=4k", "--size=1073741824", "--io_size=67108864", "--runtime=1000ms");
    }

    @Test
    void againIsWhatTheStrideBeforeWroteAndAllOfIt() {
        assertThat(new Workload(Pattern.AGAIN, 1).fio(GIB, SECOND, 8192))
                .containsExactly("--rw=write:60k", "--bs=4k", "--size=1073741824", "--io_size=8192");
    }

    @Test
    void nothingThatNeedsCopiesFillsTheUndoLog() {
        assertThat(new Workload(Pattern.SEQUENTIAL, 16).fio(64 * GIB, SECOND, 0))
                .contains("--size=536870912");
    }

    @Test
    void denseWritesAreAlwaysTheSame() {
        assertThat(new Workload(Pattern.DENSE, 16).fio(GIB, SECOND, 0))
                .containsExactly("--rw=randwrite", "--bs=4k", "--size=268435456", "--io_size=67108864");
    }

    @Test
    void whatIsWrittenAgainWasWrittenJustBefore() {
        List<Workload> workloads = BenchPlan.quick().workloads();
        for (int i = 0; i < workloads.size(); i++) {
            if (workloads.get(i).pattern() == Pattern.AGAIN) {
                assertThat(workloads.get(i - 1))
                        .isEqualTo(new Workload(Pattern.STRIDE, workloads.get(i).depth()));
            }
        }
        assertThat(workloads).doesNotHaveDuplicates().hasSize(8);
    }

    @Test
    void theWholeOneHasEveryPatternAtEveryDepth() {
        List<Workload> workloads = BenchPlan.whole().workloads();
        for (Pattern pattern : Pattern.values()) {
            assertThat(workloads)
                    .contains(new Workload(pattern, 1), new Workload(pattern, 16), new Workload(pattern, 64));
        }
        assertThat(new Workload(Pattern.MIXED, 16).fio(GIB, SECOND, 0)).contains("--rw=randrw", "--rwmixread=70");
        assertThat(new Workload(Pattern.JOURNAL, 1).fio(GIB, SECOND, 0)).contains("--rw=write", "--fsync=4");
        assertThat(new Workload(Pattern.READ, 1).fio(GIB, SECOND, 0)).contains("--rw=randread");
        assertThat(new Workload(Pattern.LARGE, 1).fio(GIB, SECOND, 0)).contains("--bs=1m", "--size=536870912");
    }
}
