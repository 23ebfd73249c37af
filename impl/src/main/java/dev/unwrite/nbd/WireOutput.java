package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Buffered output to a socket. For one thread at a time, except {@link #writingSince}. */
final class WireOutput {
    private static final int BUFFER_BYTES = 128 << 10;
    /** Payloads outside of the heap are sent without copying from this size on. */
    private static final int DIRECT_BYTES = 32 << 10;
    /** One call to the system sends no more, so that each that makes progress ends soon. */
    private static final int SLICE_BYTES = 1 << 20;

    private final WritableByteChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private volatile long writingSince = Clock.NEVER;

    WireOutput(WritableByteChannel channel) {
        this.channel = channel;
    }

    /** Room for {@code bytes}, at most a few KiB, of header fields, to be put into the buffer returned. */
    ByteBuffer header(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            flush();
        }
        return buffer;
    }

    /** Sends what remains in the payload; position and limit of the payload move. */
    void payload(ByteBuffer payload) throws IOException {
        if (payload.isDirect() && payload.remaining() >= DIRECT_BYTES) {
            flush();
            int end = payload.limit();
            while (payload.position() < end) {
                payload.limit(Math.min(end, payload.position() + SLICE_BYTES));
                send(payload);
            }
            return;
        }
        while (payload.hasRemaining()) {
            if (!buffer.hasRemaining()) {
                flush();
            }
            int now = Math.min(payload.remaining(), buffer.remaining());
            buffer.put(buffer.position(), payload, payload.position(), now);
            buffer.position(buffer.position() + now);
            payload.position(payload.position() + now);
        }
    }

    void flush() throws IOException {
        buffer.flip();
        try {
            send(buffer);
        } finally {
            buffer.clear();
        }
    }

    /** Since when the other side has taken nothing of what is being sent, or {@link Clock#NEVER}; for any thread. */
    long writingSince() {
        return writingSince;
    }

    private void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            writingSince = Clock.now();
            channel.write(bytes);
        }
        writingSince = Clock.NEVER;
    }
}
