package dev.unwrite.host;

import dev.unwrite.host.Trouble.Kind;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Carries out orders of people and of the other host: checkpoint, failover, switchover, protect, shutdown. */
final class Orders {
    /** How long calling off a switchover may take. */
    private static final long CALL_OFF_MAX = 10 * Timers.SECOND;
    /** How long after an unanswered hand-over the order is sent again. */
    private static final long ASK_AGAIN = Timers.SECOND;
    /** The limit for everything that is done before a host stops. */
    private static final Duration LEAVE_MAX = Duration.ofSeconds(10);

    private static final long LEAVE_SECONDARY_MAX = 3 * Timers.SECOND;

    private final Host h;
    private @Nullable String handOverRefused;

    Orders(Host h) {
        this.h = h;
    }

    // ---- Checkpoint.

    void checkpoint(@Nullable Object handedOver, long until, Reply<Answers.Committed> reply) {
        cut(handedOver, until, Reply.of(cut -> committed(cut, until, reply), reply::failed));
    }

    /** As {@link #checkpoint}, until the checkpoint is cut. */
    void cut(@Nullable Object handedOver, long until, Reply<Answers.Cut> reply) {
        HostState s = h.state();
        if (s.role() != Role.PRIMARY) {
            reply.failed(Trouble.refused("this node is not primary; ask the other one"));
        } else if (s.mode() != Mode.PROTECTED) {
            reply.failed(Trouble.refused(
                    "the machine is not protected, so there is nobody to commit a checkpoint; see \"protect\""));
        } else if (!canCut()) {
            h.timers.await(
                    () -> h.state().mode() != Mode.PROTECTED || canCut(),
                    left(until),
                    () -> cut(handedOver, until, reply),
                    () -> reply.failed(Trouble.refused("no checkpoint can be cut now; see \"status\"")));
        } else {
            long startedAt = h.now();
            h.cuts.cut(
                    false,
                    handedOver,
                    Reply.of(epoch -> reply.done(new Answers.Cut(s.term(), epoch, startedAt)), reply::failed));
        }
    }

    /** False while enough checkpoints are on their way: one has to arrive first. */
    private boolean canCut() {
        return !h.cuts.isBusy() && h.state().cuts().size() < Protocol.MAX_CUTS;
    }

    private void committed(Answers.Cut cut, long until, Reply<Answers.Committed> reply) {
        long term = cut.term();
        long epoch = cut.epoch();
        h.timers.await(
                () -> isDecided(term, epoch),
                left(until),
                () -> {
                    Answers.Committed taken = h.cuts.taken(epoch);
                    if (isCommitted(term, epoch) && taken != null) {
                        reply.done(new Answers.Committed(
                                term,
                                epoch,
                                taken.stateBytes(),
                                taken.pauseNanos(),
                                h.now() - cut.startedNanos(),
                                taken.committedNanos()));
                    } else if (isCommitted(term, epoch)) {
                        reply.failed(Trouble.of(
                                Kind.UNAVAILABLE,
                                "checkpoint " + epoch
                                        + " was committed, and this node is not protected any more; see \"status\""));
                    } else {
                        reply.failed(notCommitted());
                    }
                },
                () -> reply.failed(notCommitted()));
    }

    private static Trouble notCommitted() {
        return Trouble.of(Kind.TIMEOUT, "the checkpoint was cut but is not committed; see \"status\"");
    }

    private boolean isCommitted(long term, long epoch) {
        HostState s = h.state();
        return s.role() == Role.PRIMARY && s.term() == term && s.safe() >= epoch;
    }

    private boolean isDecided(long term, long epoch) {
        return isCommitted(term, epoch) || isSettled(term);
    }

    /** Whether another host has taken over since, or the record counts on this one alone, so that none can. */
    private boolean isSettled(long term) {
        return h.state().term() != term || h.state().mode() == Mode.SOLO;
    }

    // ---- Failover.

    void failover(boolean cold, long until, Reply<Answers.FailedOver> reply) {
        Role role = h.state().role();
        if (role == Role.RESTORING || role == Role.COLD) {
            // Decided already, whether or not the storage answers just now.
            failover(h.ownership.record(), cold, until, reply);
            return;
        }
        if (!h.hasEndedFormerLives()) {
            // That opens a session, which would end the one in which the record is claimed.
            h.timers.await(
                    () -> h.hasEndedFormerLives() || !h.recordTrouble().isEmpty(),
                    left(until),
                    () -> onceFormerLivesEnded(cold, until, reply),
                    () -> reply.failed(noFailover("the storage does not answer")));
            return;
        }
        h.ownership.fresh(
                Reply.of(now -> failover(now, cold, until, reply), why -> reply.failed(noFailover(why.text()))));
    }

