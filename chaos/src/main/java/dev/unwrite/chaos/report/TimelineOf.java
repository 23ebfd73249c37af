package dev.unwrite.chaos.report;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Draws up what the picture of a run shows. */
public final class TimelineOf {
    private static final int BUCKET_MS = 100;
    /** A campaign has hundreds; these are enough to look at. */
    private static final int ZOOMS_MAX = 16;
    /** How much is shown before a kill and after the first reply. */
    private static final long MARGIN_NANOS = 300_000_000;

    private final RunRecord run;

    private TimelineOf(RunRecord run) {
        this.run = run;
    }

    /** The picture as data. */
    public static Timeline run(RunRecord run) {
        return new TimelineOf(run).draw();
    }

    private Timeline draw() {
        List<Timeline.Lane> lanes = new ArrayList<>();
        for (HostId host : HostId.values()) {
            lanes.add(new Timeline.Lane(host.name(), bands(host), ticks(host)));
        }
        List<Timeline.Mark> marks = run.events().stream()
                .map(event -> new Timeline.Mark(
                        at(event.at()), event.lane(), event.kind().word(), event.text()))
                .toList();
        return new Timeline(
                at(run.endedAt()),
                BUCKET_MS,
                buckets(),
                lanes,
                marks,
                run.takeovers().stream().limit(ZOOMS_MAX).map(this::zoom).toList());
    }

    private double at(long moment) {
        return Moment.millisAfter(run.startedAt(), moment);
    }

    private @Nullable Double atOrNull(@Nullable Long moment) {
        return moment == null ? null : (Double) at(moment);
    }

    private List<Integer> buckets() {
        int[] counts = new int[(int) (at(run.endedAt()) / BUCKET_MS) + 1];
        for (Operation op : run.history()) {
            int bucket = (int) Math.floor(at(op.complete()) / BUCKET_MS);
            if (op.outcome() != Outcome.INFO && bucket >= 0 && bucket < counts.length) {
                counts[bucket]++;
            }
        }
        return Arrays.stream(counts).boxed().toList();
    }

    private List<Timeline.Band> bands(HostId host) {
        List<Watcher.Seen> samples = ShortOutages.without(run.samples().stream()
                .filter(sample -> sample.host() == host)
                .dropWhile(sample -> sample.status().role().equals("down"))
                .toList());
        List<Timeline.Band> bands = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= samples.size(); i++) {
            if (i == samples.size() || !sameBand(samples.get(from), samples.get(i))) {
                SeenStatus status = samples.get(from).status();
                long end = i == samples.size() ? run.endedAt() : samples.get(i).at();
                bands.add(new Timeline.Band(
                        at(samples.get(from).at()), at(end), status.role(), status.mode(), status.term()));
                from = i;
            }
        }
        return withRollbacks(host, bands);
    }

    private static boolean sameBand(Watcher.Seen a, Watcher.Seen b) {
        return a.status().role().equals(b.status().role())
                && a.status().mode().equals(b.status().mode())
                && a.status().term() == b.status().term();
    }

    /** A rollback is often over between two samples; the traces know exactly. */
    private List<Timeline.Band> withRollbacks(HostId host, List<Timeline.Band> bands) {
        List<Timeline.Band> result = bands;
        for (ObservedTakeover takeover : run.takeovers()) {
            TakeoverMoments moments = TakeoverMoments.of(takeover, run);
            Long takeOver = moments.takeOver();
            if (takeover.next() == host && takeOver != null && takeOver < moments.running()) {
                result = cut(
                        result,
                        new Timeline.Band(
                                at(takeOver), at(moments.running()), "restoring", "none", takeover.nextTerm()));
            }
        }
        return result;
    }

    private static List<Timeline.Band> cut(List<Timeline.Band> bands, Timeline.Band in) {
        List<Timeline.Band> result = new ArrayList<>();
        for (Timeline.Band band : bands) {
            if (band.from() < in.from()) {
                result.add(resized(band, band.from(), Math.min(band.to(), in.from())));
            }
        }
        result.add(in);
        for (Timeline.Band band : bands) {
            boolean stale = band.role().equals("restoring") || band.role().equals("secondary");
            if (band.to() > in.to() && !(stale && band.from() < in.to())) {
                result.add(resized(band, Math.max(in.to(), band.from()), band.to()));
            }
        }
        return closeGaps(result);
    }

    /** What was sampled late begins where the picture knows that the earlier thing ended. */
    private static List<Timeline.Band> closeGaps(List<Timeline.Band> bands) {
        List<Timeline.Band> result = new ArrayList<>();
        for (Timeline.Band band : bands) {
            double from = result.isEmpty() ? band.from() : result.getLast().to();
            result.add(resized(band, Math.min(band.from(), from), band.to()));
        }
        return result;
    }

    private static Timeline.Band resized(Timeline.Band band, double from, double to) {
        return new Timeline.Band(from, to, band.role(), band.mode(), band.term());
    }

    private List<Timeline.Tick> ticks(HostId host) {
        return Checkpoints.of(host, run.trace()).stream()
                .map(pair -> new Timeline.Tick(pair.epoch(), at(pair.cut()), atOrNull(pair.committed())))
                .toList();
    }

    private Timeline.Zoom zoom(ObservedTakeover takeover) {
        TakeoverMoments moments = TakeoverMoments.of(takeover, run);
        Long firstReply = moments.firstReply();
        long from = takeover.killedAt() - MARGIN_NANOS;
        long to = (firstReply == null ? moments.running() : firstReply) + MARGIN_NANOS;
        return new Timeline.Zoom(
                takeover.number(),
                at(from),
                at(to),
                at(takeover.killedAt()),
                atOrNull(moments.takeOver()),
                atOrNull(moments.rolledBack()),
                at(moments.running()),
                atOrNull(firstReply),
                takeover.dead().name(),
                takeover.next().name(),
                takeover.deadTerm(),
                takeover.nextTerm(),
                takeover.witness().epoch(),
                takeover.restoredBlocks(),
                run.trace().stream()
                        .filter(event -> event.action().equals("StoreCopy") && event.at() >= from && event.at() <= to)
                        .map(event -> at(event.at()))
                        .toList(),
                run.history().stream()
                        .filter(op -> op.outcome() != Outcome.INFO && op.complete() >= from && op.complete() <= to)
                        .map(op -> at(op.complete()))
                        .sorted()
                        .toList(),
                moments.inDoubt(run.history()).stream()
                        .map(op -> new double[] {at(op.invoke()), at(op.complete())})
                        .toList(),
                takeover.ahead(),
                takeover.different(),
                takeover.diskBlocks());
    }
}
