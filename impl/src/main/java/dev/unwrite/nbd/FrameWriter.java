package dev.unwrite.nbd;

import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Serializes the messages of many threads onto one connection. Whoever comes first writes for all that come meanwhile, so
 * that a busy connection sends many messages with one call to the system, and nobody waits for a lock.
 */
final class FrameWriter {
    /** A message to be sent. */
    interface Frame {
        void emit(WireOutput out) throws IOException;

        /** The message was copied or sent, or never will be; its buffers are free. Called once. */
        void emitted();
    }

    private final WireOutput out;
    private final Runnable onFailure;
    private final ConcurrentLinkedQueue<Frame> queue = new ConcurrentLinkedQueue<>();
    /** Messages submitted and not yet accounted for; whoever moves it from zero writes. */
    private final AtomicInteger waiting = new AtomicInteger();

    private final ReentrantLock writing = new ReentrantLock();
    private volatile boolean stopped;

    /** {@code onFailure} runs in the writing thread when the connection turns out to be broken. */
    FrameWriter(WireOutput out, Runnable onFailure) {
        this.out = out;
        this.onFailure = onFailure;
    }

    /** Sends the message, or lets the thread that is writing send it. May block while the other side takes nothing. */
    void submit(Frame frame) {
        queue.add(frame);
        if (waiting.getAndIncrement() == 0) {
            drain();
        }
    }

    /** Drops what was not yet sent and all that comes later; the channel must be closed first. */
    void stop() {
        stopped = true;
        awaitIdle();
    }

    /** On return, all that was submitted before the call was sent or dropped. */
    void awaitIdle() {
        while (waiting.get() != 0) {
            writing.lock();
            try {
                // Whoever was writing has finished; whoever is about to will be seen in the next round.
                Thread.yield();
            } finally {
                writing.unlock();
            }
        }
    }

    private void drain() {
        writing.lock();
        try {
            int taken = 1;
            do {
                writeQueued();
                taken = waiting.addAndGet(-taken);
            } while (taken != 0);
        } finally {
            writing.unlock();
        }
    }

    /** Empties the queue whatever happens: a message that stays behind would keep its buffer and its place for ever. */
    private void writeQueued() {
        for (Frame frame = queue.poll(); frame != null; frame = queue.poll()) {
            try {
                if (!stopped) {
                    frame.emit(out);
                }
            } catch (IOException | RuntimeException e) {
                fail();
            } finally {
                frame.emitted();
            }
        }
        try {
            if (!stopped) {
                out.flush();
            }
        } catch (IOException e) {
            fail();
        }
    }

    private void fail() {
        stopped = true;
        onFailure.run();
    }
}
