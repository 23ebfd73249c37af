package dev.unwrite.undo;

import dev.unwrite.protocol.BlockSet;
import dev.unwrite.protocol.BlockSet.Range;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the oldest copy of each block (rule OldestCopyWins).
 *
 * <p>The log is read in its own order, a window of a few MiB at a time; within the window, blocks are handed out sorted,
 * and adjacent ones as one, so that neither disk has to jump more than need be.
 */
final class OldestCopies {
    private static final int WINDOW_BYTES = 4 << 20;
    /** No record is larger, so that each fits into a run. */
    private static final int RUN_BYTES = LogWriter.MAX_FRAME_BLOCKS * Pages.BYTES;
    /** Zeroes fill no window, so their number has a bound of its own. */
    private static final int PIECES_MAX = 1 << 14;
    /** Where the content of a piece is that has none. */
    private static final int ZERO = -1;

    private final LogFiles files;
    private final RecordReader records;
    private final Map<Integer, BlockSet> done = new HashMap<>();
    private final List<Piece> pieces = new ArrayList<>();
    /** Used in turn, so that what was handed out stays as it is for some calls. */
    private final @Nullable ByteBuffer[] windows;

    private final int windowBytes;
    private int calls;
    private @Nullable StoredRecord left;

    private record Piece(int volume, long first, int count, int at) {
        boolean zero() {
            return at == ZERO;
        }
    }

    /** Of all records of the epochs. */
    OldestCopies(LogFiles files, LogId log, NavigableMap<EpochKey, EpochRecords.View> epochs, int windows) {
        this.files = files;
        this.records = new RecordReader(files, log, epochs.values());
        long bytes =
                epochs.values().stream().mapToLong(EpochRecords.View::bytes).sum();
        this.windows = new ByteBuffer[windows];
        this.windowBytes = (int) Math.min(WINDOW_BYTES, bytes);
    }

    /** Hands out the blocks of the next window; returns their number, 0 at the end. */
    long next(UndoLog.Visitor visitor) throws IOException {
        StoredRecord record = left == null ? records.next() : left;
        if (record == null) {
            return 0;
        }
        ByteBuffer window = nextWindow();
        while (record != null && take(record, window)) {
            record = records.next();
        }
        left = record;
        return handOut(window, visitor);
    }

    private ByteBuffer nextWindow() {
        int turn = calls++ % windows.length;
        ByteBuffer used = windows[turn];
        ByteBuffer window = used == null ? files.buffer(windowBytes) : used;
        windows[turn] = window;
        return window.clear();
    }

    /** False if the window has no room for it. */
    private boolean take(StoredRecord record, ByteBuffer window) throws IOException {
        BlockSet before = done.getOrDefault(record.volume(), BlockSet.EMPTY);
        List<Range> missing = before.missing(record.first(), record.count());
        if (missing.isEmpty()) {
            return true;
        }
        boolean full = window.capacity() - window.position() < record.bytes() || pieces.size() >= PIECES_MAX;
        if (full && !pieces.isEmpty()) {
            return false;
        }
        int at = window.position();
        if (!record.zero()) {
            record.read(window.slice(at, record.bytes()), files);
            window.position(at + record.bytes());
        }
        for (Range range : missing) {
            int from = record.zero() ? ZERO : at + (int) (range.first() - record.first()) * Pages.BYTES;
            pieces.add(new Piece(record.volume(), range.first(), (int) range.count(), from));
        }
        done.put(record.volume(), before.with(record.first(), record.count()));
        return true;
    }

    private long handOut(ByteBuffer window, UndoLog.Visitor visitor) throws IOException {
        long blocks = 0;
        pieces.sort(Comparator.comparingInt(Piece::volume).thenComparingLong(Piece::first));
        int i = 0;
        while (i < pieces.size()) {
            int from = i;
            Piece start = pieces.get(from);
            long end = start.first;
            while (i < pieces.size() && continues(pieces.get(i), start, end)) {
                end += pieces.get(i++).count;
            }
            int count = (int) (end - start.first);
            blocks += count;
            if (start.zero()) {
                visitor.restoreZeroes(start.volume, start.first, count);
            } else {
                ByteBuffer data = together(window, pieces.subList(from, i), count * Pages.BYTES);
                visitor.restore(start.volume, start.first, count, data.asReadOnlyBuffer());
            }
        }
        pieces.clear();
        return blocks;
    }

    /** The contents of pieces one behind the other: where they are, if they are one behind the other there, or a copy. */
    private static ByteBuffer together(ByteBuffer window, List<Piece> run, int bytes) {
        int at = run.getFirst().at;
        boolean apart = false;
        for (Piece piece : run) {
            apart |= piece.at != at;
            at += piece.count * Pages.BYTES;
        }
        if (!apart) {
            return window.slice(run.getFirst().at, bytes);
        }
        ByteBuffer copy = ByteBuffer.allocate(bytes);
        for (Piece piece : run) {
            copy.put(window.slice(piece.at, piece.count * Pages.BYTES));
        }
        return copy.flip();
    }

    private boolean continues(Piece piece, Piece start, long end) {
        if (piece.volume != start.volume || piece.first != end || piece.zero() != start.zero()) {
            return false;
        }
        return piece.zero()
                ? end - start.first + piece.count <= Integer.MAX_VALUE
                : (end - start.first + piece.count) * Pages.BYTES <= RUN_BYTES;
    }
}
