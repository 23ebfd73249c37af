package dev.unwrite.node;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.WrongIdentityException;
import dev.unwrite.undo.UndoLog;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The ways to become primary: takeover and rollback, rollback started again, cold start. */
final class Recovery {
    private static final Duration RETRY = Duration.ofMillis(100);

    private final Engine engine;
    private final StorageClient storage;
    private final Ownership ownership;
    private final SessionHolder sessions;
    private final WritePath path;
    private final MachineRoom room;
    private final Mirror mirror;
    private final UndoLog undo;
    private final CheckpointStore store;
    private final @Nullable Witness witness;
    private final Consumer<String> log;
    private final AtomicLong rollbacks = new AtomicLong();
    private final AtomicLong restoredBlocks = new AtomicLong();
    private volatile long lastRestored;

    Recovery(
            Engine engine,
            StorageClient storage,
            Ownership ownership,
            SessionHolder sessions,
            WritePath path,
            MachineRoom room,
            Mirror mirror,
            UndoLog undo,
            CheckpointStore store,
            @Nullable Witness witness,
            Consumer<String> log) {
        this.engine = engine;
        this.storage = storage;
        this.ownership = ownership;
        this.sessions = sessions;
        this.path = path;
        this.room = room;
        this.mirror = mirror;
        this.undo = undo;
        this.store = store;
        this.witness = witness;
        this.log = log;
    }

    /** Takes over if the record agrees; null if so, else why not. On return of null this host is primary. */
    @Nullable
    String takeOver(OwnershipRecord now) throws IOException, InterruptedException {
        mirror.holdSession();
        try {
            String why = askToTakeOver(now);
            if (why == null) {
                rollBack();
            }
            return why;
        } finally {
            mirror.releaseSession();
        }
    }

