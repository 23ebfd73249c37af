package dev.unwrite.peer;

import java.lang.System.Logger.Level;

/** One line for the first of similar events; the rest of the same few seconds is counted only. Thread-safe. */
final class LogLimit {
    private static final long INTERVAL_NANOS = 5_000_000_000L;

    private final System.Logger logger;
    private boolean logged;
    private long lastNanos;
    private long suppressed;

    LogLimit(System.Logger logger) {
        this.logger = logger;
    }

    synchronized void log(Level level, String line) {
        long now = System.nanoTime();
        if (logged && now - lastNanos < INTERVAL_NANOS) {
            suppressed++;
            return;
        }
        logger.log(level, suppressed == 0 ? line : line + " (and " + suppressed + " more like this before)");
        logged = true;
        lastNanos = now;
        suppressed = 0;
    }
}
