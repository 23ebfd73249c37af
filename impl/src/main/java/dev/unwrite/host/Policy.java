package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a host does by itself: when it cuts a checkpoint, goes on alone, starts a join, or takes over. A pure function of
 * a {@link View}. A wrong decision costs time, not safety: {@link dev.unwrite.protocol.Protocol} refuses what is not allowed.
 */
final class Policy {
    /** The role, in a heartbeat, of a secondary whose disk failed it, and of a primary that has no use of the storage. */
    static final String FAILED = "failed";
    /** How long to wait for the secondary to store a copy. */
    static final long COPY_MAX = 10 * Timers.SECOND;
    /** How long to wait before a host that did not take a state is asked to join again; output is not held meanwhile. */
    static final long JOIN_AGAIN = 5 * Timers.SECOND;
    /** After how long without a usable storage a primary tells the other host, which may then take over. */
    static final long STALLED = 10 * Timers.SECOND;
    /** The most checkpoints that policy keeps in flight. */
    static final int CUTS_MAX = 2;

    /** After how long a machine that is tried again in vain counts as failed. */
    static final long STANDS_MAX = 10 * Timers.SECOND;

    static final String LOST = "the host that was to join is lost";

    /** What to do. */
    enum What {
        NOTHING,
        BOOTSTRAP,
        COLD_START,
        RESTART_ROLLBACK,
        BECOME_SECONDARY,
        TAKE_OVER,
        SPEAK,
        START_JOIN,
        ABORT_JOIN,
        PROTECT,
        GO_ALONE,
        /** Let the other host join again. */
        FORGIVE,
        CUT,
        /** Ends this host, whose machine has failed, so that the other one goes on. */
        END;

        /** Whether it is done by changing the record, or by opening a session. */
        boolean asksForTheRecord() {
            return switch (this) {
                case BOOTSTRAP, COLD_START, RESTART_ROLLBACK, TAKE_OVER, PROTECT, GO_ALONE -> true;
                default -> false;
            };
        }
    }

    /**
     * What to do, and why; for {@link What#NOTHING} what a person should know or do.
     *
     * @param later whether the other host is not asked to join again at once
     */
    record Decision(What what, String why, boolean later) {
        static final Decision NOTHING = new Decision(What.NOTHING, "", false);

        static Decision note(String text) {
            return new Decision(What.NOTHING, text, false);
        }

        static Decision of(What what) {
            return new Decision(what, "", false);
        }

        static Decision of(What what, String why) {
            return new Decision(what, why, false);
        }
    }

    /**
     * What a decision is made from. Durations and moments are in nanoseconds.
     *
     * @param record the newest record that was seen
     * @param storageAnswersFor for how long the storage has answered this host without a break
     * @param heard the last heartbeat of the other host, or null
     * @param silence since when the other host was last heard, or this host has its role or mode
     * @param heardAgo how long ago that heartbeat came
     * @param unfit why the other host does not count any more although it speaks, or null
     * @param joinerChanged another process has taken the place of the one that was to join
     * @param stateOverdue why the state that was sent is not waited for any longer, or null
     * @param copyOverdue a write has waited too long for its copies
     * @param undoNear the undo log of the other host is half full
     * @param waitsForRoom for how long writes have waited since it is full
     * @param cutDue it is time for a checkpoint, or, alone, to let output go
     * @param joinDue the other host may be asked to join again
     * @param failure why the machine cannot go on, or null
     * @param failedFor for how long it has been tried again; the largest number if it never goes on
     * @param unsaid whether output is held
     */
    record View(
            HostConfig config,
            HostState state,
            OwnershipRecord record,
            long storageAnswersFor,
            PeerMessage.@Nullable Heartbeat heard,
            long heardAgo,
            long silence,
            boolean peerConnected,
            @Nullable String unfit,
            boolean joinerChanged,
            @Nullable String stateOverdue,
            boolean copyOverdue,
            boolean undoNear,
            long waitsForRoom,
            boolean cutDue,
            boolean joinDue,
            @Nullable String failure,
            long failedFor,
            boolean unsaid) {
        /** Whether the last heartbeat says the role, knows this record, and is of now. */
        boolean hears(String role) {
            return heard != null && heard.role().equals(role) && heard.recordVersion() >= record.version();
        }
    }

    private Policy() {}

    static Decision decide(View v) {
        return switch (v.state.role()) {
            case IDLE -> idle(v);
            case SECONDARY -> secondary(v);
            case PRIMARY ->
                switch (v.state.mode()) {
                    case SOLO -> alone(v);
                    case JOINING -> joining(v);
                    case PROTECTED -> guarded(v);
                };
            case RESTORING, COLD -> Decision.NOTHING;
        };
    }

    // ---- A host that nobody needs, or that comes back.

    private static Decision idle(View v) {
        OwnershipRecord now = v.record;
        String me = v.config.name();
        if (now.owner().isEmpty()) {
            return v.config.bootstrap() && now.version() == 0 ? Decision.of(What.BOOTSTRAP) : Decision.NOTHING;
        }
        if (now.owner().equals(me)) {
            return startAgain(now, v.state);
        }
        if (now.mode() == OwnershipRecord.Mode.PROTECTED && now.secondary().equals(me)) {
            boolean holds = v.state.checkpoint() != null && v.state.checkpoint().term() == now.term();
            return holds
                    ? Decision.of(What.BECOME_SECONDARY)
                    : Decision.note("the record counts on this node, but it holds no checkpoint of term " + now.term());
        }
        return Decision.NOTHING;
    }

