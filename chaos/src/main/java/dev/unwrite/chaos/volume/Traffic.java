package dev.unwrite.chaos.volume;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Lets writers work on a session, and holds them back while nobody may write. Thread-safe. */
final class Traffic {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable VolumeSession session;
    private boolean held = true;
    private boolean stopped;
    private int under;

    /** Waits until there is something to write to; null when it is all over. Each session is given back with {@link #done}. */
    @Nullable
    VolumeSession enter() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!stopped) {
                VolumeSession now = session;
                if (!held && now != null && now.isOpen()) {
                    under++;
                    return now;
                }
                // A session that ends is not announced.
                changed.awaitNanos(20_000_000);
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    void done() {
        lock.lock();
        try {
            under--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Writers go on, with this session. */
    void open(VolumeSession now) {
        lock.lock();
        try {
            session = now;
            held = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody begins anything more. */
    void hold() {
        lock.lock();
        try {
            held = true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until nothing is under way; false where that takes too long. */
    boolean awaitQuiet(long millis) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = millis * 1_000_000;
            while (under > 0 && left > 0) {
                left = changed.awaitNanos(left);
            }
            return under == 0;
        } finally {
            lock.unlock();
        }
    }

    /** Sends all writers home. */
    void stop() {
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
