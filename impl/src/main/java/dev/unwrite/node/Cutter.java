package dev.unwrite.node;

import dev.unwrite.machine.Machine;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.Role;
import java.io.IOException;
import java.time.Duration;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Holds the machine for a moment: to cut a checkpoint, to begin a join, or, alone, to let go of what it said. */
final class Cutter {
    /** What was learned of a checkpoint, for the status. */
    record Taken(long term, long epoch, long pauseMillis, long durationMillis, long stateBytes) {}

    private record Cut(long startedNanos, long pauseMillis) {}

    private final Engine engine;
    private final WritePath path;
    private final MachineRoom room;
    private final Outputs outputs;
    private final StateSender sender;
    private final UndoBudget budget;
    private final SessionHolder sessions;
    private final @Nullable Witness witness;
    private final ReentrantLock cutting = new ReentrantLock();
    private final TreeMap<Long, Cut> cuts = new TreeMap<>();
    private final AtomicLong committed = new AtomicLong();
    private volatile @Nullable Taken last;
    private volatile boolean handingOver;

    Cutter(
            Engine engine,
            WritePath path,
            MachineRoom room,
            Outputs outputs,
            StateSender sender,
            UndoBudget budget,
            SessionHolder sessions,
            @Nullable Witness witness) {
        this.engine = engine;
        this.path = path;
        this.room = room;
        this.outputs = outputs;
        this.sender = sender;
        this.budget = budget;
        this.sessions = sessions;
        this.witness = witness;
    }

    /** Cuts a checkpoint of a protected machine; returns its epoch, or -1 if that is not possible now. */
    long cut(boolean stayPaused) throws IOException, InterruptedException {
        return held(new Action.Cut(), stayPaused);
    }

    /** Cuts the checkpoint with which another host joins; returns its epoch, or -1. */
    long startJoin() throws IOException, InterruptedException {
        return held(new Action.StartJoin(), false);
    }

    /** Lets go of what a machine that is alone has said. */
    void speakAlone() throws IOException, InterruptedException {
        if (outputs.isEmpty()) {
            return;
        }
        cutting.lock();
        try {
            if (pauseFlushed()) {
                engine.take(new Action.Speak());
            }
        } finally {
            room.unpause();
            cutting.unlock();
        }
    }

    private long held(Action action, boolean stayPaused) throws IOException, InterruptedException {
        cutting.lock();
        boolean stay = handingOver;
        try {
            if (stay) {
                return -1;
            }
            // Most of what is dirty is flushed while the machine still runs, so that it stands still for less.
            path.flush();
            long start = System.nanoTime();
            if (!pauseFlushed()) {
                return -1;
            }
            HostState before = engine.state();
            if (action instanceof Action.StartJoin) {
                // What was said before the join is flushed, and leaves; what is said after it waits for a commit.
                engine.take(new Action.Speak());
            }
            long epoch = before.epoch() + 1;
            Machine.Saved saved = room.save();
            OwnerSession own = sessions.current();
            if (witness != null && own != null) {
                witness.cut(before.term(), epoch, own);
            }
            outputs.seal(epoch);
            synchronized (cuts) {
                cuts.put(epoch, new Cut(start, (System.nanoTime() - start) / 1_000_000));
            }
            if (!engine.take(action)) {
                saved.close();
                return -1;
            }
            budget.cut(before.kept().size());
            sender.send(before.term(), epoch, saved);
            stay = stayPaused;
            handingOver = stayPaused;
            return epoch;
        } finally {
            if (!stay) {
                room.unpause();
            }
            cutting.unlock();
        }
    }

    /** The hand-over has ended, either way: checkpoints are cut again. */
    void handOverEnded() {
        handingOver = false;
    }

    /** Holds the machine with no write in flight and all flushed (DrainBeforeCut, FlushBeforeCheckpoint). */
    private boolean pauseFlushed() throws IOException, InterruptedException {
        if (engine.state().role() != Role.PRIMARY || !room.pause()) {
            return false;
        }
        path.flush();
        return engine.state().quiet();
    }

    /** The checkpoint that begins the epoch is committed. */
    void committed(long epoch) {
        Cut cut;
        synchronized (cuts) {
            cut = cuts.get(epoch);
            cuts.headMap(epoch, true).clear();
        }
        committed.incrementAndGet();
        if (cut != null) {
            HostState s = engine.state();
            long took = (System.nanoTime() - cut.startedNanos) / 1_000_000;
            last = new Taken(s.term(), epoch, cut.pauseMillis, took, sender.bytesOf(epoch));
        }
        sender.dropUpTo(epoch);
        if (engine.state().cuts().isEmpty()) {
            budget.allCommitted();
        }
    }

    /** No checkpoint is on its way any more. */
    void none() {
        synchronized (cuts) {
            cuts.clear();
        }
        sender.dropUpTo(Long.MAX_VALUE);
        budget.allCommitted();
    }

    /** Waits for the commit of the checkpoint; false if it did not come in time or cannot come any more. */
    boolean awaitCommit(long term, long epoch, Duration limit) throws InterruptedException {
        engine.await(s -> isCommitted(s, term, epoch) || s.term() != term || s.mode() == Mode.SOLO, limit);
        return isCommitted(engine.state(), term, epoch);
    }

    private static boolean isCommitted(HostState s, long term, long epoch) {
        return s.role() == Role.PRIMARY && s.term() == term && s.safe() >= epoch;
    }

    long checkpoints() {
        return committed.get();
    }

    @Nullable
    Taken last() {
        return last;
    }
}
