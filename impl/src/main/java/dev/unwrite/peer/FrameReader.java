package dev.unwrite.peer;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/** Cuts what comes over a connection into frames. For one thread. */
public final class FrameReader {
    private final ReadableByteChannel channel;
    private final ByteBuffer buffer;
    private final int bodyBytesMax;

    /** Takes frames with bodies of at most {@code bodyBytesMax}. */
    public FrameReader(ReadableByteChannel channel, int bodyBytesMax) {
        this.channel = channel;
        this.bodyBytesMax = bodyBytesMax;
        // Room for a large frame and for many small ones behind it.
        buffer = ByteBuffer.allocateDirect(2 * (FrameCodec.HEADER_BYTES + bodyBytesMax))
                .limit(0);
    }

    /** Reads once; false if nothing was there (only from a channel that does not block). */
    public boolean receive() throws IOException {
        buffer.compact();
        try {
            int read = channel.read(buffer);
            if (read < 0) {
                throw new EOFException("the connection was closed");
            }
            return read > 0;
        } finally {
            buffer.flip();
        }
    }

    /** The next body if all of it has been received, else null. It is valid until the next call. */
    public @Nullable ByteBuffer next() throws MalformedFrameException {
        return FrameCodec.body(buffer, bodyBytesMax);
    }
}
