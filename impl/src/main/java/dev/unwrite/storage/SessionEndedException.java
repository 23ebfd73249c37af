package dev.unwrite.storage;

import java.io.IOException;

/**
 * The session does not count any more: its host has opened a newer one, or the storage has restarted or lost its cache.
 * The caller opens a new session; a higher boot number there says that what was not flushed is to be written again.
 */
public final class SessionEndedException extends IOException {
    /** {@code message} is one line. */
    public SessionEndedException(String message) {
        super(message);
    }
}
