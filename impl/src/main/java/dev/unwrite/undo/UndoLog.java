package dev.unwrite.undo;

import dev.unwrite.protocol.BlockSet;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The durable undo log of the secondary: the old contents of blocks that the primary is about to overwrite (rule
 * StoreBeforeAck), by term and epoch.
 *
 * <p>For any number of threads. Appends that wait at the same time share one write and one sync (group commit). The
 * futures are completed by the log's own thread: what depends on them must be quick, or be run elsewhere.
 *
 * <p>When a write or a sync fails, the log takes nothing more: all that waits and all that comes later fails, nothing is
 * acknowledged that may not be safe, and the sync is not tried again, since the operating system may have dropped what it
 * could not write. What was stored before can still be read. Open the log anew to go on.
 */
public final class UndoLog implements Closeable {
    /** The unit of a copy. */
    public static final int BLOCK_BYTES = 4096;

    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

    /** As much may wait to be stored; {@link #append} blocks until there is room. */
    private static final long MAX_WAITING_BYTES = 64L << 20;

    private final LogFiles files;
    private final LogId log;
    private volatile long position;
    private final UndoOptions options;
    private final LogWriter writer;
    private final SegmentPool pool;
    private final Recovered recovered;
    private final LogStats.Counters counters;
    /** Null where each call does its own work. */
    private final @Nullable Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition room = lock.newCondition();
    private List<Request> waiting = new ArrayList<>();
    private long waitingBytes;
    private boolean closed;
    private volatile @Nullable UndoLogException failure;
    private volatile NavigableMap<EpochKey, EpochRecords.View> published;

    private record Request(Action action, long bytes, CompletableFuture<Void> done) {}

    private interface Action {
        void run(LogWriter writer) throws IOException;
    }

    /** Takes what is to be written back. */
    public interface Visitor {
        /** {@code data} holds the content of {@code count} adjacent blocks; for how long, {@link UndoLog#readBack} says. */
        void restore(int volume, long firstBlock, int count, ByteBuffer data) throws IOException;

        /** The same for adjacent blocks of zeroes, of any number; where it is not overridden, they come as data. */
        default void restoreZeroes(int volume, long firstBlock, int count) throws IOException {
            for (int done = 0; done < count; ) {
                int now = Math.min(count - done, ZEROES.capacity() / BLOCK_BYTES);
                restore(volume, firstBlock + done, now, ZEROES.slice(0, now * BLOCK_BYTES));
                done += now;
            }
        }
    }

    /** A stored record, for inspection. {@code zero}: of zeroes, without content. */
    public record RecordInfo(
            long seq, EpochKey epoch, int volume, long firstBlock, int count, String file, long offset, boolean zero) {}

    /** What is stored for one epoch: the blocks by volume, and the bytes with headers. */
    public record EpochInfo(EpochKey epoch, Map<Integer, BlockSet> blocks, long bytes) {}

