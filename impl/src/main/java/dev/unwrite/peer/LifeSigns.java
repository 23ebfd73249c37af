package dev.unwrite.peer;

/** When the peer was last heard. Thread-safe. */
final class LifeSigns {
    private volatile long lastNanos = System.nanoTime();
    private volatile boolean ever;

    void heard() {
        lastNanos = System.nanoTime();
        ever = true;
    }

    long lastNanos() {
        return lastNanos;
    }

    boolean ever() {
        return ever;
    }
}
