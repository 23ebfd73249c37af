package dev.unwrite.undo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Header pages: 4 KiB, little-endian, with a checksum over all of the page in its last four bytes. */
final class Pages {
    static final int BYTES = UndoLog.BLOCK_BYTES;
    private static final int CRC_AT = BYTES - Integer.BYTES;

    private Pages() {}

    /** An empty page. */
    static ByteBuffer allocate(LogFiles files) {
        return files.buffer(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The page of {@code buffer} at {@code position}, as a view of its own. */
    static ByteBuffer view(ByteBuffer buffer, int position) {
        return buffer.slice(position, BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    static void seal(ByteBuffer page) {
        page.putInt(CRC_AT, crc(page, 0, CRC_AT));
    }

    static boolean isSealed(ByteBuffer page) {
        return page.getInt(CRC_AT) == crc(page, 0, CRC_AT);
    }

    static int crc(ByteBuffer buffer, int position, int length) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.slice(position, length));
        return (int) crc.getValue();
    }
}
