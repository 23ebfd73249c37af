package dev.unwrite.undo;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The first page of a segment in use.
 *
 * @param generation grows with each use of any segment; frames of an earlier use of the same file carry another
 * @param firstSeq the number of the first record; records of earlier generations with this number or a higher one
 *     were cut off by a recovery and do not count
 */
record SegmentHeader(LogId log, long generation, long firstSeq, LogHead control) {
    private static final long MAGIC = 0x31474553_52574E55L; // "UNWRSEG1"

    void put(ByteBuffer page) {
        page.putLong(0, MAGIC);
        page.putInt(8, Marker.VERSION);
        log.put(page, 16);
        page.putLong(32, generation);
        page.putLong(40, firstSeq);
        control.put(page, 48);
        Pages.seal(page);
    }

    /** The header, or null if the page is none. */
    static @Nullable SegmentHeader get(ByteBuffer page, String file) throws UndoLogException {
        if (page.getLong(0) != MAGIC || !Pages.isSealed(page)) {
            return null;
        }
        if (page.getInt(8) != Marker.VERSION) {
            throw Marker.otherFormat(file, page.getInt(8));
        }
        return new SegmentHeader(LogId.get(page, 16), page.getLong(32), page.getLong(40), LogHead.get(page, 48));
    }
}
