package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A secondary: its copies, the states it takes, and how it becomes primary. */
class SecondaryTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private final Stage stage = Stage.secondary();

    private void preserve(long epoch, long first, int count) {
        stage.host.received(
                new PeerMessage.Preserve(1, epoch, List.of(new Extent(Stage.VOLUME, first, count))), Stage.LIFE);
    }

    /** The primary is heard of. */
    private void settle() {
        stage.peerSays = "primary";
        stage.settle();
    }

    private void state(long term, long epoch) {
        stage.host.received(new PeerMessage.StateBegin(term, epoch, 0), Stage.LIFE);
        stage.host.received(new PeerMessage.StateChunk(term, epoch, 0, ByteBuffer.allocate(4)), Stage.LIFE);
        stage.host.received(new PeerMessage.StateEnd(term, epoch, 4, 0), Stage.LIFE);
        stage.carryOut();
    }

    // ---- Copies.

    @Test
    void oldDataThatWasBeingReadWhenTheSessionBrokeIsReadAgain() {
        stage.failing = "readOld";
        preserve(1, 5, 2);
        stage.carryOut();
        stage.failing = null;
        assertThat(stage.sent(PeerMessage.Preserved.class)).isEmpty();
        settle();
        assertThat(stage.orders("readOld", "append")).endsWith("readOld 5+2", "readOld 5+2", "append 5+2");
        assertThat(stage.sent(PeerMessage.Preserved.class)).hasSize(1);
    }

    @Test
    void whatWasBeingReadIsReadAgainWhenTheStorageHangsUp() {
        stage.late = "readOld";
        preserve(1, 5, 2);
        preserve(1, 9, 1);
        stage.carryOut();
        stage.host.hungUp(99, Stage.LOST);
        stage.host.hungUp(2, Stage.LOST);
        settle();
        stage.answerLate();
        settle();
        assertThat(stage.orders("append")).as("each once").containsExactlyInAnyOrder("append 5+2", "append 9+1");
        assertThat(stage.orders("open 1")).hasSize(2);
    }

    @Test
    void aSessionForReadingIsOpenedAgainWhenItCouldNotBe() {
        stage.failing = "open 1";
        preserve(1, 5, 2);
        stage.carryOut();
        stage.failing = null;
        settle();
        assertThat(stage.orders("append")).containsExactly("append 5+2");
    }

    @Test
    void aLogThatIsFullIsWaitedFor() {
        stage.failing = "append";
        stage.trouble = new Trouble(Trouble.Kind.NO_SPACE, "full");
        preserve(1, 5, 2);
        settle();
        assertThat(stage.orders("append")).hasSizeGreaterThan(5);
        assertThat(stage.host.picture().note()).isEmpty();
        stage.failing = null;
        settle();
        assertThat(stage.sent(PeerMessage.Preserved.class)).hasSize(1);
        assertThat(stage.orders("readOld")).as("it is not read again").hasSize(1);
    }

    @Test
    void aLogThatFailsEndsTheCopyingAndIsSaid() {
        stage.failing = "append";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        preserve(1, 5, 2);
        stage.carryOut();
        stage.failing = null;
        preserve(1, 9, 2);
        settle();
        assertThat(stage.orders("append", "readOld")).containsExactly("readOld 5+2", "append 5+2");
        assertThat(stage.host.picture().note()).isEqualTo("cannot store a copy: EIO; start the node again");
        PeerMessage.Heartbeat last = stage.sent(PeerMessage.Heartbeat.class).getLast();
        assertThat(last.role()).isEqualTo("failed");
        assertThat(last.readyToJoin()).isFalse();
        state(1, 2);
        assertThat(stage.sent(PeerMessage.StateRefused.class).getFirst().reason())
                .contains("cannot store a copy");
        assertThat(stage.orders("beginState")).isEmpty();
    }

    @Test
    void aCopyOfAnEpochThatIsDiscardedAlreadyIsNotAcknowledged() {
        stage.notWanted = true;
        preserve(1, 5, 2);
        stage.carryOut();
        assertThat(stage.orders("append")).hasSize(1);
        assertThat(stage.orders("step StoreCopy", "send Preserved")).isEmpty();
    }

    @Test
    void manyCopiesAreMadeSomeAtATime() {
        stage.late = "readOld";
        for (int i = 0; i < 300; i++) {
            stage.host.received(
                    new PeerMessage.Preserve(1, 1, List.of(new Extent(Stage.VOLUME + 1 + i / 60, i % 60, 1))),
                    Stage.LIFE);
        }
        stage.carryOut();
        assertThat(stage.orders("readOld")).hasSize(256);
        stage.answerLate();
        assertThat(stage.orders("append")).hasSize(300);
    }

    // ---- States.

    @Test
    void aStateOfAnotherTermIsRefusedAtItsBeginningAndAtItsEnd() {
        state(2, 7);
        assertThat(stage.orders("beginState", "writeState", "endState")).isEmpty();
        assertThat(stage.sent(PeerMessage.StateRefused.class).getFirst().reason())
                .isEqualTo("this host does not follow term 2");
        assertThat(stage.orders("readRecord")).as("it looks whether it should").hasSizeGreaterThan(1);
        assertThat(stage.log)
                .filteredOn(line -> line.contains("does not follow"))
                .hasSize(1);
        state(2, 7);
        assertThat(stage.log)
                .as("the same is said once")
                .filteredOn(line -> line.contains("does not follow"))
                .hasSize(1);
    }

    @Test
    void aStateThatCannotBeStoredIsDroppedAndRefused() {
        for (String order : List.of("beginState", "writeState", "endState")) {
            Stage one = Stage.secondary();
            one.failing = order;
            one.trouble = new Trouble(Trouble.Kind.FAILED, "EIO at " + order);
            one.host.received(new PeerMessage.StateBegin(1, 2, 0), Stage.LIFE);
            one.carryOut();
            one.host.received(new PeerMessage.StateChunk(1, 2, 0, ByteBuffer.allocate(4)), Stage.LIFE);
            one.carryOut();
            one.host.received(new PeerMessage.StateEnd(1, 2, 4, 0), Stage.LIFE);
            one.carryOut();
            assertThat(one.orders("dropState", "commitState")).as(order).containsExactly("dropState 2");
            assertThat(one.sent(PeerMessage.StateRefused.class))
                    .as(order)
                    .isNotEmpty()
                    .allMatch(
                            refused -> refused.epoch() == 2 && refused.reason().equals("EIO at " + order));
        }
    }

    @Test
    void aCommitThatFailsIsSaidAndTheNextOneIsTaken() {
        stage.failing = "commitState 2";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        state(1, 2);
        assertThat(stage.sent(PeerMessage.StateRefused.class)).hasSize(1);
        assertThat(stage.orders("step CommitFailed")).hasSize(1);
        stage.failing = null;
        state(1, 3);
        assertThat(stage.host.state().checkpoint()).isEqualTo(new Checkpoint(1, 3));
        assertThat(stage.sent(PeerMessage.Committed.class).getLast().epoch()).isEqualTo(3);
    }

    @Test
    void statesAreSwitchedInOneAfterTheOther() {
        stage.late = "commitState 2";
        state(1, 2);
        state(1, 3);
        assertThat(stage.orders("endState", "commitState"))
                .containsExactly("endState 2", "commitState 2", "endState 3");
        stage.answerLate();
        assertThat(stage.orders("commitState")).containsExactly("commitState 2", "commitState 3");
        assertThat(stage.sent(PeerMessage.Committed.class))
                .extracting(PeerMessage.Committed::epoch)
                .containsExactly(2L, 3L);
    }

    @Test
    void aStateThatComesAgainBeginsAnewAndOneThatIsCommittedIsOnlySaidToBe() {
        stage.host.received(new PeerMessage.StateBegin(1, 2, 0), Stage.LIFE);
        stage.host.received(new PeerMessage.StateChunk(1, 2, 0, ByteBuffer.allocate(4)), Stage.LIFE);
        stage.carryOut();
        state(1, 2);
        assertThat(stage.orders("beginState", "writeState", "dropState", "endState", "commitState"))
                .containsExactly(
                        "beginState 2",
                        "writeState 2",
                        "dropState 2",
                        "beginState 2",
                        "writeState 2",
                        "endState 2",
                        "commitState 2");
        int before = stage.orders("beginState").size();
        state(1, 2);
        assertThat(stage.orders("beginState")).hasSize(before);
        assertThat(stage.sent(PeerMessage.Committed.class)).hasSize(2);
        assertThat(stage.sent(PeerMessage.StateRefused.class)).isEmpty();
    }

    @Test
    void whatComesAgainDoesNotTouchAStateThatIsBeingSwitchedIn() {
        stage.late = "commitState";
        state(1, 2);
        state(1, 2);
        assertThat(stage.orders("beginState", "dropState")).containsExactly("beginState 2");
        stage.answerLate();
        assertThat(stage.host.state().checkpoint()).isEqualTo(new Checkpoint(1, 2));
    }

    @Test
    void copiesThatCannotBeDiscardedEndTheCopying() {
        stage.failing = "discardBefore";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        state(1, 2);
        assertThat(stage.host.picture().note()).contains("cannot discard old copies: EIO");
    }

    @Test
    void overANewConnectionItSaysWhatItHasCommitted() {
        stage.greeted(9, PeerMessage.Ids.NONE);
        assertThat(stage.sent(PeerMessage.Committed.class)).containsExactly(new PeerMessage.Committed(1, 1));
    }

    // ---- A takeover that is being decided.

    /** Rule OneConnection. */
    @Test
    void noSessionForReadingIsOpenedWhileATakeoverIsBeingDecided() {
        stage.failing = "readOld";
        preserve(1, 5, 2);
        stage.carryOut();
        stage.failing = null;
        stage.late = "compareAndSet";
        stage.host.failover(false, LONG, new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.orders("compareAndSet")).hasSize(1);
        stage.orders.clear();
        settle();
        settle();
        assertThat(stage.orders("open", "readOld")).isEmpty();
        stage.answerLate();
        settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aTakeoverWaitsForWhatIsBeingStored() {
        stage.late = "append";
        preserve(1, 5, 2);
        stage.carryOut();
        stage.host.failover(false, LONG, new Stage.Asked<>());
        settle();
        assertThat(stage.orders("compareAndSet")).isEmpty();
        stage.answerLate();
        settle();
        assertThat(stage.orders("step StoreCopy", "compareAndSet", "readBack"))
                .startsWith("step StoreCopy", "compareAndSet rollback", "readBack 1");
    }

    /** Rule KeepUntilRestored. */
    @Test
    void aTakeoverIsAskedForOnceItIsCertainWhatTheLocalDiskHolds() {
        stage.failing = "append";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        preserve(1, 5, 2);
        stage.carryOut();
        stage.failing = "settle";
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        stage.host.failover(false, LONG, asked);
        stage.carryOut();
        assertThat(Objects.requireNonNull(asked.trouble).text())
                .contains("not certain what its own disk holds (EIO); see to the disk of --data");
        assertThat(stage.orders("open 2", "compareAndSet")).isEmpty();
        stage.failing = null;
        stage.host.failover(false, LONG, new Stage.Asked<>());
        settle();
        assertThat(stage.orders("settle", "compareAndSet roll"))
                .containsExactly("settle", "settle", "compareAndSet rollback");
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aCheckpointThatWasCommittedAlthoughItsCommitFailedIsTheOneToGoBackTo() {
        stage.failing = "commitState 2";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        state(1, 2);
        stage.failing = null;
        stage.settled = new Checkpoint(1, 2);
        stage.host.failover(false, LONG, new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.orders("step Commit", "settle", "compareAndSet roll"))
                .containsExactly("step CommitFailed", "settle", "step Commit", "compareAndSet rollback");
        assertThat(stage.record.base()).isEqualTo(2);
    }

    @Test
    void noTakeoverIsAskedForWhileACheckpointIsSwitchedIn() {
        stage.late = "commitState 2";
        state(1, 2);
        state(1, 3);
        stage.host.failover(false, LONG, new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.orders("compareAndSet")).isEmpty();
        stage.answerLate();
        settle();
        assertThat(stage.orders("step Commit", "commitState", "compareAndSet roll"))
                .as("the takeover waits for that one, and for no other")
                .containsExactly("commitState 2", "step Commit", "compareAndSet rollback");
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void whatWasPutOffDuringATakeoverThatIsNotAgreedIsDoneThen() {
        stage.late = "compareAndSet";
        stage.failing = "compareAndSet";
        stage.host.failover(false, LONG, new Stage.Asked<>());
        stage.carryOut();
        state(1, 2);
        stage.failing = null;
        assertThat(stage.orders("commitState")).as("while it is being decided").isEmpty();
        stage.answerLate();
        settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
        assertThat(stage.orders("step NotAgreed", "commitState", "step Commit"))
                .containsExactly("step NotAgreed", "commitState 2", "step Commit");
    }

    @Test
    void aFailoverAnswersWhenTheMachineRuns() {
        stage.disk[3 * Extent.BLOCK_BYTES] = 7;
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        stage.host.failover(false, LONG, asked);
        settle();
        Answers.FailedOver answer = Objects.requireNonNull(asked.result);
        assertThat(answer.kind()).isEqualTo(Answers.Kind.TAKEOVER);
        assertThat(answer.blocks()).isEqualTo(1);
        assertThat(answer.term()).isEqualTo(2);
        Stage.Asked<Answers.FailedOver> again = new Stage.Asked<>();
        stage.host.failover(false, LONG, again);
        settle();
        assertThat(Objects.requireNonNull(again.result).kind()).isEqualTo(Answers.Kind.ALREADY);
        assertThat(stage.host.picture().counters().failovers()).isEqualTo(1);
        assertThat(stage.host.picture().counters().rollbacks()).isEqualTo(1);
        assertThat(stage.host.picture().counters().restoredBlocks()).isEqualTo(1);
    }

    @Test
    void aTakeoverThatTheRecordDoesNotAllowIsRefused() {
        stage.late = "compareAndSet";
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        stage.host.failover(false, LONG, asked);
        stage.carryOut();
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 1);
        stage.answerLate();
        settle();
        assertThat(Objects.requireNonNull(asked.trouble).text()).startsWith("no failover: ");
        assertThat(stage.host.state().role()).isNotEqualTo(Role.PRIMARY);
        assertThat(stage.orders("run")).isEmpty();
    }

    @Test
    void aTakeoverWhoseAnswerIsLostIsFoundOut() {
        stage.failing = "compareAndSet";
        stage.host.failover(false, LONG, new Stage.Asked<>());
        stage.carryOut();
        stage.failing = null;
        settle();
        assertThat(stage.orders("step NotAgreed")).hasSize(1);
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
        Stage agreed = Stage.secondary();
        agreed.failing = "compareAndSet";
        agreed.failsAfterwards = true;
        agreed.host.failover(false, LONG, new Stage.Asked<>());
        agreed.carryOut();
        agreed.failing = null;
        agreed.settle();
        assertThat(agreed.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aHandOverIsTakenFromTheCheckpointThatItNamesAndNoOther() {
        stage.host.received(new PeerMessage.HandOver(1, 2, 5000), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.sent(PeerMessage.HandOverRefused.class).getFirst().reason())
                .isEqualTo("it does not hold checkpoint 2 of term 1");
        stage.host.received(new PeerMessage.HandOver(2, 1, 5000), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.sent(PeerMessage.HandOverRefused.class)).hasSize(2);
        stage.host.received(new PeerMessage.HandOver(1, 1, 5000), Stage.LIFE);
        settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        stage.host.received(new PeerMessage.HandOver(1, 1, 5000), Stage.LIFE);
        settle();
        assertThat(stage.sent(PeerMessage.HandOverRefused.class))
                .as("it is done already")
                .hasSize(2);
    }

    @Test
    void aHandOverThatComesTooLateIsRefused() {
        stage.late = "readRecord";
        stage.host.received(new PeerMessage.HandOver(1, 1, 500), Stage.LIFE);
        settle();
        stage.answerLate();
        assertThat(stage.sent(PeerMessage.HandOverRefused.class).getFirst().reason())
                .isEqualTo("the order came too late");
        assertThat(stage.orders("compareAndSet")).isEmpty();
    }

    @Test
    void whoLeavesSaysSoAndWaitsUntilThePrimaryIsAlone() {
        Stage.Asked<String> left = new Stage.Asked<>();
        stage.host.leave(left);
        settle();
        assertThat(stage.sent(PeerMessage.Leaving.class)).containsExactly(new PeerMessage.Leaving(1));
        assertThat(left.isDone()).isFalse();
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 1);
        settle();
        assertThat(left.result).isEqualTo("is stopped: the primary was told");
        Stage impatient = Stage.secondary();
        Stage.Asked<String> leaves = new Stage.Asked<>();
        impatient.host.leave(leaves);
        impatient.peerSays = "primary";
        for (int i = 0; i < 4; i++) {
            impatient.settle();
        }
        assertThat(leaves.isDone()).as("three seconds are enough").isTrue();
    }

    // ---- The rollback.

    @Test
    void aMachineDoesNotRunWhileOldCopiesCannotBeDiscarded() {
        stage.failing = "discardAll";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        stage.host.failover(false, LONG, new Stage.Asked<>());
        settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        assertThat(stage.host.picture().note()).contains("old copies cannot be discarded (EIO)", "see to the disk");
        assertThat(stage.orders("run")).isEmpty();
        int tries = stage.orders("discardAll").size();
        settle();
        settle();
        assertThat(stage.orders("discardAll").size() - tries)
                .as("ever more seldom")
                .isBetween(1, 5);
        stage.failing = null;
        settle();
        settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void copiesThatCannotBeReadAreReadAgainFromTheStart() {
        stage.failing = "nextCopies";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        stage.host.failover(false, LONG, new Stage.Asked<>());
        settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        assertThat(stage.host.picture().note()).isEqualTo("EIO");
        stage.failing = null;
        settle();
        settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.orders("readBack")).hasSizeGreaterThan(2);
    }

    @Test
    void aMachineThatCannotBeResumedIsResumedAgain() {
        stage.failing = "resume";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "no memory");
        stage.host.failover(false, LONG, new Stage.Asked<>());
        settle();
        assertThat(stage.host.picture().note()).isEqualTo("no memory");
        stage.failing = null;
        settle();
        settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aHostThatStartsWithinItsRollbackBeginsItAgain() {
        Stage again = new Stage(
                "B",
                false,
                new Checkpoint(1, 1),
                List.of(new LocalStore.Copied(
                        new Extent(Stage.VOLUME, 3, 1), ByteBuffer.allocate(Extent.BLOCK_BYTES))));
        again.record = new OwnershipRecord(3, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        again.disk[3 * Extent.BLOCK_BYTES] = 7;
        again.host.start();
        again.settle();
        assertThat(again.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(again.disk[3 * Extent.BLOCK_BYTES]).isZero();
        assertThat(again.orders("step RestartRollback", "write", "compareAndSet", "step Resume"))
                .containsExactly("step RestartRollback", "write 3+1 in 2", "compareAndSet solo", "step Resume");
        assertThat(again.log).contains("rolls back again, from the start: term 2");
    }
}
