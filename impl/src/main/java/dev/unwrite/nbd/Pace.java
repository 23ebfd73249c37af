package dev.unwrite.nbd;

/**
 * How many requests a device serves in the time that it costs to hand one to another thread: so many are worth handing over
 * together. A device that has to wait for a disk or a network gets each request at once.
 */
final class Pace {
    /** What it costs to begin a thread and to hear of its end, in nanoseconds. */
    private static final long THREAD_NANOS = 40_000;

    private static final int TOGETHER_MAX = 16;
    /** The weight of what was seen before. */
    private static final long MEMORY = 7;

    private volatile long nanosEach = THREAD_NANOS;

    /** A request took so long; what several threads tell at the same time may be lost, and is no worse for that. */
    void took(long nanos) {
        nanosEach = (MEMORY * nanosEach + nanos) / (MEMORY + 1);
    }

    /** As many requests should go together. */
    int together() {
        return Math.clamp(THREAD_NANOS / Math.max(1, nanosEach), 1, TOGETHER_MAX);
    }
}
