package dev.unwrite.machine.qemu;

import dev.unwrite.machine.MachineHost;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Lets a guest run and stand still. One that does not run though it should is tried again until it does. Thread-safe. */
final class GuestRun implements Closeable {
    private final MachineHost host;
    private final Guest guest;
    /** Held while QEMU is asked, so not by whoever takes its events. */
    private final ReentrantLock asking = new ReentrantLock();

    private boolean wanted;
    private volatile boolean closed;
    /** Guarded by this object, as what follows: why it does not run. */
    private @Nullable String trouble;

    private boolean tried;

    /** What QEMU does with a guest; may block. */
    interface Guest {
        /** Stops it; on return its disks have answered all requests. */
        void stop() throws IOException;

        /** Lets it run, and repeats the requests that failed. */
        void cont() throws IOException;

        /** Whether it runs. */
        boolean runs() throws IOException;
    }

    /** Of a guest that stands still and is to. It is tried again so often. */
    GuestRun(MachineHost host, Guest guest, Duration every) {
        this.host = host;
        this.guest = guest;
        Thread.ofVirtual().name("guest-run").start(() -> tryAgain(every));
    }

    /** Lets it run. */
    void go() {
        asking.lock();
        try {
            wanted = true;
            begin();
        } finally {
            asking.unlock();
        }
    }

    /** Stops it; on return its disks have answered all requests. */
    void pause() throws IOException {
        asking.lock();
        try {
            wanted = false;
            guest.stop();
        } finally {
            asking.unlock();
        }
    }

    /** It does not run, or does not do so soon. Does not wait for QEMU. */
    synchronized void stands(String why) {
        tried = false;
        trouble = why;
        host.stands(why);
    }

    private void begin() {
        synchronized (this) {
            tried = true;
        }
        try {
            guest.cont();
        } catch (IOException | RuntimeException e) {
            stands(String.valueOf(e.getMessage()));
        }
    }

    private void tryAgain(Duration every) {
        try {
            while (!closed) {
                TimeUnit.NANOSECONDS.sleep(every.toNanos());
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One that ran for a while since it was tried goes on; else it is tried again. */
    void look() {
        if (!isTroubled()) {
            return;
        }
        asking.lock();
        try {
            if (wanted && !goesOn()) {
                begin();
            }
        } finally {
            asking.unlock();
        }
    }

    private synchronized boolean isTroubled() {
        return trouble != null && !closed;
    }

    private boolean goesOn() {
        try {
            return guest.runs() && isOver();
        } catch (IOException e) {
            return false;
        }
    }

    private synchronized boolean isOver() {
        if (tried) {
            trouble = null;
            host.goesOn();
        }
        return tried;
    }

    @Override
    public void close() {
        closed = true;
    }
}
