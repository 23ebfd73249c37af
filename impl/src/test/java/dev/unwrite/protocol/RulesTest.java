package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Action.Change;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each rule of the protocol, as a story; the first part of a name is the name of the rule. */
@SuppressWarnings("MemberName") // So that a rule is found by its name.
class RulesTest {
    private static final Extent X = new Extent(0, 10, 4);
    private static final Extent Y = new Extent(0, 20, 1);

    @Test
    void AskFirst_aFirstOverwriteWaitsForItsCopies() {
        TestHost host = TestHost.guarded().take(new Action.MachineWrite(1, X));
        assertThat(host.effect(Effect.SendPreserve.class)).isEqualTo(new Effect.SendPreserve(1, 1, List.of(X)));
        host.hasNo(Effect.Ready.class).refuses(new Action.SendWrite(1, X));
        host.take(new Action.RecvPreserved(1, 1, List.of(new Extent(0, 10, 3))));
        host.hasNo(Effect.Ready.class).refuses(new Action.SendWrite(1, X));
        host.take(new Action.RecvPreserved(1, 1, List.of(new Extent(0, 13, 1))));
        assertThat(host.effect(Effect.Ready.class).writes()).hasSize(1);
        host.take(new Action.SendWrite(1, X));
    }

    @Test
    void AskFirst_aSecondOverwriteInAnEpochNeedsNoCopy() {
        TestHost host = TestHost.guarded().write(1, X).take(new Action.MachineWrite(2, new Extent(0, 11, 2)));
        host.hasNo(Effect.SendPreserve.class).effect(Effect.Ready.class);
    }

    @Test
    void AskFirst_onlyWhatIsNewIsAskedFor() {
        TestHost host = TestHost.guarded().write(1, X).take(new Action.MachineWrite(2, new Extent(0, 8, 8)));
        assertThat(host.effect(Effect.SendPreserve.class).extents())
                .containsExactly(new Extent(0, 8, 2), new Extent(0, 14, 2));
    }

    @Test
    void AskFirst_aNewEpochAsksAnew() {
        TestHost host = TestHost.guarded().write(1, X).flush().take(new Action.Cut(false));
        host.take(new Action.MachineWrite(2, X)).effect(Effect.SendPreserve.class);
        host.refuses(new Action.SendWrite(2, X));
    }

    @Test
    void AskFirst_holdsFromTheCutOfAJoin() {
        TestHost host = TestHost.primary().take(new Action.StartJoin()).take(new Action.MachineWrite(1, X));
        host.effect(Effect.SendPreserve.class);
        host.refuses(new Action.SendWrite(1, X));
    }

    @Test
    void StoreBeforeAck_readingIsNotAcknowledged() {
        TestHost host = TestHost.secondary().take(new Action.ReadOld(1, 1, List.of(X)));
        host.hasNo(Effect.SendPreserved.class).effect(Effect.ReadAndStore.class);
        // Asked again before it is stored: still no acknowledgment, and no second read.
        host.take(new Action.ReadOld(1, 1, List.of(X)));
        host.hasNo(Effect.SendPreserved.class).hasNo(Effect.ReadAndStore.class);
        host.take(new Action.StoreCopy(1, 1, X));
        assertThat(host.effect(Effect.SendPreserved.class)).isEqualTo(new Effect.SendPreserved(1, 1, List.of(X)));
    }

    @Test
    void FirstCopyWins_aRepeatedRequestIsAcknowledgedAndReadsNothing() {
        TestHost host = TestHost.secondary().preserve(1, X);
        host.take(new Action.ReadOld(1, 1, List.of(X)));
        host.hasNo(Effect.ReadAndStore.class).effect(Effect.SendPreserved.class);
        host.refuses(new Action.StoreCopy(1, 1, X));
    }

    @Test
    void FirstCopyWins_ofAnOverlapOnlyTheRestIsRead() {
        TestHost host = TestHost.secondary().preserve(1, X);
        host.take(new Action.ReadOld(1, 1, List.of(new Extent(0, 12, 4))));
        assertThat(host.effect(Effect.ReadAndStore.class).extents()).containsExactly(new Extent(0, 14, 2));
        assertThat(host.effect(Effect.SendPreserved.class).extents()).containsExactly(new Extent(0, 12, 2));
    }

