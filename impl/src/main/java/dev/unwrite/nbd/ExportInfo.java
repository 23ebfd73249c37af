package dev.unwrite.nbd;

/**
 * What a server told about an export.
 *
 * @param name           the canonical name
 * @param size           in bytes
 * @param flags          transmission flags as on the wire
 * @param minimumBlock   offsets and lengths must be multiples of it, bytes
 * @param preferredBlock requests that are multiples of it are fast, bytes
 * @param maximumPayload of one read or write, bytes
 * @param description    for people; may be empty
 */
public record ExportInfo(
        String name,
        long size,
        int flags,
        int minimumBlock,
        int preferredBlock,
        int maximumPayload,
        String description) {
    public boolean readOnly() {
        return has(NbdWire.FLAG_READ_ONLY);
    }

    /** Whether writes can be made durable at all; if not, the server promises nothing, and a flush does nothing. */
    public boolean canFlush() {
        return has(NbdWire.FLAG_SEND_FLUSH);
    }

    public boolean canFua() {
        return has(NbdWire.FLAG_SEND_FUA);
    }

    public boolean canTrim() {
        return has(NbdWire.FLAG_SEND_TRIM);
    }

    public boolean canWriteZeroes() {
        return has(NbdWire.FLAG_SEND_WRITE_ZEROES);
    }

    /** Whether a flush on one connection covers what was answered on any other. */
    public boolean canMultiConn() {
        return has(NbdWire.FLAG_CAN_MULTI_CONN);
    }

    private boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
