package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.util.function.Consumer;

/**
 * The ways to become primary: takeover and rollback, a restarted rollback, a cold start. The next step follows from the state
 * alone ({@link #proceed}), so a broken session or a failing disk only costs time.
 */
final class Takeover {
    private static final long RETRY_MIN = 100 * Timers.MILLI;
    private static final long RETRY_MAX = 2 * Timers.SECOND;

    private final Host h;
    private final Rollback rollback;
    /** Between the decision to ask for the record and its outcome. */
    private boolean asking;
    /** An order to the machine, the local disk or the record is under way; it is always answered. */
    private boolean busy;

    /** A flush is under way; it is not answered if the session ends. */
    private boolean flushing;

    private boolean machineReady;
    private boolean discarded;
    private boolean waiting;
    private long retryNanos = RETRY_MIN;
    private long lives;
    private long rollbacks;
    private long failovers;

    Takeover(Host h) {
        this.h = h;
        this.rollback = new Rollback(h, this::failedToRestore);
    }

    /** Whether this host has asked to own the group and does not know yet. */
    boolean isAsking() {
        return asking;
    }

    // ---- The record is asked for.

    /** Takes over if the record agrees; {@code refused} is told why not. */
    void takeOver(OwnershipRecord now, Consumer<String> refused) {
        if (asking) {
            refused.accept("a takeover is being decided already");
            return;
        }
        asking = true;
        // The session in which old data is read would be ended by the one that is opened now.
        h.copies.hold(() -> claim(now, refused), why -> notTakenOver(why, refused));
    }

    private void claim(OwnershipRecord now, Consumer<String> refused) {
        h.ownership.claim(Change.TAKE_OVER, now, new OwnershipChannel.Outcome() {
            @Override
            public void agreed(OwnershipRecord record, SharedStorage.Session session) {
                asking = false;
                failovers++;
                rollbacks++;
                begin(session, new Action.TakeOver(record, session.number()));
                h.copies.release();
                h.log("took over: term " + record.term() + ", rolling back to epoch " + record.base());
                proceed();
            }

            @Override
            public void refused(String why) {
                notTakenOver(why, refused);
            }
        });
    }

    private void notTakenOver(String why, Consumer<String> refused) {
        asking = false;
        h.copies.release();
        refused.accept(why);
    }

    /** Claims the group, or restarts an owner that was alone; {@code refused} is told why not. */
    void startCold(Change change, OwnershipRecord now, Consumer<String> refused) {
        if (asking) {
            refused.accept("a start is being decided already");
            return;
        }
        asking = true;
        h.ownership.claim(change, now, new OwnershipChannel.Outcome() {
            @Override
            public void agreed(OwnershipRecord record, SharedStorage.Session session) {
                asking = false;
                long number = session.number();
                begin(
                        session,
                        switch (change) {
                            case BOOTSTRAP -> new Action.Bootstrap(record, number);
                            case FORCE_COLD_START -> new Action.ForceColdStart(record, number);
                            default -> new Action.ColdStart(record, number);
                        });
                proceed();
            }

            @Override
            public void refused(String why) {
                asking = false;
                refused.accept(why);
            }
        });
    }

    /** The record says that this host rolls back, or has just done so: starts again. */
    void restartRollback(OwnershipRecord now) {
        if (asking) {
            return;
        }
        asking = true;
        h.storage().open(now.term(), Reply.of(this::restarted, why -> {
            asking = false;
            h.startTrouble(why.text());
            h.tryLater();
        }));
    }

    private void restarted(SharedStorage.Session session) {
        asking = false;
        OwnershipRecord record = session.record();
        h.sessions.begin(session);
        if (h.isEnded() || !h.core.take(new Action.RestartRollback(record, session.number()))) {
            h.sessions.clear();
            h.ownership.seen(record);
            return;
        }
        rollbacks++;
        h.log("rolls back again, from the start: term " + record.term());
        h.onOwner();
        proceed();
    }

    private void begin(SharedStorage.Session session, Action action) {
        h.sessions.begin(session);
        h.core.must(action);
        h.onOwner();
    }

    // ---- From owner to primary.

    /** Effect WriteOwed of a restoring host: from the undo log, from the start; only what is owed still is written. */
    void restore() {
        rollback.start();
    }

    /** Takes the next step, whatever came before; does nothing where one is under way. */
    void proceed() {
        if (busy || flushing || waiting || !h.sessions.isUsable()) {
            return;
        }
        switch (h.state().role()) {
            case RESTORING -> restoring(h.state());
            case COLD -> cold(h.state());
            default -> {}
        }
    }

