package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.bench.NodeSetup.Kind;
import dev.unwrite.chaos.bench.Workload.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** What is aimed at. All are ratios of one run, or hold for any machine that is not busy otherwise; whether one is met changes no exit code. */
final class Targets {
    private static final String PROTECTED = "protected";
    private static final String RAW = "raw";
    private static final String CBW = "cbw";

    private static final double P99_MOST = 0.5;
    private static final double COLD_LEAST = 0.6;
    private static final double PAUSE_MOST_MILLIS = 5;
    private static final double ROLLBACK_LEAST = 0.7;
    private static final double ELSE_MOST_MILLIS = 200;
    private static final double FAILOVERS_LEAST = 1_000;

    /** IOPS as a multiple of another setup's, at least, by the depths of {@link BenchPlan#depths()}. */
    private record Ratio(Pattern pattern, String setup, String other, List<Double> least) {
        private Ratio(Pattern pattern, String setup, String other, double least) {
            this(
                    pattern,
                    setup,
                    other,
                    BenchPlan.depths().stream().map(depth -> least).toList());
        }
    }

    private static final List<Ratio> RATIOS = List.of(
            new Ratio(Pattern.STRIDE, PROTECTED, CBW, List.of(8.0, 7.0, 7.0)),
            new Ratio(Pattern.SEQUENTIAL, PROTECTED, CBW, 1.7),
            new Ratio(Pattern.DENSE, PROTECTED, CBW, 1.6),
            new Ratio(Pattern.AGAIN, PROTECTED, RAW, List.of(1.0, 0.95, 0.95)),
            new Ratio(Pattern.READ, PROTECTED, RAW, List.of(1.0, 0.95, 0.95)),
            new Ratio(Pattern.JOURNAL, PROTECTED, "unprotected", 0.6),
            new Ratio(Pattern.STRIDE, "checkpoints", PROTECTED, 0.8));

    private Targets() {}

    /** All, also those that this run did not measure. */
    static List<Target> of(BenchResults results) {
        List<Target> all = new ArrayList<>();
        for (Ratio ratio : RATIOS) {
            for (int i = 0; i < BenchPlan.depths().size(); i++) {
                Workload workload =
                        new Workload(ratio.pattern(), BenchPlan.depths().get(i));
                OptionalDouble figure = results.cell(ratio.setup(), workload, false)
                        .map(cell -> results.ratio(cell, ratio.other()))
                        .orElse(OptionalDouble.empty());
                all.add(target(
                        Target.row(ratio.setup(), workload, false),
                        workload.id() + ": " + ratio.setup() + " / " + ratio.other(),
                        true,
                        ratio.least().get(i),
                        figure));
            }
        }
        all.add(latency(results));
        all.add(cold(results));
        all.add(pause(results.pauses()));
        takeovers(results.takeovers(), all);
        all.add(target(
                "",
                "simulator: failovers a second of processor time",
                true,
                FAILOVERS_LEAST,
                some(results.simulator().map(SimulatorSpeed::failoversPerSecond))));
        return all;
    }

    private static Target latency(BenchResults results) {
        Workload workload = BenchPlan.afterStart();
        Optional<Double> own = results.cell(PROTECTED, workload, false)
                .map(cell -> cell.p99Micros().median());
        Optional<Double> other =
                results.cell(CBW, workload, false).map(cell -> cell.p99Micros().median());
        return target(
                Target.row(PROTECTED, workload, false),
                workload.id() + ": p99 of protected / cbw",
                false,
                P99_MOST,
                some(own.flatMap(mine -> other.map(theirs -> mine / theirs))));
    }

    /** How long the first cell was is said with it: it may be over sooner. */
    private static Target cold(BenchResults results) {
        Workload workload = BenchPlan.afterStart();
        Optional<Cell> first = results.cell(PROTECTED, workload, true);
        Optional<Cell> warm = results.cell(PROTECTED, workload, false);
        String seconds = first.map(cell -> String.format(
                        Locale.ROOT, "first %.1f s", cell.samples().getFirst().millis() / 1e3))
                .orElse("first seconds");
        return target(
                Target.row(PROTECTED, workload, true),
                workload.id() + " of protected: " + seconds + " / steady state",
                true,
                COLD_LEAST,
                some(first.flatMap(cell ->
                        warm.map(steady -> cell.iops().median() / steady.iops().median()))));
    }

    /** Nodes count in buckets: the figure is the bound that 99 of 100 did not exceed. */
    private static Target pause(List<Pauses> pauses) {
        return target(
                "",
                Kind.LEDGER.title() + ": p99 of the pause, ms",
                false,
                PAUSE_MOST_MILLIS,
                some(pauses.stream()
                        .filter(some -> some.machine().equals(Kind.LEDGER.title()))
                        .map(Pauses::p99Millis)
                        .findFirst()));
    }

    private static void takeovers(List<Takeover> takeovers, List<Target> all) {
        for (Takeover takeover : Takeover.middles(takeovers)) {
            String title = "takeover, " + (takeover.copiedBytes() >> 20) + " MiB: ";
            all.add(target(
                    "", title + "rollback / dd", true, ROLLBACK_LEAST, OptionalDouble.of(takeover.ratioToDisk())));
            all.add(target(
                    "",
                    title + "fenced and resumed, ms",
                    false,
                    ELSE_MOST_MILLIS,
                    OptionalDouble.of(takeover.elseMillis())));
        }
    }

    private static Target target(String row, String what, boolean isLeast, double bound, OptionalDouble figure) {
        return new Target(row, what, isLeast, bound, figure.isPresent() ? figure.getAsDouble() : null);
    }

    private static OptionalDouble some(Optional<Double> figure) {
        return figure.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    /** Of those that were measured a line each; then how many were met, and what was not measured. */
    static List<String> lines(List<Target> all) {
        List<String> lines = new ArrayList<>();
        lines.add("targets");
        for (Target target : all) {
            if (target.isMeasured()) {
                lines.add(String.format(
                        Locale.ROOT,
                        "  %-6s  %-54s %11s   target: %s",
                        target.verdict(),
                        target.what(),
                        target.figureWords(),
                        target.boundWords()));
            }
        }
        lines.add("  " + summary(all));
        List<String> open = all.stream()
                .filter(target -> !target.isMeasured())
                .map(Target::what)
                .toList();
        if (!open.isEmpty()) {
            lines.add("  not measured: " + String.join("; ", open));
        }
        return lines;
    }

    private static String summary(List<Target> all) {
        long met = all.stream().filter(Target::isMet).count();
        long measured = all.stream().filter(Target::isMeasured).count();
        return met + " met, " + (measured - met) + " missed, " + (all.size() - measured) + " not measured";
    }
}
