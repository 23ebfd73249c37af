package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.bench.Workload.Pattern;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;

/** The results for people, in lines of a terminal. */
final class Table {
    private static final int[] WIDTHS = {9, 19, 9, 9, 9, 8, 7};

    private static final double GIB = 1 << 30;

    private Table() {}

    /** For each workload a block with a line for each setup. */
    static List<String> lines(BenchResults results, List<Setup> setups) {
        List<String> lines = new ArrayList<>();
        lines.add(row("", "IOPS", "least .. most", "p50 µs", "p99 µs", "cpu µs", "/ raw", "/ cbw"));
        block(lines, results, setups, BenchPlan.afterStart(), true);
        for (Workload workload : ordered(results)) {
            block(lines, results, setups, workload, false);
        }
        lines.add("");
        lines.addAll(costs(results, setups));
        lines.add("");
        if (!results.pauses().isEmpty()) {
            lines.add("the machine stands still for a checkpoint: how many, and how long");
            lines.addAll(Pauses.lines(results.pauses()));
            lines.add("");
        }
        if (!results.takeovers().isEmpty()) {
            lines.addAll(takeovers(results.takeovers()));
            lines.add("");
        }
        if (!results.footprints().isEmpty()) {
            lines.addAll(footprints(results.footprints()));
            lines.add("");
        }
        lines.addAll(checkers(results));
        lines.addAll(summary(results));
        lines.add("");
        lines.addAll(Targets.lines(Targets.of(results)));
        return lines;
    }

    static List<String> checkers(BenchResults results) {
        List<String> lines = new ArrayList<>();
        results.traces()
                .ifPresent(speed -> lines.add(String.format(
                        Locale.ROOT,
                        "trace validation: %,d events of %d runs in %.1f s: %,.0f a second",
                        speed.events(),
                        speed.runs(),
                        speed.seconds(),
                        speed.eventsPerSecond())));
        results.simulator()
                .ifPresent(speed -> lines.add(String.format(
                        Locale.ROOT,
                        "simulator: %,d failovers of %,d runs in %.1f s of processor time: %,.0f a second",
                        speed.failovers(),
                        speed.runs(),
                        speed.processorSeconds(),
                        speed.failoversPerSecond())));
        if (!lines.isEmpty()) {
            lines.add("");
        }
        return lines;
    }

