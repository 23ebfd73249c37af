package dev.unwrite.undo;

import dev.unwrite.protocol.BlockSet.Range;
import dev.unwrite.undo.Runs.Run;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * The end of the log at which it grows. Used by one thread. What {@link #append} took is safe when {@link #commit} has
 * returned; after an exception other than a refusal nothing more may be written.
 */
final class LogWriter implements Closeable {
    /** A frame never has more blocks with content than this, so that a reader's buffer is bounded. */
    static final int MAX_FRAME_BLOCKS = 256;

    private static final int STAGING_BYTES = 2 << 20;

    private final UndoOptions options;
    private final Marker marker;
    private final SegmentPool pool;
    private final LogIndex index;
    private final Deque<Segment> live = new ArrayDeque<>();
    private final List<Segment> unsynced = new ArrayList<>();
    /** Where the first write since the last commit began, or null: a crash may leave what was written there, or not. */
    private @Nullable Place doubtful;

    private final ByteBuffer staging;
    private final LogStats.Counters counters;

    private LogHead control;
    private long nextSeq;
    private long nextGeneration;
    private @Nullable Segment active;
    /** Where in the active segment the first byte of the staging buffer belongs. */
    private long stagingAt;

    private @Nullable OpenFrame frame;
    /** The head of the log as the last written header says it, and as is known to be durable. */
    private long writtenHead;

    private long durableHead;
    private LogHead marked;
    private LogHead firm;

    private record Place(SegmentFile file, long offset) {}

    private record OpenFrame(EpochKey epoch, int at, long firstSeq, List<FrameHeader.Line> lines) {}

    /** Goes on after a recovery, always in a new segment: what a torn tail left behind is never continued. */
    LogWriter(
            LogFiles files,
            Marker marker,
            SegmentPool pool,
            LogRecovery.Result recovered,
            UndoOptions options,
            LogStats.Counters counters)
            throws IOException {
        this.options = options;
        // A segment is written from its start to its end, so that more than a segment is never staged.
        this.staging =
                files.buffer(Math.min(STAGING_BYTES, options.segmentBytes())).order(ByteOrder.LITTLE_ENDIAN);
        this.marker = marker;
        this.pool = pool;
        this.counters = counters;
        this.index = recovered.index();
        this.live.addAll(recovered.live());
        this.nextSeq = recovered.nextSeq();
        this.nextGeneration = recovered.nextGeneration();
        this.control = recovered.control();
        if (options.policy() == UndoOptions.Policy.DURABLE) {
            secure(files, recovered.unvouched());
            control = control.withDurableUpTo(nextSeq - 1);
        }
        releaseHead();
        this.marked = control;
        this.firm = control;
        markFirm();
    }

    /**
     * What was written and perhaps never synced is written again, and synced: that it can be read now does not mean that
     * it is on the disk, not even after a successful sync, if an earlier sync had failed.
     */
    private static void secure(LogFiles files, List<LogRecovery.Frame> unvouched) throws IOException {
        long largest =
                unvouched.stream().mapToLong(LogRecovery.Frame::bytes).max().orElse(Pages.BYTES);
        ByteBuffer buffer = files.buffer((int) largest);
        Segment previous = null;
        for (LogRecovery.Frame frame : unvouched) {
            SegmentFile file = frame.segment().file();
            if (previous != null && !previous.equals(frame.segment())) {
                previous.file().sync();
            }
            if (!frame.segment().equals(previous)) {
                rewrite(file, buffer, 0, Pages.BYTES);
            }
            rewrite(file, buffer, frame.offset(), (int) frame.bytes());
            previous = frame.segment();
        }
        if (previous != null) {
            previous.file().sync();
        }
    }

    private static void rewrite(SegmentFile file, ByteBuffer buffer, long offset, int bytes) throws IOException {
        buffer.clear().limit(bytes);
        file.read(offset, buffer);
        file.write(offset, buffer.flip());
    }

    /**
     * Takes the blocks that have no copy in their epoch yet; not yet safe on return.
     *
     * @throws UndoFullException if the limit would be exceeded; nothing was taken
     * @throws EpochDiscardedException if an epoch is already discarded; nothing was taken
     */
    void append(List<Runs> copies) throws IOException {
        long neededPages = 0;
        for (Runs copy : copies) {
            if (copy.epoch().compareTo(control.floor()) < 0) {
                throw new EpochDiscardedException(copy.epoch());
            }
            neededPages += neededPages(copy);
        }
        long usedBytes = index.bytes();
        if (neededPages > 0 && usedBytes + neededPages * Pages.BYTES > options.limitBytes()) {
            throw new UndoFullException(neededPages * Pages.BYTES, usedBytes, options.limitBytes());
        }
        for (Runs copy : copies) {
            for (Run run : copy.runs()) {
                for (Range range : index.missing(copy.epoch(), copy.volume(), run.first(), run.count())) {
                    if (run.data() == null) {
                        storeZeroes(copy, range);
                    } else {
                        store(copy, range, run.first(), run.data());
                    }
                }
            }
        }
    }

    /** At most: a page for each block with content, and for headers where a frame ends for whatever reason. */
    private long neededPages(Runs copy) {
        long blocks = 0;
        long lines = 0;
        for (Run run : copy.runs()) {
            for (Range range : index.missing(copy.epoch(), copy.volume(), run.first(), run.count())) {
                blocks += run.zero() ? 0 : range.count();
                lines++;
            }
        }
        if (lines == 0) {
            return 0;
        }
        long cut = blocks == 0 ? 1 : 2 + 2 * (blocks / MAX_FRAME_BLOCKS);
        return blocks + cut + lines / FrameHeader.MAX_LINES;
    }

    private void store(Runs copy, Range range, long dataFirst, ByteBuffer data) throws IOException {
        long first = range.first();
        while (first < range.end()) {
            Segment segment = openFrame(copy.epoch(), true);
            int count = (int) Math.min(room(segment), range.end() - first);
            int from = data.position() + (int) (first - dataFirst) * Pages.BYTES;
            int at = staging.position();
            staging.put(data.slice(from, count * Pages.BYTES));
            int crc = Pages.crc(staging, at, count * Pages.BYTES);
            add(copy, new FrameHeader.Line(copy.volume(), first, count, crc, false));
            first += count;
        }
    }

    private void storeZeroes(Runs copy, Range range) throws IOException {
        openFrame(copy.epoch(), false);
        add(copy, new FrameHeader.Line(copy.volume(), range.first(), Math.toIntExact(range.count()), 0, true));
    }

    private void add(Runs copy, FrameHeader.Line line) {
        OpenFrame open = frame;
        if (open == null) {
            throw new IllegalStateException("a record outside a frame");
        }
        open.lines.add(line);
        index.add(copy.epoch(), line);
        nextSeq++;
        counters.records.increment();
    }

    /** How many blocks still fit into the open frame. */
    private int room(Segment segment) {
        OpenFrame open = frame;
        if (open == null) {
            return 0;
        }
        int blocks = (staging.position() - open.at) / Pages.BYTES - 1;
        long segmentPages = (segment.file().size() - stagingAt - staging.position()) / Pages.BYTES;
        int stagingPages = staging.remaining() / Pages.BYTES;
        return (int) Math.min(MAX_FRAME_BLOCKS - blocks, Math.min(segmentPages, stagingPages));
    }

    /** Makes sure that a frame of the epoch is open and has room for a line, and for a block if one is to follow. */
    private Segment openFrame(EpochKey epoch, boolean block) throws IOException {
        Segment segment = active;
        OpenFrame open = frame;
        if (segment != null && open != null) {
            if (open.epoch.equals(epoch)
                    && open.lines.size() < FrameHeader.MAX_LINES
                    && (!block || room(segment) > 0)) {
                return segment;
            }
            closeFrame();
        }
        if (segment == null || segment.file().size() - stagingAt - staging.position() < 2 * Pages.BYTES) {
            segment = nextSegment();
        }
        if (staging.remaining() < 2 * Pages.BYTES) {
            write();
        }
        frame = new OpenFrame(epoch, staging.position(), nextSeq, new ArrayList<>());
        index.addFrame(epoch, segment, stagingAt + staging.position(), nextSeq);
        staging.position(staging.position() + Pages.BYTES);
        return segment;
    }

    private void closeFrame() {
        OpenFrame open = frame;
        Segment segment = active;
        if (open == null || segment == null) {
            return;
        }
        FrameHeader header = new FrameHeader(
                marker.log(),
                segment.generation(),
                stagingAt + open.at,
                open.firstSeq,
                open.epoch,
                control,
                open.lines);
        ByteBuffer page = Pages.view(staging, open.at);
        page.put(0, new byte[Pages.BYTES]);
        header.put(page);
        writtenHead = control.headSeq();
        frame = null;
    }

    private Segment nextSegment() throws IOException {
        write();
        Segment segment = new Segment(pool.acquire(), nextGeneration++, nextSeq);
        active = segment;
        live.add(segment);
        stagingAt = 0;
        ByteBuffer page = Pages.view(staging, 0);
        page.put(0, new byte[Pages.BYTES]);
        new SegmentHeader(marker.log(), segment.generation(), segment.firstSeq(), control).put(page);
        staging.position(Pages.BYTES);
        return segment;
    }

    /** One write for all that is staged. */
    private void write() throws IOException {
        closeFrame();
        Segment segment = active;
        if (segment == null || staging.position() == 0) {
            return;
        }
        if (unsynced.isEmpty() || !unsynced.getLast().equals(segment)) {
            unsynced.add(segment);
        }
        int bytes = staging.position();
        doubtful = doubtful == null ? new Place(segment.file(), stagingAt) : doubtful;
        segment.file().write(stagingAt, staging.flip());
        stagingAt += bytes;
        staging.clear();
        counters.writes.increment();
    }

    /** On return, all that was taken is safe under the policy. */
    void commit() throws IOException {
        write();
        if (options.policy() == UndoOptions.Policy.DURABLE) {
            for (Segment segment : unsynced) {
                segment.file().sync();
                counters.syncs.increment();
            }
            if (!unsynced.isEmpty()) {
                durableHead = Math.max(durableHead, writtenHead);
                control = control.withDurableUpTo(nextSeq - 1);
            }
        }
        unsynced.clear();
        doubtful = null;
    }

    /** Lets the marker vouch for what was committed, after the end of this process too. */
    void hint() throws IOException {
        if (!control.equals(marked)) {
            marker.hint(control);
            marked = control;
        }
    }

    /**
     * After a commit that failed: makes sure that a recovery does not find what it left, by a hole in its place. Durable on
     * return under {@link UndoOptions.Policy#DURABLE}. May be repeated.
     */
    void voidDoubtful() throws IOException {
        Place place = doubtful;
        if (place == null) {
            return;
        }
        place.file.write(place.offset, ByteBuffer.allocate(Pages.BYTES));
        if (options.policy() == UndoOptions.Policy.DURABLE) {
            place.file.sync();
        }
        doubtful = null;
    }

    /** Drops what is of epochs before {@code floor}. */
    void discardBefore(EpochKey floor) {
        if (floor.compareTo(control.floor()) > 0) {
            index.discardBefore(floor);
            control = control.discardBefore(floor);
            releaseHead();
        }
    }

    /** Drops all that was taken so far. */
    void discardAll() {
        // What is taken next begins a frame of its own: the index has forgotten this one.
        closeFrame();
        index.discardAll();
        control = control.discardUpTo(nextSeq - 1);
        releaseHead();
    }

    private void releaseHead() {
        Long lowest = index.lowestGeneration();
        while (!live.isEmpty() && !live.getFirst().equals(active)) {
            if (lowest != null && live.getFirst().generation() >= lowest) {
                break;
            }
            pool.release(live.removeFirst());
        }
        control = control.withHeadSeq(live.isEmpty() ? nextSeq : live.getFirst().firstSeq());
    }

    /** Called after {@link #view} was published. */
    void settle() throws IOException {
        if (pool.waitsForHead(durableHead) && options.policy() == UndoOptions.Policy.MEMORY) {
            markFirm();
        }
        pool.settle(durableHead);
    }

    /** Whether the marker could say more than it durably does. */
    boolean needsMark() {
        return !control.equals(firm);
    }

    /** Notes durably how far the log is durable, and what is discarded. */
    void markFirm() throws IOException {
        marker.firm(control);
        firm = control;
        durableHead = Math.max(durableHead, control.headSeq());
    }

    /** The number of the newest record that was stored. */
    long position() {
        return nextSeq - 1;
    }

    NavigableMap<EpochKey, EpochRecords.View> view() {
        return index.view();
    }

    @Override
    public void close() throws IOException {
        for (Segment segment : live) {
            segment.file().close();
        }
        pool.close();
        marker.close();
    }
}
