package dev.unwrite.undo;

import java.io.IOException;

/** The undo log cannot be used, or failed; the message is one line that says what to do. */
public class UndoLogException extends IOException {
    /** With a line for the person who runs the node. */
    public UndoLogException(String message) {
        super(message);
    }

    /** As above, with what caused it. */
    public UndoLogException(String message, Throwable cause) {
        super(message, cause);
    }
}