    private void onceFormerLivesEnded(boolean cold, long until, Reply<Answers.FailedOver> reply) {
        if (h.hasEndedFormerLives()) {
            failover(cold, until, reply);
        } else {
            reply.failed(noFailover(h.recordTrouble()));
        }
    }

    private static Trouble noFailover(String why) {
        return Trouble.refused("no failover: " + why);
    }

    private void failover(OwnershipRecord now, boolean cold, long until, Reply<Answers.FailedOver> reply) {
        switch (h.state().role()) {
            case PRIMARY -> awaitRunning(Answers.Kind.ALREADY, until, reply);
            case RESTORING -> awaitRunning(Answers.Kind.ROLLBACK, until, reply);
            case COLD -> awaitRunning(Answers.Kind.COLD, until, reply);
            case SECONDARY -> takeOver(now, until, reply);
            case IDLE -> idle(now, cold, until, reply);
        }
    }

    private void takeOver(OwnershipRecord now, long until, Reply<Answers.FailedOver> reply) {
        become(Answers.Kind.TAKEOVER, refused -> h.takeover.takeOver(now, refused), until, reply);
    }

    private void startCold(Change change, OwnershipRecord now, long until, Reply<Answers.FailedOver> reply) {
        become(Answers.Kind.COLD, refused -> h.takeover.startCold(change, now, refused), until, reply);
    }

    /** Does at once what this host would do by itself; otherwise what only a person may decide. */
    private void idle(OwnershipRecord now, boolean cold, long until, Reply<Answers.FailedOver> reply) {
        Policy.Decision decision = h.decision();
        switch (decision.what()) {
            case BECOME_SECONDARY -> {
                h.carryOut(decision);
                takeOver(now, until, reply);
            }
            // This host begins with it at the end of the turn, or as soon as it can.
            case RESTART_ROLLBACK -> awaitRunning(Answers.Kind.ROLLBACK, until, reply);
            case BOOTSTRAP -> startCold(Change.BOOTSTRAP, now, until, reply);
            case COLD_START -> startCold(Change.COLD_START, now, until, reply);
            default -> {
                String why = whyNotCold(now, cold);
                if (why == null) {
                    startCold(Change.FORCE_COLD_START, now, until, reply);
                } else {
                    reply.failed(noFailover(why));
                }
            }
        }
    }

    private @Nullable String whyNotCold(OwnershipRecord now, boolean cold) {
        if (!now.owner().equals(h.config().name()) || now.mode() != OwnershipRecord.Mode.PROTECTED) {
            return "this node holds no checkpoint to fail over to; the record is " + OwnershipChannel.describe(now);
        }
        return cold
                ? null
                : "this node was the primary and has lost its memory; the checkpoint is at " + now.secondary()
                        + ": give \"failover\" to that node. Only if it will never come back: \"failover --cold\" here"
                        + " starts the machine from its disk, and what " + now.secondary() + " holds is given up";
    }

    private void awaitRunning(Answers.Kind kind, long until, Reply<Answers.FailedOver> reply) {
        become(kind, refused -> {}, until, reply);
    }

    /**
     * Ends the order when the machine runs here, when it is refused, or when another host has taken over; the decision itself
     * stands.
     *
     * @param start asks for the record, where that is needed, and tells why it is refused
     */
    private void become(
            Answers.Kind kind, Consumer<Consumer<String>> start, long until, Reply<Answers.FailedOver> reply) {
        boolean[] answered = new boolean[1];
        start.accept(why -> {
            if (!answered[0]) {
                answered[0] = true;
                reply.failed(noFailover(why)); // At once: this host may have ended with it.
            }
        });
        h.timers.await(
                () -> answered[0] || isRunning() || !(h.takeover.isAsking() || isOwner()),
                left(until),
                () -> {
                    if (answered[0]) {
                        return;
                    }
                    HostState s = h.state();
                    boolean back = kind == Answers.Kind.TAKEOVER || kind == Answers.Kind.ROLLBACK;
                    if (isRunning()) {
                        reply.done(new Answers.FailedOver(
                                kind, s.term(), s.epoch(), back ? h.takeover.lastRestored() : 0));
                    } else {
                        reply.failed(noFailover("another host has taken over; the record is "
                                + OwnershipChannel.describe(h.ownership.record())));
                    }
                },
                () -> {
                    answered[0] = true;
                    reply.failed(Trouble.of(Kind.TIMEOUT, notDoneYet()));
                });
    }

