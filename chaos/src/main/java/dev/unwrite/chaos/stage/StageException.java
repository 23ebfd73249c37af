package dev.unwrite.chaos.stage;

/** The stage itself did not do what it was told (an engine, a mount, a tool); says nothing about what plays on it. */
public final class StageException extends RuntimeException {
    /** {@code message} is one line. */
    public StageException(String message) {
        super(message);
    }

    /** As above, with its cause. */
    public StageException(String message, Throwable cause) {
        super(message, cause);
    }
}
