package dev.unwrite.chaos.vm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.report.GuestReport;
import dev.unwrite.chaos.report.Quantiles;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** What the checkpoints of a guest cost, as its hosts say: each one that is seen while they are asked again and again. */
final class CheckpointFigures implements Closeable {
    private static final Duration ASK_EVERY = Duration.ofMillis(50);
    private static final long WHOLE_FROM_BYTES = 16 << 20;

    /** A committed checkpoint; {@code at}, nanoseconds since 1970, is when it was cut, about. */
    record Seen(HostId host, long epoch, long at, long bytes, long pauseMillis, long durationMillis) {}

    private final VmPair pair;
    private final List<HostId> hosts;
    private final Map<Long, Seen> seen = new TreeMap<>();
    private final Watcher watcher;

    CheckpointFigures(VmPair pair, List<HostId> hosts) {
        this.pair = pair;
        this.hosts = hosts;
        watcher = Watcher.start(this::ask, ASK_EVERY);
    }

    /** What else was seen of the hosts. */
    Watcher watcher() {
        return watcher;
    }

    private SeenStatus ask(HostId host) {
        if (!hosts.contains(host)) {
            return SeenStatus.DOWN;
        }
        try {
            JsonNode status = pair.client(host).wholeStatus();
            JsonNode last = status.path("lastCheckpoint");
            if (last.isObject()) {
                note(host, last);
            }
            return SeenStatus.parse(status);
        } catch (IOException e) {
            // It is down, or not up yet.
            return SeenStatus.DOWN;
        }
    }

    private void note(HostId host, JsonNode last) {
        long took = last.path("durationMillis").asLong();
        long ago = last.path("ageMillis").asLong() + took;
        Seen one = new Seen(
                host,
                last.path("epoch").asLong(),
                Moment.now() - TimeUnit.MILLISECONDS.toNanos(ago),
                last.path("stateBytes").asLong(),
                last.path("pauseMillis").asLong(),
                took);
        synchronized (seen) {
            seen.put(one.epoch, one);
        }
    }

    /** All of them, as a report shows them. */
    List<GuestReport.Checkpoint> inReport(long startedAt) {
        synchronized (seen) {
            return seen.values().stream()
                    .map(one -> new GuestReport.Checkpoint(
                            Moment.millisAfter(startedAt, one.at),
                            one.host.name(),
                            one.epoch,
                            one.pauseMillis,
                            one.durationMillis,
                            one.bytes))
                    .toList();
        }
    }

    /** Lines for a person; {@code note}: what is in the pauses besides. */
    List<String> lines(String note) {
        List<String> lines = new ArrayList<>();
        List<Seen> deltas = seen(false);
        if (!deltas.isEmpty()) {
            lines.add("deltas: " + line(deltas, note));
        }
        List<Seen> whole = seen(true);
        if (!whole.isEmpty()) {
            lines.add("whole: " + line(whole, note));
        }
        return lines;
    }

    /** All deltas, in their order. */
    List<Seen> deltas() {
        return seen(false);
    }

    /** A state of so many bytes is taken for a whole one, which a join sends. */
    private List<Seen> seen(boolean whole) {
        synchronized (seen) {
            return seen.values().stream()
                    .filter(one -> whole == one.bytes >= WHOLE_FROM_BYTES)
                    .toList();
        }
    }

    /** The median of the pauses for deltas; NaN where there was none. */
    double pauseMillis() {
        return median(Seen::pauseMillis);
    }

    /** The median of the sizes of deltas; NaN where there was none. */
    double deltaBytes() {
        return median(Seen::bytes);
    }

    private double median(ToDoubleFunction<Seen> what) {
        Double median = quantiles(seen(false), what).at(0.5);
        return median == null ? Double.NaN : median;
    }

    private static String line(List<Seen> all, String note) {
        Quantiles pauses = quantiles(all, Seen::pauseMillis);
        Quantiles durations = quantiles(all, Seen::durationMillis);
        Quantiles sizes = quantiles(all, seen -> seen.bytes >> 10);
        return String.format(
                Locale.ROOT,
                "%d checkpoints; paused p50 %.0f, p99 %.0f ms%s; committed after p50 %.0f, p99 %.0f ms; p50 %.0f, p99 %.0f KiB",
                all.size(),
                pauses.at(0.5),
                pauses.at(0.99),
                note,
                durations.at(0.5),
                durations.at(0.99),
                sizes.at(0.5),
                sizes.at(0.99));
    }

    private static Quantiles quantiles(List<Seen> all, ToDoubleFunction<Seen> what) {
        return new Quantiles(all.stream().mapToDouble(what).boxed().toList());
    }

    @Override
    public void close() {
        watcher.close();
    }
}