    @Test
    void AroundWhileAsked_whatLiesBesideIsCopiedAndAcknowledgedWithWhatWasAskedFor() {
        Extent beside = new Extent(0, X.end(), 3);
        TestHost host = TestHost.secondary().take(new Action.ReadOld(1, 1, List.of(X)));
        host.take(new Action.ReadAround(1, 1, X, beside)).hasNo(Effect.ReadAndStore.class);
        // Asked for now: it is on its way.
        host.take(new Action.ReadOld(1, 1, List.of(beside))).hasNo(Effect.ReadAndStore.class);
        Extent both = new Extent(0, X.first(), X.count() + 3);
        host.take(new Action.StoreCopy(1, 1, both));
        assertThat(host.effect(Effect.SendPreserved.class)).isEqualTo(new Effect.SendPreserved(1, 1, List.of(both)));
    }

    @Test
    void AroundWhileAsked_notOnceWhatWasAskedForIsStored() {
        Extent beside = new Extent(0, X.end(), 1);
        TestHost host = TestHost.secondary().preserve(1, X);
        host.refuses(new Action.ReadAround(1, 1, X, beside), "its primary may be in a later epoch");
        host.refuses(new Action.ReadAround(2, 1, beside, new Extent(0, 99, 1)));
        host.commit(2);
        host.refuses(new Action.ReadAround(1, 1, beside, new Extent(0, 99, 1)), "behind the committed checkpoint");
    }

    @Test
    void AroundWhileAsked_whatIsCopiedIsNotReadAgain() {
        Extent asked = new Extent(0, 40, 1);
        TestHost host = TestHost.secondary().preserve(1, X).take(new Action.ReadOld(1, 1, List.of(asked)));
        host.refuses(new Action.ReadAround(1, 1, asked, X), "copied already");
        host.refuses(new Action.ReadAround(1, 1, asked, asked), "copied already");
    }

    @Test
    void EpochTag_acknowledgmentsOfOtherEpochsAndTermsDoNotCount() {
        TestHost host = TestHost.guarded().write(1, X).flush().take(new Action.Cut(false));
        host.take(new Action.MachineWrite(2, X));
        host.refuses(new Action.RecvPreserved(1, 1, List.of(X)));
        host.refuses(new Action.RecvPreserved(2, 2, List.of(X)));
        host.refuses(new Action.SendWrite(2, X));
        host.take(new Action.RecvPreserved(1, 2, List.of(X))).effect(Effect.Ready.class);
    }

    @Test
    void EpochTag_aSecondaryTakesNoRequestOfAnotherTermOrAnEarlierEpoch() {
        TestHost host = TestHost.secondary().commit(2);
        host.refuses(new Action.ReadOld(1, 1, List.of(X)));
        host.refuses(new Action.ReadOld(2, 2, List.of(X)));
        host.refuses(new Action.StagePart(2, 3, 0));
        host.refuses(new Action.StagePart(1, 2, 0));
    }

    @Test
    void DrainBeforeCut_noCutWithAWriteUnderWay() {
        TestHost host = TestHost.guarded().take(new Action.MachineWrite(1, X));
        host.refuses(new Action.Cut(false));
        host.take(new Action.RecvPreserved(1, 1, List.of(X))).take(new Action.SendWrite(1, X));
        host.refuses(new Action.Cut(false));
        host.take(new Action.WriteDone(1, X, 1)).flush().take(new Action.Cut(false));
        assertThat(host.effect(Effect.SendState.class)).isEqualTo(new Effect.SendState(1, 2, 0));
    }

    @Test
    void FlushBeforeCheckpoint_noCutWithSomethingUnflushed() {
        TestHost host = TestHost.guarded().write(1, X);
        host.refuses(new Action.Cut(false)).take(new Action.AskFlush()).refuses(new Action.Cut(false));
        host.take(new Action.Flush(1)).take(new Action.Cut(false));
    }