    static List<String> footprints(List<Footprint> all) {
        List<String> lines = new ArrayList<>();
        lines.add("memory after some writes that are spread over a volume, MiB");
        for (Footprint one : all) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  volume of %,10d GiB  %,6d writes  %,7d blocks copied  primary %,4d  secondary %,4d  storage %,4d",
                    Math.round(one.volumeBytes() / GIB),
                    one.writes(),
                    one.copies(),
                    one.residentBytes().getOrDefault("A", 0L) >> 20,
                    one.residentBytes().getOrDefault("B", 0L) >> 20,
                    one.residentBytes().getOrDefault("storage", 0L) >> 20));
        }
        return lines;
    }

    /** What each process takes of the processors and writes to disks. */
    private static List<String> costs(BenchResults results, List<Setup> setups) {
        List<String> lines = new ArrayList<>();
        lines.add(
                "processor time of a write or read, in all and by process; for each byte written, bytes that reached the disk, and what the"
                        + " kernel charged each process with (whole folios of its page cache)");
        for (Workload workload : ordered(results)) {
            lines.add(workload.pattern().id() + ", depth " + workload.depth());
            for (Setup setup : setups) {
                results.cell(setup.id(), workload, false).ifPresent(cell -> lines.add(costs(setup.title(), cell)));
            }
        }
        return lines;
    }

    private static String costs(String title, Cell cell) {
        String processor = String.format(
                Locale.ROOT,
                "%7s µs: %s",
                whole(cell.cpuMicros().median()),
                words(cell.byProcess(Sample::cpuMicros), Table::whole));
        String disk = cell.diskBytes().map(spread -> exact(spread.median())).orElse("-");
        return String.format(
                        Locale.ROOT,
                        "  %-40s%-40s%7s  %s",
                        title,
                        processor,
                        disk,
                        words(cell.byProcess(Sample::chargedBytes), Table::exact))
                .stripTrailing();
    }

    /** Each process with its part. */
    private static String words(Map<String, Double> byProcess, DoubleFunction<String> number) {
        return byProcess.entrySet().stream()
                .map(entry -> entry.getKey() + " " + number.apply(entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Of each size the one in the middle. */
    static List<String> takeovers(List<Takeover> all) {
        List<String> lines = new ArrayList<>();
        lines.add(
                "takeover after a SIGKILL: overwritten since the checkpoint, time until that is detected, the former primary is"
                        + " fenced, all is rolled back, a write is served");
        for (Takeover takeover : Takeover.middles(all)) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %4d MiB  detected %,6.0f ms  fenced %,4.0f ms  rolled back %,6.0f ms  resumed %,4.0f ms  in all %,6.0f ms;"
                            + " rollback %,5.0f MiB/s, dd %,5.0f, / dd %.2f",
                    takeover.copiedBytes() >> 20,
                    takeover.detectedMillis(),
                    takeover.fencedMillis(),
                    takeover.rolledBackMillis(),
                    takeover.resumedMillis(),
                    takeover.allMillis(),
                    takeover.restoredMibPerSecond(),
                    takeover.diskMibPerSecond(),
                    takeover.ratioToDisk()));
        }
        return lines;
    }

    /** The protected node against the others, a line for each of these. */
    static List<String> summary(BenchResults results) {
        List<String> lines = new ArrayList<>();
        for (String other : List.of("raw", "cbw")) {
            StringBuilder line = new StringBuilder();
            for (Pattern pattern : Pattern.values()) {
                List<String> ratios = ordered(results).stream()
                        .filter(workload -> workload.pattern() == pattern)
                        .flatMap(workload -> results.cell("protected", workload, false).stream())
                        .map(cell -> results.ratio(cell, other))
                        .filter(OptionalDouble::isPresent)
                        .map(Table::ratio)
                        .toList();
                if (!ratios.isEmpty()) {
                    line.append("  ").append(pattern.id()).append(' ').append(String.join("/", ratios));
                }
            }
            if (!line.isEmpty()) {
                lines.add("protected / " + other + line);
            }
        }
        return lines;
    }

    /** By pattern, so that depths stand one below the other. */
    private static List<Workload> ordered(BenchResults results) {
        return results.workloads().stream()
                .sorted(Comparator.comparing(Workload::pattern).thenComparingInt(Workload::depth))
                .toList();
    }

    private static void block(
            List<String> lines, BenchResults results, List<Setup> setups, Workload workload, boolean isCold) {
        List<Target> targets = Targets.of(results);
        if (setups.stream()
                .noneMatch(setup -> results.cell(setup.id(), workload, isCold).isPresent())) {
            return;
        }
        lines.add(workload.pattern().id() + ", depth " + workload.depth() + ": "
                + workload.pattern().title() + (isCold ? ", once, right after the start" : ""));
        for (Setup setup : setups) {
            results.cell(setup.id(), workload, isCold)
                    .ifPresent(cell -> lines.add(row(
                                    setup.title(),
                                    whole(cell.iops().median()),
                                    cell.samples().size() == 1
                                            ? ""
                                            : whole(cell.iops().min()) + " .. "
                                                    + whole(cell.iops().max()),
                                    whole(cell.p50Micros().median()),
                                    whole(cell.p99Micros().median()),
                                    whole(cell.cpuMicros().median()),
                                    ratio(results.ratio(cell, "raw")),
                                    ratio(results.ratio(cell, "cbw")))
                            + beside(targets, Target.row(setup.id(), workload, isCold))));
        }
    }

    /** The targets of a row. */
    private static String beside(List<Target> targets, String row) {
        return targets.stream()
                .filter(target -> target.row().equals(row) && target.isMeasured())
                .map(target -> "   " + target.besideRow())
                .collect(Collectors.joining(";"));
    }

    private static String row(String title, String... columns) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "  %-24s", title));
        for (int i = 0; i < columns.length; i++) {
            line.append(String.format(Locale.ROOT, "%" + WIDTHS[i] + "s", columns[i]));
        }
        return line.toString().stripTrailing();
    }

    static String whole(double value) {
        return String.format(Locale.ROOT, "%,d", Math.round(value));
    }

    private static String ratio(OptionalDouble ratio) {
        return ratio.isPresent() ? exact(ratio.getAsDouble()) : "-";
    }

    static String exact(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
