package dev.unwrite.node;

import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import dev.unwrite.protocol.Step;
import dev.unwrite.trace.BlockHash;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The way of the machine's writes to the storage: ask first, then write, then tell the protocol. A write that fails since
 * the session broke waits for the next one and goes again.
 */
final class WritePath {
    /** Told to a waiting write when the machine it belongs to is gone. */
    private static final long GONE = -1;

    /** Only how often it is looked at whether there is still something to wait for; each step is noticed at once. */
    private static final Duration OWED_LOOK = Duration.ofSeconds(1);

    private static final Duration RETRY = Duration.ofMillis(100);

    private final Engine engine;
    private final SessionHolder sessions;
    private final ExtentLocks locks = new ExtentLocks();
    private final Unflushed unflushed = new Unflushed();
    private final Map<Long, LinkedBlockingQueue<Long>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong writtenBytes = new AtomicLong();
    private final ReentrantLock flushing = new ReentrantLock();
    private final boolean tracing;

    WritePath(Engine engine, SessionHolder sessions, boolean tracing) {
        this.engine = engine;
        this.sessions = sessions;
        this.tracing = tracing;
    }

    /** Effect Ready: these writes may go, each in the session of this moment. */
    void ready(Iterable<PendingWrite> ready) {
        for (PendingWrite write : ready) {
            LinkedBlockingQueue<Long> queue = waiting.get(write.id());
            if (queue != null && engine.take(new Action.SendWrite(write.id(), write.extent()))) {
                queue.add(engine.state().session());
            }
        }
    }

    /** Ends every write that waits: the machine is stopped. */
    void endAll() {
        waiting.values().forEach(queue -> queue.add(GONE));
        unflushed.clear();
    }

    ExtentLocks locks() {
        return locks;
    }