    private void restoring(HostState s) {
        if (!s.owed().isEmpty()) {
            return; // The rollback goes on, and comes back here.
        }
        if (!s.dirty().isEmpty()) {
            flush();
            return;
        }
        h.sessions.readable();
        if (s.record().mode() == OwnershipRecord.Mode.ROLLBACK) {
            finishRollback();
        } else if (!machineReady) {
            Checkpoint held = s.checkpoint();
            order(
                    reply -> h.room().resume(s.term(), held == null ? 0 : held.epoch(), h.sessions.number(), reply),
                    () -> {
                        machineReady = true;
                        h.cuts.stateResumed();
                    });
        } else if (!discarded) {
            // Before the machine runs: with a checkpoint and copies that are found later, a restart would roll back
            // what the
            // machine has written since. Where it fails, this host goes on restoring, which changes nothing.
            discardOld();
        } else {
            h.core.must(new Action.Resume());
            h.log("is primary, alone: term " + s.term() + ", epoch " + h.state().epoch() + ", " + rollback.lastBlocks()
                    + " blocks restored");
            h.onPrimary();
        }
    }

    private void discardOld() {
        order(
                reply -> h.store()
                        .discardAll(Reply.of(
                                reply::done,
                                why -> reply.failed(Trouble.of(
                                        why.kind(),
                                        "cannot run the machine while old copies cannot be discarded (" + why.text()
                                                + "); see to the disk of --data")))),
                () -> discarded = true);
    }

    private void cold(HostState s) {
        if (!s.coldFlushed()) {
            flush();
        } else if (!discarded) {
            discardOld();
        } else {
            // In the session of now: the one in which all was discarded may have ended.
            h.sessions.readable();
            h.core.must(new Action.ColdRead());
            h.cuts.stateResumed();
            startMachine();
        }
    }

    /** Machines start from their volumes while they already may read and write. */
    private void startMachine() {
        h.onPrimaryStarts();
        long life = lives;
        h.room()
                .coldStart(Reply.of(
                        done -> {
                            if (life == lives) {
                                h.log("is primary, alone, started from its disk: term "
                                        + h.state().term());
                                h.onPrimary();
                            }
                        },
                        why -> {
                            if (life == lives) {
                                h.machineFailed(why.text());
                            }
                        }));
    }

    /** All that is restored, or, before a cold start, all that anybody wrote (rules FlushRestored, FlushAtColdStart). */
    private void flush() {
        long session = h.sessions.number();
        flushing = true;
        if (h.state().role() == Role.RESTORING) {
            h.core.must(new Action.AskFlush());
        }
        h.storage()
                .flush(
                        session,
                        Reply.of(
                                done -> {
                                    if (h.sessions.is(session)) {
                                        flushing = false;
                                        h.core.must(new Action.Flush(session));
                                        proceed();
                                    }
                                },
                                why -> h.sessions.broke(session, why)));
    }

    private void finishRollback() {
        busy = true;
        // Its outcome comes while this host owns the storage, or never.
        h.ownership.change(Change.FINISH_ROLLBACK, new OwnershipChannel.Outcome() {
            @Override
            public void agreed(OwnershipRecord record, SharedStorage.Session session) {
                h.core.must(new Action.FinishRollback(record));
                h.log("rolled back: term " + record.term() + ", " + rollback.lastBlocks() + " blocks written back");
                over();
            }

            @Override
            public void refused(String why) {
                busy = false;
                failedToRestore(Trouble.refused("the rollback cannot be finished: " + why));
            }
        });
    }

    private void over() {
        busy = false;
        proceed();
    }

    /** Gives an order; if it fails, it is given again after a while, and a person is told. */
    private void order(Consumer<Reply<Done>> order, Runnable done) {
        busy = true;
        long life = lives;
        order.accept(Reply.of(
                result -> {
                    if (life == lives) {
                        retryNanos = RETRY_MIN;
                        h.startTrouble("");
                        done.run();
                        over();
                    }
                },
                why -> {
                    if (life == lives) {
                        busy = false;
                        failedToRestore(why);
                    }
                }));
    }

    private void failedToRestore(Trouble why) {
        h.startTrouble(why.text());
        if (waiting) {
            return;
        }
        waiting = true;
        long life = lives;
        h.timers.after(retryNanos, () -> {
            if (life == lives) {
                waiting = false;
                if (h.state().role() == Role.RESTORING && !h.state().owed().isEmpty() && h.sessions.isUsable()) {
                    rollback.start();
                }
                proceed();
            }
        });
        retryNanos = Math.min(RETRY_MAX, retryNanos * 2);
    }

    /** The session is of no use any more. */
    void sessionEnded() {
        flushing = false;
        rollback.end();
    }

    /** This host owns nothing any more; the next time it does begins from here. */
    void end() {
        lives++;
        asking = false;
        busy = false;
        flushing = false;
        waiting = false;
        machineReady = false;
        discarded = false;
        retryNanos = RETRY_MIN;
        rollback.over();
    }

    /** Blocks that the newest rollback wrote back. */
    long lastRestored() {
        return rollback.lastBlocks();
    }

    long restoredTotal() {
        return rollback.blocksTotal();
    }

    long rollbacks() {
        return rollbacks;
    }

    long failovers() {
        return failovers;
    }
}
