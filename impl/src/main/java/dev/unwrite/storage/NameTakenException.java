package dev.unwrite.storage;

/** The name of this host belongs to another data folder, or to another process that runs (rule OneLife). The message is one line that says what to do. */
public final class NameTakenException extends WrongIdentityException {
    /** With that line. */
    public NameTakenException(String message) {
        super(message);
    }
}
