package dev.unwrite.node;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps the undo log of the secondary within its limit, seen from the primary: near it a checkpoint is wanted, at it
 * writes wait until one is committed. What the log takes the secondary says itself; a write whose copies it has not stored
 * yet counts with the most that they can take, from before it begins, so that many writes cannot pass together. Thread-safe.
 */
final class UndoBudget {
    /** The most that the copy of a block takes: itself, and a header of its own if it is alone. */
    private static final long COPY_BYTES = 2L * Extent.BLOCK_BYTES;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private final Engine engine;
    private final long limitBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long reported;
    private long reserved;
    private int waiting;
    private long waitingSinceNanos;

    UndoBudget(Engine engine, long limitBytes) {
        this.engine = engine;
        this.limitBytes = limitBytes;
    }

    /** How it is. {@code waitingNanos}: for how long writes have waited without a break; 0 while none waits. */
    record Picture(long bytes, long limitBytes, int waitingWrites, long waitingNanos) {}

    Picture picture() {
        lock.lock();
        try {
            return new Picture(
                    reported,
                    limitBytes,
                    waiting,
                    waiting == 0 ? 0 : Math.max(1, System.nanoTime() - waitingSinceNanos));
        } finally {
            lock.unlock();
        }
    }

    /** The secondary says what its log takes now. */
    void reported(long bytes) {
        lock.lock();
        try {
            reported = bytes;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a checkpoint should be cut soon. */
    boolean near() {
        lock.lock();
        try {
            return engine.state().mode() != Mode.SOLO && reported + reserved > limitBytes / 2;
        } finally {
            lock.unlock();
        }
    }

    /** Whether no copy of the extent will be asked for in the present epoch. */
    boolean needsNoRoom(Extent extent) {
        HostState s = engine.state();
        return s.mode() == Mode.SOLO || s.kept().containsAll(extent);
    }

    /** Waits until there is room for copies of the extent, and takes it; returns how much, for {@link #release}. */
    long awaitRoom(Extent extent) throws InterruptedException {
        long wanted = extent.count() * COPY_BYTES;
        lock.lockInterruptibly();
        try {
            boolean waits = false;
            try {
                while (true) {
                    if (needsNoRoom(extent)) {
                        return 0;
                    }
                    if (fits(wanted)) {
                        reserved += wanted;
                        return wanted;
                    }
                    if (!waits) {
                        waits = true;
                        waitingSinceNanos = waiting == 0 ? System.nanoTime() : waitingSinceNanos;
                        waiting++;
                    }
                    // The mode changes without a word to this object.
                    changed.awaitNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN.toMillis()));
                }
            } finally {
                if (waits) {
                    waiting--;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** What is wanted alone must fit at some time, whatever the limit. */
    private boolean fits(long wanted) {
        return reported + reserved + wanted <= limitBytes / 10 * 9 || reported + reserved == 0;
    }

    /** The write has ended: what its copies take, the secondary has said by now. */
    void release(long bytes) {
        if (bytes > 0) {
            lock.lock();
            try {
                reserved -= bytes;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
