package dev.unwrite.undo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log back after a crash, and tells a torn tail from damage.
 *
 * <p>Records are acknowledged in the order of their numbers, after a sync of all before them. So what was acknowledged is
 * a run of records without a hole. Of what was written and not synced, a loss of power may keep any part, in any order.
 * Let <em>s</em> be the first record that is missing or does not read well.
 *
 * <ul>
 *   <li>If anything that reads well, in whatever place (a later frame, a segment header, the marker), says that the log
 *       was durable up to <em>s</em> or further, then <em>s</em> was acknowledged: damage, refused.
 *   <li>Else <em>s</em> is taken for the torn tail: it and all after it is dropped, whether it reads well or not.
 * </ul>
 *
 * <p>What cannot be told apart: the last synced batch, when it is damaged afterwards <em>and</em> power was lost before
 * the marker's page reached the disk (at most {@link UndoOptions#idleMark} after the log falls idle; the kernel's
 * writeback interval under unbroken load). After the end of the process alone, every acknowledged record is vouched for.
 * Under {@link UndoOptions.Policy#MEMORY} nothing is synced, so nothing is vouched for, and a hole is always a tail.
 */
final class LogRecovery {
    private static final String PREFIX = "seg-";
    private static final String SUFFIX = ".undo";
    private static final int DIGITS = 6;
    private static final int WINDOW_BYTES = 1 << 20;

    private final LogFiles files;
    private final LogId log;
    private final LogIndex index = new LogIndex();
    private final List<Segment> live = new ArrayList<>();
    private final List<Frame> unvouched = new ArrayList<>();
    private ByteBuffer window;
    private ByteBuffer content;

    private LogHead control;
    private long highestGeneration;
    private long next;
    private long records;
    private long blocks;

    private LogRecovery(LogFiles files, Marker marker) throws IOException {
        this.files = files;
        this.log = marker.log();
        this.window = Pages.allocate(files);
        this.content = Pages.allocate(files);
        this.control = marker.read();
    }

    /** A frame that reads well, by its place. */
    record Frame(Segment segment, long offset, long firstSeq, long bytes, long lines) {}

    /**
     * What is there.
     *
     * @param live the segments that hold records, in the order of the log
     * @param unvouched frames that read well, though nothing says that they were ever synced
     * @param free files that hold nothing that counts
     */
    record Result(
            LogIndex index,
            List<Segment> live,
            List<Frame> unvouched,
            List<SegmentFile> free,
            LogHead control,
            long nextSeq,
            long nextGeneration,
            Recovered recovered) {}

    static boolean isSegment(String name) {
        return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
    }

    static String segmentName(long number) {
        String digits = Long.toString(number);
        return PREFIX + "0".repeat(Math.max(0, DIGITS - digits.length())) + digits + SUFFIX;
    }

    /** The number of a segment's name; 0 if it has none. */
    static long segmentNumber(String name) {
        try {
            return Long.parseLong(name.substring(PREFIX.length(), name.length() - SUFFIX.length()));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    static Result run(LogFiles files, Marker marker, boolean created) throws IOException {
        return new LogRecovery(files, marker).run(created);
    }

    private Result run(boolean created) throws IOException {
        List<SegmentFile> all = new ArrayList<>();
        Map<Segment, List<Frame>> frames = new HashMap<>();
        List<Segment> segments = new ArrayList<>();
        for (String name : files.names()) {
            if (isSegment(name)) {
                SegmentFile file = files.open(name);
                all.add(file);
                List<Frame> found = new ArrayList<>();
                Segment segment = scan(file, found);
                if (segment != null) {
                    segments.add(segment);
                    frames.put(segment, found);
                }
            }
        }
        segments.sort(Comparator.comparingLong(Segment::generation));
        next = control.headSeq();
        Stop stop = walk(segments);
        if (control.durableUpTo() >= next) {
            throw new CorruptLogException(
                    stop.path,
                    next,
                    stop.offset,
                    stop.why + ", though the log was durable up to record " + control.durableUpTo());
        }
        Optional<String> torn = torn(segments, frames, stop);
        long lastSeq = next - 1;
        return new Result(
                index,
                live,
                unvouched,
                free(all),
                control.reusingFrom(next),
                next,
                highestGeneration + 1,
                new Recovered(created, records, blocks, lastSeq, control.durableUpTo(), torn));
    }

    /**
     * Collects what the headers of a file say, those of earlier uses of the file included: what they say was true then
     * and is true now. Each page is looked at, because after a hole nothing says where the next frame begins.
     */
    private @Nullable Segment scan(SegmentFile file, List<Frame> found) throws IOException {
        Segment segment = null;
        String path = files.describe(file.name());
        long pages = file.size() / Pages.BYTES;
        window = room(window, Math.min(WINDOW_BYTES, pages * Pages.BYTES));
        for (long number = 0; number < pages; number++) {
            long offset = number * Pages.BYTES;
            int at = (int) (offset % WINDOW_BYTES);
            if (at == 0) {
                window.clear().limit((int) Math.min(WINDOW_BYTES, pages * Pages.BYTES - offset));
                file.read(offset, window);
            }
            ByteBuffer page = Pages.view(window, at);
            if (number == 0) {
                SegmentHeader header = SegmentHeader.get(page, path);
                if (header != null) {
                    requireOwn(header, path);
                    noteGeneration(header.generation(), header.control());
                    segment = new Segment(file, header.generation(), header.firstSeq());
                }
                continue;
            }
            FrameHeader frame = FrameHeader.get(page, log, offset);
            if (frame != null) {
                noteGeneration(frame.generation(), frame.control());
                if (segment != null && frame.generation() == segment.generation()) {
                    found.add(new Frame(
                            segment,
                            offset,
                            frame.firstSeq(),
                            frame.bytes(),
                            frame.lines().size()));
                }
            }
        }
        return segment;
    }

    private void requireOwn(SegmentHeader header, String path) throws UndoLogException {
        if (!header.log().equals(log)) {
            throw new UndoLogException(path + " belongs to another undo log; move it out of this folder");
        }
    }

    private void noteGeneration(long generation, LogHead said) {
        highestGeneration = Math.max(highestGeneration, generation);
        control = control.merge(said);
    }

    /** Why and where the run of good records ends. */
    private record Stop(String path, long offset, String why) {}

    /** Follows the records from the head of the log, segment by segment, as far as there is no hole. */
    private Stop walk(List<Segment> segments) throws IOException {
        long[] ends = ends(segments);
        Stop stop = new Stop(files.describe(Marker.NAME), 0, "the segment that held it is missing");
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            if (ends[i] <= segment.firstSeq() || ends[i] <= control.headSeq()) {
                continue;
            }
            String path = files.describe(segment.file().name());
            if (segment.firstSeq() > next) {
                return new Stop(stop.path, stop.offset, "it is missing (the next segment is " + path + ")");
            }
            stop = walk(segment, ends[i], path);
            if (next < ends[i]) {
                return stop;
            }
        }
        return stop;
    }

    /** For each segment, the number of the first record that a later generation holds. */
    private static long[] ends(List<Segment> segments) {
        long[] ends = new long[segments.size()];
        long end = Long.MAX_VALUE;
        for (int i = segments.size() - 1; i >= 0; i--) {
            ends[i] = end;
            end = Math.min(end, segments.get(i).firstSeq());
        }
        return ends;
    }

    private Stop walk(Segment segment, long end, String path) throws IOException {
        long seq = segment.firstSeq();
        long offset = Pages.BYTES;
        String why = "the segment ends before it";
        while (seq < end && offset + 2 * Pages.BYTES <= segment.file().size()) {
            window.clear().limit(Pages.BYTES);
            segment.file().read(offset, window);
            FrameHeader frame = FrameHeader.get(Pages.view(window, 0), log, offset);
            why = problem(frame, segment, seq, offset);
            if (frame == null || why != null) {
                break;
            }
            accept(frame, segment);
            seq = frame.endSeq();
            offset += frame.bytes();
        }
        next = Math.max(next, seq);
        return new Stop(path, offset, why == null ? "the segment ends before it" : why);
    }

    private @Nullable String problem(@Nullable FrameHeader frame, Segment segment, long seq, long offset)
            throws IOException {
        if (frame == null || frame.generation() != segment.generation()) {
            return "its header does not read well";
        }
        if (frame.firstSeq() != seq) {
            return "record " + frame.firstSeq() + " is in its place";
        }
        long size = frame.bytes() - Pages.BYTES;
        if (size > (long) LogWriter.MAX_FRAME_BLOCKS * Pages.BYTES
                || offset + frame.bytes() > segment.file().size()) {
            return "its header asks for more than there is";
        }
        content = room(content, size);
        content.clear().limit((int) size);
        segment.file().read(offset + Pages.BYTES, content);
        int at = 0;
        for (FrameHeader.Line line : frame.lines()) {
            int bytes = line.pages() * Pages.BYTES;
            if (!line.zero() && Pages.crc(content, at, bytes) != line.crc()) {
                return "its content does not match its checksum";
            }
            at += bytes;
        }
        return null;
    }

    /** The buffer, or a larger one: small logs are opened often, and large buffers take long to be made. */
    private ByteBuffer room(ByteBuffer buffer, long bytes) {
        return buffer.capacity() >= bytes ? buffer : files.buffer((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void accept(FrameHeader frame, Segment segment) {
        if (live.isEmpty() || !live.getLast().equals(segment)) {
            live.add(segment);
        }
        if (frame.endSeq() - 1 > control.durableUpTo()) {
            unvouched.add(new Frame(
                    segment,
                    frame.offset(),
                    frame.firstSeq(),
                    frame.bytes(),
                    frame.lines().size()));
        }
        boolean any = false;
        for (StoredRecord record : frame.records(segment)) {
            if (control.isLive(record.seq(), frame.epoch())) {
                if (!any) {
                    any = true;
                    index.addFrame(frame.epoch(), segment, frame.offset(), record.seq());
                }
                records++;
                blocks += record.count();
                index.add(frame.epoch(), record.line());
            }
        }
    }

    /** Frames of the dropped tail that a crash had half written, or had written before an earlier one. */
    private Optional<String> torn(List<Segment> segments, Map<Segment, List<Frame>> frames, Stop stop) {
        long dropped = 0;
        long[] ends = ends(segments);
        for (int i = 0; i < segments.size(); i++) {
            for (Frame frame : frames.getOrDefault(segments.get(i), List.of())) {
                if (frame.firstSeq >= next && frame.firstSeq < ends[i]) {
                    dropped += frame.lines;
                }
            }
        }
        if (dropped == 0) {
            return Optional.empty();
        }
        return Optional.of(
                "a crash cut the log short: record " + next + " in " + stop.path + " at offset " + stop.offset
                        + " is incomplete (" + stop.why + "), dropped with " + dropped
                        + " records in all; none was acknowledged as durable");
    }

    private List<SegmentFile> free(List<SegmentFile> all) {
        Set<SegmentFile> used = new HashSet<>();
        live.forEach(segment -> used.add(segment.file()));
        return all.stream().filter(file -> !used.contains(file)).toList();
    }
}
