package dev.unwrite.protocol;

import static dev.unwrite.protocol.Protocol.refused;
import static dev.unwrite.protocol.Protocol.taken;

import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Action.FinishRollback;
import dev.unwrite.protocol.Action.RestartRollback;
import dev.unwrite.protocol.Action.TakeOver;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The steps of an owner that is not running yet: takeover, rollback, cold start. */
final class TakeoverSteps {
    private TakeoverSteps() {}

    /** Rules AgreeToBeAlone and JoinWhole: a secondary takes over only what the record says that it protects. */
    static @Nullable String whyNotTakeOver(HostState s, OwnershipRecord now) {
        Checkpoint held = s.checkpoint();
        if (s.role() != Role.SECONDARY) {
            return "only a secondary takes over";
        }
        if (s.committing() >= 0) {
            return "a checkpoint is being committed";
        }
        if (now.mode() != OwnershipRecord.Mode.PROTECTED
                || !now.secondary().equals(s.name())
                || now.term() != s.term()) {
            return "the record does not say that this host protects term " + s.term();
        }
        if (held == null || held.term() != s.term() || held.epoch() < now.base()) {
            return "this host holds no checkpoint of term " + now.term() + " since epoch " + now.base();
        }
        return null;
    }

    /** Rule FenceBeforeRollback: the storage has granted the new term, so no earlier write is applied any more. */
    static Step takeOver(HostState s, TakeOver a) {
        OwnershipRecord record = a.record();
        if (s.proposal() != Change.TAKE_OVER
                || !record.owner().equals(s.name())
                || record.term() != s.term() + 1
                || record.mode() != OwnershipRecord.Mode.ROLLBACK) {
            return refused("the storage has not granted a new term");
        }
        return restore(s, record, a.session());
    }

    /** Rule KeepUntilRestored: whatever happened before, the copies are still here. */
    static Step restartRollback(HostState s, RestartRollback a) {
        OwnershipRecord record = a.record();
        boolean ended = record.mode() != OwnershipRecord.Mode.ROLLBACK && record.mode() != OwnershipRecord.Mode.SOLO;
        if (s.role() != Role.IDLE || s.proposal() != null || !record.owner().equals(s.name()) || ended) {
            return refused("the record does not say that this host rolls back");
        }
        if (s.checkpoint() == null) {
            return refused("this host holds no checkpoint");
        }
        return restore(s, record, a.session());
    }

    private static Step restore(HostState s, OwnershipRecord record, long session) {
        HostState.Edit edit = s.edit().forgetMachine().forgetMirror();
        edit.role = Role.RESTORING;
        edit.term = record.term();
        edit.record = record;
        edit.session = session;
        edit.proposal = null;
        edit.safe = -1;
        edit.owed = s.restorable();
        return edit.owed.isEmpty() ? taken(edit) : taken(edit, new Effect.WriteOwed(edit.owed));
    }

    /** Rules RestoreAll and FlushRestored were checked when the change was proposed. */
    static Step finishRollback(HostState s, FinishRollback a) {
        if (s.proposal() != Change.FINISH_ROLLBACK || !RecordSteps.is(a.record(), s, OwnershipRecord.Mode.SOLO)) {
            return refused("the record does not say that the rollback is over");
        }
        HostState.Edit edit = s.edit();
        edit.proposal = null;
        edit.record = a.record();
        return taken(edit);
    }

    static Step resume(HostState s) {
        Checkpoint held = s.checkpoint();
        if (s.role() != Role.RESTORING || held == null || !RecordSteps.is(s.record(), s, OwnershipRecord.Mode.SOLO)) {
            return refused("the rollback is not over");
        }
        if (!s.quiet()) {
            return refused("not every copy is back and flushed");
        }
        HostState.Edit edit = s.edit();
        edit.role = Role.PRIMARY;
        edit.mode = Mode.SOLO;
        edit.epoch = held.epoch();
        edit.safe = held.epoch();
        edit.copies = new TreeMap<>();
        edit.checkpoint = null;
        return taken(edit);
    }

    static Step startCold(HostState s, Change change, OwnershipRecord record, long session) {
        if (s.proposal() != change || !record.owner().equals(s.name()) || record.mode() != OwnershipRecord.Mode.SOLO) {
            return refused("the storage has not granted a new term");
        }
        HostState.Edit edit = s.edit();
        edit.proposal = null;
        edit.role = Role.COLD;
        edit.term = record.term();
        edit.record = record;
        edit.session = session;
        edit.coldFlushed = false;
        return taken(edit);
    }

    /** Rule FlushAtColdStart. */
    static Step coldRead(HostState s) {
        if (s.role() != Role.COLD || s.session() == 0 || !s.coldFlushed()) {
            return refused("the storage is not flushed");
        }
        HostState.Edit edit = s.edit();
        edit.role = Role.PRIMARY;
        edit.mode = Mode.SOLO;
        edit.epoch = 0;
        edit.safe = -1;
        edit.copies = new TreeMap<>();
        edit.checkpoint = null;
        return taken(edit);
    }
}
