package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Payload buffers outside of the heap, in sizes that are powers of two. Small ones are bounded by the number of requests
 * that may be in flight; large ones by a budget in bytes that all connections share, first come, first served.
 */
final class BufferPool {
    /** Payloads up to this do not count against the budget: a few huge requests cannot hold up the small ones. */
    static final int SMALL_BYTES = 64 << 10;

    private static final int SMALLEST_BYTES = 4096;
    private static final long RETAINED_BYTES_MAX = 64L << 20;
    private static final int UNIT_BYTES = 64 << 10;

    private final ConcurrentLinkedQueue<ByteBuffer>[] free;
    private final AtomicLong retained = new AtomicLong();
    private final Semaphore budget;
    private final ConcurrentLinkedQueue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final Duration patience;

    /** {@code patience}: how long a large request waits for its share. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    BufferPool(long largeBytesMax, Duration patience) {
        this.budget = new Semaphore(Math.toIntExact(largeBytesMax / UNIT_BYTES), true);
        this.patience = patience;
        this.free = new ConcurrentLinkedQueue[sizeClass(NbdWire.PAYLOAD_BYTES_DEFAULT_MAX) + 1];
        for (int i = 0; i < free.length; i++) {
            free[i] = new ConcurrentLinkedQueue<>();
        }
    }

    /** A buffer whose limit is {@code bytes}, with whatever it held before; waits for its share if it is large. */
    ByteBuffer take(int bytes) throws IOException {
        int sizeClass = sizeClass(bytes);
        int capacity = SMALLEST_BYTES << sizeClass;
        if (capacity > SMALL_BYTES) {
            acquire(capacity / UNIT_BYTES);
        }
        ByteBuffer buffer = free[sizeClass].poll();
        if (buffer == null) {
            try {
                buffer = ByteBuffer.allocateDirect(capacity);
            } catch (OutOfMemoryError e) {
                releaseShare(capacity);
                throw new NbdException(NbdError.ENOMEM, "no memory for a payload of " + bytes + " bytes");
            }
        } else {
            retained.addAndGet(-capacity);
        }
        return buffer.clear().limit(bytes);
    }

    /** As {@link #take}, or null if there is no share now. */
    @Nullable
    ByteBuffer tryTake(int bytes) {
        int capacity = SMALLEST_BYTES << sizeClass(bytes);
        if (!tryShare(capacity)) {
            return null;
        }
        ByteBuffer buffer = free[sizeClass(bytes)].poll();
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(capacity);
        } else {
            retained.addAndGet(-capacity);
        }
        return buffer.clear().limit(bytes);
    }

    /** Takes a share of the memory for a payload that somebody else allocates, of this size. */
    boolean tryShare(int bytes) {
        return bytes <= SMALL_BYTES || budget.tryAcquire(Math.ceilDiv(bytes, UNIT_BYTES));
    }

    /** Gives it back. */
    void giveShare(int bytes) {
        if (bytes > SMALL_BYTES) {
            budget.release(Math.ceilDiv(bytes, UNIT_BYTES));
            tellWaiting();
        }
    }

    /** Runs the action once when a share has come back: whoever had none may try again. */
    void whenGiven(Runnable action) {
        waiting.add(action);
        if (budget.availablePermits() * (long) UNIT_BYTES >= NbdWire.PAYLOAD_BYTES_DEFAULT_MAX) {
            tellWaiting();
        }
    }

    private void tellWaiting() {
        for (Runnable action = waiting.poll(); action != null; action = waiting.poll()) {
            action.run();
        }
    }

    void give(ByteBuffer buffer) {
        int capacity = buffer.capacity();
        if (retained.addAndGet(capacity) <= RETAINED_BYTES_MAX) {
            free[sizeClass(capacity)].add(buffer);
        } else {
            retained.addAndGet(-capacity);
        }
        releaseShare(capacity);
    }

    private void releaseShare(int capacity) {
        if (capacity > SMALL_BYTES) {
            budget.release(capacity / UNIT_BYTES);
            tellWaiting();
        }
    }

    private void acquire(int units) throws IOException {
        try {
            if (!budget.tryAcquire(units, patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new NbdException(NbdError.ENOMEM, "no memory for a large payload");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NbdException(NbdError.ENOMEM, "interrupted while waiting for memory");
        }
    }

    private static int sizeClass(int bytes) {
        return bytes <= SMALLEST_BYTES ? 0 : 32 - Integer.numberOfLeadingZeros((bytes - 1) / SMALLEST_BYTES);
    }
}
