package dev.unwrite.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Takes the bytes of pieces as they come and checks that they are what pieces have to be. */
public final class PieceReader {
    private static final int READ_BYTES = 256 << 10;

    private final int pageBytes;
    private final Sink sink;
    private final ByteBuffer head = ByteBuffer.allocate(PieceStream.HEAD_BYTES);
    private long offset;
    private int left;
    private int length;
    private long nextOffset;
    private boolean last;
    private boolean ended;

    /** What a piece says, part by part. */
    public interface Sink {
        /** So many bytes of the image lie at this offset; {@code bytes} are valid during the call. */
        void bytes(long offset, ByteBuffer bytes) throws IOException;
    }

    /** Pieces of pages of this size; {@code sink} is told what they hold. */
    public PieceReader(int pageBytes, Sink sink) {
        this.pageBytes = pageBytes;
        this.sink = sink;
    }

    /** Takes what comes next, all of it. Throws where it cannot be part of a state. */
    public void take(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (left > 0) {
                int count = Math.min(left, bytes.remaining());
                sink.bytes(offset + length - left, bytes.slice(bytes.position(), count));
                bytes.position(bytes.position() + count);
                left -= count;
            } else {
                if (ended) {
                    throw new IOException("the state goes on after its end");
                }
                head.put(bytes.get());
                if (!head.hasRemaining()) {
                    begin();
                }
            }
        }
    }

    /** Takes what a stream has, up to its end. */
    public void takeAll(InputStream bytes) throws IOException {
        byte[] buffer = new byte[READ_BYTES];
        for (int count = bytes.read(buffer); count >= 0; count = bytes.read(buffer)) {
            take(ByteBuffer.wrap(buffer, 0, count));
        }
    }

    private void begin() throws IOException {
        head.clear();
        offset = head.getLong(0);
        length = head.getInt(Long.BYTES);
        boolean lies = length == 0
                ? offset < nextOffset || (last && offset != nextOffset)
                : last || offset < nextOffset || offset % pageBytes != 0;
        if (lies || length < 0 || length > PieceStream.PIECE_BYTES_MAX || offset > Long.MAX_VALUE - length) {
            throw new IOException(
                    "a piece of " + length + " bytes at " + offset + " of the state, after " + nextOffset);
        }
        ended = length == 0;
        // One that is no multiple of the page ends the image.
        last = length % pageBytes != 0;
        left = length;
        nextOffset = offset + length;
    }

    /** Whether the end has come. */
    public boolean isWhole() {
        return ended;
    }

    /** The size of the image, once it is whole. */
    public long imageBytes() {
        return offset;
    }
}