    @Test
    void FlushBeforeCheckpoint_aFlushCoversOnlyWhatWasWrittenBeforeIt() {
        TestHost host = TestHost.guarded().write(1, X).take(new Action.AskFlush());
        host.write(2, Y).write(3, new Extent(0, 11, 1)).take(new Action.Flush(1));
        assertThat(host.state.dirty()).isEqualTo(Blocks.of(Y).with(new Extent(0, 11, 1)));
        host.refuses(new Action.Cut(false));
    }

    @Test
    void StateBeforeDiscard_copiesStayUntilTheNextStateIsSwitchedIn() {
        TestHost host = TestHost.secondary().preserve(1, X);
        host.refuses(new Action.Commit(2)).refuses(new Action.AskCommit(2));
        host.take(new Action.StagePart(1, 2, 0))
                .hasNo(Effect.DiscardCopies.class)
                .refuses(new Action.Commit(2));
        host.take(new Action.AskCommit(2)).hasNo(Effect.DiscardCopies.class);
        assertThat(host.state.restorable()).isEqualTo(Blocks.of(X));
        host.take(new Action.CommitFailed(2));
        assertThat(host.state.restorable()).isEqualTo(Blocks.of(X));
        host.refuses(new Action.Commit(2)).refuses(new Action.StagePart(1, 2, 0));
        host.take(new Action.AskCommit(2)).take(new Action.Commit(2));
        assertThat(host.effect(Effect.DiscardCopies.class)).isEqualTo(new Effect.DiscardCopies(1, 2));
        assertThat(host.state.restorable()).isEqualTo(Blocks.NONE);
    }

    @Test
    void StateBeforeDiscard_noTakeoverBeginsWhileAStateIsSwitchedIn() {
        TestHost host = TestHost.secondary().take(new Action.StagePart(1, 2, 0)).take(new Action.AskCommit(2));
        host.refuses(new Action.Propose(Change.TAKE_OVER, TestHost.pair()));
        host.take(new Action.Commit(2)).take(new Action.Propose(Change.TAKE_OVER, TestHost.pair()));
    }

    @Test
    void DeltaOnItsBase_aDeltaIsNotCommittedBeforeItsBase() {
        TestHost host = TestHost.secondary().take(new Action.StagePart(1, 3, 2));
        host.refuses(new Action.AskCommit(3), "a delta on the checkpoint of epoch 2")
                .refuses(new Action.Commit(3));
        host.take(new Action.StagePart(1, 2, 1)).take(new Action.AskCommit(2)).refuses(new Action.AskCommit(3));
        host.take(new Action.Commit(2)).take(new Action.AskCommit(3)).take(new Action.Commit(3));
        assertThat(host.state.checkpoint()).isEqualTo(new Checkpoint(1, 3));
    }

    @Test
    void DeltaOnItsBase_norAfterALaterOne() {
        TestHost host = TestHost.secondary().take(new Action.StagePart(1, 4, 1)).commit(2);
        host.refuses(new Action.AskCommit(4), "a delta on the checkpoint of epoch 1");
    }

