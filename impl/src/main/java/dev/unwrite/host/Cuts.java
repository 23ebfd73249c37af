package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Role;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Pauses the machine to cut a checkpoint, to begin a join, or, while it is alone, to release its output. The order is: pause,
 * drain writes, flush, save the state, take the step, resume (rules DrainBeforeCut, FlushBeforeCheckpoint). One pause at a time.
 */
final class Cuts {
    private static final long MACHINE_WAITS_AFTER = 100 * Timers.MILLI;

    /** The most committed checkpoints to remember; those who wait for a commit ask soon after it. */
    private static final int TAKEN_MAX = 64;

    private record Cut(long startedNanos, long pauseNanos) {}

    /** Why the machine is held. */
    private enum Why {
        CUT,
        JOIN,
        SPEAK
    }

    /** One pause. Each has its own object, so that a late reply of an earlier pause is recognized. */
    private static final class Hold {
        final Why why;
        final boolean stayPaused;
        final @Nullable Object handedOver;
        final Reply<Long> reply;
        boolean machineWaits;
        boolean paused;
        long pausedAt;

        Hold(Why why, boolean stayPaused, @Nullable Object handedOver, Reply<Long> reply) {
            this.why = why;
            this.stayPaused = stayPaused;
            this.handedOver = handedOver;
            this.reply = reply;
        }
    }

    private final Host h;
    private final TreeMap<Long, Cut> cuts = new TreeMap<>();
    private final TreeMap<Long, Answers.Committed> taken = new TreeMap<>();
    private final Histogram pauses = new Histogram();
    private final Histogram durations = new Histogram();
    private Answers.@Nullable Committed last;
    private @Nullable Hold hold;
    private boolean handingOver;
    /** While a cut is taken: the machine's state at this moment. */
    private @Nullable Saved toSend;

    private long committed;
    /** How many writes had begun when the state of the machine was last handed over, or resumed. */
    private long stateOfWrites = -1;

    Cuts(Host h) {
        this.h = h;
    }

    boolean isBusy() {
        return hold != null || handingOver;
    }

    /** Whether the machine has taken long to pause; it may be waiting for its own writes. */
    boolean waitsForMachine() {
        return hold != null && hold.machineWaits && !hold.paused;
    }

    /**
     * Cuts a checkpoint of a protected machine. The reply is its epoch; the checkpoint is not committed yet then.
     *
     * @param stayPaused leaves the machine paused, for a switchover
     * @param handedOver the state that a person supplied for this cut, or null
     */
    void cut(boolean stayPaused, @Nullable Object handedOver, Reply<Long> reply) {
        begin(new Hold(Why.CUT, stayPaused, handedOver, reply));
    }

    /** Cuts the checkpoint with which another host joins. */
    void startJoin(Reply<Long> reply) {
        begin(new Hold(Why.JOIN, false, null, reply));
    }

    /** Releases the output of a machine that is alone, after a flush. */
    void speakAlone() {
        if (!h.outputs.isEmpty()) {
            begin(new Hold(Why.SPEAK, false, null, Reply.of(epoch -> {}, why -> {})));
        }
    }

    private void begin(Hold next) {
        if (isBusy() || !h.isRunning() || h.state().role() != Role.PRIMARY) {
            next.reply.failed(Trouble.refused("no checkpoint can be cut now; see \"status\""));
            return;
        }
        hold = next;
        // Most of what is dirty is flushed while the machine still runs, so that it stands still for less. A flush
        // fails
        // only once this host owns nothing, and whoever waits was told by then.
        h.flushes.flushIfDirty(Reply.of(done -> pause(next), why -> {}));
    }

    private void pause(Hold mine) {
        if (hold != mine) {
            return;
        }
        h.timers.after(MACHINE_WAITS_AFTER, () -> {
            mine.machineWaits = true;
            h.writes.admit();
        });
        h.room()
                .pause(Reply.of(
                        stoodStill -> {
                            if (hold == mine) {
                                mine.paused = true;
                                mine.pausedAt = h.now() - stoodStill;
                                h.writes.close(() -> drained(mine));
                            }
                        },
                        why -> give(mine, why)));
    }

    private void drained(Hold mine) {
        if (hold == mine) {
            // It fails only when the machine stops, which ends this as well.
            h.flushes.flushIfDirty(Reply.of(done -> quiet(mine), why -> {}));
        }
    }

