package dev.unwrite.conformance.trace;

/** What was given is no trace, or none that can be judged. The message is one line for a person. */
public final class TraceFormatException extends Exception {
    private static final long serialVersionUID = 1;

    TraceFormatException(String message) {
        super(message);
    }
}
