package dev.unwrite.storage;

/** The storage that answers is another one than the data folder of this host belongs to (rule OneLife). Trying again is no use: the message is one line that says what to do. */
public final class ForeignStorageException extends WrongIdentityException {
    /** With that line. */
    public ForeignStorageException(String message) {
        super(message);
    }
}
