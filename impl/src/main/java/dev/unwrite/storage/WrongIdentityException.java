package dev.unwrite.storage;

import java.io.IOException;

/**
 * This host is not who it takes itself for, or the storage is not the one it knows (rule OneLife). It can do nothing here:
 * trying again is no use, and its process ends. The message is one line that says what to do.
 */
public abstract sealed class WrongIdentityException extends IOException
        permits ForeignStorageException, NameTakenException {
    WrongIdentityException(String message) {
        super(message);
    }
}
