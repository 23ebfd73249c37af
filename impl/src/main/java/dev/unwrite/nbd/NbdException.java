package dev.unwrite.nbd;

import java.io.IOException;

/** A request was answered with an NBD error number (NBD protocol document, "Error values"). */
public final class NbdException extends IOException {
    private final int error;

    /** {@code error} is one of the constants of {@link NbdError}. */
    public NbdException(int error, String message) {
        super(message);
        this.error = error;
    }

    /** The NBD error number. */
    public int error() {
        return error;
    }
}
