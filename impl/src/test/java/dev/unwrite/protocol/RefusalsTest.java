package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.protocol.Action.Change;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a host does not do, and what it says then: people read it in a status or a log. And the borders of what it does. */
class RefusalsTest {
    private static final Extent X = new Extent(0, 10, 4);

    private static TestHost idle() {
        return new TestHost("A", "B");
    }

    private static OwnershipRecord record(long term, String owner, OwnershipRecord.Mode mode, String secondary) {
        return new OwnershipRecord(term, term, owner, mode, secondary, 1);
    }

    @Test
    void twoWritesOfOneBlockDoNotMeet() {
        TestHost host = TestHost.primary().take(new Action.MachineWrite(1, X));
        host.refuses(new Action.MachineWrite(1, new Extent(0, 50, 1)), "write 1 is under way");
        host.refuses(new Action.MachineWrite(HostState.OWED, new Extent(0, 50, 1)), "write 0 is under way");
        host.refuses(new Action.MachineWrite(2, new Extent(0, 13, 1)), "being written");
        host.refuses(new Action.MachineWrite(2, new Extent(0, 8, 3)), "being written");
        host.take(new Action.MachineWrite(2, new Extent(0, 14, 1)));
        host.take(new Action.MachineWrite(3, new Extent(0, 8, 2)));
        host.take(new Action.MachineWrite(4, new Extent(1, 10, 4)));
        idle().refuses(new Action.MachineWrite(1, X), "only a primary");
    }

    @Test
    void whatIsNotOnItsWayDoesNotArrive() {
        TestHost host = TestHost.primary();
        host.refuses(new Action.SendWrite(9, X), "write 9 is not waiting");
        host.refuses(new Action.SendWrite(HostState.OWED, X), "not owed");
        host.refuses(new Action.WriteDone(HostState.OWED, X, 1), "not on its way");
        host.take(new Action.MachineWrite(1, X)).refuses(new Action.WriteDone(1, X, 1), "write 1 is not on its way");
        host.refuses(new Action.SendWrite(1, new Extent(0, 10, 3)), "not waiting");
        host.take(new Action.SendWrite(1, X)).refuses(new Action.SendWrite(1, X), "not waiting");
        host.refuses(new Action.WriteDone(1, new Extent(0, 10, 3), 1), "not on its way");
        idle().refuses(new Action.SendWrite(1, X), "no session").refuses(new Action.WriteDone(1, X, 0), "session 0");
    }

    @Test
    void oneFlushAtATime() {
        TestHost host = TestHost.primary().write(1, X).take(new Action.AskFlush());
        host.refuses(new Action.AskFlush(), "a flush is under way");
        host.take(new Action.Flush(1)).refuses(new Action.Flush(1), "nothing was written");
        idle().refuses(new Action.AskFlush(), "no session").refuses(new Action.Flush(0), "session 0");
    }

    @Test
    void aFlushHasOneAnswer() {
        TestHost host = TestHost.primary().write(1, X).take(new Action.MachineFlush(1, null));
        host.refuses(new Action.MachineFlush(1, null), "flush 1 is not answered yet");
        host.refuses(new Action.AnswerFlush(2), "flush 2 was not asked for");
        host.take(new Action.OpenSession(2)).refuses(new Action.SendWrite(HostState.OWED, X, true), "is owed");
        idle().refuses(new Action.MachineFlush(1, null), "only a primary")
                .refuses(new Action.AnswerFlush(1), "not asked");
        TestHost.secondary().refuses(new Action.MachineFlush(1, null), "only a primary");
    }

    /** An idle host and a secondary have no session; the role is looked at nevertheless. */
    @Test
    void whoOwnsNothingFlushesNothing() {
        TestHost.secondary().refuses(new Action.Flush(0), "session 0").refuses(new Action.Flush(1), "session 1");
        TestHost former = TestHost.primary().write(1, X).take(new Action.AskFlush());
        former.take(new Action.StepDown(record(2, "B", OwnershipRecord.Mode.ROLLBACK, "")));
        former.refuses(new Action.Flush(1), "session 1").refuses(new Action.Flush(0), "session 0");
        for (TestHost host : List.of(idle(), TestHost.secondary())) {
            HostState.Edit edit = host.state.edit();
            edit.session = 1;
            host.state = edit.done();
            host.refuses(new Action.Flush(1), "only an owner flushes");
        }
    }

