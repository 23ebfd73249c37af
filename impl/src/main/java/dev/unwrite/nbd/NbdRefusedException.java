package dev.unwrite.nbd;

import java.io.IOException;

/**
 * An option, or the way into an export, is refused (NBD protocol document, "Option reply types"). Thrown by the server's
 * {@link ExportSource} and {@link OptionHandler} to refuse, and by {@link NbdNegotiation} when the server refused; the
 * connection stays usable for further options.
 */
public final class NbdRefusedException extends IOException {
    private final int replyType;

    NbdRefusedException(int replyType, String message) {
        super(message);
        this.replyType = replyType;
    }

    /** The export does not exist (NBD_REP_ERR_UNKNOWN). */
    public static NbdRefusedException unknown(String message) {
        return new NbdRefusedException(NbdWire.REP_ERR_UNKNOWN, message);
    }

    /** It exists, but this client may not (NBD_REP_ERR_POLICY). */
    public static NbdRefusedException policy(String message) {
        return new NbdRefusedException(NbdWire.REP_ERR_POLICY, message);
    }

    /** The payload makes no sense (NBD_REP_ERR_INVALID). */
    public static NbdRefusedException invalid(String message) {
        return new NbdRefusedException(NbdWire.REP_ERR_INVALID, message);
    }

    /** The server is ending, or is not ready yet (NBD_REP_ERR_SHUTDOWN). */
    public static NbdRefusedException shutdown(String message) {
        return new NbdRefusedException(NbdWire.REP_ERR_SHUTDOWN, message);
    }

    /** Whether the server is ending or not ready yet, so that it makes sense to try again. */
    public boolean isShutdown() {
        return replyType == NbdWire.REP_ERR_SHUTDOWN;
    }

    int replyType() {
        return replyType;
    }

    /** Whether the other side does not know the option at all, as opposed to having refused it. */
    public boolean isUnsupported() {
        return replyType == NbdWire.REP_ERR_UNSUP;
    }

    /** Whether the export is not known there. */
    public boolean isUnknown() {
        return replyType == NbdWire.REP_ERR_UNKNOWN;
    }
}
