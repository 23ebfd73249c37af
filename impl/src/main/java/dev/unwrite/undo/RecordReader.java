package dev.unwrite.undo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads back which records were stored for some epochs, in the order of the log. For one thread. */
final class RecordReader {
    private final LogFiles files;
    private final LogId log;
    private final Iterator<FrameTable.View> epochs;
    private final ByteBuffer page;
    private FrameTable.View frames = new FrameTable().view();
    private int nextFrame;
    private Iterator<StoredRecord> records = List.<StoredRecord>of().iterator();

    RecordReader(LogFiles files, LogId log, Collection<EpochRecords.View> epochs) {
        this.files = files;
        this.log = log;
        this.page = Pages.allocate(files);
        this.epochs = epochs.stream().map(EpochRecords.View::frames).iterator();
    }

    /** The next record, or null after the last; a header that is not as it was stored is damage. */
    @Nullable
    StoredRecord next() throws IOException {
        while (!records.hasNext()) {
            if (nextFrame < frames.size()) {
                records = read(nextFrame++).iterator();
            } else if (epochs.hasNext()) {
                frames = epochs.next();
                nextFrame = 0;
            } else {
                return null;
            }
        }
        return records.next();
    }

    private List<StoredRecord> read(int frame) throws IOException {
        Segment segment = frames.segment(frame);
        long offset = frames.offset(frame);
        long firstSeq = frames.firstSeq(frame);
        segment.file().read(offset, page.clear());
        FrameHeader header = FrameHeader.get(page, log, offset);
        if (header == null || header.generation() != segment.generation() || !header.holds(firstSeq)) {
            throw new CorruptLogException(
                    files.describe(segment.file().name()),
                    firstSeq,
                    offset,
                    "its header has changed since it was stored");
        }
        return header.records(segment).stream()
                .filter(record -> record.seq() >= firstSeq)
                .toList();
    }
}
