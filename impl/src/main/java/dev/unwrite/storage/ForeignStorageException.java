package dev.unwrite.storage;

import java.io.IOException;

/** The storage that answers is another one than the data folder of this host belongs to (rule OneLife). Trying again is no use: the message is one line that says what to do. */
public final class ForeignStorageException extends IOException {
    /** With that line. */
    public ForeignStorageException(String message) {
        super(message);
    }
}
