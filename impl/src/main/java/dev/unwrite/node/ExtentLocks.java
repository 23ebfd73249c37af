package dev.unwrite.node;

import dev.unwrite.protocol.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** One write of a block at a time: a later one that overlaps waits for the earlier one. */
final class ExtentLocks {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private final List<Extent> held = new ArrayList<>();

    void lock(Extent extent) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (overlapsHeld(extent)) {
                released.await();
            }
            held.add(extent);
        } finally {
            lock.unlock();
        }
    }

    void unlock(Extent extent) {
        lock.lock();
        try {
            held.remove(extent);
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean overlapsHeld(Extent extent) {
        for (Extent other : held) {
            if (other.volume() == extent.volume() && other.first() < extent.end() && extent.first() < other.end()) {
                return true;
            }
        }
        return false;
    }
}
