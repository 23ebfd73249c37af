package dev.unwrite.storage;

import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets many callers share a flush: whoever calls while one runs waits for the next, which serves all that wait.
 *
 * <p>A flush that failed is remembered. The kernel reports a lost page once and then forgets it, so a later flush
 * that succeeds would prove nothing: from then on every caller gets an error until the storage starts again.
 */
final class FlushGroup {
    /** The flush that is shared. */
    interface Flush {
        void run() throws IOException;
    }

    private final Flush flush;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private long startedCount;
    private long doneCount;
    private boolean running;
    private volatile @Nullable Throwable failure;

    FlushGroup(Flush flush) {
        this.flush = flush;
    }

    /** On return, a flush that started after the call has succeeded. */
    void flush() throws IOException {
        lock.lock();
        try {
            long needed = startedCount + 1;
            while (doneCount < needed) {
                check();
                if (running) {
                    ended.awaitUninterruptibly();
                } else {
                    runOnce();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Throws EIO once a flush has failed. */
    void check() throws IOException {
        Throwable cause = failure;
        if (cause != null) {
            throw failed(cause);
        }
    }

    private void runOnce() {
        running = true;
        long mine = ++startedCount;
        lock.unlock();
        Throwable error = null;
        try {
            flush.run();
        } catch (IOException | RuntimeException e) {
            error = e;
        } finally {
            lock.lock();
            running = false;
            if (error == null) {
                doneCount = mine;
            } else {
                failure = error;
            }
            ended.signalAll();
        }
    }

    private static NbdException failed(Throwable cause) {
        int number = cause instanceof NbdException nbd ? nbd.error() : NbdError.EIO;
        NbdException error = new NbdException(
                number, "a flush failed earlier (" + cause.getMessage() + "); the storage must be started again");
        error.initCause(cause);
        return error;
    }
}
