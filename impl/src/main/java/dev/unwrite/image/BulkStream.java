package dev.unwrite.image;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** A stream that reads many bytes at once, and one as many. */
public abstract class BulkStream extends InputStream {
    /** Reads at least one of {@code most} bytes, which is more than none, into the target; negative at the end. */
    protected abstract int some(byte[] target, int offset, int most) throws IOException;

    @Override
    public final int read() throws IOException {
        byte[] one = new byte[1];
        return some(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public final int read(byte[] target, int offset, int most) throws IOException {
        Objects.checkFromIndexSize(offset, most, target.length);
        return most == 0 ? 0 : some(target, offset, most);
    }
}