    /** Whether the record says so; a host that has started again may be about to go on with its rollback. */
    private boolean isOwner() {
        return h.ownership.record().owner().equals(h.config().name());
    }

    private boolean isRunning() {
        return h.state().role() == Role.PRIMARY && (h.isRunning() || h.failure() != null);
    }

    /** Says what has already been decided and cannot be taken back. */
    private String notDoneYet() {
        HostState s = h.state();
        return switch (s.role()) {
            case RESTORING ->
                "took over in term " + s.term()
                        + ", so the former primary can write no more; the rollback is not done yet and goes on: "
                        + h.note() + "; see \"status\"";
            case COLD -> "owns the storage in term " + s.term() + " and is still starting; see \"status\"";
            case PRIMARY -> "is primary in term " + s.term() + " by now; see \"status\"";
            default -> "not done in time, and it may still come about; see \"status\"";
        };
    }

    // ---- Switchover.

    void switchover(long until, Reply<Answers.HandedOver> reply) {
        HostState s = h.state();
        if (s.role() != Role.PRIMARY || s.mode() != Mode.PROTECTED) {
            reply.failed(Trouble.refused("only a protected primary hands over; see \"status\""));
            return;
        }
        if (!canCut()) {
            h.timers.await(
                    this::canCut,
                    left(until),
                    () -> switchover(until, reply),
                    () -> reply.failed(Trouble.refused("no checkpoint can be cut now; try again")));
            return;
        }
        long pausedAt = h.now();
        h.cuts.cut(true, null, Reply.of(epoch -> commit(s.term(), epoch, pausedAt, until, reply), reply::failed));
    }

    private void commit(long term, long epoch, long pausedAt, long until, Reply<Answers.HandedOver> reply) {
        h.timers.await(
                () -> isDecided(term, epoch),
                left(until),
                () -> {
                    if (isCommitted(term, epoch)) {
                        handOver(term, epoch, pausedAt, until, reply);
                    } else {
                        stays(reply, lastNotCommitted());
                    }
                },
                () -> stays(reply, lastNotCommitted()));
    }

    private static Trouble lastNotCommitted() {
        return Trouble.of(Kind.TIMEOUT, "the last checkpoint was not committed in time; nothing changed");
    }

    private void stays(Reply<Answers.HandedOver> reply, Trouble why) {
        h.cuts.handOverEnded();
        reply.failed(why);
    }

    private void handOver(long term, long epoch, long pausedAt, long until, Reply<Answers.HandedOver> reply) {
        handOverRefused = null;
        h.send(new PeerMessage.HandOver(term, epoch, left(until) / Timers.MILLI));
        h.timers.await(
                () -> isSettled(term) || handOverRefused != null,
                Math.min(left(until), ASK_AGAIN),
                () -> {
                    if (h.state().term() != term) {
                        handedOver(epoch, pausedAt, until, reply);
                    } else if (h.state().mode() == Mode.SOLO) {
                        stays(reply, Trouble.refused("the other host was lost meanwhile; goes on here, alone"));
                    } else {
                        stays(
                                reply,
                                Trouble.refused(
                                        "the other host does not take over: " + handOverRefused + "; goes on here"));
                    }
                },
                () -> {
                    if (left(until) > 0) {
                        // Order or refusal may be lost with a connection, and the machine stands still meanwhile.
                        handOver(term, epoch, pausedAt, until, reply);
                    } else {
                        callOff(term, epoch, pausedAt, until, reply);
                    }
                });
    }

    /** Waits until the other host is primary. */
    private void handedOver(long epoch, long pausedAt, long until, Reply<Answers.HandedOver> reply) {
        Runnable answer = () -> {
            OwnershipRecord now = h.ownership.record();
            reply.done(new Answers.HandedOver(now.owner(), now.term(), epoch, h.now() - pausedAt));
        };
        h.timers.await(h.peer::isPrimary, left(until), answer, answer);
    }

    /**
     * Calls the switchover off. The record must say solo first, so that the other host cannot take over later; one
     * compare-and-set decides between the two (rule AgreeToBeAlone).
     */
    private void callOff(long term, long epoch, long pausedAt, long until, Reply<Answers.HandedOver> reply) {
        h.peer.unfit("the other host did not take over in time");
        h.timers.await(
                () -> isSettled(term),
                CALL_OFF_MAX,
                () -> {
                    if (h.state().term() != term) {
                        handedOver(epoch, pausedAt, until, reply);
                    } else {
                        stays(
                                reply,
                                Trouble.of(
                                        Kind.TIMEOUT,
                                        "the other host did not take over in time; goes on here, alone, and takes it in"
                                                + " again when it can"));
                    }
                },
                () -> stays(
                        reply,
                        Trouble.of(
                                Kind.TIMEOUT,
                                "the other host did not take over in time, and the storage does not answer: it may still do"
                                        + " so; see \"status\"")));
    }

