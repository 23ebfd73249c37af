package dev.unwrite.storage;

import java.io.IOException;

/**
 * Whether a compare-and-set took effect is not known, and it may still take effect. The caller opens a new session,
 * which ends the earlier one so that a late compare-and-set is refused, and looks at the record that it gets.
 */
public final class CasUncertainException extends IOException {
    /** {@code message} is one line. */
    public CasUncertainException(String message, Throwable cause) {
        super(message, cause);
    }
}
