package dev.unwrite.machine.ledger;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads ASCII lines of bounded length. */
final class LineReader {
    private final InputStream in;
    private final byte[] line = new byte[LedgerLimits.LINE_BYTES_MAX];

    LineReader(InputStream in) {
        this.in = new BufferedInputStream(in);
    }

    /** The next line without its end, or null at the end of the stream (an unfinished line is dropped). */
    @Nullable
    String read() throws IOException, LineTooLong {
        int length = 0;
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                return null;
            }
            if (length == line.length) {
                throw new LineTooLong();
            }
            // What is not printable can be in no request; the parser refuses the question mark.
            line[length++] = (byte) (next == '\r' || (next >= ' ' && next <= '~') ? next : '?');
        }
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return new String(line, 0, length, StandardCharsets.US_ASCII);
    }

    /** The line is longer than {@link LedgerLimits#LINE_BYTES_MAX}. */
    static final class LineTooLong extends Exception {
        LineTooLong() {
            super("a line has at most " + LedgerLimits.LINE_BYTES_MAX + " bytes");
        }
    }
}
