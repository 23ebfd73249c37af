package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.bench.Workload.Pattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How much is measured.
 *
 * @param diskBytes of each disk; all of it is written beforehand
 * @param rounds how often each cell is measured; the setups take turns
 * @param cell the longest that the writes of a cell go on, for those that may be cut short
 * @param cold the same right after a start
 * @param warmRounds how often all workloads are run before it counts, where that makes a difference
 * @param most after this no further round begins; each cell has been measured at least once
 * @param isWhole all workloads at all depths, checkpoints at intervals, and takeovers
 */
record BenchPlan(
        long diskBytes, int rounds, Duration cell, Duration cold, int warmRounds, Duration most, boolean isWhole) {
    private static final long MIB = 1 << 20;
    private static final int DEPTH_COMMON = 16;
    private static final int DEPTH_MOST = 64;

    /** Under three minutes. */
    static BenchPlan quick() {
        return new BenchPlan(
                1L << 30, 2, Duration.ofSeconds(1), Duration.ofSeconds(2), 2, Duration.ofSeconds(115), false);
    }

    /** Half an hour. */
    static BenchPlan whole() {
        return new BenchPlan(
                2L << 30, 3, Duration.ofSeconds(2), Duration.ofSeconds(5), 1, Duration.ofMinutes(40), true);
    }

    /** In this order: what is written again must have been written just before. */
    List<Workload> workloads() {
        return isWhole ? all() : few();
    }

    /** How many writes are under way at once. */
    static List<Integer> depths() {
        return List.of(1, DEPTH_COMMON, DEPTH_MOST);
    }

    private static List<Workload> all() {
        List<Workload> all = new ArrayList<>();
        for (int depth : depths()) {
            for (Pattern pattern : Pattern.values()) {
                all.add(new Workload(pattern, depth));
            }
        }
        return all;
    }

    private static List<Workload> few() {
        return List.of(
                new Workload(Pattern.STRIDE, 1),
                new Workload(Pattern.AGAIN, 1),
                new Workload(Pattern.STRIDE, DEPTH_COMMON),
                new Workload(Pattern.AGAIN, DEPTH_COMMON),
                new Workload(Pattern.STRIDE, DEPTH_MOST),
                new Workload(Pattern.AGAIN, DEPTH_MOST),
                new Workload(Pattern.SEQUENTIAL, DEPTH_COMMON),
                new Workload(Pattern.DENSE, DEPTH_COMMON));
    }

    /** How much is overwritten before the primary is killed, the smallest first; each is done so often as there are rounds. */
    List<Long> takeoverBytes() {
        return (isWhole ? List.of(MIB, 16 * MIB, 256 * MIB, 1024 * MIB, 4096 * MIB) : List.of(MIB, 64 * MIB))
                .stream().filter(bytes -> bytes <= 2 * diskBytes).toList();
    }

    /** The volumes for which memory is measured, the smallest first. */
    List<Long> volumeBytes() {
        // No file of ext4 has 16 TiB.
        long largest = 16 * MIB * MIB - MIB;
        return isWhole ? List.of(1024 * MIB, MIB * MIB, largest) : List.of(1024 * MIB, largest);
    }

    /** How many lines of traces are compared with the specification, at least. */
    long traceEvents() {
        return cell.toMillis() * (isWhole ? 10 : 3);
    }

    /** How long the simulator runs. */
    Duration simulated() {
        return cell.multipliedBy(5);
    }

    /** What processes that have just started are measured with. */
    static Workload afterStart() {
        return new Workload(Pattern.STRIDE, DEPTH_COMMON);
    }
}