    /**
     * Opens the log in a folder, or makes a new one if the folder is missing or empty. On return, what is stored is
     * durable under {@link UndoOptions.Policy#DURABLE}, whatever happened before.
     *
     * @throws CorruptLogException if something that was acknowledged is damaged or missing
     * @throws UndoLogException if another process has the log open, or the folder holds something else
     */
    public static UndoLog open(Path folder, UndoOptions options) throws IOException {
        LogFiles files = DirectoryFiles.lock(folder);
        try {
            return open(files, options);
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    static UndoLog open(LogFiles files, UndoOptions options) throws IOException {
        return open(files, options, false);
    }

    /**
     * Opens a log that has no threads: each call has done its work, or failed, when it returns. For a simulator, which
     * decides what happens when. What an idle log notes, this one notes after each call if the time for that is zero.
     */
    public static UndoLog openInline(LogFiles files, UndoOptions options) throws IOException {
        return open(files, options, true);
    }

    private static UndoLog open(LogFiles files, UndoOptions options, boolean inline) throws IOException {
        // A segment that an earlier process deleted must not come back beside one that has its generation by then.
        files.syncFolder();
        List<String> names = files.names();
        boolean created = !names.contains(Marker.NAME);
        if (created && !names.isEmpty()) {
            throw new UndoLogException(files.describe(names.getFirst()) + " is in the way: the folder is not empty and"
                    + " holds no undo log; choose another folder");
        }
        Marker marker = created ? Marker.create(files) : Marker.open(files);
        return new UndoLog(files, marker, LogRecovery.run(files, marker, created), options, inline);
    }

    private UndoLog(LogFiles files, Marker marker, LogRecovery.Result found, UndoOptions options, boolean inline)
            throws IOException {
        this.files = files;
        this.log = marker.log();
        this.options = options;
        this.recovered = found.recovered();
        this.counters = new LogStats.Counters();
        this.pool = new SegmentPool(files, options, inline ? null : SegmentPool.ownThread());
        this.writer = new LogWriter(files, marker, pool, found, options, counters);
        this.published = writer.view();
        this.position = writer.position();
        pool.start(found.free(), found.live().size());
        this.thread = inline
                ? null
                : Thread.ofPlatform().daemon().name("unwrite-undo-writer").start(this::work);
    }

    /** Names this log for ever; another log in the same folder has another id. */
    public String id() {
        return log.toString();
    }

    /**
     * The number of the newest copy that is safe under the policy. It only grows, over restarts too, so a log that says less
     * than it once did has lost something. (After a loss of power while it held nothing it may say a little less.)
     */
    public long position() {
        return position;
    }

    /** What was found when the log was opened. */
    public Recovered recovered() {
        return recovered;
    }

    /** As {@link #append(List)}, for one copy. */
    public CompletableFuture<Void> append(Copy copy) {
        return append(List.of(copy));
    }

    /**
     * Stores copies. The future is done when all blocks are safe under the policy, those that an earlier append stored
     * included: a block that has a copy in its epoch keeps that copy (rule FirstCopyWins). Blocks while very much waits.
     *
     * <p>The future fails, with nothing of this call stored, with {@link UndoFullException} if the limit would be
     * exceeded, and with {@link EpochDiscardedException} if an epoch is already discarded; and with {@link
     * UndoLogException} if the log failed: then some of the copies may be found after it was opened again, which does
     * no harm.
     */
    public CompletableFuture<Void> append(List<Copy> copies) {
        return appendAll(List.of(copies)).getFirst();
    }

    /** Many appends that are stored together, with one sync; each ends on its own, as above. */
    public List<CompletableFuture<Void>> appendAll(List<List<Copy>> appends) {
        List<Request> requests = new ArrayList<>(appends.size());
        for (List<Copy> copies : appends) {
            long bytes = 0;
            List<Runs> own = new ArrayList<>(copies.size());
            for (Copy copy : copies) {
                Runs runs = Runs.of(copy);
                own.add(runs);
                bytes += runs.bytes();
            }
            counters.appends.increment();
            requests.add(new Request(log -> log.append(own), bytes, new CompletableFuture<>()));
        }
        submit(requests);
        return requests.stream().map(Request::done).toList();
    }

    /** Waits until all that was appended before the call is safe under the policy. */
    public void sync() throws IOException {
        await(submit(log -> {}));
    }

    /**
     * Drops the copies of all epochs before the given one, of earlier terms included (rule StateBeforeDiscard: only after
     * the state that makes them superfluous is durable). From then on, copies of such epochs are refused.
     *
     * <p>The future is done when they are dropped here. A crash may bring some of them back, whole or in part; that does
     * no harm, because only the copies since the committed checkpoint count ({@link #rollback}).
     */
    public CompletableFuture<Void> discardBefore(long term, long epoch) {
        EpochKey floor = new EpochKey(term, epoch);
        return submit(log -> log.discardBefore(floor));
    }

    /** Drops everything; copies of any epoch may follow. As for a crash, see {@link #discardBefore}. */
    public CompletableFuture<Void> discardAll() {
        return submit(LogWriter::discardAll);
    }

    /**
     * After the log failed: makes sure that what could not be stored is not found when it is opened again. Nothing is done
     * while it works. Durable on return under {@link UndoOptions.Policy#DURABLE}; on failure it may be called again.
     */
    public void settle() throws IOException {
        if (failure == null) {
            return;
        }
        if (thread != null) {
            try {
                thread.join(); // It ends with the failure.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UndoLogException("interrupted", e);
            }
        }
        writer.voidDoubtful();
    }

    /** The blocks of a volume that have a safe copy in an epoch. */
    public BlockSet stored(long term, long epoch, int volume) {
        EpochRecords.View view = published.get(new EpochKey(term, epoch));
        return view == null ? BlockSet.EMPTY : view.blocks(volume);
    }

    /** What is stored, in the order of the epochs. */
    public List<EpochInfo> epochs() {
        List<EpochInfo> epochs = new ArrayList<>();
        published.forEach((epoch, view) -> epochs.add(new EpochInfo(epoch, view.blocks(), view.bytes())));
        return epochs;
    }

    /** The bytes that the live copies take, with their headers: zeroes take none but those. */
    public long usedBytes() {
        return published.values().stream().mapToLong(EpochRecords.View::bytes).sum();
    }

    /** The most that {@link #usedBytes} can be. */
    public long limitBytes() {
        return options.limitBytes();
    }

    /** Whether it is time to commit a checkpoint, to free space. */
    public boolean nearLimit() {
        return usedBytes() >= options.limitBytes() / 100 * options.nearLimitPercent();
    }

    /** What the log did since it was opened. */
    public LogStats stats() {
        return counters.now();
    }

    /**
     * Hands the oldest copy of each block since the given epoch of the given term to the visitor (rule OldestCopyWins):
     * the state of the disk at checkpoint {@code baseEpoch}. Copies of other terms do not count (rule EpochTag). Each
     * block comes once, in calls of at most 1 MiB, or of any number of zeroes; every checksum is tested again. Memory is
     * bounded; may be called again, with the same result. Discards meanwhile do not disturb it. Returns the number of
     * blocks.
     *
     * @throws CorruptLogException if a copy is damaged; some blocks may already have been handed out
     */
    public long rollback(long baseTerm, long baseEpoch, Visitor visitor) throws IOException {
        try (Reading reading = readBack(baseTerm, baseEpoch, 1)) {
            long blocks = 0;
            for (long now = reading.next(visitor); now > 0; now = reading.next(visitor)) {
                blocks += now;
            }
            return blocks;
        }
    }

    /**
     * As {@link #rollback}, a few MiB at a time. Until it is closed, discarded segments that it may read are not reused. What a
     * visitor was given stays as it is until {@link Reading#next} has been called {@code windows} times more, each time of which
     * takes memory of its own.
     */
    public Reading readBack(long baseTerm, long baseEpoch, int windows) {
        return new Reading(new EpochKey(baseTerm, baseEpoch), new EpochKey(baseTerm, Long.MAX_VALUE), windows);
    }

    /** What a rollback writes back, for one thread. */
    public final class Reading implements Closeable {
        private final OldestCopies rollback;
        private boolean ended;

        private Reading(EpochKey from, EpochKey to, int windows) {
            pool.beginRead();
            rollback = new OldestCopies(files, log, published.subMap(from, true, to, true), windows);
        }

        /** Hands out the next blocks; returns their number, 0 at the end. */
        public long next(Visitor visitor) throws IOException {
            return rollback.next(visitor);
        }

        @Override
        public void close() {
            if (!ended) {
                ended = true;
                pool.endRead();
            }
        }
    }

    /** Shows every stored record, by epoch and then in the order in which they were stored. */
    public void forEachRecord(Consumer<RecordInfo> visitor) throws IOException {
        pool.beginRead();
        try {
            RecordReader records = new RecordReader(files, log, published.values());
            for (StoredRecord record = records.next(); record != null; record = records.next()) {
                visitor.accept(new RecordInfo(
                        record.seq(),
                        record.epoch(),
                        record.volume(),
                        record.first(),
                        record.count(),
                        files.describe(record.segment().file().name()),
                        record.offset(),
                        record.zero()));
            }
        } finally {
            pool.endRead();
        }
    }

    /** The copy of one block in one epoch, if there is one. */
    public Optional<ByteBuffer> read(long term, long epoch, int volume, long block) throws IOException {
        EpochKey key = new EpochKey(term, epoch);
        pool.beginRead();
        try {
            RecordReader records = new RecordReader(
                    files, log, published.subMap(key, true, key, true).values());
            for (StoredRecord record = records.next(); record != null; record = records.next()) {
                if (record.covers(volume, block)) {
                    if (record.zero()) {
                        return Optional.of(ByteBuffer.allocate(BLOCK_BYTES));
                    }
                    ByteBuffer content = ByteBuffer.allocate(record.bytes());
                    record.read(content, files);
                    return Optional.of(content.slice((int) (block - record.first()) * BLOCK_BYTES, BLOCK_BYTES));
                }
            }
            return Optional.empty();
        } finally {
            pool.endRead();
        }
    }

    private CompletableFuture<Void> submit(Action action) {
        Request request = new Request(action, 0, new CompletableFuture<>());
        submit(List.of(request));
        return request.done;
    }

    private void submit(List<Request> requests) {
        long bytes = requests.stream().mapToLong(Request::bytes).sum();
        lock.lock();
        try {
            while (waitingBytes > 0 && waitingBytes + bytes > MAX_WAITING_BYTES && failure == null && !closed) {
                room.awaitUninterruptibly();
            }
            UndoLogException failed =
                    failure == null && closed ? new UndoLogException("the undo log is closed") : failure;
            if (failed != null) {
                requests.forEach(request -> request.done.completeExceptionally(failed));
            } else {
                waiting.addAll(requests);
                waitingBytes += bytes;
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
        if (thread == null) {
            workInline();
        }
    }

    private void workInline() {
        List<Request> batch = waiting;
        waiting = new ArrayList<>();
        waitingBytes = 0;
        try {
            if (!batch.isEmpty()) {
                carryOut(batch);
            }
            if (options.idleMark().isZero() && failure == null && writer.needsMark()) {
                writer.markFirm();
            }
        } catch (IOException | RuntimeException | Error e) {
            fail(e, batch);
        }
    }

    private void work() {
        List<Request> batch = List.of();
        try {
            while (true) {
                batch = take();
                if (batch == null) {
                    break;
                }
                if (batch.isEmpty()) {
                    writer.markFirm();
                } else {
                    carryOut(batch);
                }
            }
            if (writer.needsMark()) {
                writer.markFirm();
            }
        } catch (IOException | RuntimeException | Error e) {
            fail(e, batch == null ? List.of() : batch);
        }
    }

    private void carryOut(List<Request> batch) throws IOException {
        store(batch);
        published = writer.view();
        position = writer.position();
        try {
            writer.hint();
        } finally {
            // It is stored, whatever became of the marker.
            batch.forEach(request -> request.done.complete(null));
        }
        writer.settle();
    }

    /** A refused request fails alone, before anything of it is taken. */
    private void store(List<Request> batch) throws IOException {
        List<Runnable> refusals = new ArrayList<>();
        for (Request request : batch) {
            try {
                request.action.run(writer);
            } catch (UndoFullException | IllegalArgumentException e) {
                refusals.add(() -> request.done.completeExceptionally(e));
            }
        }
        writer.commit();
        refusals.forEach(Runnable::run);
    }

    /** All that waits; empty if there was nothing for a while and a mark is due; null at the end. */
    private @Nullable List<Request> take() {
        boolean mark = writer.needsMark();
        long nanos = options.idleMark().toNanos();
        lock.lock();
        try {
            while (waiting.isEmpty() && !closed) {
                if (mark && nanos <= 0) {
                    return List.of();
                }
                nanos = arrived.awaitNanos(mark ? nanos : Long.MAX_VALUE);
            }
            if (waiting.isEmpty()) {
                return null;
            }
            List<Request> batch = waiting;
            waiting = new ArrayList<>();
            waitingBytes = 0;
            room.signalAll();
            return batch;
        } catch (InterruptedException e) {
            return List.of(); // Nobody but the log knows its thread: an interrupt means nothing here.
        } finally {
            lock.unlock();
        }
    }

    private void fail(Throwable cause, List<Request> batch) {
        UndoLogException failed = new UndoLogException(
                "the undo log failed and takes nothing more (" + cause + "); see to its disk and start the node again",
                cause);
        List<Request> all = new ArrayList<>(batch);
        lock.lock();
        try {
            failure = failed;
            all.addAll(waiting);
            waiting = new ArrayList<>();
            waitingBytes = 0;
            room.signalAll();
        } finally {
            lock.unlock();
        }
        all.forEach(request -> request.done.completeExceptionally(failed));
    }

    private static void await(CompletableFuture<Void> future) throws IOException {
        try {
            future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failed) {
                throw new UndoLogException(String.valueOf(failed.getMessage()), failed);
            }
            throw new UndoLogException("the undo log failed: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the undo log was being synced");
        }
    }

    /** Stores what waits, notes durably how far the log is durable, and lets another process have it. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closed = true;
            arrived.signal();
            room.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (thread != null && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (thread == null && failure == null && writer.needsMark()) {
            writer.markFirm();
        }
        try (files) {
            writer.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
