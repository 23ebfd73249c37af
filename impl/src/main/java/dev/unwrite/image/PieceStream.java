package dev.unwrite.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Pieces, one after the other, as bytes. */
public abstract class PieceStream extends InputStream {
    /** Bytes of the head of a piece. */
    public static final int HEAD_BYTES = Long.BYTES + Integer.BYTES;
    /** The most bytes of a piece, without its head. */
    public static final int PIECE_BYTES_MAX = 1 << 20;
    /** The page of real states; simulated ones are smaller. */
    public static final int PAGE_BYTES = 4096;

    private static final int FLAT_BYTES = 256 << 10;

    private @Nullable ByteBuffer piece = ByteBuffer.allocate(0);

    /** The next piece with its head, the one without bytes at the end, and null after that. */
    protected abstract @Nullable ByteBuffer next() throws IOException;

    /** The piece that ends an image of this size. */
    public static ByteBuffer end(long imageBytes) {
        return ByteBuffer.allocate(HEAD_BYTES).putLong(imageBytes).putInt(0).flip();
    }

    /** A whole state of which only the bytes are known, from the first to the last. It is closed with what is returned. */
    public static PieceStream flat(InputStream bytes) {
        return new Flat(bytes);
    }

    private @Nullable ByteBuffer filled() throws IOException {
        while (piece != null && !piece.hasRemaining()) {
            piece = next();
        }
        return piece;
    }

    @Override
    public int read() throws IOException {
        ByteBuffer from = filled();
        return from == null ? -1 : from.get() & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int most) throws IOException {
        Objects.checkFromIndexSize(offset, most, target.length);
        if (most == 0) {
            return 0;
        }
        ByteBuffer from = filled();
        if (from == null) {
            return -1;
        }
        int count = Math.min(most, from.remaining());
        from.get(target, offset, count);
        return count;
    }

    private static final class Flat extends PieceStream {
        private final InputStream bytes;
        private final ByteBuffer buffer = ByteBuffer.allocate(HEAD_BYTES + FLAT_BYTES);
        private long at;
        private boolean ended;

        Flat(InputStream bytes) {
            this.bytes = bytes;
        }

        @Override
        protected @Nullable ByteBuffer next() throws IOException {
            if (ended) {
                return null;
            }
            int count = bytes.readNBytes(buffer.array(), HEAD_BYTES, FLAT_BYTES);
            if (count == 0) {
                ended = true;
                return end(at);
            }
            buffer.clear().limit(HEAD_BYTES + count);
            buffer.putLong(0, at).putInt(Long.BYTES, count);
            at += count;
            return buffer;
        }

        @Override
        public void close() throws IOException {
            bytes.close();
        }
    }
}
