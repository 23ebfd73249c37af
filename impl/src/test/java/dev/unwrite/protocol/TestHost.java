package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Action.RecordChange;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;

/** A host in a test: holds its state, takes steps, and shows what follows from them. */
final class TestHost {
    HostState state;
    List<Effect> effects = List.of();

    TestHost(String name, String peer) {
        state = HostState.started(name, peer, new TreeMap<>(), null);
    }

    /** A primary that is alone, in term 1 and session 1. */
    static TestHost primary() {
        TestHost host = new TestHost("A", "B");
        host.agree(Change.BOOTSTRAP, OwnershipRecord.INITIAL, record -> new Action.Bootstrap(record, 1));
        return host.take(new Action.Flush(1)).take(new Action.ColdRead());
    }

    /** A primary that B protects, in epoch 1 of term 1. */
    static TestHost guarded() {
        TestHost host = primary().take(new Action.StartJoin()).take(new Action.LearnCommitted(1, 1));
        OwnershipRecord now = host.agree(Change.PROTECT, host.state.record(), Action.Protect::new);
        return host.take(new Action.Learn(now));
    }

    /** The secondary of that primary. */
    static TestHost secondary() {
        TestHost host = new TestHost("B", "A");
        host.take(new Action.FollowJoin(new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0)));
        return host.commit(1);
    }

    /** What the record says of the pair of the two. */
    static OwnershipRecord pair() {
        return new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
    }

    TestHost commit(long epoch) {
        return take(new Action.StagePart(state.term(), epoch, 0))
                .take(new Action.AskCommit(epoch))
                .take(new Action.Commit(epoch));
    }

    /** Reads and stores the copies of an extent. */
    TestHost preserve(long epoch, Extent extent) {
        return take(new Action.ReadOld(state.term(), epoch, List.of(extent)))
                .take(new Action.StoreCopy(state.term(), epoch, extent));
    }

    /** Writes an extent, with the acknowledgment of the other host if there is one. */
    TestHost write(long id, Extent extent) {
        take(new Action.MachineWrite(id, extent));
        if (state.mode() != Mode.SOLO && !state.kept().containsAll(extent)) {
            take(new Action.RecvPreserved(state.term(), state.epoch(), List.of(extent)));
        }
        return take(new Action.SendWrite(id, extent)).take(new Action.WriteDone(id, extent, state.session()));
    }

    TestHost flush() {
        return take(new Action.AskFlush()).take(new Action.Flush(state.session()));
    }

    /** Writes back all that is owed. */
    TestHost writeOwed() {
        for (Extent extent : state.owed().extents()) {
            take(new Action.SendWrite(HostState.OWED, extent));
            take(new Action.WriteDone(HostState.OWED, extent, state.session()));
        }
        return this;
    }

    /** Proposes a change, to which the storage agrees; returns the new record. */
    OwnershipRecord agree(Change change, OwnershipRecord now, Function<OwnershipRecord, RecordChange> action) {
        take(new Action.Propose(change, now));
        Effect.CompareAndSet asked = (Effect.CompareAndSet) effects.getFirst();
        assertThat(asked.expectedVersion()).isEqualTo(now.version());
        take(action.apply(asked.record()));
        return asked.record();
    }

    TestHost take(Action action) {
        Step step = Protocol.step(state, action);
        assertThat(step).as("%s in %s", action, state).isInstanceOf(Step.Taken.class);
        Step.Taken taken = (Step.Taken) step;
        state = taken.next();
        effects = taken.effects();
        return this;
    }

    TestHost refuses(Action action) {
        HostState before = state;
        assertThat(Protocol.step(state, action)).as("%s in %s", action, state).isInstanceOf(Step.Refused.class);
        assertThat(state).isEqualTo(before);
        return this;
    }

    /** Refuses, and says why in words that contain these. */
    TestHost refuses(Action action, String why) {
        assertThat(Protocol.step(state, action))
                .as("%s in %s", action, state)
                .isInstanceOfSatisfying(
                        Step.Refused.class, refused -> assertThat(refused.why()).contains(why));
        return this;
    }

    /** The effect of this kind that the last step had. */
    <T extends Effect> T effect(Class<T> kind) {
        assertThat(effects).hasAtLeastOneElementOfType(kind);
        return effects.stream()
                .filter(kind::isInstance)
                .map(kind::cast)
                .findFirst()
                .orElseThrow();
    }

    TestHost hasNo(Class<? extends Effect> kind) {
        assertThat(effects).noneMatch(kind::isInstance);
        return this;
    }
}
