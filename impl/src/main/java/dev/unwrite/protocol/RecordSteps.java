package dev.unwrite.protocol;

import static dev.unwrite.protocol.Protocol.refused;
import static dev.unwrite.protocol.Protocol.taken;

import dev.unwrite.protocol.Action.AbortJoin;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Action.GoAlone;
import dev.unwrite.protocol.Action.Learn;
import dev.unwrite.protocol.Action.Propose;
import dev.unwrite.protocol.Action.Protect;
import dev.unwrite.protocol.Action.StepDown;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The steps around the ownership record: proposals, going alone, joining, stepping down. */
final class RecordSteps {
    private RecordSteps() {}

    /** Says what the record shall become, if this host may ask for it (rules AgreeToBeAlone, JoinWhole). */
    static Step propose(HostState s, Propose a) {
        if (s.proposal() != null) {
            return refused("another change of the record is under way");
        }
        OwnershipRecord now = a.record();
        String why = whyNot(s, a.change(), now);
        if (why != null) {
            return refused(why);
        }
        HostState.Edit edit = s.edit();
        edit.proposal = a.change();
        return taken(edit, new Effect.CompareAndSet(now.version(), changed(s, a.change(), now)));
    }

    private static @Nullable String whyNot(HostState s, Change change, OwnershipRecord now) {
        boolean mine = now.owner().equals(s.name());
        return switch (change) {
            case GO_ALONE ->
                s.role() == Role.PRIMARY && s.mode() == Mode.PROTECTED && is(now, s, OwnershipRecord.Mode.PROTECTED)
                        ? null
                        : "only a protected primary goes alone";
            case PROTECT ->
                s.role() == Role.PRIMARY
                                && s.mode() == Mode.JOINING
                                && is(now, s, OwnershipRecord.Mode.SOLO)
                                && s.cuts().isEmpty()
                        ? null
                        : "the other host does not hold a whole checkpoint yet";
            case TAKE_OVER -> TakeoverSteps.whyNotTakeOver(s, now);
            case FINISH_ROLLBACK ->
                s.role() == Role.RESTORING && is(now, s, OwnershipRecord.Mode.ROLLBACK) && s.quiet()
                        ? null
                        : "not every copy is back and flushed";
            case BOOTSTRAP ->
                s.role() == Role.IDLE && now.owner().isEmpty() ? null : "the group has an owner: " + now.owner();
            case COLD_START ->
                s.role() == Role.IDLE && mine && now.mode() == OwnershipRecord.Mode.SOLO && s.checkpoint() == null
                        ? null
                        : "the record does not say that this host is alone";
            case FORCE_COLD_START ->
                s.role() == Role.IDLE && mine && now.mode() == OwnershipRecord.Mode.PROTECTED
                        ? null
                        : "the record does not name this host as the owner of a protected group";
        };
    }

    private static OwnershipRecord changed(HostState s, Change change, OwnershipRecord now) {
        long version = now.version() + 1;
        return switch (change) {
            case GO_ALONE, FINISH_ROLLBACK ->
                new OwnershipRecord(version, now.term(), s.name(), OwnershipRecord.Mode.SOLO, "", now.base());
            case PROTECT ->
                new OwnershipRecord(version, now.term(), s.name(), OwnershipRecord.Mode.PROTECTED, s.peer(), s.epoch());
            case TAKE_OVER ->
                new OwnershipRecord(
                        version, now.term() + 1, s.name(), OwnershipRecord.Mode.ROLLBACK, "", checkpointEpoch(s));
            case BOOTSTRAP, COLD_START, FORCE_COLD_START ->
                new OwnershipRecord(version, now.term() + 1, s.name(), OwnershipRecord.Mode.SOLO, "", 0);
        };
    }

    private static long checkpointEpoch(HostState s) {
        Checkpoint held = s.checkpoint();
        return held == null ? 0 : held.epoch();
    }

    static Step notAgreed(HostState s) {
        if (s.proposal() == null) {
            return refused("nothing was proposed");
        }
        HostState.Edit edit = s.edit();
        edit.proposal = null;
        return taken(edit);
    }

    static Step goAlone(HostState s, GoAlone a) {
        if (s.proposal() != Change.GO_ALONE || !is(a.record(), s, OwnershipRecord.Mode.SOLO)) {
            return refused("the record does not say solo");
        }
        return agreed(s, a.record());
    }

    static Step protect(HostState s, Protect a) {
        if (s.proposal() != Change.PROTECT || !is(a.record(), s, OwnershipRecord.Mode.PROTECTED)) {
            return refused("the record does not say protected");
        }
        return agreed(s, a.record());
    }

    /** What a primary believes follows the record only here. */
    static Step learn(HostState s, Learn a) {
        boolean joined = s.mode() == Mode.JOINING && is(a.record(), s, OwnershipRecord.Mode.PROTECTED);
        boolean alone = s.mode() == Mode.PROTECTED && is(a.record(), s, OwnershipRecord.Mode.SOLO);
        if (s.role() != Role.PRIMARY || !(joined || alone)) {
            return refused("nothing new in the record");
        }
        HostState.Edit edit = s.edit();
        edit.record = a.record();
        edit.mode = joined ? Mode.PROTECTED : Mode.SOLO;
        if (alone) {
            edit.cuts = new TreeSet<>();
        }
        return PrimarySteps.withReady(edit.done());
    }

    static Step startJoin(HostState s) {
        if (s.role() != Role.PRIMARY || s.mode() != Mode.SOLO || !is(s.record(), s, OwnershipRecord.Mode.SOLO)) {
            return refused("only a primary that is alone takes another host in");
        }
        if (s.proposal() != null) {
            return refused("a change of the record is under way");
        }
        return s.quiet() ? PrimarySteps.takeCut(s, Mode.JOINING, 0) : refused("writes are in flight or not flushed");
    }

    static Step abortJoin(HostState s, AbortJoin a) {
        if (s.role() != Role.PRIMARY
                || s.mode() != Mode.JOINING
                || s.proposal() != null
                || !is(a.record(), s, OwnershipRecord.Mode.SOLO)) {
            return refused("no join is under way, or the record has changed");
        }
        HostState.Edit edit = s.edit();
        edit.record = a.record();
        edit.mode = Mode.SOLO;
        edit.cuts = new TreeSet<>();
        return PrimarySteps.withReady(edit.done());
    }

    static Step stepDown(HostState s, StepDown a) {
        if (s.role() == Role.IDLE || a.record().term() <= s.term()) {
            return refused("the record names no newer owner");
        }
        HostState.Edit edit = s.edit().forget();
        edit.role = Role.IDLE;
        edit.record = a.record();
        return taken(edit);
    }

    private static Step agreed(HostState s, OwnershipRecord record) {
        HostState.Edit edit = s.edit();
        edit.proposal = null;
        edit.record = record;
        return taken(edit);
    }

    /** Whether the record names this host as owner in its term, in the given mode. */
    static boolean is(OwnershipRecord record, HostState s, OwnershipRecord.Mode mode) {
        return record.owner().equals(s.name()) && record.term() == s.term() && record.mode() == mode;
    }
}
