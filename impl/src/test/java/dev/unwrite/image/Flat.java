package dev.unwrite.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** The image of a whole state. */
public final class Flat {
    private Flat() {}

    /** Of these pieces, of which the last says how large it is. */
    public static byte[] of(InputStream pieces) throws IOException {
        byte[] all = pieces.readAllBytes();
        long imageBytes = ByteBuffer.wrap(all).getLong(all.length - PieceStream.HEAD_BYTES);
        return new FlatImage(new ByteArrayInputStream(all), imageBytes, IOException::new).readAllBytes();
    }
}
