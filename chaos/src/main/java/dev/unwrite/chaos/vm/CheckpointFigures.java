package dev.unwrite.chaos.vm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.report.Quantiles;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** What the checkpoints of a guest cost, as its hosts say: each one that is seen while they are asked again and again. */
final class CheckpointFigures implements Closeable {
    private static final long ASK_EVERY_MILLIS = 50;
    private static final long WHOLE_FROM_BYTES = 16 << 20;

    /** A committed checkpoint. */
    record Seen(long bytes, long pauseMillis, long durationMillis) {}

    private final VmPair pair;
    private final List<HostId> hosts;
    private final Map<Long, Seen> seen = new TreeMap<>();
    private final Thread asking = Thread.ofPlatform().daemon().name("figures").unstarted(this::ask);
    private volatile boolean closed;

    CheckpointFigures(VmPair pair, List<HostId> hosts) {
        this.pair = pair;
        this.hosts = hosts;
        asking.start();
    }

    private void ask() {
        try {
            while (!closed) {
                for (HostId host : hosts) {
                    ask(host);
                }
                TimeUnit.MILLISECONDS.sleep(ASK_EVERY_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask(HostId host) {
        try {
            JsonNode last = pair.client(host).wholeStatus().path("lastCheckpoint");
            if (last.isObject()) {
                Seen one = new Seen(
                        last.path("stateBytes").asLong(),
                        last.path("pauseMillis").asLong(),
                        last.path("durationMillis").asLong());
                synchronized (seen) {
                    seen.put(last.path("epoch").asLong(), one);
                }
            }
        } catch (IOException e) {
            // It is down, or not up yet.
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
        closed = true;
        asking.interrupt();
    }
}
