package dev.unwrite.peer;

import dev.unwrite.net.EventLoop;
import dev.unwrite.net.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connection over which this host sends, in two priorities: a bulk message is given to the socket when all else was, so
 * that no urgent one waits for more than one of them. The peer answers with signs of life only.
 */
final class OutgoingStream extends Stream {
    /** Limit of what may wait for the network; above it the connection is given up. */
    static final int UNSENT_BYTES_MAX = 4 << 20;
    /** Parts of a state that may wait; more only delay the messages that overtake them at the receiver. */
    static final int BULK_PARTS_MAX = 4;
    /** Limit of other bulk messages, which are small. */
    private static final int BULK_QUEUE_MAX = 1024;
    /** A message that may be larger has a buffer of its own. */
    private static final int SCRATCH_BYTES = 16 << 10;

    private final long number;
    private final EventLoop loop;
    private final Consumer<OutgoingStream> lost;
    private final Deque<Bulk> bulk = new ArrayDeque<>();
    /** For parts of a state. */
    private final Semaphore room = new Semaphore(BULK_PARTS_MAX);
    /** Their buffers that are not in use. */
    private final Queue<ByteBuffer> parts = new ConcurrentLinkedQueue<>();

    private final ByteBuffer scratch = ByteBuffer.allocate(SCRATCH_BYTES);
    private long heardNanos = System.nanoTime();
    private final Closing over = new Closing();
    private volatile @Nullable IOException whyOver;

    private record Bulk(ByteBuffer frame, Runnable free) {}

    /** {@code lost} is called by the loop when the connection has ended. */
    OutgoingStream(SocketChannel channel, long number, EventLoop loop, Consumer<OutgoingStream> lost) {
        super(channel);
        this.number = number;
        this.loop = loop;
        this.lost = lost;
    }

    long number() {
        return number;
    }

    /** Sends a message, or gives up the connection. */
    void send(PeerMessage message, long messageNumber) {
        if (hasEnded()) {
            return;
        }
        int most = FrameCodec.frameBytesMax(message);
        if (message.isBulk() ? bulk.size() >= BULK_QUEUE_MAX : unsentBytes() + most > UNSENT_BYTES_MAX) {
            end(new IOException("it takes nothing, and what waits for it is too much"));
        } else if (message.isBulk()) {
            queue(new Bulk(encoded(message, messageNumber, ByteBuffer.allocate(most)), () -> {}));
        } else if (most > SCRATCH_BYTES) {
            send(encoded(message, messageNumber, ByteBuffer.allocate(most)), () -> {});
        } else {
            ByteBuffer frame = encoded(message, messageNumber, scratch.clear());
            frame(frame.remaining()).put(frame);
        }
    }

    private static ByteBuffer encoded(PeerMessage message, long messageNumber, ByteBuffer buffer) {
        FrameCodec.encode(message, messageNumber, buffer);
        return buffer.flip();
    }

    /** As {@link PeerLink#sendBlocking}. */
    void sendBlocking(PeerMessage message, AtomicLong numbers) throws IOException, InterruptedException {
        room.acquire();
        if (whyOver != null) {
            room.release();
            throw over();
        }
        ByteBuffer free = parts.poll();
        ByteBuffer part = free == null ? ByteBuffer.allocateDirect(FrameCodec.FRAME_BYTES_MAX) : free.clear();
        // Encoded here, with its checksum: the loop has other things to do.
        ByteBuffer frame = encoded(message, numbers.incrementAndGet(), part);
        loop.post(() -> queue(new Bulk(frame, () -> {
            parts.add(part);
            room.release();
        })));
    }

    static IOException over() {
        return new IOException("the connection to the peer has ended");
    }

    private void queue(Bulk next) {
        if (hasEnded()) {
            next.free.run();
            return;
        }
        bulk.add(next);
        if (unsentBytes() == 0) {
            sent();
        }
    }

    @Override
    protected void sent() {
        Bulk next = bulk.poll();
        if (next != null) {
            send(next.frame, next.free);
        }
    }

    /** Gives it up if no sign of life came for too long. */
    void endIfSilent() {
        if (System.nanoTime() - heardNanos > PeerLink.SILENCE_NANOS_MAX) {
            end(new IOException("it is silent"));
        }
    }

    @Override
    protected void received(ByteBuffer in) throws IOException {
        for (ByteBuffer body = FrameCodec.body(in, FrameCodec.BODY_BYTES_MIN);
                body != null;
                body = FrameCodec.body(in, FrameCodec.BODY_BYTES_MIN)) {
            if (body.get(0) != FrameCodec.TICK) {
                throw new MalformedFrameException("a message against the direction of the connection");
            }
            heardNanos = System.nanoTime();
        }
    }

    @Override
    protected void receivedBody(ByteBuffer body) {
        throw new IllegalStateException("no body was expected");
    }

    /** Waits for so long; says whether it has ended. For any thread. */
    boolean awaitEnd(long nanos) {
        return over.pause(nanos);
    }

    /** Why it has ended, or null. For any thread. */
    @Nullable
    IOException whyOver() {
        return whyOver;
    }

    @Override
    protected void ended(IOException why) {
        whyOver = why;
        bulk.forEach(unsent -> unsent.free.run());
        bulk.clear();
        // Whoever waits for room is told, and so is whoever comes later.
        room.release(BULK_PARTS_MAX);
        lost.accept(this);
        over.close();
    }
}
