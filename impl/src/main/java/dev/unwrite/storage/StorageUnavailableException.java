package dev.unwrite.storage;

import java.io.IOException;

/** The storage cannot be reached, or cannot serve just now; nothing was changed, and trying again later makes sense. */
public final class StorageUnavailableException extends IOException {
    /** {@code message} is one line. */
    public StorageUnavailableException(String message) {
        super(message);
    }

    /** As above, with what caused it. */
    public StorageUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
