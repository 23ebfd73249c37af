package dev.unwrite.net;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thread that reads all that has come on its streams, runs what others have posted, lets its owner do what is due, and
 * then writes once to each stream that has something to send; so requests, answers and syncs come in batches by themselves.
 * Nothing that it runs may block. An event that fails is reported, and the loop goes on.
 */
public final class EventLoop implements Closeable {
    private static final System.Logger LOG = System.getLogger(EventLoop.class.getName());
    /** Posted events of one turn: beyond them the sockets have their turn again. */
    private static final int BATCH = 1024;
    /** What the owner does when its own turn failed is not tried at once again. */
    private static final long AFTER_FAILURE_NANOS = 50_000_000;

    private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

    private final String name;
    private final Consumer<String> log;
    private final Selector selector;
    private final Queue<Runnable> events = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean awake = new AtomicBoolean();
    /** Streams with something to write in this turn. */
    private final List<Stream> dirty = new ArrayList<>();

    private final List<Runnable> endsOfTurn = new ArrayList<>();

    private volatile boolean closed;
    private volatile @Nullable Thread thread;
    private String lastTrouble = "";
    /** Whether the owner knows the time of what is being read. */
    private boolean isTold;

    /** {@code log} takes a line for an event that failed; it must not block. */
    public EventLoop(String name, Consumer<String> log) {
        this.name = name;
        this.log = log;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            // Only where there is no file descriptor left.
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Begins.
     *
     * @param begin the first event
     * @param now is told the time ({@link System#nanoTime}) at the beginning of each turn
     * @param tick does what is due at the end of each turn, and says when it is due next at the latest
     */
    public void start(Runnable begin, LongConsumer now, LongSupplier tick) {
        thread = Thread.ofPlatform().name(name).daemon().start(() -> run(begin, now, tick));
    }

    /** Begins, for streams and events only. */
    public void start() {
        start(() -> {}, now -> {}, () -> Long.MAX_VALUE);
    }

    /** Whether the caller is the loop's thread. */
    public boolean isMine() {
        return Thread.currentThread().equals(thread);
    }

    /** Has the event run by the loop's thread, after those that were posted before; dropped once the loop is closed. */
    public void post(Runnable event) {
        events.add(event);
        // While the loop is awake it looks at the events once more before it sleeps.
        if (awake.compareAndSet(false, true)) {
            selector.wakeup();
        }
    }

    /** As {@link #post}; the future has the result, and never comes once the loop is closed. */
    public <T> CompletableFuture<T> call(Supplier<T> question) {
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

    /** Serves a stream from here on; called by the loop's thread. The channel becomes one that does not block. */
    public void serve(Stream stream) {
        try {
            SocketChannel channel = stream.channel();
            channel.configureBlocking(false);
            stream.servedBy(this, channel.register(selector, SelectionKey.OP_READ, stream));
        } catch (IOException | RuntimeException e) {
            stream.end(e instanceof IOException io ? io : new IOException(e));
        }
    }

    /** Runs at the end of each turn, before what was sent in it is written. Called before the loop starts. */
    public void atEndOfTurn(Runnable action) {
        endsOfTurn.add(action);
    }

    void isDirty(Stream stream) {
        dirty.add(stream);
    }

    private void run(Runnable begin, LongConsumer now, LongSupplier tick) {
        events.add(begin);
        long due = 0;
        while (!closed) {
            select(due, now);
            now.accept(System.nanoTime());
            for (int i = 0; i < BATCH; i++) {
                Runnable event = events.poll();
                if (event == null) {
                    break;
                }
                attempt(event);
            }
            long[] next = {System.nanoTime() + AFTER_FAILURE_NANOS};
            attempt(() -> next[0] = tick.getAsLong());
            due = next[0];
            endsOfTurn.forEach(this::attempt);
            flush();
        }
        selector.keys().forEach(key -> ((Stream) key.attachment()).end(new IOException("the loop has ended")));
        try {
            selector.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a selector", e);
        }
    }

    /** Waits for a stream, an event, or the time; all that has come is read. */
    private void select(long due, LongConsumer now) {
        long left = due - System.nanoTime();
        isTold = false;
        Consumer<SelectionKey> ready = key -> ready(key, now);
        awake.set(false);
        try {
            // Whoever posts from here on wakes the selector; whoever has before is seen now.
            if (!events.isEmpty() || left <= 0) {
                awake.set(true);
                selector.selectNow(ready);
            } else {
                selector.select(ready, Math.max(1, left / 1_000_000));
                awake.set(true);
            }
        } catch (IOException e) {
            report(e);
        }
    }

    private void ready(SelectionKey key, LongConsumer now) {
        if (!isTold) {
            // The loop may have slept for long: what is read happens now, not when it fell asleep.
            isTold = true;
            now.accept(System.nanoTime());
        }
        Stream stream = (Stream) key.attachment();
        attempt(() -> stream.ready(key));
    }

    private void flush() {
        for (int i = 0; i < dirty.size(); i++) {
            Stream stream = dirty.get(i);
            attempt(stream::flush);
        }
        dirty.clear();
    }

    private void attempt(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException | Error e) {
            report(e);
        }
    }

    private void report(Throwable e) {
        String what = "trouble: " + e;
        if (!what.equals(lastTrouble)) {
            lastTrouble = what;
            log.accept(what);
        }
        LOG.log(System.Logger.Level.DEBUG, "an event failed", e);
    }

    /** On return no event runs any more, unless the caller is one; streams are ended. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        Thread running = thread;
        if (running == null || isMine()) {
            return;
        }
        try {
            running.join(CLOSE_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
