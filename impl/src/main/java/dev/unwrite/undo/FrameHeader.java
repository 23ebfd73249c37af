package dev.unwrite.undo;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page before the contents of some records of one epoch.
 *
 * @param offset where the frame is in its segment, so that a misdirected write is noticed
 * @param firstSeq the number of the first record; the others follow without a gap
 */
record FrameHeader(
        LogId log, long generation, long offset, long firstSeq, EpochKey epoch, LogHead control, List<Line> lines) {
    /** One record: its blocks, and the CRC32C of their content; {@code zero}: no content follows, all is zeroes. */
    record Line(int volume, long first, int count, int crc, boolean zero) {
        /** How many pages of content follow. */
        int pages() {
            return zero ? 0 : count;
        }
    }

    static final int MAX_LINES = 160;
    private static final long MAGIC = 0x314D5246_52574E55L; // "UNWRFRM1"
    private static final int COUNT_AT = 64 + LogHead.BYTES;
    private static final int LINES_AT = COUNT_AT + 8;
    private static final int LINE_BYTES = 24;
    private static final int ZERO = 1;

    void put(ByteBuffer page) {
        page.putLong(0, MAGIC);
        log.put(page, 8);
        page.putLong(24, generation);
        page.putLong(32, offset);
        page.putLong(40, firstSeq);
        page.putLong(48, epoch.term());
        page.putLong(56, epoch.epoch());
        control.put(page, 64);
        page.putInt(COUNT_AT, lines.size());
        int at = LINES_AT;
        for (Line line : lines) {
            page.putLong(at, line.first);
            page.putInt(at + 8, line.count);
            page.putInt(at + 12, line.volume);
            page.putInt(at + 16, line.crc);
            page.putInt(at + 20, line.zero ? ZERO : 0);
            at += LINE_BYTES;
        }
        Pages.seal(page);
    }

    /** The header, or null if the page is none of this log at this offset. */
    static @Nullable FrameHeader get(ByteBuffer page, LogId log, long offset) {
        if (page.getLong(0) != MAGIC || !LogId.get(page, 8).equals(log) || page.getLong(32) != offset) {
            return null;
        }
        int count = page.getInt(COUNT_AT);
        if (count < 1 || count > MAX_LINES || !Pages.isSealed(page)) {
            return null;
        }
        List<Line> lines = new ArrayList<>(count);
        for (int at = LINES_AT; lines.size() < count; at += LINE_BYTES) {
            lines.add(new Line(
                    page.getInt(at + 12),
                    page.getLong(at),
                    page.getInt(at + 8),
                    page.getInt(at + 16),
                    page.getInt(at + 20) == ZERO));
        }
        EpochKey epoch = new EpochKey(page.getLong(48), page.getLong(56));
        return new FrameHeader(
                log, page.getLong(24), offset, page.getLong(40), epoch, LogHead.get(page, 64), List.copyOf(lines));
    }

    /** The length of the frame in bytes, header and contents. */
    long bytes() {
        long pages = 1;
        for (Line line : lines) {
            pages += line.pages();
        }
        return pages * Pages.BYTES;
    }

    /** The number of the record after the last. */
    long endSeq() {
        return firstSeq + lines.size();
    }

    boolean holds(long seq) {
        return seq >= firstSeq && seq < endSeq();
    }

    /** Where its records are in the segment that it is in. */
    List<StoredRecord> records(Segment segment) {
        List<StoredRecord> records = new ArrayList<>(lines.size());
        long at = offset + Pages.BYTES;
        for (Line line : lines) {
            records.add(new StoredRecord(epoch, firstSeq + records.size(), line, segment, at));
            at += (long) line.pages() * Pages.BYTES;
        }
        return records;
    }
}
