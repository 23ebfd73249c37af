package dev.unwrite.undo;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Segment files that hold nothing that counts, ready for the next use. New ones are written, and those too many are
 * deleted, in the background. All but the background work is done by the log's one writer.
 *
 * <p>The contents of a released segment are only overwritten when (1) it is durable that they do not count any more:
 * else, after a crash, their loss would look like damage; and (2) nobody reads them any more.
 */
final class SegmentPool implements Closeable {
    private static final System.Logger LOG = System.getLogger(SegmentPool.class.getName());

    private static final int FORGOTTEN_PART = 16;

    private final LogFiles files;
    private final UndoOptions options;
    private final Deque<Segment> released = new ArrayDeque<>();
    private final Deque<SegmentFile> ready = new ConcurrentLinkedDeque<>();
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger readers = new AtomicInteger();
    private final AtomicLong nextNumber = new AtomicLong();
    private final @Nullable ExecutorService background;
    /** Segments that are not in {@link #ready}: live, released, or just handed out. */
    private int inUse;
    /** The most that were in use since segments were last given back. */
    private int lately;
    /**
     * The most that were in use: as many are kept, since making one costs as much as filling it. What was needed once is not
     * kept for ever: each time that segments are given back, a part of what is more than lately is forgotten.
     */
    private int peak;

    /**
     * {@code background} makes new segments and deletes old ones; it ends with the pool. If it is null, the log has no
     * threads, and that is done at once.
     */
    SegmentPool(LogFiles files, UndoOptions options, @Nullable ExecutorService background) {
        this.files = files;
        this.options = options;
        this.background = background;
    }

    static ExecutorService ownThread() {
        return Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("unwrite-undo-segments").factory());
    }

    /**
     * Takes over the files that hold nothing that counts, durably so, and makes more if they are too few.
     *
     * @param live how many hold something: they are released some day
     */
    void start(List<SegmentFile> free, int live) throws IOException {
        use(live);
        long highest = 0;
        for (String name : files.names()) {
            highest = LogRecovery.isSegment(name) ? Math.max(highest, LogRecovery.segmentNumber(name)) : highest;
        }
        nextNumber.set(highest + 1);
        for (SegmentFile file : free) {
            if (file.size() == options.segmentBytes() && ready.size() < options.keepSegments()) {
                ready.add(file);
            } else {
                file.close();
                files.delete(file.name());
            }
        }
        // A full disk does not keep a log from being opened: what it holds may be needed now, to take over.
        int missing = options.spareSegments() - ready.size();
        for (int i = 0; i < missing; i++) {
            underWay.incrementAndGet();
            prepare();
        }
    }

    /** While a reader is between this and {@link #endRead}, nothing that it can see is overwritten. */
    void beginRead() {
        readers.incrementAndGet();
    }

    void endRead() {
        readers.decrementAndGet();
    }

    /** A file to overwrite from its start. */
    SegmentFile acquire() throws IOException {
        SegmentFile file = ready.poll();
        SegmentFile acquired = file == null ? create() : file;
        use(1);
        return acquired;
    }

    private void use(int more) {
        inUse += more;
        lately = Math.max(lately, inUse);
        peak = Math.max(peak, inUse);
    }

    /** The contents do not count any more; when they may be overwritten is found by {@link #settle}. */
    void release(Segment segment) {
        released.add(segment);
    }

    private boolean mayBeReused(long durableHead) {
        Segment oldest = released.peek();
        return oldest != null && oldest.firstSeq() < durableHead;
    }

    /** Whether a released segment waits only for the head of the log to become durable. */
    boolean waitsForHead(long durableHead) {
        return !released.isEmpty() && !mayBeReused(durableHead);
    }

    /**
     * Called after the index without the released segments was published: who begins to read now does not see them.
     *
     * @param durableHead records below this number are known, durably, not to count
     */
    void settle(long durableHead) {
        if (readers.get() == 0 && mayBeReused(durableHead)) {
            peak -= Math.ceilDiv(peak - lately, FORGOTTEN_PART);
            Iterator<Segment> segments = released.iterator();
            while (segments.hasNext()) {
                Segment segment = segments.next();
                if (segment.firstSeq() < durableHead) {
                    segments.remove();
                    inUse--;
                    keepOrDelete(segment.file());
                }
            }
            lately = inUse;
        }
        // Counted before, since an attempt that fails at once must not be made again at once.
        int missing = released.isEmpty() ? options.spareSegments() - ready.size() - underWay.get() : 0;
        for (int i = 0; i < missing; i++) {
            underWay.incrementAndGet();
            later(this::prepare);
        }
    }

    private void keepOrDelete(SegmentFile file) {
        if (ready.size() < kept() && file.size() == options.segmentBytes()) {
            ready.addFirst(file);
        } else {
            later(() -> delete(file));
        }
    }

    private int kept() {
        int least = options.keepSegments();
        return least == 0 ? 0 : Math.max(least, peak + options.spareSegments() - inUse);
    }

    private void later(Runnable task) {
        if (background == null) {
            task.run();
        } else {
            background.execute(task);
        }
    }

    private SegmentFile create() throws IOException {
        String name = LogRecovery.segmentName(nextNumber.getAndIncrement());
        return files.create(name, options.segmentBytes(), ByteBuffer.allocate(0));
    }

    /** A failure here is no failure of the log: when a segment is needed and cannot be had, the writer will find out. */
    private void prepare() {
        try {
            ready.addLast(create());
        } catch (IOException e) {
            LOG.log(Level.WARNING, "no segment could be made ready ahead for the undo log: " + e);
        } finally {
            underWay.decrementAndGet();
        }
    }

    private void delete(SegmentFile file) {
        try {
            file.close();
            files.delete(file.name());
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a segment of the undo log that is not needed could not be deleted: " + e);
        }
    }

    @Override
    public void close() throws IOException {
        boolean interrupted = background != null && !ended(background);
        try {
            released.forEach(segment -> close(segment.file()));
            ready.forEach(SegmentPool::close);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Lets the work that is under way end; false if this thread was interrupted before. */
    private static boolean ended(ExecutorService background) {
        background.shutdown();
        try {
            background.awaitTermination(1, TimeUnit.MINUTES);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private static void close(@Nullable SegmentFile file) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
