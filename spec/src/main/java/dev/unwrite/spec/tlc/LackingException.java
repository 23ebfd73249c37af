package dev.unwrite.spec.tlc;

import java.io.IOException;

/** This machine lacks something that a run of TLC needs; the message says what, on one line. */
public final class LackingException extends IOException {
    LackingException(String message) {
        super(message);
    }
}
