package dev.unwrite.storage;

import java.io.IOException;

/** An op of the ownership protocol was not carried out; the message is one line. */
final class StorageOpException extends IOException {
    /** What the host can do about it. */
    enum Code {
        /** Nothing: the request makes no sense. */
        INVALID,
        /** Nothing, with this --storage: the data folder of the host belongs to another one. */
        FOREIGN,
        /** Nothing, with this name: it belongs to another data folder. */
        TAKEN,
        /** Try again when the process that has the name, or uses the folder, is gone. */
        ALIVE,
        /** Open a new session. */
        ENDED,
        /** Try again later. */
        UNAVAILABLE,
        /** Read the record after the storage's restart. */
        UNCERTAIN
    }

    private final Code code;

    StorageOpException(Code code, String message) {
        super(message);
        this.code = code;
    }

    Code code() {
        return code;
    }
}
