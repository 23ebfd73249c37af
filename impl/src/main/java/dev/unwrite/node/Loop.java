package dev.unwrite.node;

import dev.unwrite.host.Host;
import java.io.Closeable;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that owns the host. Others post events; it tells the host the time, runs what has come, lets the host do
 * what is due, and sleeps until something comes or is due next. No event may block. One that fails is reported, and the loop
 * goes on.
 */
final class Loop implements Closeable {
    private static final System.Logger LOG = System.getLogger(Loop.class.getName());
    /** Events of one turn. */
    private static final int BATCH = 256;
    /** What the host does when its own turn failed is not tried at once again. */
    private static final long AFTER_FAILURE_NANOS = 50_000_000;

    private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

    private final Queue<Runnable> events = new ConcurrentLinkedQueue<>();
    private final Consumer<String> log;
    private volatile boolean asleep;
    private volatile boolean closed;
    private volatile @Nullable Host owned;
    private volatile @Nullable Thread thread;
    private String lastTrouble = "";

    /** {@code log} takes a line for an event that failed; it must not block. */
    Loop(Consumer<String> log) {
        this.log = log;
    }

    /** Begins; what was posted before comes first. */
    void start(Host host) {
        owned = host;
        start(host::start, host::now, host::tick);
    }

    /** As above, for tests of the loop: {@code tick} does what is due, and says when something is due next. */
    void start(Runnable begin, LongConsumer now, LongSupplier tick) {
        thread = Thread.ofPlatform().name("host").daemon().start(() -> run(begin, now, tick));
    }

    /** For events: the host. */
    Host host() {
        Host host = owned;
        if (host == null) {
            throw new IllegalStateException("the loop has not started");
        }
        return host;
    }

    /** Has the event run by the loop's thread, after those that were posted before; dropped once the loop is closed. */
    void post(Runnable event) {
        events.add(event);
        if (asleep) {
            LockSupport.unpark(thread);
        }
    }

    /** As {@link #post}; the future has the result, and never comes once the loop is closed. */
    <T> CompletableFuture<T> call(Supplier<T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        post(() -> {
            try {
                answer.complete(question.get());
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    private void run(Runnable begin, LongConsumer now, LongSupplier tick) {
        Runnable first = begin;
        while (!closed) {
            long next = turn(first, now, tick);
            first = events.poll();
            if (first == null) {
                first = await(next);
            }
        }
    }

    /** The next event; null when the time has come. */
    private @Nullable Runnable await(long untilNanos) {
        // Whoever posts from here on sees it, or is seen.
        asleep = true;
        try {
            while (true) {
                Runnable event = events.poll();
                long left = untilNanos - System.nanoTime();
                if (event != null || left <= 0 || closed) {
                    return event;
                }
                LockSupport.parkNanos(left);
            }
        } finally {
            asleep = false;
        }
    }

    private long turn(@Nullable Runnable first, LongConsumer now, LongSupplier tick) {
        now.accept(System.nanoTime());
        int done = 1;
        for (Runnable event = first; event != null; event = done++ < BATCH ? events.poll() : null) {
            attempt(event);
        }
        long[] next = {System.nanoTime() + AFTER_FAILURE_NANOS};
        attempt(() -> next[0] = tick.getAsLong());
        return next[0];
    }

    private void attempt(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException | Error e) {
            String what = "trouble: " + e;
            if (!what.equals(lastTrouble)) {
                lastTrouble = what;
                log.accept(what);
            }
            LOG.log(System.Logger.Level.DEBUG, "an event failed", e);
        }
    }

    /** On return no event runs any more, unless the caller is one. */
    @Override
    public void close() {
        closed = true;
        Thread running = thread;
        if (running == null || running.equals(Thread.currentThread())) {
            return;
        }
        LockSupport.unpark(running);
        try {
            running.join(CLOSE_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