    void handOverRefused(PeerMessage.HandOverRefused m) {
        if (m.term() == h.state().term()) {
            handOverRefused = m.reason();
        }
    }

    /** The other host asks this one to take over, from the checkpoint that it names, within the time that it waits. */
    void handOver(PeerMessage.HandOver asked) {
        if (h.takeover.isAsking() || h.state().term() > asked.term()) {
            return; // It is doing so already.
        }
        long until = h.now() + asked.millis() * Timers.MILLI;
        Consumer<String> refused = why -> h.send(new PeerMessage.HandOverRefused(asked.term(), why));
        h.ownership.fresh(Reply.of(
                now -> {
                    HostState s = h.state();
                    Checkpoint held = s.checkpoint();
                    if (s.role() != Role.SECONDARY
                            || held == null
                            || held.term() != asked.term()
                            || held.epoch() != asked.epoch()) {
                        refused.accept("it does not hold checkpoint " + asked.epoch() + " of term " + asked.term());
                    } else if (h.now() > until) {
                        refused.accept("the order came too late");
                    } else if (!h.takeover.isAsking()) {
                        h.takeover.takeOver(now, refused);
                    }
                },
                why -> refused.accept(why.text())));
    }

    // ---- Protection.

    void protect(long until, Reply<Answers.Protected> reply) {
        boolean already = isProtected();
        h.ownership.look();
        h.timers.await(
                this::isProtected,
                left(until),
                () -> {
                    OwnershipRecord now = h.ownership.record();
                    reply.done(new Answers.Protected(now.owner(), now.secondary(), now.term(), now.base(), already));
                },
                () -> reply.failed(Trouble.of(Kind.TIMEOUT, "not protected in time; is the other node running?")));
    }

    private boolean isProtected() {
        HostState s = h.state();
        OwnershipRecord known = h.ownership.record();
        return switch (s.role()) {
            case PRIMARY -> s.mode() == Mode.PROTECTED && known.mode() == OwnershipRecord.Mode.PROTECTED;
            case SECONDARY -> known.mode() == OwnershipRecord.Mode.PROTECTED && known.term() == s.term();
            default -> false;
        };
    }

    // ---- The end.

    /** Leaves the pair in good order, as far as that can be done in a bounded time; the reply says what was done. */
    void leave(Reply<String> reply) {
        HostState s = h.state();
        if (s.role() == Role.PRIMARY && s.mode() == Mode.PROTECTED) {
            switchover(
                    h.now() + LEAVE_MAX.toNanos(),
                    Reply.of(
                            done -> reply.done(
                                    "is stopped: " + done.newPrimary() + " is primary now, term " + done.term()),
                            why -> {
                                h.log("is stopped, and could not hand over: " + why.text());
                                leaveAlone(reply);
                            }));
        } else {
            leaveAlone(reply);
        }
    }

    private void leaveAlone(Reply<String> reply) {
        Role role = h.state().role();
        if (role == Role.PRIMARY) {
            boolean[] answered = new boolean[1];
            String[] why = {"the storage does not answer"};
            boolean[] flushed = new boolean[1];
            h.flushes.flush(Reply.of(
                    done -> {
                        flushed[0] = true;
                        answered[0] = true;
                    },
                    trouble -> {
                        why[0] = trouble.text();
                        answered[0] = true;
                    }));
            Runnable say = () -> reply.done(
                    flushed[0]
                            ? "is stopped: all that was written is flushed"
                            : "is stopped, and what was written since the last flush may be lost: " + why[0]);
            h.timers.await(() -> answered[0], LEAVE_MAX.toNanos(), say, say);
        } else if (role == Role.SECONDARY) {
            h.send(new PeerMessage.Leaving(h.state().term()));
            h.ownership.lookOften();
            // As long as there is somebody to be told: both hosts, and the storage, may be stopped at once.
            Runnable say = () -> reply.done("is stopped: the primary was told");
            h.timers.await(
                    () -> h.ownership.record().mode() != OwnershipRecord.Mode.PROTECTED || !h.isPeerConnected(),
                    LEAVE_SECONDARY_MAX,
                    say,
                    say);
        } else {
            reply.done("");
        }
    }

    private long left(long until) {
        return Math.max(0, until - h.now());
    }
}