    @Test
    void DeltaOnItsBase_aHostWithoutACheckpointCommitsOnlyAWholeState() {
        TestHost host = new TestHost("B", "A");
        host.take(new Action.FollowJoin(new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0)));
        host.take(new Action.StagePart(1, 2, 1))
                .refuses(new Action.AskCommit(2))
                .commit(3);
    }

    @Test
    void DeltaOnItsBase_aCutIsADeltaOnTheCutBeforeAndAJoinSendsAll() {
        TestHost host = TestHost.guarded().take(new Action.Cut(true));
        assertThat(host.effect(Effect.SendState.class)).isEqualTo(new Effect.SendState(1, 2, 1));
        host.take(new Action.Cut(true));
        assertThat(host.effect(Effect.SendState.class))
                .as("which need not be committed")
                .isEqualTo(new Effect.SendState(1, 3, 2));
        assertThat(TestHost.primary().take(new Action.StartJoin()).effect(Effect.SendState.class))
                .isEqualTo(new Effect.SendState(1, 1, 0));
    }

    @Test
    void OldestCopyWins_copiesOfAllEpochsSinceTheCheckpointAreRestored() {
        TestHost host = TestHost.secondary().preserve(1, X).preserve(2, X).preserve(2, Y);
        // A copy of a later epoch does not stand for one of the first.
        assertThat(host.state.copies().get(new CopyKey(1, 1))).isEqualTo(Blocks.of(X));
        takeOver(host);
        assertThat(host.state.owed()).isEqualTo(Blocks.of(X).with(Y));
    }

    @Test
    void OldestCopyWins_aCommitDropsOnlyOlderEpochs() {
        TestHost host = TestHost.secondary().preserve(1, X).preserve(2, Y).commit(2);
        takeOver(host);
        assertThat(host.state.owed()).isEqualTo(Blocks.of(Y));
    }

    @Test
    void FenceBeforeRollback_nothingIsRestoredBeforeTheStorageGrantsTheTerm() {
        TestHost host = TestHost.secondary().preserve(1, X);
        host.refuses(new Action.SendWrite(HostState.OWED, X));
        host.take(new Action.Propose(Change.TAKE_OVER, TestHost.pair()));
        Effect.CompareAndSet asked = host.effect(Effect.CompareAndSet.class);
        assertThat(asked.record().term()).isEqualTo(2);
        host.refuses(new Action.SendWrite(HostState.OWED, X)).refuses(new Action.TakeOver(TestHost.pair(), 5));
        host.take(new Action.TakeOver(asked.record(), 5));
        assertThat(host.effect(Effect.WriteOwed.class).blocks()).isEqualTo(Blocks.of(X));
        host.take(new Action.SendWrite(HostState.OWED, X));
    }

    @Test
    void OneConnection_answersOfAnEarlierSessionDoNotCount() {
        TestHost host = TestHost.primary().take(new Action.MachineWrite(1, X)).take(new Action.SendWrite(1, X));
        host.take(new Action.OpenSession(2)).effect(Effect.Ready.class);
        host.refuses(new Action.WriteDone(1, X, 1));
        host.take(new Action.SendWrite(1, X)).refuses(new Action.WriteDone(1, X, 1));
        host.take(new Action.WriteDone(1, X, 2)).take(new Action.AskFlush()).refuses(new Action.Flush(1));
        host.refuses(new Action.OpenSession(2)).take(new Action.Flush(2));
    }

    @Test
    void ReplayUnflushed_whatWasNotFlushedGoesFirst() {
        TestHost host = TestHost.primary().write(1, X).take(new Action.MachineWrite(2, Y));
        host.take(new Action.OpenSession(2));
        assertThat(host.effect(Effect.WriteOwed.class).blocks()).isEqualTo(Blocks.of(X));
        host.hasNo(Effect.Ready.class).refuses(new Action.SendWrite(2, Y));
        host.take(new Action.SendWrite(HostState.OWED, X)).refuses(new Action.SendWrite(2, Y));
        host.take(new Action.WriteDone(HostState.OWED, X, 2)).effect(Effect.Ready.class);
        assertThat(host.state.dirty()).isEqualTo(Blocks.of(X));
    }

    @Test
    void ReplayUnflushed_noFlushUnderWaySavesIt() {
        TestHost host =
                TestHost.primary().write(1, X).take(new Action.AskFlush()).take(new Action.OpenSession(2));
        host.refuses(new Action.Flush(1)).refuses(new Action.Flush(2));
        assertThat(host.state.owed()).isEqualTo(Blocks.of(X));
    }

    @Test
    void RestoreAll_noResumeBeforeEveryCopyIsBack() {
        TestHost host = TestHost.secondary().preserve(1, X).preserve(1, Y);
        takeOver(host);
        host.take(new Action.SendWrite(HostState.OWED, X)).take(new Action.WriteDone(HostState.OWED, X, 5));
        host.flush().refuses(new Action.Propose(Change.FINISH_ROLLBACK, host.state.record()));
        host.refuses(new Action.Resume());
        host.writeOwed().flush();
        finish(host).take(new Action.Resume());
        assertThat(host.state.role()).isEqualTo(Role.PRIMARY);
        assertThat(host.state.epoch()).isEqualTo(1);
    }

    @Test
    void FlushRestored_theRecordChangesOnlyAfterTheFlush() {
        TestHost host = TestHost.secondary().preserve(1, X);
        takeOver(host);
        host.writeOwed().refuses(new Action.Propose(Change.FINISH_ROLLBACK, host.state.record()));
        host.take(new Action.AskFlush()).refuses(new Action.Propose(Change.FINISH_ROLLBACK, host.state.record()));
        host.take(new Action.Flush(5));
        finish(host);
    }

    @Test
    void FlushRestored_aStorageThatForgotGetsTheCopiesAgain() {
        TestHost host = TestHost.secondary().preserve(1, X);
        takeOver(host);
        host.writeOwed().take(new Action.OpenSession(6));
        assertThat(host.state.owed()).isEqualTo(Blocks.of(X));
        host.refuses(new Action.Propose(Change.FINISH_ROLLBACK, host.state.record()));
    }

    @Test
    void KeepUntilRestored_aRollbackThatCrashedStartsAgainWithTheSameCopies() {
        TestHost host = TestHost.secondary().preserve(1, X).preserve(2, Y);
        takeOver(host);
        host.writeOwed().flush();
        assertThat(host.state.copies()).hasSize(2);
        OwnershipRecord record = host.state.record();
        TestHost again = new TestHost("B", "A");
        again.state = HostState.started("B", "A", host.state.copies(), host.state.checkpoint());
        again.refuses(new Action.Propose(Change.COLD_START, record));
        again.take(new Action.RestartRollback(record, 9));
        assertThat(again.state.owed()).isEqualTo(Blocks.of(X).with(Y));
        again.writeOwed().flush();
        finish(again);
        assertThat(again.state.copies()).hasSize(2);
        again.take(new Action.Resume());
        assertThat(again.state.copies()).isEmpty();
    }

    @Test
    void FlushAtColdStart_nothingIsReadBeforeTheFlush() {
        TestHost host = new TestHost("A", "B");
        host.agree(Change.BOOTSTRAP, OwnershipRecord.INITIAL, record -> new Action.Bootstrap(record, 1));
        host.refuses(new Action.ColdRead()).take(new Action.Flush(1));
        // A storage that restarted since has to flush again.
        host.take(new Action.OpenSession(2)).refuses(new Action.ColdRead());
        host.take(new Action.Flush(2)).take(new Action.ColdRead());
    }

    @Test
    void FlushBeforeAnswer_whatWasWrittenOrBegunIsFlushedFirst() {
        TestHost host = TestHost.primary().write(1, X).take(new Action.MachineWrite(2, Y));
        host.take(new Action.MachineFlush(7, null))
                .hasNo(Effect.FlushDone.class)
                .refuses(new Action.AnswerFlush(7));
        host.flush().hasNo(Effect.FlushDone.class).refuses(new Action.AnswerFlush(7), "not done");
        host.take(new Action.SendWrite(2, Y))
                .take(new Action.WriteDone(2, Y, 1))
                .hasNo(Effect.FlushDone.class);
        assertThat(host.flush().effect(Effect.FlushDone.class)).isEqualTo(new Effect.FlushDone(7));
        host.take(new Action.AnswerFlush(7)).refuses(new Action.AnswerFlush(7), "not asked for");
    }

    /** A flush of the storage that was begun before covers a write that was done then, and none that was not. */
    @Test
    void FlushBeforeAnswer_aFlushThatIsUnderWayCoversWhatWasDoneBeforeIt() {
        TestHost host = TestHost.primary().write(1, X).take(new Action.MachineWrite(2, Y));
        host.take(new Action.AskFlush()).take(new Action.MachineFlush(7, Blocks.of(X)));
        host.take(new Action.MachineFlush(8, null));
        assertThat(host.take(new Action.Flush(1)).effects).containsExactly(new Effect.FlushDone(7));
        assertThat(host.state.asked().getLast()).isEqualTo(new AskedFlush(8, Blocks.of(Y), Blocks.of(Y)));
    }

    @Test
    void FlushBeforeAnswer_withFuaAWriteIsDurableWhenItIsDone() {
        TestHost host = TestHost.primary().take(new Action.MachineWrite(1, X));
        host.take(new Action.MachineFlush(7, Blocks.of(X))).take(new Action.SendWrite(1, X, true));
        assertThat(host.take(new Action.WriteDone(1, X, 1)).effects).containsExactly(new Effect.FlushDone(7));
        assertThat(host.state.dirty()).isEqualTo(Blocks.of(X));
    }

    /** A newer write of the block must be flushed then: the storage may have lost the one that was to be flushed. */
    @Test
    void FlushBeforeAnswer_whatTheStorageMayHaveLostIsOwedAgain() {
        TestHost host = TestHost.primary().write(1, X).write(2, Y).take(new Action.MachineFlush(7, null));
        host.take(new Action.MachineWrite(3, Y)).take(new Action.OpenSession(2)).hasNo(Effect.FlushDone.class);
        assertThat(host.writeOwed().flush().effects).isEmpty();
        host.take(new Action.SendWrite(3, Y))
                .take(new Action.WriteDone(3, Y, 2))
                .hasNo(Effect.FlushDone.class);
        assertThat(host.flush().effects).containsExactly(new Effect.FlushDone(7));
    }

    @Test
    void FlushBeforeAnswer_nothingIsOwedWhereAllIsFlushed() {
        TestHost host = TestHost.primary().write(1, X).flush().take(new Action.MachineWrite(2, Y));
        assertThat(host.take(new Action.MachineFlush(7, Blocks.of(X))).effects)
                .containsExactly(new Effect.FlushDone(7));
        host.take(new Action.AnswerFlush(7));
        host.take(new Action.StepDown(new OwnershipRecord(9, 9, "B", OwnershipRecord.Mode.ROLLBACK, "", 1)));
        assertThat(host.state.asked()).isEmpty();
    }

    @Test
    void AgreeToBeAlone_writesWaitUntilTheRecordSaysSolo() {
        TestHost host = TestHost.guarded().take(new Action.MachineWrite(1, X));
        host.take(new Action.Propose(Change.GO_ALONE, TestHost.pair()));
        OwnershipRecord solo = host.effect(Effect.CompareAndSet.class).record();
        host.refuses(new Action.SendWrite(1, X)).refuses(new Action.Learn(TestHost.pair()));
        host.take(new Action.GoAlone(solo)).take(new Action.Learn(solo));
        assertThat(host.effect(Effect.Ready.class).writes()).hasSize(1);
        assertThat(host.state.mode()).isEqualTo(Mode.SOLO);
    }

    @Test
    void AgreeToBeAlone_checkpointsThatWereOnTheirWayAreForgotten() {
        TestHost host = TestHost.guarded().take(new Action.Cut(false));
        assertThat(host.state.cuts()).containsExactly(2L);
        host.take(new Action.Propose(Change.GO_ALONE, TestHost.pair()));
        OwnershipRecord solo = host.effect(Effect.CompareAndSet.class).record();
        host.take(new Action.GoAlone(solo)).take(new Action.Learn(solo));
        assertThat(host.state.cuts()).isEmpty();
        host.refuses(new Action.LearnCommitted(1, 2));
    }

    @Test
    void AgreeToBeAlone_aSecondaryTakesOverOnlyWhatTheRecordSaysItProtects() {
        TestHost host = TestHost.secondary();
        host.refuses(propose(2, 1, "A", OwnershipRecord.Mode.SOLO, "", 1));
        host.refuses(propose(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "C", 1));
        host.refuses(propose(2, 2, "A", OwnershipRecord.Mode.PROTECTED, "B", 1));
        host.take(propose(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1));
        // The primary was faster.
        host.take(new Action.NotAgreed());
        assertThat(host.state.role()).isEqualTo(Role.SECONDARY);
    }

    @Test
    void AgreeToBeAlone_aPrimaryWhoseTermIsOverStepsDown() {
        TestHost host = TestHost.guarded().take(new Action.MachineWrite(1, X));
        OwnershipRecord taken = new OwnershipRecord(3, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        host.take(new Action.StepDown(taken));
        host.refuses(new Action.SendWrite(1, X))
                .refuses(new Action.MachineWrite(2, Y))
                .refuses(new Action.Speak());
        assertThat(host.state.role()).isEqualTo(Role.IDLE);
    }

    @Test
    void JoinWhole_theRecordSaysProtectedOnlyAfterTheCommit() {
        TestHost host = TestHost.primary().take(new Action.StartJoin());
        host.refuses(new Action.Propose(Change.PROTECT, host.state.record()));
        host.take(new Action.LearnCommitted(1, 1));
        OwnershipRecord now = host.agree(Change.PROTECT, host.state.record(), Action.Protect::new);
        assertThat(now).isEqualTo(TestHost.pair());
    }

    @Test
    void JoinWhole_aSecondaryWithoutTheBaseDoesNotTakeOver() {
        TestHost none = new TestHost("B", "A");
        none.take(new Action.FollowJoin(new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0)));
        none.refuses(new Action.Propose(Change.TAKE_OVER, TestHost.pair()));
        TestHost.secondary().refuses(propose(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 2));
    }

    @Test
    void HoldOutput_onlyWhatACommittedCheckpointCoversLeaves() {
        TestHost host = TestHost.guarded().take(new Action.Cut(false)).take(new Action.Speak());
        assertThat(host.effect(Effect.Release.class).epoch()).isEqualTo(1);
        host.refuses(new Action.LearnCommitted(2, 2)).refuses(new Action.LearnCommitted(1, 3));
        host.take(new Action.LearnCommitted(1, 2)).take(new Action.Speak());
        assertThat(host.effect(Effect.Release.class).epoch()).isEqualTo(2);
    }

    @Test
    void HoldOutput_aMachineThatIsAloneSpeaksOfWhatIsFlushed() {
        TestHost host = TestHost.primary().write(1, X).take(new Action.Speak());
        host.hasNo(Effect.ReleaseFlushed.class);
        host.flush().take(new Action.Speak()).effect(Effect.ReleaseFlushed.class);
    }

    @Test
    void HoldWhileJoining_nothingLeavesBetweenTheCutAndTheRecord() {
        TestHost host = TestHost.primary().take(new Action.StartJoin()).take(new Action.Speak());
        host.hasNo(Effect.ReleaseFlushed.class);
        assertThat(host.effect(Effect.Release.class).epoch()).isLessThan(1);
        host.take(new Action.AbortJoin(host.state.record())).take(new Action.Speak());
        host.effect(Effect.ReleaseFlushed.class);
    }

    @Test
    void HoldWhileJoining_aJoinWhoseRecordIsBeingChangedIsNotAborted() {
        TestHost host = TestHost.primary().take(new Action.StartJoin()).take(new Action.LearnCommitted(1, 1));
        host.take(new Action.Propose(Change.PROTECT, host.state.record()));
        host.refuses(new Action.AbortJoin(host.state.record()));
    }

    private static Action propose(
            long version, long term, String owner, OwnershipRecord.Mode mode, String secondary, long base) {
        return new Action.Propose(Change.TAKE_OVER, new OwnershipRecord(version, term, owner, mode, secondary, base));
    }

    private static void takeOver(TestHost host) {
        host.agree(Change.TAKE_OVER, TestHost.pair(), record -> new Action.TakeOver(record, 5));
    }

    private static TestHost finish(TestHost host) {
        host.agree(Change.FINISH_ROLLBACK, host.state.record(), Action.FinishRollback::new);
        return host;
    }
}
