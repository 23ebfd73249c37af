package dev.unwrite.checkpoint;

import java.io.IOException;

/** A checkpoint could not be stored or read; the message is one line that says what to do. */
public class CheckpointException extends IOException {
    /** With a line for the person who runs the node. */
    public CheckpointException(String message) {
        super(message);
    }

    /** As above, with what caused it. */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
