package dev.unwrite.chaos.cluster;

import dev.unwrite.chaos.Moment;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Asks both nodes how they are, all the time, and remembers what changed and when. Thread-safe. */
public final class Watcher implements Closeable {
    private static final long EVERY_MILLIS = 20;

    private final Function<Host, NodeStatus> ask;
    private final List<Seen> seen = new ArrayList<>();
    private final Map<Host, NodeStatus> last = new EnumMap<>(Host.class);
    private final Map<Host, UndoCurve> curves = new EnumMap<>(Host.class);
    private NodeStatus.Counters earlier = NodeStatus.Counters.ZERO;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    /** A node was like this from that moment (nanoseconds since 1970) on. */
    public record Seen(long at, Host host, NodeStatus status) {}

    private Watcher(Function<Host, NodeStatus> ask) {
        this.ask = ask;
    }

    /** Starts to watch. */
    public static Watcher start(Cluster cluster) {
        return start(cluster::status);
    }

    /** Starts to watch whatever answers. */
    public static Watcher start(Function<Host, NodeStatus> ask) {
        Watcher watcher = new Watcher(ask);
        for (Host host : Host.values()) {
            watcher.threads.add(
                    Thread.ofPlatform().daemon().name("watch-" + host).start(() -> watcher.watch(host)));
        }
        return watcher;
    }

    /** The newest that is known of a host; {@link NodeStatus#DOWN} before it answered first. */
    public synchronized NodeStatus last(Host host) {
        return last.getOrDefault(host, NodeStatus.DOWN);
    }

    /** Everything that changed. */
    public synchronized List<Seen> seen() {
        return List.copyOf(seen);
    }

    /** The undo log of a host over time. */
    public synchronized List<UndoCurve.Point> undoCurve(Host host) {
        UndoCurve curve = curves.get(host);
        return curve == null ? List.of() : curve.points();
    }

    /** What all node processes have counted together, those that are gone as of their last answer. */
    public synchronized NodeStatus.Counters counters() {
        NodeStatus.Counters sum = earlier;
        for (NodeStatus status : last.values()) {
            sum = sum.plus(status.counters());
        }
        return sum;
    }

    private void watch(Host host) {
        while (!stopping) {
            NodeStatus status = ask.apply(host);
            note(host, status);
            try {
                TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private synchronized void note(Host host, NodeStatus answer) {
        NodeStatus before = last.get(host);
        // A node that does not answer may only be slow, so what it has counted stays as it is for now.
        NodeStatus status = before != null && answer.equals(NodeStatus.DOWN) ? answer.with(before.counters()) : answer;
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
