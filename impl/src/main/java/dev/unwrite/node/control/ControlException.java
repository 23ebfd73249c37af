package dev.unwrite.node.control;

/** The node does not do what was asked; the message is one line that says why and, if possible, what to do. */
public final class ControlException extends Exception {
    /** Why, and the HTTP status that says it. */
    public enum Kind {
        /** The request makes no sense to this node, whatever its state. */
        INVALID(400),
        /** Not in the state in which the node is. */
        REFUSED(409),
        /** Something that the node needs (storage, peer) is not there, or failed meanwhile. */
        UNAVAILABLE(503),
        /** Not done within the time allowed; it may still come about. */
        TIMEOUT(504);

        private final int httpStatus;

        Kind(int httpStatus) {
            this.httpStatus = httpStatus;
        }

        /** The HTTP status. */
        public int httpStatus() {
            return httpStatus;
        }
    }

    private final Kind kind;

    /** A refusal. */
    public ControlException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** As above, with what caused it. */
    public ControlException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }
}
