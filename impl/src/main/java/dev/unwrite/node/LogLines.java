package dev.unwrite.node;

import java.io.Closeable;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Passes lines on to a log that may be slow, or full: whoever speaks never waits, and lines that find no room are counted
 * instead.
 */
final class LogLines implements Consumer<String>, Closeable {
    private static final int ROOM = 1024;
    private static final Duration CLOSE_MAX = Duration.ofSeconds(1);
    private static final String END = "";

    private final Consumer<String> to;
    private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(ROOM);
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;

    LogLines(Consumer<String> to) {
        this.to = to;
        this.thread = Thread.ofPlatform().name("log").daemon().start(this::run);
    }

    @Override
    public void accept(String line) {
        if (!line.equals(END) && !lines.offer(line)) {
            lost.incrementAndGet();
        }
    }

    private void run() {
        try {
            for (String line = lines.take(); !line.equals(END); line = lines.take()) {
                to.accept(line);
                long missing = lost.getAndSet(0);
                if (missing > 0) {
                    to.accept(missing + " lines were left out, since the log takes no more");
                }
            }
        } catch (InterruptedException e) {
            // Nobody but this class knows its thread.
            throw new IllegalStateException(e);
        }
    }

    /** What was said is passed on; waits for that, but not for ever. */
    @Override
    public void close() {
        if (lines.offer(END)) {
            try {
                thread.join(CLOSE_MAX);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
