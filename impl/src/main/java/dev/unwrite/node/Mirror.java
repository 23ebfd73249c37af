package dev.unwrite.node;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.peer.PeerMessage.StateBegin;
import dev.unwrite.peer.PeerMessage.StateChunk;
import dev.unwrite.peer.PeerMessage.StateEnd;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Role;
import dev.unwrite.protocol.Step;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.undo.Copy;
import dev.unwrite.undo.EpochDiscardedException;
import dev.unwrite.undo.UndoFullException;
import dev.unwrite.undo.UndoLog;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The secondary's work: reads and stores copies, receives checkpoints and switches them in. */
final class Mirror implements Closeable {
    private static final System.Logger LOG = System.getLogger(Mirror.class.getName());
    /** So many copies are read and stored at once; more preserve requests wait. */
    private static final int READS_MAX = 256;

    private static final Duration RETRY = Duration.ofMillis(50);
    private static final Duration PROPOSAL_MAX = Duration.ofSeconds(30);

    /** What an operator has to do about a host that can no longer mirror. */
    private static final String AGAIN = "start the node again";

    private record Key(long term, long epoch) {}

    /** Tells the primary that a state was not taken, so that it sends it again. */
    interface Refusals {
        void refuse(long term, long epoch, String why);
    }

    private final Engine engine;
    private final StorageClient storage;
    private final UndoLog undo;
    private final CheckpointStore store;
    private final Supplier<Map<String, String>> meta;
    private final boolean tracing;
    private final Refusals refusals;
    private final Semaphore reads = new Semaphore(READS_MAX);
    private final Map<Key, CheckpointStore.Receiver> receiving = new ConcurrentHashMap<>();
    /** Arrived whole, and on their way to be the committed one. */
    private final Set<Key> committing = ConcurrentHashMap.newKeySet();

