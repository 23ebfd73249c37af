package dev.unwrite.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A step of a host. Each record has the name of an action of {@code Unwrite.tla} and of an event in a trace.
 *
 * <p>Actions that change the ownership record ({@link RecordChange}) come in two halves: {@link Propose} says what the
 * record shall become, the caller has the storage compare and set it, and the action itself is taken when the storage
 * has answered that it did; {@link NotAgreed} if it did not.
 */
public sealed interface Action {
    /** The name in the specification and in traces. */
    default String name() {
        return getClass().getSimpleName();
    }

    /** An action that the storage has agreed to by changing the record. */
    sealed interface RecordChange extends Action {
        /** The record as it is now. */
        OwnershipRecord record();
    }

    // ---- The primary writes a block.

    /** The machine overwrites an extent: a write, write-zeroes or trim alike. */
    record MachineWrite(long id, Extent extent) implements Action {}

    /** The secondary has acknowledged its copies. */
    record RecvPreserved(long term, long epoch, List<Extent> extents) implements Action {}

    /**
     * A write goes to the storage: of the machine, or, with {@link HostState#OWED} as id, one that the host owes.
     *
     * @param fua whether the storage is to answer when it is durable; not for what is owed
     */
    record SendWrite(long id, Extent extent, boolean fua) implements Action {
        /** Without FUA. */
        public SendWrite(long id, Extent extent) {
            this(id, extent, false);
        }
    }

    /** The storage has answered the write that was sent in {@code session}. */
    record WriteDone(long id, Extent extent, long session) implements Action {}

    /** The storage has answered the flush that {@link AskFlush} announced, asked for in {@code session}. */
    record Flush(long session) implements Action {}

    // ---- A flush of the machine.

    /**
     * The machine asks that what it has written be durable.
     *
     * @param blocks of which blocks, of one write with FUA; null for all
     */
    record MachineFlush(long id, @Nullable Blocks blocks) implements Action {}

    /** The machine is told that its flush is done. */
    record AnswerFlush(long id) implements Action {}

    // ---- A checkpoint.

    /** A checkpoint is cut; a new epoch begins. */
    record Cut(boolean delta) implements Action {}

    /** The secondary has committed the checkpoint that begins the epoch. */
    record LearnCommitted(long term, long epoch) implements Action {}

    /** Output that a committed checkpoint covers, or a flush while alone, leaves. */
    record Speak() implements Action {}

    // ---- The secondary.

    /** An idle host begins to follow the owner in the record. */
    record FollowJoin(OwnershipRecord record) implements Action {}

    /** A secondary that was restarted takes its role again. */
    record BecomeSecondary(OwnershipRecord record) implements Action {}

    /** The primary asks for copies: read what is there. */
    record ReadOld(long term, long epoch, List<Extent> extents) implements Action {}

    /** What lies beside {@code asked}, which the primary asks for, is read along with it, in one request. */
    record ReadAround(long term, long epoch, Extent asked, Extent around) implements Action {}

    /** The copies are stored under the policy of the undo log. */
    record StoreCopy(long term, long epoch, Extent extent) implements Action {}

    /** The whole state of a checkpoint is received and verified. */
    record StagePart(long term, long epoch, long base) implements Action {}

    /** The state was switched in atomically. */
    record Commit(long epoch) implements Action {}

    // ---- Going alone, and joining.

    /** The primary goes on without its secondary. */
    record GoAlone(OwnershipRecord record) implements RecordChange {}

    /** A primary reads the record. */
    record Learn(OwnershipRecord record) implements Action {}

    /** A whole state goes to the other host. */
    record StartJoin() implements Action {}

    /** The record says protected. */
    record Protect(OwnershipRecord record) implements RecordChange {}

    /** The host that was to join is lost; {@code record} was read in a session that ended all earlier ones. */
    record AbortJoin(OwnershipRecord record) implements Action {}

    /** The storage has a newer owner. */
    record StepDown(OwnershipRecord record) implements Action {}

    // ---- Sessions.

    /** A new session with the storage; all earlier ones of this host have ended. */
    record OpenSession(long session) implements Action {}

    // ---- Takeover and rollback.

    /** The failure notification: this host takes over. */
    record TakeOver(OwnershipRecord record, long session) implements RecordChange {}

    /** The owner starts its rollback again. */
    record RestartRollback(OwnershipRecord record, long session) implements Action {}

    /** The record says that the rollback is over. */
    record FinishRollback(OwnershipRecord record) implements RecordChange {}

    /**
     * The machine holds the mirrored state, and local copies and checkpoint are discarded, durably: with those found after a
     * crash, a restart would roll back what the machine writes from here on.
     */
    record Resume() implements Action {}

    // ---- Cold start.

    /** Claims a group that has no owner. */
    record Bootstrap(OwnershipRecord record, long session) implements RecordChange {}

    /** The owner was alone, crashed and starts again. */
    record ColdStart(OwnershipRecord record, long session) implements RecordChange {}

    /** A person decides that the owner starts again from its disk, without the secondary. */
    record ForceColdStart(OwnershipRecord record, long session) implements RecordChange {}

    /** The machine starts from what is on the storage; local copies and checkpoint are discarded as for {@link Resume}. */
    record ColdRead() implements Action {}

    // ---- The end and the beginning.

    /**
     * The process starts; the state already has what was found in local storage. The ids identify what was found (rule OneLife);
     * they are for the trace, and the step ignores them.
     *
     * @param storage the storage that the data folder belongs to, or empty while it belongs to none
     * @param folder the data folder itself
     * @param undo the undo log in it
     */
    record Restart(String storage, String folder, String undo) implements Action {
        /** Without ids, for models and small tests. */
        public Restart() {
            this("", "", "");
        }
    }

    // ---- First halves; they change no variable of the specification.

    /** The change of the record that is proposed. */
    enum Change {
        /** {@link GoAlone}. */
        GO_ALONE,
        /** {@link Protect}. */
        PROTECT,
        /** {@link TakeOver}. */
        TAKE_OVER,
        /** {@link FinishRollback}. */
        FINISH_ROLLBACK,
        /** {@link Bootstrap}. */
        BOOTSTRAP,
        /** {@link ColdStart}. */
        COLD_START,
        /** {@link ForceColdStart}. */
        FORCE_COLD_START
    }

    /** Asks for {@link Effect.CompareAndSet}; {@code record} is the record in force as far as this host knows. */
    record Propose(Change change, OwnershipRecord record) implements Action {}

    /** A flush is about to be asked for: it covers what was written until now. */
    record AskFlush() implements Action {}

    /** A received checkpoint is about to be switched in; no takeover begins meanwhile. */
    record AskCommit(long epoch) implements Action {}

    /** The commit failed. The checkpoint still counts as received; the host may ask again once it has it whole once more. */
    record CommitFailed(long epoch) implements Action {}

    /** The storage did not change the record. */
    record NotAgreed() implements Action {}
}
