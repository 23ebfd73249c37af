package dev.unwrite.peer;

import dev.unwrite.net.Stream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A connection over which the peer sends. What goes back are signs of life. */
final class IncomingStream extends Stream {
    /** A larger frame is not gathered in the buffer of the stream. */
    private static final int GATHERED_BYTES_MAX = 64 << 10;

    private final SocketChannel channel;
    private final long number;
    private final long incarnation;
    private final LifeSigns signs;
    private final PeerLink.Listener listener;
    private final BooleanSupplier closed;
    private final CountDownLatch over = new CountDownLatch(1);
    private final ByteBuffer tick = ByteBuffer.allocate(FrameCodec.HEADER_BYTES + FrameCodec.BODY_BYTES_MIN);
    private int expectedCrc;
    private volatile @Nullable IOException whyOver;

    /** {@code number}: in the order of acceptance; {@code closed}: nothing may be handed over any more. */
    IncomingStream(
            SocketChannel channel,
            long number,
            long incarnation,
            LifeSigns signs,
            PeerLink.Listener listener,
            BooleanSupplier closed) {
        super(channel);
        this.channel = channel;
        this.number = number;
        this.incarnation = incarnation;
        this.signs = signs;
        this.listener = listener;
        this.closed = closed;
        FrameCodec.encodeTick(tick);
    }

    /** Of two connections of the peer, the one with the higher number counts. */
    long number() {
        return number;
    }

    @Override
    protected void received(ByteBuffer in) throws IOException {
        signs.heard();
        int length = FrameCodec.bodyBytes(in, FrameCodec.BODY_BYTES_MAX);
        if (length > GATHERED_BYTES_MAX) {
            expectedCrc = in.getInt(in.position() + Integer.BYTES);
            in.position(in.position() + FrameCodec.HEADER_BYTES);
            expect(ByteBuffer.allocate(length));
            return;
        }
        ByteBuffer body = FrameCodec.body(in, FrameCodec.BODY_BYTES_MAX);
        if (body != null) {
            handOver(body);
        }
    }

    @Override
    protected void receivedBody(ByteBuffer body) throws IOException {
        signs.heard();
        FrameCodec.check(body, expectedCrc);
        handOver(body);
    }

    private void handOver(ByteBuffer body) throws IOException {
        long seq = body.getLong(body.position() + 1);
        PeerMessage message = FrameCodec.decode(body);
        if (message instanceof PeerMessage.Hello) {
            throw new MalformedFrameException("a second greeting");
        }
        if (closed.getAsBoolean()) {
            throw new EOFException("the link was closed");
        }
        listener.received(message, new MessageId(incarnation, seq));
    }

    /**
     * Tells the peer that this process lives. By a thread of its own, also while the loop is busy: nothing else is ever sent
     * over this connection.
     */
    void tick() throws IOException {
        ByteBuffer frame = tick.duplicate().flip();
        // A socket that takes nothing belongs to a peer that reads nothing, which need not hear of it either.
        if (channel.write(frame) > 0 && frame.hasRemaining()) {
            throw new IOException("it takes half of a sign of life");
        }
    }

    /** Blocks until it has ended, and returns why. */
    IOException awaitEnd() throws InterruptedException {
        over.await();
        IOException why = whyOver;
        return why == null ? new IOException("it ended") : why;
    }

    @Override
    protected void ended(IOException why) {
        whyOver = why;
        stopWaiting();
    }

    /** Whoever waits for the end need not wait any more: the loop may never come to it. */
    void stopWaiting() {
        over.countDown();
    }
}