    /**
     * Writes whole blocks; the caller holds the extent's lock and is inside the gate. {@code data} null stands for zeroes
     * and is not changed afterwards.
     */
    void write(Extent extent, @Nullable ByteBuffer data, boolean fua) throws IOException {
        long id = ids.incrementAndGet();
        ByteBuffer content = data == null ? ByteBuffer.allocate((int) extent.lengthBytes()) : data;
        LinkedBlockingQueue<Long> queue = new LinkedBlockingQueue<>();
        waiting.put(id, queue);
        try {
            Step step = begin(id, extent, content);
            if (step instanceof Step.Refused(String why)) {
                throw new NbdException(NbdError.ESHUTDOWN, "this host does not own the volume: " + why);
            }
            while (!sent(id, extent, content, data == null, fua, queue.take())) {
                // The session broke: the next one says when to go again.
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        } finally {
            waiting.remove(id);
        }
        writes.incrementAndGet();
        writtenBytes.addAndGet(extent.lengthBytes());
        keepFewUnflushed();
    }

    /**
     * What the host owes in a new session it writes first; a write of the same blocks waits for that, and its client sees
     * nothing of it.
     */
    private Step begin(long id, Extent extent, ByteBuffer content) throws InterruptedException {
        Action.MachineWrite write = new Action.MachineWrite(id, extent);
        int[] values = tracing ? BlockHash.of(content) : null;
        while (true) {
            HostState before = engine.state();
            Step step = engine.tryTake(write, values);
            boolean wait = owes(before, extent) || owes(engine.state(), extent);
            if (step instanceof Step.Taken || !wait) {
                return step;
            }
            engine.await(s -> !owes(s, extent), OWED_LOOK);
        }
    }

    private static boolean owes(HostState s, Extent extent) {
        return s.role() == Role.PRIMARY && s.owed().containsAny(extent);
    }

    /**
     * From half the limit on one of the writers flushes while the others go on; at the limit they wait, and the one flush
     * does for all of them.
     */
    private void keepFewUnflushed() throws IOException {
        long early = Unflushed.LIMIT_BYTES / 2;
        if (unflushed.bytes() <= early) {
            return;
        }
        if (!flushing.tryLock()) {
            if (unflushed.bytes() <= Unflushed.LIMIT_BYTES) {
                return;
            }
            flushing.lock();
        }
        try {
            while (unflushed.bytes() > early && !flushOnce()) {
                // The session broke: what was not flushed is written again first.
            }
        } finally {
            flushing.unlock();
        }
    }

    private boolean sent(long id, Extent extent, ByteBuffer content, boolean zeroes, boolean fua, long session)
            throws IOException {
        if (session == GONE) {
            throw new NbdException(NbdError.ESHUTDOWN, "this host does not own the volume any more");
        }
        OwnerSession own = sessions.current();
        if (own == null || own.number() != session) {
            return false;
        }
        try {
            if (zeroes) {
                own.volume(extent.volume()).writeZeroes(extent.offsetBytes(), extent.lengthBytes(), false, fua);
            } else {
                own.volume(extent.volume()).write(extent.offsetBytes(), content.duplicate(), fua);
            }
        } catch (IOException e) {
            giveUp(own, e);
            return false;
        }
        unflushed.put(extent, content);
        return engine.take(new Action.WriteDone(id, extent, session));
    }

    /**
     * A write or flush that failed goes again in another session, after all that was not flushed: a storage that could
     * not write says nothing of what it kept, so the machine waits until it can. Not at once if it is the storage's disk
     * that failed.
     */
    private void giveUp(OwnerSession own, IOException why) throws IOException {
        if (sessions.isFatal(why)) {
            try {
                engine.await(s -> s.session() != own.number(), RETRY);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (IOException) new InterruptedIOException("interrupted").initCause(e);
            }
        }
        sessions.broken(own, why);
    }

    /** Writes blocks that the host itself owes: again after a session broke. False if the session broke. */
    boolean replay(OwnerSession own) throws IOException {
        for (Extent owed : engine.state().owed().extents()) {
            for (long first = owed.first(); first < owed.end(); first += VolumeFront.MAX_BLOCKS) {
                int count = (int) Math.min(VolumeFront.MAX_BLOCKS, owed.end() - first);
                Extent extent = new Extent(owed.volume(), first, count);
                ByteBuffer content = unflushed.get(extent);
                if (content == null) {
                    throw new IOException("the contents of " + extent + " are not remembered");
                }
                if (!writeOwed(own, extent, content)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Writes one extent that the host owes. False if the session broke. */
    boolean writeOwed(OwnerSession own, Extent extent, ByteBuffer content) throws IOException {
        if (!engine.take(new Action.SendWrite(HostState.OWED, extent))) {
            return false;
        }
        try {
            if (isZero(content)) {
                // What was empty is empty again: written as data it would be allocated.
                own.volume(extent.volume()).writeZeroes(extent.offsetBytes(), extent.lengthBytes(), false, false);
            } else {
                own.volume(extent.volume()).write(extent.offsetBytes(), content.duplicate(), false);
            }
        } catch (IOException e) {
            if (sessions.isFatal(e)) {
                throw e;
            }
            sessions.broken(own, e);
            return false;
        }
        if (engine.state().role() == Role.PRIMARY) {
            // In a rollback the undo log remembers it, and memory need not hold it all.
            unflushed.put(extent, content);
        }
        return engine.take(new Action.WriteDone(HostState.OWED, extent, own.number()));
    }

    /** All are the same as the first, and that is zero. */
    private static boolean isZero(ByteBuffer content) {
        int length = content.remaining();
        int start = content.position();
        return content.get(start) == 0
                && content.slice(start, length - 1).mismatch(content.slice(start + 1, length - 1)) < 0;
    }

    /** On return everything written before the call is durable, or an exception says why not. */
    void flush() throws IOException {
        flushing.lock();
        try {
            while (!flushOnce()) {
                // The session broke: what was not flushed is written again first.
            }
        } finally {
            flushing.unlock();
        }
    }

    private boolean flushOnce() throws IOException {
        return flushOnce(sessions.await());
    }

    /** Flushes what was written before; false if the session broke. */
    boolean flushOnce(OwnerSession own) throws IOException {
        if (engine.state().session() != own.number() || !engine.take(new Action.AskFlush())) {
            return engine.state().session() == 0 ? gone() : false;
        }
        if (engine.state().flushing().isEmpty()) {
            return true;
        }
        try {
            own.flush();
        } catch (IOException e) {
            giveUp(own, e);
            return false;
        }
        if (!engine.take(new Action.Flush(own.number()))) {
            return false;
        }
        unflushed.keepOnly(this::mayBeWrittenAgain);
        return true;
    }

    /**
     * Whose contents have to be remembered. The pending ones too: a write that is done at the storage is not dirty before the
     * protocol knows of it.
     */
    Blocks mayBeWrittenAgain() {
        HostState now = engine.state();
        Blocks blocks = now.dirty().with(now.owed());
        for (PendingWrite write : now.pending()) {
            blocks = blocks.with(write.extent());
        }
        return blocks;
    }

    private static boolean gone() throws IOException {
        throw new NbdException(NbdError.ESHUTDOWN, "this host does not own the volume any more");
    }

    /** How many writes of the machine have begun, whatever became of them. */
    long begun() {
        return ids.get();
    }

    long writes() {
        return writes.get();
    }

    long writtenBytes() {
        return writtenBytes.get();
    }
}
