package dev.unwrite.cli;

/** Ends a command with one line that says what to do and one of the codes of {@link Exit}. */
public final class ExitException extends RuntimeException {
    private final int code;

    /** {@code message} is one line, meant for the person at the terminal. */
    public ExitException(int code, String message) {
        super(message);
        this.code = code;
    }

    /** As above, with what caused it (shown only with {@code UNWRITE_DEBUG=1}). */
    public ExitException(int code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** The exit code. */
    public int code() {
        return code;
    }
}
