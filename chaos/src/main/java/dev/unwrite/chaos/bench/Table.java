package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.bench.Workload.Pattern;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** The results for people, in lines of a terminal. */
final class Table {
    private static final int[] WIDTHS = {9, 19, 9, 9, 9, 8, 7};

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
        if (!results.pauses().isEmpty()) {
            lines.add("the machine stands still for a checkpoint: how many, and how long");
            lines.addAll(Pauses.lines(results.pauses()));
            lines.add("");
        }
        if (!results.takeovers().isEmpty()) {
            lines.addAll(takeovers(results.takeovers()));
            lines.add("");
        }
        lines.addAll(summary(results));
        return lines;
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
                            ratio(results.ratio(cell, "cbw")))));
        }
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
        return ratio.isPresent() ? String.format(Locale.ROOT, "%.2f", ratio.getAsDouble()) : "-";
    }
}
