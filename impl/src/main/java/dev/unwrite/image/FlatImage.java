package dev.unwrite.image;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.function.Function;

/** The image of a whole state, from its first byte to its last, out of its pieces. They were checked when they came. */
public final class FlatImage extends BulkStream {
    private final DataInputStream pieces;
    private long at;
    private long pieceAt;
    private int pieceLeft;
    private final long end;
    private final Function<String, ? extends IOException> damage;
    private boolean ended;

    /** Of these pieces, which are closed with it; of what is no image of that size, {@code damage} says why it is not. */
    public FlatImage(InputStream pieces, long imageBytes, Function<String, ? extends IOException> damage) {
        this.pieces = new DataInputStream(pieces);
        this.end = imageBytes;
        this.damage = damage;
    }

    @Override
    protected int some(byte[] target, int offset, int most) throws IOException {
        if (pieceLeft == 0 && !ended) {
            head();
        }
        if (pieceLeft == 0 && at == end) {
            return -1;
        }
        if (at < pieceAt) {
            int zeroes = (int) Math.min(most, pieceAt - at);
            Arrays.fill(target, offset, offset + zeroes, (byte) 0);
            at += zeroes;
            return zeroes;
        }
        int count = pieces.read(target, offset, Math.min(most, pieceLeft));
        if (count < 0) {
            throw damage.apply("it ends in the middle of a piece");
        }
        at += count;
        pieceAt += count;
        pieceLeft -= count;
        return count;
    }

    private void head() throws IOException {
        pieceAt = pieces.readLong();
        pieceLeft = pieces.readInt();
        ended = pieceLeft == 0;
        if (pieceAt < at || pieceLeft < 0 || pieceAt > end - pieceLeft || (ended && pieceAt != end)) {
            throw damage.apply("there is a piece of " + pieceLeft + " bytes at " + pieceAt + " of " + end);
        }
        if (ended && pieces.read() >= 0) { // To read its end is what verifies it.
            throw damage.apply("it goes on after its end");
        }
    }

    @Override
    public void close() throws IOException {
        pieces.close();
    }
}