    /** Nothing can be written, or lost with a session, until the gate opens; the protocol refuses to cut otherwise. */
    private void quiet(Hold mine) {
        if (hold != mine) {
            return;
        }
        HostState s = h.state();
        if (mine.why == Why.SPEAK) {
            h.core.take(new Action.Speak());
            release(mine);
            return;
        }
        boolean unchanged = stateOfWrites == h.writes.begunTotal();
        h.room()
                .save(
                        s.term(),
                        s.epoch() + 1,
                        // Each cut is sent until it is committed, so the one before is there when this one arrives.
                        mine.why == Why.CUT ? s.epoch() : 0,
                        h.sessions.number(),
                        mine.handedOver,
                        unchanged || mine.handedOver != null,
                        Reply.of(saved -> saved(mine, saved), why -> give(mine, why)));
    }

    private void saved(Hold mine, Saved saved) {
        HostState s = h.state();
        if (hold != mine) {
            saved.drop();
            return;
        }
        if (mine.handedOver != null) {
            stateOfWrites = h.writes.begunTotal();
        }
        if (mine.why == Why.JOIN) {
            // What was said before the join is flushed, and leaves; what is said after it waits for a commit.
            h.core.take(new Action.Speak());
        }
        long epoch = s.epoch() + 1;
        h.outputs.seal(epoch);
        toSend = saved;
        String why = h.core.take(mine.why == Why.JOIN ? new Action.StartJoin() : new Action.Cut(saved.isDelta()), null);
        if (why != null) {
            toSend = null;
            saved.drop();
            give(mine, Trouble.refused(why));
            return;
        }
        cuts.put(epoch, new Cut(mine.pausedAt, h.now() - mine.pausedAt));
        if (mine.stayPaused) {
            hold = null;
            handingOver = true;
        } else {
            release(mine);
        }
        mine.reply.done(epoch);
    }

    /** Effect SendState: of the state that was saved for this cut. */
    void send(long term, long epoch, long base) {
        Saved saved = toSend;
        toSend = null;
        if (saved != null) {
            h.states.send(term, epoch, base, saved);
        }
    }

    private void give(Hold mine, Trouble why) {
        if (hold == mine) {
            release(mine);
            mine.reply.failed(why);
        }
    }

    private void release(Hold mine) {
        hold = null;
        if (mine.paused) {
            goOn();
        }
    }

    private void goOn() {
        if (h.isRunning()) {
            h.room().unpause();
            h.writes.open();
        }
    }

    /** The hand-over has ended, and the machine goes on here. */
    void handOverEnded() {
        if (handingOver) {
            handingOver = false;
            goOn();
        }
    }

    /** The machine was given the state that goes with the disk as it is now. */
    void stateResumed() {
        stateOfWrites = h.writes.begunTotal();
    }

    /** The checkpoint that begins the epoch is committed, and so are those before it. */
    void committed(long epoch) {
        long term = h.state().term();
        var done = cuts.headMap(epoch, true);
        done.forEach((number, cut) -> {
            Answers.Committed one = new Answers.Committed(
                    term, number, h.states.bytesOf(number), cut.pauseNanos, h.now() - cut.startedNanos, h.now());
            taken.put(number, one);
            last = one;
            pauses.add(one.pauseNanos());
            durations.add(one.tookNanos());
        });
        done.clear();
        while (taken.size() > TAKEN_MAX) {
            taken.pollFirstEntry();
        }
        committed++;
        h.states.dropUpTo(epoch);
    }

    /** How long the machine stood still for each committed checkpoint. */
    Histogram.Counts pauses() {
        return pauses.counts();
    }

    /** How long each took from its cut to its commit. */
    Histogram.Counts durations() {
        return durations.counts();
    }

    /** The answer for a committed checkpoint, or null if it is not known. */
    Answers.@Nullable Committed taken(long epoch) {
        return taken.get(epoch);
    }

    /** No checkpoint is on its way any more. */
    void forgetAll() {
        cuts.clear();
        taken.clear();
        h.states.dropUpTo(Long.MAX_VALUE);
    }

    /** The machine no longer runs here: fails everyone who waits for a cut. */
    void end(Trouble why) {
        forgetAll();
        last = null;
        handingOver = false;
        Hold mine = hold;
        hold = null;
        if (mine != null) {
            mine.reply.failed(why);
        }
    }

    long committedTotal() {
        return committed;
    }

    Answers.@Nullable Committed last() {
        return last;
    }
}
