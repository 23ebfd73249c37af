package dev.unwrite.undo;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Where a record is.
 *
 * @param seq its number, unique in the log
 * @param line what its frame's header says of it
 * @param offset of its content in the segment, in bytes
 */
record StoredRecord(EpochKey epoch, long seq, FrameHeader.Line line, Segment segment, long offset) {
    int volume() {
        return line.volume();
    }

    long first() {
        return line.first();
    }

    int count() {
        return line.count();
    }

    /** Whether its blocks are zeroes, and there is no content. */
    boolean zero() {
        return line.zero();
    }

    boolean covers(int volume, long block) {
        return volume == volume() && block >= first() && block < first() + count();
    }

    /** Of its content in the segment. */
    int bytes() {
        return line.pages() * Pages.BYTES;
    }

    /** The content of one that has some, checked again. {@code buffer} has room for it; on return it is the buffer's remaining bytes. */
    void read(ByteBuffer buffer, LogFiles files) throws IOException {
        buffer.clear().limit(bytes());
        segment.file().read(offset, buffer);
        buffer.flip();
        if (Pages.crc(buffer, 0, bytes()) != line.crc()) {
            throw new CorruptLogException(
                    files.describe(segment.file().name()), seq, offset, "its content has changed since it was stored");
        }
    }
}
