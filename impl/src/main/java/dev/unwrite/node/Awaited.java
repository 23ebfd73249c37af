package dev.unwrite.node;

import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A reply of the host for which a thread that may block waits. */
final class Awaited<T> implements Reply<T> {
    private final CountDownLatch over = new CountDownLatch(1);
    private @Nullable T result;
    private @Nullable Trouble why;

    @Override
    public void done(T value) {
        result = value;
        over.countDown();
    }

    @Override
    public void failed(Trouble trouble) {
        why = trouble;
        over.countDown();
    }

    /** Waits for as long as it takes, whoever interrupts: buffers are in use until then. Null if it is done, else why not. */
    @Nullable
    Trouble await() {
        boolean interrupted = false;
        while (true) {
            try {
                over.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return why;
    }

    /** Whether the reply came in time. */
    boolean await(Duration limit) throws InterruptedException {
        return over.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Why it was not done, or null; after the wait. */
    @Nullable
    Trouble trouble() {
        return why;
    }

    /** What came of it; after the wait, if there is no trouble. */
    T result() {
        return Objects.requireNonNull(result);
    }
}