    private @Nullable String askToTakeOver(OwnershipRecord now) throws IOException {
        OwnerSession opened = OwnerSession.open(storage, now.term() + 1);
        Ownership.Outcome outcome;
        try {
            outcome = ownership.change(Change.TAKE_OVER, opened, now);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        if (!outcome.agreed()) {
            outcome.session().close();
            return outcome.refused();
        }
        log.accept("took over: term " + outcome.record().term() + ", rolling back to epoch "
                + outcome.record().base());
        sessions.set(outcome.session());
        if (!engine.take(new Action.TakeOver(outcome.record(), outcome.session().number()))) {
            throw new IllegalStateException("a takeover that the storage agreed to was refused");
        }
        return null;
    }

    /** The record says that this host rolls back, or has just done so: starts again. */
    void restartRollback(OwnershipRecord record) throws IOException, InterruptedException {
        OwnerSession opened = OwnerSession.open(storage, record.term());
        sessions.set(opened);
        if (!engine.take(new Action.RestartRollback(opened.session().record(), opened.number()))) {
            sessions.clear();
            return;
        }
        log.accept("rolls back again, from the start: term " + record.term());
        rollBack();
    }

    private void rollBack() throws IOException, InterruptedException {
        rollbacks.incrementAndGet();
        resumeRollback();
    }

    /** Goes on with a rollback, after whatever interrupted it. */
    void resumeRollback() throws IOException, InterruptedException {
        long before = restoredBlocks.get();
        if (sessions.current() == null || sessions.isBroken()) {
            reopen();
        }
        while (!restoreAll() || !flushed()) {
            reopen();
        }
        lastRestored = restoredBlocks.get() - before;
        sessions.readable();
        Checkpoint held = engine.state().checkpoint();
        if (witness != null && held != null) {
            witness.restored(engine.state().term(), held.epoch(), sessions.await());
        }
        if (engine.state().record().mode() == OwnershipRecord.Mode.ROLLBACK) {
            finishRollback();
        }
        if (engine.state().role() != Role.RESTORING) {
            return;
        }
        // Once: an attempt that could not discard the checkpoint may have left it unreadable, and the machine stands
        // ready.
        if (!room.isReady()) {
            room.prepare(sessions.await().infos());
            try (InputStream state = store.open()) {
                room.resume(state);
            }
        }
        // Before the machine runs: with a checkpoint and copies that are found later, a restart would roll back what
        // the
        // machine has written since. Where it fails, this host goes on restoring, which changes nothing.
        mirror.discardAll();
        if (!engine.take(new Action.Resume())) {
            throw new IllegalStateException("a finished rollback did not resume");
        }
        room.run();
        log.accept("is primary, alone: term " + engine.state().term() + ", epoch "
                + engine.state().epoch() + ", " + lastRestored + " blocks restored");
    }

    /** False if the session broke. */
    private boolean restoreAll() throws IOException {
        Checkpoint held = engine.state().checkpoint();
        OwnerSession own = sessions.current();
        if (held == null || own == null) {
            throw new IOException("no checkpoint to go back to");
        }
        if (sessions.isBroken()) {
            return false;
        }
        try {
            undo.rollback(held.term(), held.epoch(), (volume, first, count, data) -> {
                for (int at = 0; at < count; at += VolumeFront.MAX_BLOCKS) {
                    int piece = Math.min(VolumeFront.MAX_BLOCKS, count - at);
                    restore(own, new Extent(volume, first + at, piece), slice(data, at, piece));
                }
            });
        } catch (SessionBroke e) {
            return false;
        }
        return engine.state().owed().isEmpty();
    }

    private void restore(OwnerSession own, Extent extent, ByteBuffer data) throws IOException {
        Blocks wanted = Blocks.of(extent);
        wanted = wanted.without(wanted.without(engine.state().owed()));
        for (Extent piece : wanted.extents()) {
            ByteBuffer copy = ByteBuffer.allocate((int) piece.lengthBytes());
            copy.put(slice(data, (int) (piece.first() - extent.first()), piece.count()))
                    .flip();
            if (!path.writeOwed(own, piece, copy)) {
                throw new SessionBroke();
            }
            restoredBlocks.addAndGet(piece.count());
        }
    }

    private static ByteBuffer slice(ByteBuffer data, int block, int count) {
        return data.slice(data.position() + block * Extent.BLOCK_BYTES, count * Extent.BLOCK_BYTES);
    }

    /** One try: whoever waited for another session here would wait for itself. */
    private boolean flushed() throws IOException {
        OwnerSession own = sessions.current();
        return own != null
                && !sessions.isBroken()
                && path.flushOnce(own)
                && engine.state().quiet();
    }

    private void finishRollback() throws IOException, InterruptedException {
        while (engine.state().role() == Role.RESTORING) {
            Ownership.Outcome outcome;
            try {
                outcome = ownership.change(
                        Change.FINISH_ROLLBACK, sessions.await(), engine.state().record());
            } catch (IOException e) {
                reopen();
                // Everything is flushed already, so nothing is owed in the new session.
                sessions.readable();
                continue;
            }
            adopt(outcome.session());
            if (outcome.agreed()) {
                engine.take(new Action.FinishRollback(outcome.record()));
                return;
            }
            if (!engine.take(new Action.StepDown(outcome.record()))) {
                throw new IOException("the rollback cannot be finished: " + outcome.refused());
            }
            room.stop();
        }
    }

    /** Writes again what is owed; false if the session broke. */
    boolean replay(OwnerSession own) throws IOException {
        return path.replay(own);
    }

    /** A session that was opened to learn an outcome becomes the present one. */
    void adopt(OwnerSession session) throws IOException {
        if (sessions.current() != session) {
            sessions.set(session);
            room.prepare(session.infos());
            engine.take(new Action.OpenSession(session.number()));
            if (engine.state().role() == Role.PRIMARY && !path.replay(session)) {
                return;
            }
            sessions.readable();
        }
    }

    /** Opens a session in this host's term, however long that takes; what is owed is written next. */
    void reopen() throws IOException, InterruptedException {
        while (true) {
            try {
                OwnerSession opened = OwnerSession.open(storage, engine.state().term());
                OwnershipRecord record = opened.session().record();
                if (record.term() > engine.state().term()) {
                    opened.close();
                    engine.take(new Action.StepDown(record));
                    room.stop();
                    throw new InterruptedIOException("a newer owner has the storage: " + Ownership.describe(record));
                }
                sessions.set(opened);
                room.prepare(opened.infos());
                engine.take(new Action.OpenSession(opened.number()));
                return;
            } catch (InterruptedIOException | WrongIdentityException e) {
                throw e;
            } catch (IOException e) {
                engine.await(s -> false, RETRY);
            }
        }
    }

    /** Claims the group, or starts again as its lonely owner; null if done, else why not. */
    @Nullable
    String startCold(Change change, OwnershipRecord now) throws IOException, InterruptedException {
        OwnerSession opened = OwnerSession.open(storage, now.term() + 1);
        Ownership.Outcome outcome;
        try {
            outcome = ownership.change(change, opened, now);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        if (!outcome.agreed()) {
            outcome.session().close();
            return outcome.refused();
        }
        OwnerSession session = outcome.session();
        sessions.set(session);
        OwnershipRecord record = outcome.record();
        engine.take(
                switch (change) {
                    case BOOTSTRAP -> new Action.Bootstrap(record, session.number());
                    case FORCE_COLD_START -> new Action.ForceColdStart(record, session.number());
                    default -> new Action.ColdStart(record, session.number());
                });
        resumeCold();
        return null;
    }

    /** Goes on with a cold start, after whatever interrupted it. */
    void resumeCold() throws IOException, InterruptedException {
        while (!coldFlush()) {
            reopen();
        }
        room.prepare(sessions.await().infos());
        // Before the machine runs, as above.
        mirror.discardAll();
        if (!engine.take(new Action.ColdRead())) {
            throw new IllegalStateException("a flushed cold start was refused");
        }
        room.coldStart();
        log.accept("is primary, alone, started from its disk: term "
                + engine.state().term());
    }

    private boolean coldFlush() {
        OwnerSession own = sessions.current();
        if (own == null) {
            return false;
        }
        try {
            own.flush();
        } catch (IOException e) {
            sessions.broken(own, e);
            return false;
        }
        sessions.readable();
        return engine.take(new Action.Flush(own.number()));
    }

    long rollbacks() {
        return rollbacks.get();
    }

    long restoredBlocks() {
        return restoredBlocks.get();
    }

    /** Blocks that the newest rollback wrote back. */
    long lastRestored() {
        return lastRestored;
    }

    /** Ends a rollback pass; the next one starts with what is still owed. */
    private static final class SessionBroke extends IOException {
        SessionBroke() {
            super("the session with the storage broke");
        }
    }
}
