package dev.unwrite.storage;

import java.io.IOException;

/** The storage cannot start as it is configured; the message is one line that says what to do. */
public final class StorageSetupException extends IOException {
    /** {@code message} is one line, meant for the person at the terminal. */
    public StorageSetupException(String message) {
        super(message);
    }

    /** As above, with what caused it. */
    public StorageSetupException(String message, Throwable cause) {
        super(message, cause);
    }
}
