package dev.unwrite.peer;

import dev.unwrite.peer.PeerMessage.Hello;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/** The first frame in each direction, on a channel that blocks. Bounded in bytes and in time. */
final class Handshake {
    /** So long may it take until the whole frame is there. */
    static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** The other side says why it does not talk to us. */
    static final class RefusedException extends IOException {
        RefusedException(String reason) {
            super("the peer refuses: " + reason);
        }
    }

    private Handshake() {}

    static void write(SocketChannel channel, Hello hello) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(FrameCodec.HELLO_BYTES_MAX);
        FrameCodec.encode(hello, 0, frame);
        writeAll(channel, frame.flip());
    }

    static void refuse(SocketChannel channel, String reason) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(FrameCodec.HELLO_BYTES_MAX);
        FrameCodec.encodeRefusal(reason, frame);
        writeAll(channel, frame.flip());
    }

    private static void writeAll(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Reads exactly one frame, so that what follows stays in the socket. */
    static Hello read(SocketChannel channel) throws IOException {
        long deadline = System.nanoTime() + LIMIT_NANOS;
        ByteBuffer header = readFully(channel, FrameCodec.HEADER_BYTES, deadline);
        int length = header.getInt();
        if (length < FrameCodec.BODY_BYTES_MIN || length > FrameCodec.HELLO_BYTES_MAX) {
            throw new MalformedFrameException("this is no unwrite node");
        }
        ByteBuffer body = readFully(channel, length, deadline);
        if (FrameCodec.crc(body.duplicate()) != header.getInt()) {
            throw new MalformedFrameException("this is no unwrite node");
        }
        if (body.get(0) == FrameCodec.REFUSAL) {
            throw new RefusedException(reason(body.position(FrameCodec.BODY_BYTES_MIN)));
        }
        if (FrameCodec.decode(body) instanceof Hello hello) {
            return hello;
        }
        throw new MalformedFrameException("the first message is not a greeting");
    }

    private static String reason(ByteBuffer body) throws MalformedFrameException {
        if (body.remaining() < Short.BYTES) {
            throw new MalformedFrameException("a refusal without a reason");
        }
        // One line of a log: the other side does not get to write more than that.
        return FrameCodec.string(body).replaceAll("\\p{Cntrl}", " ");
    }

    private static ByteBuffer readFully(SocketChannel channel, int length, long deadline) throws IOException {
        byte[] bytes = new byte[length];
        InputStream in = channel.socket().getInputStream();
        int done = 0;
        while (done < length) {
            long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (leftMillis <= 0) {
                throw new SocketTimeoutException("nothing but silence");
            }
            channel.socket().setSoTimeout((int) leftMillis);
            int read = in.read(bytes, done, length - done);
            if (read < 0) {
                throw new EOFException("the connection was closed");
            }
            done += read;
        }
        return ByteBuffer.wrap(bytes);
    }
}
