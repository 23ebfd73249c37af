package dev.unwrite.node;

import dev.unwrite.host.Host;
import dev.unwrite.net.EventLoop;
import java.io.Closeable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The event loop that owns the host: nobody else calls it, but by posting to here. No event may block. */
final class Loop implements Closeable {
    private final EventLoop events;
    private volatile @Nullable Host owned;

    /** {@code log} takes a line for an event that failed; it must not block. */
    Loop(Consumer<String> log) {
        events = new EventLoop("host", log);
    }

    /** Begins; what was posted before comes first. */
    void start(Host host) {
        owned = host;
        events.start(host::start, host::now, host::tick);
    }

    /** Begins without a host, for tests of what posts to it. */
    void start() {
        events.start();
    }

    /** For events: the host. */
    Host host() {
        Host host = owned;
        if (host == null) {
            throw new IllegalStateException("the loop has not started");
        }
        return host;
    }

    /** The loop itself, which serves the sockets of the node. */
    EventLoop events() {
        return events;
    }

    /** As {@link EventLoop#post}. */
    void post(Runnable event) {
        events.post(event);
    }

    /** As {@link EventLoop#call}. */
    <T> CompletableFuture<T> call(Supplier<T> question) {
        return events.call(question);
    }

    /** As {@link EventLoop#close}. */
    @Override
    public void close() {
        events.close();
    }
}
