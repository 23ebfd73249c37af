package dev.unwrite.cli;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * The log of a process that others depend on. A caller never waits for the reader of the log, which may be a full pipe; lines
 * that find no room are counted and dropped.
 */
final class LogLines implements Consumer<String>, Closeable {
    private static final int ROOM = 1024;
    private static final Duration CLOSE_MAX = Duration.ofSeconds(1);
    private static final String END = "";

    private final Consumer<String> to;
    private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(ROOM);
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;
    private final PrintStream before = System.err;

    private LogLines(Consumer<String> to) {
        this.to = to;
        this.thread = Thread.ofPlatform().name("log").daemon().start(this::run);
    }

    /** Passes lines on to {@code to}, which may be slow. */
    static LogLines of(Consumer<String> to) {
        return new LogLines(to);
    }

    /** As above; what libraries write to the standard error output goes the same way until {@link #close}. */
    static LogLines withStandardError(Consumer<String> to) {
        LogLines log = new LogLines(to);
        System.setErr(new PrintStream(new Lines(log), true, StandardCharsets.UTF_8));
        return log;
    }

    /** Makes lines of bytes. */
    private static final class Lines extends OutputStream {
        private final Consumer<String> log;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        Lines(Consumer<String> log) {
            this.log = log;
        }

        @Override
        public synchronized void write(int b) {
            if (b == '\n') {
                log.accept(line.toString(StandardCharsets.UTF_8));
                line.reset();
            } else {
                line.write(b);
            }
        }
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

    /** Passes on the lines that are queued; waits for that, for a limited time. */
    @Override
    public void close() {
        System.setErr(before);
        try {
            if (lines.offer(END, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
                thread.join(CLOSE_MAX);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