    @Test
    void acknowledgmentsCountOnceAndForAPrimary() {
        TestHost host = TestHost.guarded().take(new Action.MachineWrite(1, X));
        Action preserved = new Action.RecvPreserved(1, 1, List.of(X));
        host.take(preserved).refuses(preserved, "acknowledged before");
        TestHost.secondary().refuses(preserved, "only a primary");
    }

    @Test
    void fourCheckpointsAreOnTheirWayAtMost() {
        TestHost host = TestHost.guarded();
        for (int i = 0; i < 4; i++) {
            host.take(new Action.Cut(false));
        }
        host.refuses(new Action.Cut(false), "enough checkpoints");
        host.take(new Action.LearnCommitted(1, 3)).take(new Action.Cut(false));
        TestHost.primary().refuses(new Action.Cut(false), "only a protected primary");
        TestHost.secondary().refuses(new Action.Cut(false), "only a protected primary");
    }

    @Test
    void aHostStartsOnceAndOnlyAnOwnerHasASession() {
        TestHost host = idle().take(new Action.Restart());
        host.refuses(new Action.OpenSession(1), "only an owner");
        TestHost.secondary().refuses(new Action.OpenSession(1), "only an owner");
        TestHost.primary().refuses(new Action.Restart(), "running");
    }

    @Test
    void oneChangeOfTheRecordAtATime() {
        TestHost host = TestHost.guarded().take(new Action.Propose(Change.GO_ALONE, TestHost.pair()));
        host.refuses(new Action.Propose(Change.GO_ALONE, TestHost.pair()), "under way");
        host.take(new Action.NotAgreed()).refuses(new Action.NotAgreed(), "nothing was proposed");
        OwnershipRecord solo = record(1, "A", OwnershipRecord.Mode.SOLO, "");
        host.refuses(new Action.GoAlone(solo), "does not say solo");
        host.refuses(new Action.Protect(TestHost.pair()), "does not say protected");
        host.refuses(new Action.StartJoin(), "only a primary that is alone");
    }

    @Test
    void whoGoesAloneHasNoCheckpointOnItsWay() {
        TestHost host = TestHost.guarded().take(new Action.Cut(false));
        OwnershipRecord solo = host.agree(Change.GO_ALONE, TestHost.pair(), Action.GoAlone::new);
        host.take(new Action.Learn(solo)).refuses(new Action.LearnCommitted(1, 2), "is on its way");
        assertThat(host.state.cuts()).isEmpty();
    }

    @Test
    void aColdStartNeedsToBeAloneAndTheOwnerAndWithoutACheckpoint() {
        OwnershipRecord solo = record(3, "A", OwnershipRecord.Mode.SOLO, "");
        OwnershipRecord pair = record(3, "A", OwnershipRecord.Mode.PROTECTED, "B");
        idle().take(new Action.Propose(Change.COLD_START, solo));
        idle().refuses(new Action.Propose(Change.COLD_START, pair), "alone");
        new TestHost("B", "A").refuses(new Action.Propose(Change.COLD_START, solo), "alone");
        TestHost.primary().refuses(new Action.Propose(Change.COLD_START, solo), "alone");
        TestHost holder = idle();
        holder.state = HostState.started("A", "B", new TreeMap<>(), new Checkpoint(3, 1));
        holder.refuses(new Action.Propose(Change.COLD_START, solo), "alone");

        assertThat(idle().take(new Action.Propose(Change.FORCE_COLD_START, pair))
                        .effect(Effect.CompareAndSet.class)
                        .record())
                .isEqualTo(new OwnershipRecord(4, 4, "A", OwnershipRecord.Mode.SOLO, "", 0));
        idle().refuses(new Action.Propose(Change.FORCE_COLD_START, solo), "protected group");
        new TestHost("B", "A").refuses(new Action.Propose(Change.FORCE_COLD_START, pair), "protected group");
        TestHost.primary().refuses(new Action.Propose(Change.FORCE_COLD_START, pair), "protected group");
        idle().refuses(new Action.Propose(Change.BOOTSTRAP, solo), "has an owner: A");
        idle().refuses(new Action.ColdStart(solo, 1), "not granted").refuses(new Action.ColdRead(), "not flushed");
    }

