package dev.unwrite.chaos.cluster;

import dev.unwrite.chaos.Moment;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Asks both nodes how they are, all the time, and remembers what changed and when. Thread-safe. */
public final class Watcher implements Closeable {
    private static final Duration EVERY = Duration.ofMillis(20);

    private final Function<HostId, SeenStatus> ask;
    private final Duration every;
    private final List<Seen> seen = new ArrayList<>();
    private final Map<HostId, SeenStatus> last = new EnumMap<>(HostId.class);
    private final Map<HostId, UndoCurve> curves = new EnumMap<>(HostId.class);
    private SeenStatus.Counters earlier = SeenStatus.Counters.ZERO;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    /** A node was like this from that moment (nanoseconds since 1970) on. */
    public record Seen(long at, HostId host, SeenStatus status) {}

    private Watcher(Function<HostId, SeenStatus> ask, Duration every) {
        this.ask = ask;
        this.every = every;
    }

    /** Starts to watch. */
    public static Watcher start(Cluster cluster) {
        return start(cluster::status);
    }

    /** Starts to watch whatever answers. */
    public static Watcher start(Function<HostId, SeenStatus> ask) {
        return start(ask, EVERY);
    }

    /** Starts to watch, and asks so often. */
    public static Watcher start(Function<HostId, SeenStatus> ask, Duration every) {
        Watcher watcher = new Watcher(ask, every);
        for (HostId host : HostId.values()) {
            watcher.threads.add(
                    Thread.ofPlatform().daemon().name("watch-" + host).start(() -> watcher.watch(host)));
        }
        return watcher;
    }

    /** The newest that is known of a host; {@link SeenStatus#DOWN} before it answered first. */
    public synchronized SeenStatus last(HostId host) {
        return last.getOrDefault(host, SeenStatus.DOWN);
    }

    /** Everything that changed. */
    public synchronized List<Seen> seen() {
        return List.copyOf(seen);
    }

    /** The undo log of a host over time. */
    public synchronized List<UndoCurve.Point> undoCurve(HostId host) {
        UndoCurve curve = curves.get(host);
        return curve == null ? List.of() : curve.points();
    }

    /** What all node processes have counted together, those that are gone as of their last answer. */
    public synchronized SeenStatus.Counters counters() {
        SeenStatus.Counters sum = earlier;
        for (SeenStatus status : last.values()) {
            sum = sum.plus(status.counters());
        }
        return sum;
    }

    private void watch(HostId host) {
        while (!stopping) {
            SeenStatus status = ask.apply(host);
            note(host, status);
            try {
                TimeUnit.NANOSECONDS.sleep(every.toNanos());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private synchronized void note(HostId host, SeenStatus answer) {
        SeenStatus before = last.get(host);
        // A node that does not answer may only be slow, so what it has counted stays as it is for now.
        SeenStatus status = before != null && answer.equals(SeenStatus.DOWN) ? answer.with(before.counters()) : answer;
        if (before != null && status.counters().isBehind(before.counters())) {
            // Another process: what the earlier one has done still counts.
            earlier = earlier.plus(before.counters());
        }
        last.put(host, status);
        curves.computeIfAbsent(host, each -> new UndoCurve()).add(Moment.now(), status);
        if (before == null || !before.looksLike(status)) {
            seen.add(new Seen(Moment.now(), host, status));
        }
    }

    @Override
    public void close() {
        stopping = true;
        threads.forEach(Thread::interrupt);
    }
}
