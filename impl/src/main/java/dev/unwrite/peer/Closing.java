package dev.unwrite.peer;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Says that something is closed, and wakes who pauses until then. Thread-safe. */
final class Closing {
    private final CountDownLatch closed = new CountDownLatch(1);

    void close() {
        closed.countDown();
    }

    boolean isClosed() {
        return closed.getCount() == 0;
    }

    /** Waits for so long, or until it is closed, as it is when the caller is interrupted; says whether it is. */
    boolean pause(long nanos) {
        try {
            return closed.await(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            close();
            return true;
        }
    }
}