    /** A host that starts cold knows nothing of what was written before, so it owes nothing. */
    @Test
    void aColdHostWritesNothing() {
        TestHost host = idle();
        host.agree(Change.BOOTSTRAP, OwnershipRecord.INITIAL, record -> new Action.Bootstrap(record, 1));
        host.refuses(new Action.SendWrite(HostState.OWED, X), "only a primary or a restoring host writes");
        host.refuses(new Action.WriteDone(HostState.OWED, X, 1), "not on its way");
        host.refuses(new Action.SendWrite(1, X), "not waiting");
        host.refuses(new Action.MachineWrite(1, X), "only a primary");
    }

    /** The record was read before the answer to the change came: what the host asked for is still under way. */
    @Test
    void noHostIsTakenInBeforeTheStorageHasAnswered() {
        TestHost host = TestHost.guarded().take(new Action.Propose(Change.GO_ALONE, TestHost.pair()));
        OwnershipRecord solo = host.effect(Effect.CompareAndSet.class).record();
        host.take(new Action.Learn(solo));
        assertThat(host.state.mode()).isEqualTo(Mode.SOLO);
        host.refuses(new Action.StartJoin(), "a change of the record is under way");
        assertThat(host.state.mode()).isEqualTo(Mode.SOLO);
        assertThat(host.state.cuts()).isEmpty();
        host.take(new Action.GoAlone(solo)).take(new Action.StartJoin());
        assertThat(host.state.mode()).isEqualTo(Mode.JOINING);
    }

    @Test
    void onlyANewerTermEndsAnOwner() {
        TestHost host = TestHost.primary();
        host.refuses(new Action.StepDown(record(1, "A", OwnershipRecord.Mode.SOLO, "")), "no newer owner");
        idle().refuses(new Action.StepDown(record(1, "B", OwnershipRecord.Mode.SOLO, "")), "no newer owner");
        host.take(new Action.StepDown(record(2, "B", OwnershipRecord.Mode.ROLLBACK, "")));
    }

    @Test
    void aHostFollowsOnlyAnotherThatIsAlone() {
        OwnershipRecord solo = record(1, "A", OwnershipRecord.Mode.SOLO, "");
        TestHost.secondary().refuses(new Action.FollowJoin(solo), "only an idle host");
        idle().refuses(new Action.FollowJoin(solo), "no other host");
        idle().refuses(new Action.FollowJoin(OwnershipRecord.INITIAL), "no other host");
        new TestHost("B", "A").refuses(new Action.FollowJoin(TestHost.pair()), "no other host");
    }

    @Test
    void aHostComesBackAsSecondaryOnlyWithACheckpointOfTheTerm() {
        Action back = new Action.BecomeSecondary(TestHost.pair());
        TestHost host = new TestHost("B", "A");
        host.refuses(back, "no checkpoint of term 1");
        host.state = HostState.started("B", "A", new TreeMap<>(), new Checkpoint(2, 1));
        host.refuses(back, "no checkpoint of term 1");
        host.state = HostState.started("B", "A", new TreeMap<>(), new Checkpoint(1, 1));
        host.refuses(new Action.BecomeSecondary(record(1, "A", OwnershipRecord.Mode.SOLO, "B")), "does not count");
        host.refuses(new Action.BecomeSecondary(record(1, "A", OwnershipRecord.Mode.PROTECTED, "C")), "does not count");
        host.take(back).refuses(back, "only an idle host");
        assertThat(host.state.role()).isEqualTo(Role.SECONDARY);
        assertThat(host.state.term()).isEqualTo(1);
    }

    @Test
    void aSecondaryTakesOnlyWhatBelongsToIt() {
        TestHost host = TestHost.secondary();
        host.refuses(new Action.StoreCopy(2, 1, X), "a message of term 2");
        host.refuses(new Action.StoreCopy(1, 1, X), "not wanted");
        host.take(new Action.StagePart(1, 2, 0)).refuses(new Action.StagePart(1, 2, 0), "received before");
        host.refuses(new Action.CommitFailed(2), "no such commit").refuses(new Action.AskCommit(3), "not whole");
        host.take(new Action.AskCommit(2)).refuses(new Action.AskCommit(2), "another commit");
        TestHost.primary().refuses(new Action.StagePart(1, 2, 0), "only a secondary mirrors");
        TestHost busy = TestHost.secondary().take(new Action.Propose(Change.TAKE_OVER, TestHost.pair()));
        busy.refuses(new Action.ReadOld(1, 1, List.of(X)), "a takeover is under way");
        busy.refuses(new Action.AskCommit(2), "a takeover");
    }

