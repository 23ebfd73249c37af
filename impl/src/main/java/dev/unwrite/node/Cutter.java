package dev.unwrite.node;

import dev.unwrite.machine.Machine;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Holds the machine for a moment: to cut a checkpoint, to begin a join, or, alone, to let go of what it said. */
final class Cutter {
    /** What was learned of a checkpoint that is committed. */
    record Taken(long term, long epoch, long pauseMillis, long durationMillis, long stateBytes) {}

    private record Cut(long startedNanos, long pauseMillis) {}

    /** Whoever waits for a commit asks soon after it; more than a few of the newest nobody asks for. */
    private static final int TAKEN_MAX = 64;

    private final Engine engine;
    private final WritePath path;
    private final MachineRoom room;
    private final Outputs outputs;
    private final StateSender sender;
    private final SessionHolder sessions;
    private final @Nullable Witness witness;
    private final ReentrantLock cutting = new ReentrantLock();
    private final TreeMap<Long, Cut> cuts = new TreeMap<>();
    private final AtomicLong committed = new AtomicLong();
    /** Guarded by {@code cuts}. */
    private final TreeMap<Long, Taken> taken = new TreeMap<>();

    private volatile @Nullable Taken last;
    private volatile boolean handingOver;

    Cutter(
            Engine engine,
            WritePath path,
            MachineRoom room,
            Outputs outputs,
            StateSender sender,
            SessionHolder sessions,
            @Nullable Witness witness) {
        this.engine = engine;
        this.path = path;
        this.room = room;
        this.outputs = outputs;
        this.sender = sender;
        this.sessions = sessions;
        this.witness = witness;
    }

    /**
     * Cuts a checkpoint of a protected machine; returns its epoch, or -1 if that is not possible now.
     *
     * @param state what the machine {@code none} handed over for this very cut, or null; it goes with no other
     */
    long cut(boolean stayPaused, @Nullable Path state) throws IOException, InterruptedException {
        return held(new Action.Cut(), stayPaused, state);
    }

    /** Cuts the checkpoint with which another host joins; returns its epoch, or -1. */
    long startJoin() throws IOException, InterruptedException {
        return held(new Action.StartJoin(), false, null);
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

    private long held(Action action, boolean stayPaused, @Nullable Path state)
            throws IOException, InterruptedException {
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
            Machine.Saved saved = room.save(state);
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

    /** The checkpoint that begins the epoch is committed, and so are those before it. */
    void committed(long epoch) {
        synchronized (cuts) {
            long term = engine.state().term();
            var done = cuts.headMap(epoch, true);
            done.forEach((number, cut) -> {
                long took = (System.nanoTime() - cut.startedNanos) / 1_000_000;
                Taken one = new Taken(term, number, cut.pauseMillis, took, sender.bytesOf(number));
                taken.put(number, one);
                last = one;
            });
            done.clear();
            while (taken.size() > TAKEN_MAX) {
                taken.pollFirstEntry();
            }
            cuts.notifyAll();
        }
        committed.incrementAndGet();
        sender.dropUpTo(epoch);
    }

    /**
     * What was learned of this very checkpoint, whose commit the protocol has taken; null if it was forgotten. That the
     * protocol knows of a commit, and that it is noted here, are two moments: this waits for the second.
     */
    @Nullable
    Taken taken(long epoch) throws InterruptedException {
        synchronized (cuts) {
            while (cuts.containsKey(epoch)) {
                cuts.wait();
            }
            return taken.get(epoch);
        }
    }

    /** No checkpoint is on its way any more. */
    void none() {
        synchronized (cuts) {
            cuts.clear();
            taken.clear();
            cuts.notifyAll();
        }
        sender.dropUpTo(Long.MAX_VALUE);
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
