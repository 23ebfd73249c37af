package dev.unwrite.chaos.fault;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames to one connection: some at once, some late, these in their order. A thread of its own writes the late ones; it
 * is there from the first of them to {@link #close}, which forgets those that wait. Thread-safe.
 */
final class LateFrames implements Closeable {
    /** If so many wait, whoever brings another one waits as well, as with a link that is full. */
    private static final int MAX = 256;

    private final OutputStream out;
    private final ArrayDeque<Late> waiting = new ArrayDeque<>();
    private @Nullable Thread writer;
    private boolean closed;

    /** A frame and when it is due. */
    record Late(long at, byte[] frame) {
        static Late in(long millis, byte[] frame) {
            return new Late(System.nanoTime() + millis * 1_000_000, frame);
        }

        long nanosLeft() {
            return at - System.nanoTime();
        }
    }

    LateFrames(OutputStream out) {
        this.out = out;
    }

    /** Writes the frame now. */
    synchronized void now(byte[] frame) throws IOException {
        out.write(frame);
    }

    /** Writes the frame so much later, and not before those that wait already; true if it had to wait. */
    synchronized boolean inOrder(byte[] frame, long delayMillis) throws IOException, InterruptedException {
        if (delayMillis == 0 && waiting.isEmpty()) {
            out.write(frame);
            return false;
        }
        while (waiting.size() >= MAX && !closed) {
            wait();
        }
        waiting.add(Late.in(delayMillis, frame));
        if (writer == null) {
            writer = Thread.ofVirtual().name("wire-late").start(this::writeLate);
        }
        notifyAll();
        return true;
    }

    private synchronized void writeLate() {
        try {
            while (!closed) {
                Late first = waiting.peek();
                long millis = first == null ? 0 : first.nanosLeft() / 1_000_000 + 1;
                if (first != null && millis <= 0) {
                    out.write(first.frame());
                    waiting.remove();
                    notifyAll();
                } else {
                    // 0 is until somebody says something.
                    wait(Math.max(millis, 0));
                }
            }
        } catch (IOException e) {
            // The end of the link; whoever reads sees it too.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        waiting.clear();
        notifyAll();
    }
}
