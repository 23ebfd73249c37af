package dev.unwrite.chaos.campaign;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.report.Quantiles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of the clients as points, in the order in which they were sent. Where there are too many for a page, some
 * are left out and it says which; everything else here counts all of them.
 *
 * @param invoke when each was sent, in milliseconds from the start
 * @param latency until it was answered or given up, in milliseconds
 * @param outcomes a letter each: o (ok), f (fail), i (info)
 * @param kinds a letter each, as in the history
 * @param clients an index each into {@code clientNames}
 * @param thinned which are left out; empty if none
 * @param answered how many answers came in each span of {@code bucketMs}
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
record LoadSample(
        double[] invoke,
        double[] latency,
        String outcomes,
        String kinds,
        int[] clients,
        List<String> clientNames,
        int total,
        int ok,
        int fail,
        int info,
        @Nullable Double medianMs,
        @Nullable Double p99Ms,
        @Nullable Double maxMs,
        String thinned,
        int bucketMs,
        int[] answered) {
    /** More points make the page slow, and show nothing that fewer do not. */
    static final int POINTS_MAX = 200_000;

    private static final int BUCKETS_MAX = 1_500;
    private static final int[] BUCKETS = {100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000};
    private static final double SLOW_MS = 1_000;
    private static final double NANOS_PER_MILLI = 1e6;

    static LoadSample of(Campaign.Outcome run) {
        return of(run, POINTS_MAX);
    }

    static LoadSample of(Campaign.Outcome run, int most) {
        List<CampaignRequest> all = new ArrayList<>(run.requests());
        all.sort(Comparator.comparingLong(CampaignRequest::invoke));
        int rare = (int) all.stream().filter(LoadSample::isRare).count();
        int rareStride = stride(rare, Math.max(1, most / 2));
        int commonStride = stride(all.size() - rare, Math.max(1, most - kept(rare, rareStride)));
        List<CampaignRequest> shown = thin(all, rareStride, commonStride);
        List<String> names =
                shown.stream().map(CampaignRequest::client).distinct().sorted().toList();
        Quantiles latencies = new Quantiles(all.stream()
                .filter(op -> op.outcome() != Outcome.INFO)
                .map(LoadSample::millis)
                .toList());
        int bucketMs = bucket(run);
        return new LoadSample(
                shown.stream()
                        .mapToDouble(op -> Math.round(Moment.millisAfter(run.startedAt(), op.invoke()) * 10) / 10.0)
                        .toArray(),
                shown.stream()
                        .mapToDouble(op -> Math.round(millis(op) * 100) / 100.0)
                        .toArray(),
                letters(shown.stream().map(LoadSample::outcome).toList()),
                letters(shown.stream().map(op -> String.valueOf(op.kind())).toList()),
                shown.stream().mapToInt(op -> names.indexOf(op.client())).toArray(),
                names,
                all.size(),
                count(all, Outcome.OK),
                count(all, Outcome.FAIL),
                count(all, Outcome.INFO),
                latencies.at(0.5),
                latencies.at(0.99),
                latencies.at(1),
                words(rareStride, commonStride),
                bucketMs,
                answered(run, bucketMs));
    }

    /** These are what one looks for. */
    private static boolean isRare(CampaignRequest op) {
        return op.outcome() == Outcome.INFO || millis(op) >= SLOW_MS;
    }

    private static double millis(CampaignRequest op) {
        return (op.complete() - op.invoke()) / NANOS_PER_MILLI;
    }

    private static int stride(int count, int most) {
        return Math.max(1, (count + most - 1) / most);
    }

    private static int kept(int count, int stride) {
        return (count + stride - 1) / stride;
    }

    private static List<CampaignRequest> thin(List<CampaignRequest> all, int rareStride, int commonStride) {
        List<CampaignRequest> shown = new ArrayList<>();
        int rare = 0;
        int common = 0;
        for (CampaignRequest op : all) {
            if (isRare(op) ? rare++ % rareStride == 0 : common++ % commonStride == 0) {
                shown.add(op);
            }
        }
        return shown;
    }

    private static String words(int rareStride, int commonStride) {
        if (rareStride == 1 && commonStride == 1) {
            return "";
        }
        String rare = rareStride == 1 ? "all" : "one in " + rareStride;
        return "shown are " + rare + " of those that took a second or got no answer, and one in " + commonStride
                + " of the others";
    }

    private static String outcome(CampaignRequest op) {
        return switch (op.outcome()) {
            case OK -> "o";
            case FAIL -> "f";
            case INFO -> "i";
        };
    }

    private static String letters(List<String> each) {
        return String.join("", each);
    }

    private static int count(List<CampaignRequest> all, Outcome outcome) {
        return (int) all.stream().filter(op -> op.outcome() == outcome).count();
    }

    private static int bucket(Campaign.Outcome run) {
        double length = Moment.millisAfter(run.startedAt(), run.endedAt());
        for (int bucket : BUCKETS) {
            if (length / bucket <= BUCKETS_MAX) {
                return bucket;
            }
        }
        return (int) Math.ceil(length / BUCKETS_MAX);
    }

    private static int[] answered(Campaign.Outcome run, int bucketMs) {
        int[] counts = new int[(int) (Moment.millisAfter(run.startedAt(), run.endedAt()) / bucketMs) + 1];
        for (CampaignRequest op : run.requests()) {
            int at = (int) Math.floor(Moment.millisAfter(run.startedAt(), op.complete()) / bucketMs);
            if (op.outcome() != Outcome.INFO && at >= 0 && at < counts.length) {
                counts[at]++;
            }
        }
        return counts;
    }
}
