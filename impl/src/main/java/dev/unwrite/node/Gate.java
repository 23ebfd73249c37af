package dev.unwrite.node;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets the machine's writes in, many at once, or holds them all back while a checkpoint is cut. */
final class Gate {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean open;
    private boolean broken;
    private int inside;

    /** A gate that is closed. */
    Gate() {}

    /** Waits until the gate is open and goes in; false if the machine is stopped. */
    boolean enter() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!open && !broken) {
                changed.await();
            }
            if (broken) {
                return false;
            }
            inside++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    void exit() {
        lock.lock();
        try {
            if (--inside == 0) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Holds new writes back; returns when those inside have left. False, and open again, if the machine is stopped. */
    boolean close() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            open = false;
            while (inside > 0 && !broken) {
                changed.await();
            }
            return !broken;
        } finally {
            lock.unlock();
        }
    }

    void open() {
        lock.lock();
        try {
            open = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Sends everybody away who waits or comes, until {@link #mend}. */
    void breakUp() {
        lock.lock();
        try {
            open = false;
            broken = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** A new machine will use the gate; it is closed. Whoever is still inside leaves as usual. */
    void mend() {
        lock.lock();
        try {
            open = false;
            broken = false;
        } finally {
            lock.unlock();
        }
    }
}
