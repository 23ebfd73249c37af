package dev.unwrite.undo;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Where a record is.
 *
 * @param seq its number, unique in the log
 * @param offset of its content in the segment, in bytes
 * @param crc the CRC32C of its content
 * @param zero whether its blocks are zeroes, and there is no content
 */
record StoredRecord(long seq, int volume, long first, int count, Segment segment, long offset, int crc, boolean zero) {
    /** Of its content in the segment. */
    int bytes() {
        return zero ? 0 : count * Pages.BYTES;
    }

    /** The content of one that has some, checked again. {@code buffer} has room for it; on return it is the buffer's remaining bytes. */
    void read(ByteBuffer buffer, LogFiles files) throws IOException {
        buffer.clear().limit(bytes());
        segment.file().read(offset, buffer);
        buffer.flip();
        if (Pages.crc(buffer, 0, bytes()) != crc) {
            throw new CorruptLogException(
                    files.describe(segment.file().name()), seq, offset, "its content has changed since it was stored");
        }
    }
}
