package dev.unwrite.chaos.bench;

import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a machine stood still for its checkpoints. A node counts them in buckets, so a time here is the bound that so many did
 * not exceed, in milliseconds.
 *
 * @param machine what ran, for people
 * @param checkpoints how many there were
 */
record Pauses(
        String machine, long checkpoints, double p50Millis, double p90Millis, double p99Millis, double mostMillis) {
    private static final Pattern BUCKET =
            Pattern.compile("unwrite_checkpoint_pause_seconds_bucket\\{.*le=\"([^\"]+)\"} ([0-9]+)");
    private static final double MILLIS = 1e3;

    /** What happened between two readings of a node's metrics. */
    static Pauses between(String machine, String before, String after) {
        TreeMap<Double, Long> upTo = buckets(after);
        buckets(before).forEach((bound, count) -> upTo.merge(bound, -count, Long::sum));
        if (upTo.isEmpty() || upTo.lastEntry().getValue() <= 0) {
            throw new BenchException(machine + ": no checkpoint was taken");
        }
        return new Pauses(
                machine,
                upTo.lastEntry().getValue(),
                quantile(upTo, 0.5),
                quantile(upTo, 0.9),
                quantile(upTo, 0.99),
                quantile(upTo, 1));
    }

    /** By bound in seconds, how many were within it. */
    private static TreeMap<Double, Long> buckets(String metrics) {
        TreeMap<Double, Long> all = new TreeMap<>();
        Matcher matcher = BUCKET.matcher(metrics);
        while (matcher.find()) {
            String bound = matcher.group(1);
            all.put(
                    bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound),
                    Long.parseLong(matcher.group(2)));
        }
        return all;
    }

    private static double quantile(TreeMap<Double, Long> upTo, double part) {
        double wanted = part * upTo.lastEntry().getValue();
        for (var bucket : upTo.entrySet()) {
            if (bucket.getValue() >= wanted) {
                return bucket.getKey() * MILLIS;
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    /** For people: {@code ≤ 5 ms}, or above the largest bound. */
    static String words(double millis) {
        return Double.isInfinite(millis)
                ? "> 5 s"
                : "≤ " + (millis < 1 ? Double.toString(millis) : Long.toString(Math.round(millis))) + " ms";
    }

    /** The lines of a table. */
    static List<String> lines(List<Pauses> all) {
        return all.stream()
                .map(pauses -> String.format(
                        Locale.ROOT,
                        "  %-44s %6d  p50 %s  p90 %s  p99 %s  most %s",
                        pauses.machine(),
                        pauses.checkpoints(),
                        words(pauses.p50Millis()),
                        words(pauses.p90Millis()),
                        words(pauses.p99Millis()),
                        words(pauses.mostMillis())))
                .toList();
    }
}
