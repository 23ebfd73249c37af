package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Puts together what a server tells about an export, and believes none of it unseen ("NBD_REP_INFO"). */
final class ExportInfoReader {
    private static final int MINIMUM_BLOCK_MAX = 65536;

    private String name;
    private String description = "";
    private long size = -1;
    private int flags;
    private int minimumBlock = 1;
    private int preferredBlock = 4096;
    private long maximumPayload = NbdWire.PAYLOAD_BYTES_DEFAULT_MAX;

    ExportInfoReader(String requestedName) {
        this.name = requestedName;
    }

    /** Takes one piece of information, type first; what is unknown is ignored, as it must be. */
    void take(ByteBuffer info) throws IOException {
        int length = info.remaining();
        if (length < 2) {
            throw new IOException("the server breaks the protocol: information without a type");
        }
        int type = Short.toUnsignedInt(info.getShort());
        switch (type) {
            case NbdWire.INFO_EXPORT -> {
                checkLength(length == 12);
                export(info.getLong(), info.getShort());
            }
            case NbdWire.INFO_NAME -> name = text(info);
            case NbdWire.INFO_DESCRIPTION -> description = text(info);
            case NbdWire.INFO_BLOCK_SIZE -> {
                checkLength(length == 14);
                minimumBlock = info.getInt();
                preferredBlock = info.getInt();
                maximumPayload = Integer.toUnsignedLong(info.getInt());
            }
            default -> {
                // Some later version's.
            }
        }
    }

    void export(long newSize, short newFlags) throws IOException {
        if (newSize < 0) {
            throw new IOException("the export is larger than 2^63 bytes");
        }
        size = newSize;
        // Without this flag there are no others ("Transmission flags").
        int known = Short.toUnsignedInt(newFlags);
        flags = (known & NbdWire.FLAG_HAS_FLAGS) != 0 ? known : 0;
    }

    ExportInfo result() throws IOException {
        if (size < 0) {
            throw new IOException("the server breaks the protocol: it did not tell the size of the export");
        }
        if (Integer.bitCount(minimumBlock) != 1
                || minimumBlock < 1
                || minimumBlock > MINIMUM_BLOCK_MAX
                || maximumPayload < minimumBlock) {
            throw new IOException(
                    "the server breaks the protocol: block sizes " + minimumBlock + " to " + maximumPayload);
        }
        long payload = Math.min(maximumPayload, NbdWire.PAYLOAD_BYTES_DEFAULT_MAX);
        int wholeBlocks = (int) (payload - payload % minimumBlock);
        return new ExportInfo(name, size, flags, minimumBlock, preferredBlock, wholeBlocks, description);
    }

    private static String text(ByteBuffer info) throws IOException {
        byte[] bytes = new byte[info.remaining()];
        info.get(bytes);
        String text = Strings.decode(bytes);
        checkLength(text != null);
        return String.valueOf(text);
    }

    private static void checkLength(boolean right) throws IOException {
        if (!right) {
            throw new IOException("the server breaks the protocol: malformed information about the export");
        }
    }
}
