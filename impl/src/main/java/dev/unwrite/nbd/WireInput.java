package dev.unwrite.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** Buffered input from a socket. For one thread at a time, except {@link #partialSince}. */
final class WireInput {
    private static final int BUFFER_BYTES = 128 << 10;
    /** What is missing of a payload is read past the buffer, straight into its target, from this size on. */
    private static final int DIRECT_BYTES = 32 << 10;

    private final ReadableByteChannel channel;
    /** Always ready to be read from: what is between position and limit was received and not yet consumed. */
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);

    private volatile long partialSince = Clock.NEVER;

    WireInput(ReadableByteChannel channel) {
        this.channel = channel;
    }

    /**
     * Waits, without limit, for the next message, whose header has {@code bytes}; the header may then be read with the
     * get methods. False: the other side ended the stream between two messages.
     */
    boolean awaitMessage(int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return true;
        }
        if (!buffer.hasRemaining()) {
            buffer.clear();
            int read = channel.read(buffer);
            buffer.flip();
            if (read < 0) {
                return false;
            }
        }
        need(bytes);
        return true;
    }

    /** Makes sure that {@code bytes}, at most a few KiB, can be read with the get methods. */
    void need(int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return;
        }
        partialSince = Clock.now();
        while (buffer.remaining() < bytes) {
            receive();
        }
        partialSince = Clock.NEVER;
    }

    short getShort() {
        return buffer.getShort();
    }

    int getInt() {
        return buffer.getInt();
    }

    long getLong() {
        return buffer.getLong();
    }

    /** Fills the target up to its limit. */
    void readFully(ByteBuffer target) throws IOException {
        take(target);
        if (!target.hasRemaining()) {
            return;
        }
        partialSince = Clock.now();
        while (target.hasRemaining()) {
            if (target.isDirect() && target.remaining() >= DIRECT_BYTES) {
                if (channel.read(target) < 0) {
                    throw new EOFException("the connection ended within a message");
                }
            } else {
                receive();
                take(target);
            }
        }
        partialSince = Clock.NEVER;
    }

    byte[] readBytes(int length) throws IOException {
        byte[] bytes = new byte[length];
        readFully(ByteBuffer.wrap(bytes));
        return bytes;
    }

    void skip(long bytes) throws IOException {
        partialSince = Clock.now();
        long left = bytes;
        while (true) {
            int now = (int) Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + now);
            left -= now;
            if (left == 0) {
                break;
            }
            receive();
        }
        partialSince = Clock.NEVER;
    }

    /** What was received and not yet consumed, for whoever reads on. */
    ByteBuffer rest() {
        return buffer.slice();
    }

    /** Since when the rest of a message is waited for, or {@link Clock#NEVER}; for any thread. */
    long partialSince() {
        return partialSince;
    }

    private void take(ByteBuffer target) {
        int now = Math.min(target.remaining(), buffer.remaining());
        target.put(target.position(), buffer, buffer.position(), now);
        target.position(target.position() + now);
        buffer.position(buffer.position() + now);
    }

    private void receive() throws IOException {
        buffer.compact();
        try {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the connection ended within a message");
            }
        } finally {
            buffer.flip();
        }
    }
}
