package dev.unwrite.storage;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Passes on at most one line a second and says how many it kept back. */
final class RateLimitedLog {
    private static final long INTERVAL_NANOS = 1_000_000_000L;

    private final Consumer<String> log;
    private final AtomicLong next = new AtomicLong(System.nanoTime());
    private final AtomicLong kept = new AtomicLong();

    RateLimitedLog(Consumer<String> log) {
        this.log = log;
    }

    void log(String line) {
        long now = System.nanoTime();
        long due = next.get();
        if (now - due < 0 || !next.compareAndSet(due, now + INTERVAL_NANOS)) {
            kept.incrementAndGet();
            return;
        }
        long before = kept.getAndSet(0);
        log.accept(before == 0 ? line : line + " (and " + before + " more since the last such line)");
    }
}
