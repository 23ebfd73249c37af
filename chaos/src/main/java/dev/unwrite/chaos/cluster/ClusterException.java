package dev.unwrite.chaos.cluster;

/** The cluster did not do what the run needs next; the message says what was awaited and where to look. */
public final class ClusterException extends RuntimeException {
    /** {@code message} is one line. */
    public ClusterException(String message) {
        super(message);
    }

    /** As above, with its cause. */
    public ClusterException(String message, Throwable cause) {
        super(message, cause);
    }
}
