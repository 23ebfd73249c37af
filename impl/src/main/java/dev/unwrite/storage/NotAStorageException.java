package dev.unwrite.storage;

import java.io.IOException;

/** What answers at the storage's address speaks NBD but knows nothing of ownership; the address is wrong. */
public final class NotAStorageException extends IOException {
    /** {@code message} is one line. */
    public NotAStorageException(String message) {
        super(message);
    }
}
