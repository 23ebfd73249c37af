package dev.unwrite.node;

import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The present session of an owner. Those who need one wait here while a new one is opened. Thread-safe. */
final class SessionHolder {
    private static final System.Logger LOG = System.getLogger(SessionHolder.class.getName());

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable OwnerSession current;
    private boolean owner;
    private boolean readable;
    private boolean broken;
    private Runnable onBroken = () -> {};

    /** Runs when the session breaks; it must not block. */
    void onBroken(Runnable action) {
        onBroken = action;
    }

    @Nullable
    OwnerSession current() {
        lock.lock();
        try {
            return current;
        } finally {
            lock.unlock();
        }
    }

    /** A session that was just opened; reads wait until {@link #readable}. */
    void set(OwnerSession opened) {
        OwnerSession old;
        lock.lock();
        try {
            old = current;
            current = opened;
            owner = true;
            readable = false;
            broken = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (old != null) {
            old.close();
        }
    }

    /** What was owed is written: the volumes read as they should. */
    void readable() {
        lock.lock();
        try {
            readable = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** This host owns nothing any more; whoever waits gets an error. */
    void clear() {
        OwnerSession old;
        lock.lock();
        try {
            old = current;
            current = null;
            owner = false;
            readable = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (old != null) {
            old.close();
        }
    }

    /** The session failed a request. */
    void broken(OwnerSession session, IOException why) {
        lock.lock();
        try {
            if (current != session || broken) {
                return;
            }
            broken = true;
            readable = false;
        } finally {
            lock.unlock();
        }
        LOG.log(System.Logger.Level.WARNING, "the session with the storage broke: {0}", why.toString());
        onBroken.run();
    }

    boolean isBroken() {
        lock.lock();
        try {
            return broken;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a session that reads as it should; fails with ESHUTDOWN once this host owns nothing. */
    OwnerSession await() throws IOException {
        lock.lock();
        try {
            while (true) {
                OwnerSession session = current;
                if (session == null || !owner) {
                    throw new NbdException(NbdError.ESHUTDOWN, "this host does not own the volume");
                }
                if (readable) {
                    return session;
                }
                changed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        } finally {
            lock.unlock();
        }
    }

    /** Whether an error is the storage's answer to this request, rather than a sign that the session broke. */
    boolean isFatal(IOException error) {
        return error instanceof NbdException nbd
                && (nbd.error() == NbdError.EINVAL || nbd.error() == NbdError.ENOSPC || nbd.error() == NbdError.EIO);
    }
}
