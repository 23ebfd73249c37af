package dev.unwrite.nbd;

/** The error numbers of a simple or structured NBD reply (NBD protocol document, "Error values"). */
public final class NbdError {
    /** Operation not permitted: the export or this connection is read only, or the connection was fenced. */
    public static final int EPERM = 1;
    /** Input or output error. */
    public static final int EIO = 5;
    /** Out of memory. */
    public static final int ENOMEM = 12;
    /** Invalid argument: misaligned, out of range on read, an unknown flag. */
    public static final int EINVAL = 22;
    /** No space left: also a write beyond the end. */
    public static final int ENOSPC = 28;
    /** Value too large: the request exceeds the size limit. */
    public static final int EOVERFLOW = 75;
    /** Operation not supported. */
    public static final int ENOTSUP = 95;
    /** The server is shutting down, or this connection no longer counts. */
    public static final int ESHUTDOWN = 108;

    private NbdError() {}
}
