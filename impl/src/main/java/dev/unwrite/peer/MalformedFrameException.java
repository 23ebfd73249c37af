package dev.unwrite.peer;

import java.io.IOException;

/** What came is not of this protocol, or was damaged on the way: the connection cannot go on. */
public final class MalformedFrameException extends IOException {
    MalformedFrameException(String message) {
        super(message);
    }
}