    private final ExecutorService committer =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().name("commit").factory());
    private final Object readerLock = new Object();
    private @Nullable OwnerSession reader;
    private boolean held;
    private volatile @Nullable String failure;

    Mirror(
            Engine engine,
            StorageClient storage,
            UndoLog undo,
            CheckpointStore store,
            Supplier<Map<String, String>> meta,
            boolean tracing,
            Refusals refusals) {
        this.engine = engine;
        this.storage = storage;
        this.undo = undo;
        this.store = store;
        this.meta = meta;
        this.tracing = tracing;
        this.refusals = refusals;
    }

    /** Why this host can no longer mirror, or null: its local storage failed it. */
    @Nullable
    String failure() {
        return failure;
    }

    /** Effect ReadAndStore. */
    void readAndStore(Effect.ReadAndStore wanted) {
        Thread.ofVirtual().name("copy").start(() -> {
            try {
                for (Extent extent : wanted.extents()) {
                    copy(wanted.term(), wanted.epoch(), extent);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                fail("cannot store a copy: " + e.getMessage());
            }
        });
    }

    /** Piece by piece, as much as may be in memory of one request; zeroes that the storage tells of are one piece. */
    private void copy(long term, long epoch, Extent extent) throws IOException, InterruptedException {
        for (Extent rest = extent; rest != null; ) {
            reads.acquire();
            try {
                OldData old = readOld(term, rest);
                if (old == null || !store(old.copies(term, epoch))) {
                    return;
                }
                takeOnceDecided(new Action.StoreCopy(term, epoch, old.extent()), tracing ? old.hashes() : null);
                rest = old.after(rest);
            } finally {
                reads.release();
            }
        }
    }

    /** While a takeover is being decided the protocol refuses; if it is not agreed, copies and states still count. */
    private boolean takeOnceDecided(Action action, int @Nullable [] values) throws InterruptedException {
        Step step = engine.tryTake(action, values);
        while (step instanceof Step.Refused && engine.state().proposal() != null) {
            engine.await(s -> s.proposal() == null, PROPOSAL_MAX);
            step = engine.tryTake(action, values);
        }
        return step instanceof Step.Taken;
    }

    /** What the storage holds of the extent, or of a first piece of it; null once this host follows no more. */
    private @Nullable OldData readOld(long term, Extent extent) throws InterruptedException {
        while (follows(term)) {
            OwnerSession session = null;
            try {
                session = session(term);
                return OldData.read(session.volume(extent.volume()), extent);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "reading old data failed: {0}", e.toString());
                dropSession(session);
                engine.await(s -> !follows(term), RETRY);
            }
        }
        return null;
    }

    private boolean follows(long term) {
        HostState s = engine.state();
        return s.role() == Role.SECONDARY && s.term() == term;
    }

    private OwnerSession session(long term) throws IOException {
        synchronized (readerLock) {
            if (held) {
                throw new IOException("a takeover is being decided");
            }
            OwnerSession session = reader;
            if (session == null) {
                session = OwnerSession.open(storage, term);
                reader = session;
            }
            return session;
        }
    }

    private void dropSession(@Nullable OwnerSession failed) {
        synchronized (readerLock) {
            if (reader != null && reader == failed) {
                reader.close();
                reader = null;
            }
        }
    }

    /** Gives the session up: this host follows no more. */
    void endSession() {
        synchronized (readerLock) {
            dropSession(reader);
        }
    }

    /** Gives the session up and opens none, as that would end the one that this host is about to open as owner. */
    void holdSession() {
        synchronized (readerLock) {
            held = true;
            dropSession(reader);
        }
    }

    /** Sessions may be opened again. */
    void releaseSession() {
        synchronized (readerLock) {
            held = false;
        }
    }

    /** Whether the copies, of one epoch, are kept; false if they are needed no longer. Package-private for tests. */
    boolean store(List<Copy> copies) throws IOException, InterruptedException {
        long term = copies.getFirst().term();
        while (follows(term)) {
            try {
                undo.append(copies).get();
                return true;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof EpochDiscardedException) {
                    // A request that came again, and was overtaken by the commit of a later checkpoint: nobody needs
                    // it.
                    return false;
                }
                if (!(e.getCause() instanceof UndoFullException)) {
                    throw new IOException(
                            e.getCause() == null ? e.toString() : e.getCause().getMessage(), e);
                }
                // The next commit makes room; until then the primary waits.
                engine.await(s -> !follows(term), RETRY);
            }
        }
        return false;
    }

    /** A checkpoint begins to arrive; whatever arrived of it before is dropped. Says why if it is not taken, else null. */
    @Nullable
    synchronized String stateBegin(StateBegin begin) {
        Key key = new Key(begin.term(), begin.epoch());
        if (committing.contains(key) || isHeld(key)) {
            // A message that comes again must not touch the file of a checkpoint that is being switched in.
            return null;
        }
        drop(key);
        if (!follows(begin.term())) {
            return "this host does not follow term " + begin.term();
        }
        for (Key other : List.copyOf(receiving.keySet())) {
            if (other.term != begin.term()) {
                drop(other);
            }
        }
        try {
            receiving.put(key, store.begin(begin.term(), begin.epoch()));
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    /** Says why the checkpoint is not taken after all, else null; the rest of one that was not taken is passed over. */
    @Nullable
    String stateChunk(StateChunk chunk) {
        Key key = new Key(chunk.term(), chunk.epoch());
        CheckpointStore.Receiver receiver = receiving.get(key);
        if (receiver != null) {
            try {
                receiver.write(chunk.offset(), chunk.bytes());
            } catch (IOException e) {
                drop(key);
                return String.valueOf(e.getMessage());
            }
        }
        return null;
    }

    /** Switches the checkpoint in, off the receiving thread: copies need not wait for its sync. */
    synchronized void stateEnd(StateEnd end) {
        Key key = new Key(end.term(), end.epoch());
        CheckpointStore.Receiver receiver = receiving.remove(key);
        if (receiver != null) {
            committing.add(key);
            committer.execute(() -> {
                String why;
                try {
                    why = commit(receiver, end);
                } finally {
                    committing.remove(key);
                }
                if (why != null) {
                    // Now that it may begin again.
                    refusals.refuse(end.term(), end.epoch(), why);
                }
            });
        }
    }

    private boolean isHeld(Key key) {
        return store.committed()
                .filter(held -> held.term() == key.term() && held.epoch() >= key.epoch())
                .isPresent();
    }

    /** Says why the primary has to send it again, else null. */
    private @Nullable String commit(CheckpointStore.Receiver receiver, StateEnd end) {
        try (receiver) {
            if (!receiver.isWhole(end.length(), Integer.toUnsignedLong(end.crc32c()))) {
                // The end has overtaken the rest: nothing is staged.
                return "checkpoint " + end.epoch() + " of term " + end.term() + " did not arrive whole";
            }
            if (!stage(end) || !takeOnceDecided(new Action.AskCommit(end.epoch()), null)) {
                return null;
            }
            try {
                receiver.commit(end.length(), Integer.toUnsignedLong(end.crc32c()), "", meta.get());
            } catch (IOException e) {
                engine.take(new Action.CommitFailed(end.epoch()));
                return String.valueOf(e.getMessage());
            }
            engine.take(new Action.Commit(end.epoch()));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "leftovers of a checkpoint stay: {0}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return null;
    }

    /** Whether the checkpoint counts as received: now, or since a time at which it could not be switched in. */
    private boolean stage(StateEnd end) throws InterruptedException {
        return takeOnceDecided(new Action.StagePart(end.term(), end.epoch()), null)
                || (follows(end.term()) && engine.state().staged().contains(end.epoch()));
    }

    private void drop(Key key) {
        CheckpointStore.Receiver receiver = receiving.remove(key);
        if (receiver != null) {
            try {
                receiver.abort();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "leftovers of a checkpoint stay: {0}", e.getMessage());
            }
        }
    }

    /** Effect DiscardCopies: at any later time. */
    void discardBefore(long term, long epoch) {
        undo.discardBefore(term, epoch);
    }

    /**
     * Effect DiscardAll, before the step that asks for it. On return the checkpoint is durably gone, and without it copies
     * count for nothing, whatever a crash brings back of them; an {@link IOException} says that it may still be there. To
     * call it again is fine.
     */
    void discardAll() throws IOException, InterruptedException {
        dropReceiving();
        try {
            store.discard();
        } catch (IOException e) {
            throw new IOException(
                    "cannot run the machine while old copies cannot be discarded (" + e.getMessage()
                            + "); see to the disk of --data, and start the node again",
                    e);
        }
        try {
            undo.discardAll().get();
        } catch (ExecutionException e) {
            fail("cannot discard old copies: " + e.getMessage());
        }
    }

    /** Effect DiscardOthers: durable on return. */
    void discardOthers(long term) {
        try {
            dropReceiving();
            if (store.committed().filter(c -> c.term() != term).isPresent()) {
                store.discard();
            }
            undo.discardBefore(term, 0).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ExecutionException e) {
            fail("cannot discard old copies: " + e.getMessage());
        }
    }

    private void dropReceiving() {
        for (Key key : new ArrayList<>(receiving.keySet())) {
            drop(key);
        }
    }

    private void fail(String why) {
        failure = why;
        String what = why.endsWith(AGAIN) ? why : why + "; " + AGAIN;
        LOG.log(System.Logger.Level.ERROR, "this host can no longer mirror: {0}", what);
    }

    @Override
    public void close() {
        endSession();
        committer.shutdownNow();
    }
}
