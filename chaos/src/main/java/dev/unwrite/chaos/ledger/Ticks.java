package dev.unwrite.chaos.ledger;

/** Nanoseconds since 1970 that never go back while the process lives. */
final class Ticks {
    private static final long BASE = System.currentTimeMillis() * 1_000_000 - System.nanoTime();

    private Ticks() {}

    static long now() {
        return BASE + System.nanoTime();
    }
}