    private static Decision startAgain(OwnershipRecord now, HostState s) {
        return switch (now.mode()) {
            case SOLO -> Decision.of(s.checkpoint() != null ? What.RESTART_ROLLBACK : What.COLD_START);
            case ROLLBACK ->
                s.checkpoint() != null
                        ? Decision.of(What.RESTART_ROLLBACK)
                        : Decision.note(
                                "was rolling back, and its copies are gone from --data: no host can tell what belongs on the"
                                        + " disk; restore the volumes from a backup, and begin again with a storage whose"
                                        + " --data is empty");
            case PROTECTED ->
                Decision.note("was the primary and lost its memory: waits for " + now.secondary()
                        + " to take over; if it does not by itself, give \"failover\" to " + now.secondary()
                        + " (or, if that host will never come back, \"failover --cold\" here)");
            case NONE -> Decision.NOTHING;
        };
    }

    // ---- A secondary.

    private static Decision secondary(View v) {
        OwnershipRecord now = v.record;
        if (now.mode() != OwnershipRecord.Mode.PROTECTED || now.term() != v.state.term()) {
            return Decision.NOTHING;
        }
        boolean silent = v.silence > v.config.silenceNanos();
        boolean fresh = v.heardAgo < v.config.silenceNanos();
        boolean lostItsMemory = fresh && v.hears(Role.IDLE.spelling());
        // That the storage answers here for as long tells that it is not the storage that is away, as after its
        // restart.
        boolean stalled = fresh && v.hears(FAILED) && v.storageAnswersFor > Math.max(STALLED, v.config.silenceNanos());
        if (v.config.failoverAfter() == null) {
            return Decision.note(
                    lostItsMemory
                            ? "the primary " + now.owner()
                                    + " has started again without its memory: \"failover\" here goes on from the checkpoint"
                            : silent
                                    ? "the primary " + now.owner()
                                            + " is silent: if it is lost, \"failover\" here takes over"
                                    : stalled
                                            ? "the primary " + now.owner()
                                                    + " cannot use the storage: \"failover\" here goes on from the checkpoint"
                                            : "");
        }
        if (silent) {
            return Decision.of(What.TAKE_OVER, "the primary is silent");
        }
        if (lostItsMemory) {
            return Decision.of(What.TAKE_OVER, "the primary has started again without its memory");
        }
        return stalled
                ? Decision.of(What.TAKE_OVER, "the primary cannot use the storage, and this host can")
                : Decision.NOTHING;
    }

    // ---- A primary.

    private static Decision alone(View v) {
        if (v.unfit != null) {
            return new Decision(What.FORGIVE, v.unfit, true);
        }
        if (v.failure != null) {
            return Decision.note("the machine cannot go on: " + v.failure);
        }
        if (v.cutDue && v.unsaid) {
            return Decision.of(What.SPEAK);
        }
        PeerMessage.Heartbeat last = v.heard;
        boolean joins = last != null
                && v.heardAgo < v.config.aloneAfterNanos()
                && last.readyToJoin()
                && last.recordVersion() >= v.record.version();
        return joins && v.joinDue && v.peerConnected ? Decision.of(What.START_JOIN) : Decision.NOTHING;
    }

    private static Decision joining(View v) {
        if (v.unfit != null) {
            return new Decision(What.ABORT_JOIN, v.unfit, true);
        }
        if (v.joinerChanged) {
            // It may have come back with another disk: what the one before it stored does not count (rule JoinWhole).
            return Decision.of(What.ABORT_JOIN, LOST);
        }
        if (v.hears(FAILED)) {
            return new Decision(What.ABORT_JOIN, "the local storage of the host that was to join failed", true);
        }
        if (v.state.cuts().isEmpty()) {
            return Decision.of(What.PROTECT);
        }
        if (v.silence > v.config.aloneAfterNanos()) {
            return Decision.of(What.ABORT_JOIN, LOST);
        }
        return v.stateOverdue == null ? Decision.NOTHING : new Decision(What.ABORT_JOIN, v.stateOverdue, true);
    }

    private static Decision guarded(View v) {
        String why = whyAlone(v);
        if (why != null) {
            return new Decision(What.GO_ALONE, why, v.unfit != null || v.stateOverdue != null);
        }
        if (v.failure != null) {
            // The other one takes over by itself if at all; what it goes on from is of before the failure.
            return v.failedFor > STANDS_MAX && v.config.failoverAfter() != null
                    ? Decision.of(What.END, "the machine cannot go on: " + v.failure)
                    : Decision.NOTHING;
        }
        boolean automatic = v.config.checkpointEvery() != null;
        boolean wanted = automatic && (v.cutDue || v.undoNear);
        return wanted && v.state.cuts().size() < CUTS_MAX ? Decision.of(What.CUT) : Decision.NOTHING;
    }

    /** Why the secondary is no longer waited for, or null. */
    private static @Nullable String whyAlone(View v) {
        if (v.hears(Role.IDLE.spelling()) && v.heard != null && v.heard.holdsNothing()) {
            return "the secondary has lost its checkpoint";
        }
        if (v.heard != null && v.heard.role().equals(FAILED)) {
            return "the local storage of the secondary failed";
        }
        if (v.unfit != null) {
            return v.unfit;
        }
        if (v.silence > v.config.aloneAfterNanos()) {
            return "the secondary is silent";
        }
        var limit = v.config.aloneAtUndoLimitAfter();
        if (limit != null && v.waitsForRoom > limit.toNanos()) {
            return "writes have waited for " + limit.toSeconds() + " s since the undo log is at its limit";
        }
        return v.copyOverdue ? "the secondary does not store copies" : v.stateOverdue;
    }
}