    @Test
    void theFirstCheckpointOfAllIsCommittedOnce() {
        TestHost host = new TestHost("B", "A")
                .take(new Action.FollowJoin(record(1, "A", OwnershipRecord.Mode.SOLO, "")))
                .take(new Action.StagePart(1, 0, 0))
                .take(new Action.AskCommit(0));
        host.refuses(new Action.AskCommit(0), "another commit is under way");
        host.refuses(new Action.Propose(Change.TAKE_OVER, TestHost.pair()), "is being committed");
    }

    @Test
    void aTakeoverNeedsASecondaryWithTheCheckpointOfTheRecord() {
        Action takeOver = new Action.Propose(Change.TAKE_OVER, TestHost.pair());
        TestHost.primary().refuses(takeOver, "only a secondary takes over");
        TestHost.secondary()
                .refuses(
                        new Action.Propose(Change.TAKE_OVER, record(1, "A", OwnershipRecord.Mode.SOLO, "")),
                        "does not say that this host protects term 1");
        TestHost without =
                new TestHost("B", "A").take(new Action.FollowJoin(record(1, "A", OwnershipRecord.Mode.SOLO, "")));
        without.refuses(takeOver, "no checkpoint of term 1 since epoch 1");
        OwnershipRecord asked = TestHost.secondary()
                .commit(3)
                .take(takeOver)
                .effect(Effect.CompareAndSet.class)
                .record();
        assertThat(asked).isEqualTo(new OwnershipRecord(3, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 3));
    }

    @Test
    void aRollbackStartsAgainUntilTheMachineHasResumed() {
        TestHost before = TestHost.secondary().preserve(1, X);
        OwnershipRecord rollback = record(2, "B", OwnershipRecord.Mode.ROLLBACK, "");
        OwnershipRecord solo = record(2, "B", OwnershipRecord.Mode.SOLO, "");
        TestHost host = new TestHost("B", "A");
        host.refuses(new Action.RestartRollback(rollback, 5), "no checkpoint");
        host.state = HostState.started("B", "A", before.state.copies(), before.state.checkpoint());
        host.refuses(new Action.RestartRollback(record(2, "B", OwnershipRecord.Mode.PROTECTED, "A"), 5), "rolls back");
        host.refuses(new Action.RestartRollback(record(2, "A", OwnershipRecord.Mode.ROLLBACK, ""), 5), "rolls back");
        before.refuses(new Action.RestartRollback(rollback, 5), "rolls back");
        // The record said that it was over, but the machine had not resumed: again, from the start.
        host.take(new Action.RestartRollback(solo, 5)).refuses(new Action.Resume(), "not every copy is back");
        host.refuses(new Action.FinishRollback(solo), "rollback is over");
        host.writeOwed().refuses(new Action.Resume(), "not every copy is back");
        host.flush().take(new Action.Resume());
        host.refuses(new Action.Resume(), "the rollback is not over");
    }

    @Test
    void aHostWithoutACheckpointHasNothingToRestore() {
        assertThat(idle().state.restorable()).isEqualTo(Blocks.NONE);
        assertThat(idle().state.withPeer("C").peer()).isEqualTo("C");
    }

    @Test
    void namesAreSpelledAlikeEverywhere() {
        assertThat(Role.RESTORING.spelling()).isEqualTo("restoring");
        assertThat(Mode.JOINING.spelling()).isEqualTo("joining");
        for (OwnershipRecord.Mode mode : OwnershipRecord.Mode.values()) {
            assertThat(OwnershipRecord.Mode.ofWire(mode.wire())).isEqualTo(mode);
        }
        assertThat(OwnershipRecord.Mode.ROLLBACK.wire()).isEqualTo("rollback");
        assertThatThrownBy(() -> OwnershipRecord.Mode.ofWire("SOLO")).isInstanceOf(IllegalArgumentException.class);
        assertThat(TestHost.pair().withVersion(9))
                .isEqualTo(new OwnershipRecord(9, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1));
        for (long[] numbers : new long[][] {{-1, 0, 0}, {0, -1, 0}, {0, 0, -1}}) {
            assertThatThrownBy(() ->
                            new OwnershipRecord(numbers[0], numbers[1], "A", OwnershipRecord.Mode.SOLO, "", numbers[2]))
                    .hasMessageContaining("cannot be negative");
        }
    }
}
