package dev.unwrite.nbd;

import java.io.IOException;

/**
 * The connection is gone, or was given up because the other side broke the protocol or did not answer in time. Whether a
 * write, trim or zeroing that failed so was applied is unknown.
 */
public final class NbdDisconnectedException extends IOException {
    public NbdDisconnectedException(String message) {
        super(message);
    }

    public NbdDisconnectedException(String message, Throwable cause) {
        super(message, cause);
    }
}
