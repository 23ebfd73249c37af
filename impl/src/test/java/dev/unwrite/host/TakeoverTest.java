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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ways to become primary: one at a time, step by step, and each step again if it fails. */
class TakeoverTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final Trouble FAILED = new Trouble(Trouble.Kind.FAILED, "EIO");
    /** By which a host of an earlier term is fenced. */
    private static final OwnershipRecord OF_ANOTHER = new OwnershipRecord(20, 9, "C", OwnershipRecord.Mode.SOLO, "", 0);

    private static Stage.Asked<Answers.FailedOver> failover(Stage stage) {
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        stage.host.failover(false, Duration.ofSeconds(30), asked);
        stage.carryOut();
        return asked;
    }

    private static boolean isPrimary(Stage stage) {
        return stage.is(Role.PRIMARY, Mode.SOLO);
    }

    private static void fence(Stage stage) {
        stage.record = OF_ANOTHER;
        stage.settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
    }

    /** A host that finds, when it starts, that it rolls back in term 2. */
    private static Stage restarted(List<LocalStore.Copied> copies) {
        Stage stage = new Stage("B", false, new Checkpoint(1, 1), copies);
        stage.record = new OwnershipRecord(3, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        return stage;
    }

    private static List<LocalStore.Copied> oneCopy() {
        return List.of(new LocalStore.Copied(new Extent(Stage.VOLUME, 3, 1), null));
    }

    /** What is read and said is answered and heard as by any other primary. */
    private static void isOfUse(Stage stage) {
        assertThat(isPrimary(stage)).isTrue();
        Stage.Asked<ByteBuffer> read = stage.read(0, BLOCK);
        List<String> heard = new ArrayList<>();
        stage.host.say(() -> heard.add("said"));
        stage.settle();
        assertThat(read.isDone()).isTrue();
        assertThat(heard).containsExactly("said");
    }

    /** The next checkpoint may go with the state that the machine was given, since nothing was written. */
    private static void joinsWithStateUnchanged(Stage stage) {
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        stage.peerSays = "idle";
        stage.settle();
        assertThat(stage.orders("save")).hasSize(1);
        assertThat(stage.savedUnchanged).isTrue();
    }

    // ---- Who asks.

    @Test
    void oneTakeoverIsDecidedAtATime() {
        Stage stage = Stage.secondary();
        stage.late = "compareAndSet";
        Stage.Asked<Answers.FailedOver> first = failover(stage);
        Stage.Asked<Answers.FailedOver> second = failover(stage);
        assertThat(Objects.requireNonNull(second.trouble).text())
                .isEqualTo("no failover: a takeover is being decided already");
        stage.answerLate();
        assertThat(first.isDone()).isTrue();
        assertThat(stage.orders("compareAndSet roll")).hasSize(1);
        assertThat(stage.log).contains("took over: term 2, rolling back to epoch 1");
    }

    @Test
    void oneStartIsDecidedAtATime() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "compareAndSet";
        stage.host.start();
        stage.carryOut();
        Stage.Asked<Answers.FailedOver> second = failover(stage);
        assertThat(Objects.requireNonNull(second.trouble).text())
                .isEqualTo("no failover: a start is being decided already");
        stage.answerLate();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.orders("compareAndSet")).hasSize(1);
    }

    @Test
    void aHostThatTookOverAndIsSecondaryAgainCopiesAgain() {
        Stage stage = Stage.secondary();
        failover(stage);
        stage.record = new OwnershipRecord(9, 3, "A", OwnershipRecord.Mode.SOLO, "", 1);
        stage.settle();
        stage.host.received(new PeerMessage.StateBegin(3, 2, 0), Stage.LIFE);
        stage.host.received(new PeerMessage.Preserve(3, 2, List.of(new Extent(Stage.VOLUME, 5, 1))), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.orders("readOld")).containsExactly("readOld 5+1");
    }

    // ---- A rollback that starts again.

    @Test
    void aHostThatStartsWithinItsRollbackWithoutCopiesOnlyResumesItsMachine() {
        Stage stage = restarted(List.of());
        stage.host.start();
        stage.settle();
        assertThat(stage.orders("open 2", "readBack", "flush", "compareAndSet", "resume", "discardAll", "run"))
                .containsExactly("open 2", "compareAndSet solo", "resume", "discardAll", "run");
        assertThat(stage.resumedEpoch).isEqualTo(1);
        assertThat(stage.host.picture().counters().rollbacks()).isEqualTo(1);
        isOfUse(stage);
    }

    @Test
    void aRollbackThatCannotStartAgainIsTriedLaterAndThePictureSaysWhy() {
        Stage stage = restarted(oneCopy());
        stage.failing = "open 2";
        stage.host.start();
        stage.carryOut();
        assertThat(stage.host.picture().note()).isEqualTo("the connection broke");
        stage.goesBy(99);
        assertThat(stage.orders("open 2")).hasSize(1);
        stage.failing = null;
        stage.goesBy(1);
        assertThat(stage.orders("open 2")).hasSize(2);
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void aFailoverWaitsForTheRollbackThatStartsAgainAnyway() {
        Stage stage = restarted(oneCopy());
        stage.late = "open 2";
        stage.host.start();
        stage.carryOut();
        Stage.Asked<Answers.FailedOver> asked = failover(stage);
        assertThat(stage.orders("open 2")).hasSize(1);
        stage.answerLate();
        Answers.FailedOver answer = Objects.requireNonNull(asked.result);
        assertThat(answer.kind()).isEqualTo(Answers.Kind.ROLLBACK);
        assertThat(answer.blocks()).isEqualTo(1);
    }

    /** The record has changed when the session comes. */
    @ParameterizedTest
    @ValueSource(strings = {"A", "B"})
    void aRollbackDoesNotStartAgainOnceTheRecordSaysOtherwise(String owner) {
        Stage stage = restarted(oneCopy());
        stage.neverAnswers = "readRecord";
        stage.late = "open 2";
        stage.host.start();
        stage.carryOut();
        stage.record = new OwnershipRecord(
                9, 5, owner, owner.equals("A") ? OwnershipRecord.Mode.SOLO : OwnershipRecord.Mode.PROTECTED, "C", 1);
        stage.answerLate();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.orders("close")).containsExactly("close 1", "close 2");
        assertThat(stage.orders("open 2")).hasSize(1);
        assertThat(stage.host.ownership.record()).isEqualTo(stage.record);
    }

    @Test
    void aHostThatHasEndedMeanwhileRollsNothingBack() {
        Stage stage = restarted(oneCopy());
        stage.late = "open 2";
        stage.host.start();
        stage.carryOut();
        stage.host.end("enough");
        stage.answerLate();
        assertThat(stage.orders("close")).containsExactly("close 1", "close 2");
        assertThat(stage.orders("write", "resume", "run")).isEmpty();
    }

    // ---- Step by step.

    @Test
    void whatIsRestoredIsOfUseAndSaid() {
        Stage stage = Stage.secondary();
        failover(stage);
        assertThat(stage.log)
                .containsSubsequence(
                        "took over: term 2, rolling back to epoch 1",
                        "rolled back: term 2, 1 blocks written back",
                        "is primary, alone: term 2, epoch 1, 1 blocks restored");
        isOfUse(stage);
    }

    @Test
    void aStateThatWasResumedGoesWithTheNextCheckpointAsLongAsNothingIsWritten() {
        Stage stage = Stage.secondary();
        failover(stage);
        joinsWithStateUnchanged(stage);
        Stage cold = Stage.alone();
        joinsWithStateUnchanged(cold);
    }

    @Test
    void theMachineIsResumedOnceAlthoughTheSessionBreaksMeanwhile() {
        Stage stage = Stage.secondary();
        stage.late = "resume";
        failover(stage);
        stage.host.hungUp(2, Stage.LOST);
        stage.settle();
        assertThat(stage.orders("open 2")).as("the claim and the one after it").hasSize(2);
        assertThat(stage.host.state().session()).isEqualTo(3);
        stage.answerLate();
        isOfUse(stage);
        assertThat(stage.orders("resume")).hasSize(1);
    }

    @Test
    void aStepThatFailsIsTriedAgainAfterPausesThatGrowToTwoSeconds() {
        Stage stage = Stage.secondary();
        stage.failing = "resume";
        stage.trouble = FAILED;
        failover(stage);
        int tries = 1;
        for (long pause : new long[] {100, 200, 400, 800, 1_600, 2_000, 2_000}) {
            stage.goesBy(pause - 1);
            assertThat(stage.orders("resume")).hasSize(tries);
            stage.goesBy(1);
            assertThat(stage.orders("resume")).hasSize(++tries);
        }
        assertThat(stage.orders("readBack")).as("nothing is owed any more").hasSize(1);
        stage.failing = "discardAll";
        stage.goesBy(2_000);
        assertThat(stage.orders("discardAll")).hasSize(1);
        stage.goesBy(100);
        assertThat(stage.orders("discardAll"))
                .as("the first pause is short again")
                .hasSize(2);
    }

    @Test
    void aStepThatSucceedsInTheEndIsNoTroubleAnyMore() {
        Stage stage = Stage.secondary();
        stage.failing = "resume";
        stage.trouble = FAILED;
        failover(stage);
        assertThat(stage.host.picture().note()).isEqualTo("EIO");
        stage.failing = null;
        stage.late = "discardAll";
        stage.goesBy(100);
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void aPauseIsKeptAlthoughThereIsANewSession() {
        Stage stage = Stage.secondary();
        stage.failing = "discardAll";
        stage.trouble = FAILED;
        failover(stage);
        stage.goesBy(100);
        stage.goesBy(200);
        stage.host.hungUp(2, Stage.LOST);
        stage.goesBy(399);
        assertThat(stage.host.state().session()).isEqualTo(3);
        assertThat(stage.orders("discardAll")).hasSize(3);
        stage.goesBy(1);
        assertThat(stage.orders("discardAll")).hasSize(4);
    }

    @Test
    void aLogThatCannotBeReadInANewSessionEitherIsReadAgainOnceThePauseIsOver() {
        Stage stage = Stage.secondary();
        stage.failing = "nextCopies";
        failover(stage);
        stage.host.hungUp(2, Stage.LOST);
        stage.goesBy(99);
        assertThat(stage.orders("readBack")).as("without a session").hasSize(1);
        stage.neverAnswers = "open 2";
        stage.goesBy(1);
        assertThat(stage.orders("readBack")).hasSize(1);
    }

    @Test
    void twoFailuresWithinOnePauseAreTriedAgainOnce() {
        Stage stage = Stage.secondary();
        stage.failing = "nextCopies";
        failover(stage);
        stage.goesBy(100);
        assertThat(stage.orders("readBack")).hasSize(2);
        stage.host.hungUp(2, Stage.LOST);
        stage.goesBy(100);
        assertThat(stage.orders("readBack")).as("in the new session").hasSize(3);
        stage.goesBy(100);
        assertThat(stage.orders("readBack")).hasSize(4);
        stage.goesBy(399);
        assertThat(stage.orders("readBack")).hasSize(4);
        stage.goesBy(1);
        assertThat(stage.orders("readBack")).hasSize(5);
    }

    @Test
    void whatWasRestoredIsRestoredAgainWhenTheFlushFails() {
        Stage stage = Stage.secondary();
        stage.failing = "flush in 2";
        stage.trouble = FAILED;
        failover(stage);
        assertThat(isPrimary(stage)).isFalse();
        stage.settle();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.orders("write", "flush"))
                .containsExactly("write 3+1 in 2", "flush in 2", "write 3+1 in 3", "flush in 3");
    }

    @Test
    void aFlushOfABrokenSessionDoesNotCountInTheNextOne() {
        Stage stage = Stage.secondary();
        stage.late = "flush";
        failover(stage);
        stage.host.hungUp(2, Stage.LOST);
        stage.late = "flush in 3";
        stage.settle();
        stage.answerLate("flush in 3");
        assertThat(stage.orders("write", "flush", "resume"))
                .startsWith("write 3+1 in 2", "flush in 2", "write 3+1 in 3", "flush in 3");
        stage.answerLate();
        assertThat(isPrimary(stage)).isTrue();
    }

    @Test
    void theEndOfARollbackThatTheRecordDoesNotShowIsAskedForAgain() {
        Stage stage = Stage.secondary();
        stage.late = "compareAndSet solo";
        stage.failing = "compareAndSet solo";
        failover(stage);
        stage.answerLate();
        stage.failing = null;
        stage.goesBy(100);
        assertThat(stage.log)
                .contains("trouble: the rollback cannot be finished: the record is rollback, term 2, owner B by now");
        stage.goesBy(100);
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.orders("compareAndSet solo")).hasSize(2);
        assertThat(stage.host.picture().note()).isEmpty();
    }

    // ---- A start from the disk.

    @Test
    void aMachineMayWriteWhileItStartsFromItsDisk() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "coldStart";
        stage.host.start();
        stage.carryOut();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        Stage.Asked<ByteBuffer> read = stage.read(BLOCK, BLOCK);
        stage.carryOut();
        assertThat(write.isDone()).isTrue();
        assertThat(read.isDone()).isTrue();
        assertThat(stage.orders).doesNotContain("run");
        stage.answerLate();
        assertThat(stage.orders).contains("run");
        assertThat(stage.log).contains("is primary, alone, started from its disk: term 1");
    }

    /** Rule FlushAtColdStart. */
    @Test
    void allIsFlushedInTheSessionInWhichTheMachineStarts() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "discardAll";
        stage.host.start();
        stage.carryOut();
        stage.host.hungUp(2, Stage.LOST);
        stage.settle();
        stage.answerLate();
        assertThat(stage.orders("flush", "discardAll", "coldStart"))
                .containsExactly("flush in 2", "discardAll", "flush in 3", "coldStart");
        isOfUse(stage);
    }

    @Test
    void aMachineThatDoesNotStartIsSaid() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.failing = "coldStart";
        stage.trouble = FAILED;
        stage.host.start();
        stage.settle();
        assertThat(stage.orders).doesNotContain("run");
        assertThat(stage.host.picture().failure()).isEqualTo("EIO");
        assertThat(stage.log).contains("the machine cannot go on: EIO");
    }

    // ---- A host that is fenced meanwhile.

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStartThatEndsWhenTheHostIsFencedCountsForNothing(boolean fails) {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "coldStart";
        stage.failing = fails ? "coldStart" : null;
        stage.host.start();
        stage.carryOut();
        stage.failing = null;
        fence(stage);
        stage.answerLate();
        assertThat(stage.orders).doesNotContain("run");
        assertThat(stage.host.picture().failure()).isNull();
        assertThat(stage.log).noneMatch(line -> line.startsWith("is primary"));
    }

    /** This host rolls back, is fenced, and rolls back again, when it is told what became of a step of the first time. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStepOfAnEarlierTimeCountsForNothing(boolean fails) {
        Stage stage = restarted(oneCopy());
        stage.late = "resume";
        stage.failing = fails ? "resume" : null;
        stage.host.start();
        stage.carryOut();
        assertThat(stage.orders("resume")).hasSize(1);
        stage.failing = null;
        fence(stage);
        stage.record = new OwnershipRecord(21, 10, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.late = "write 3";
        stage.settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        stage.answerLate();
        stage.carryOut();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.orders("resume")).as("once each time").hasSize(2);
        assertThat(stage.log).noneMatch(line -> line.startsWith("trouble: "));
    }

    @Test
    void aPauseOfAnEarlierTimeDoesNotEndInTheNextOne() {
        Stage stage = restarted(oneCopy());
        stage.failing = "resume";
        stage.host.start();
        stage.carryOut();
        for (long pause : new long[] {100, 200, 400, 800}) {
            stage.goesBy(pause);
        }
        assertThat(stage.orders("resume")).hasSize(5);
        fence(stage);
        stage.record = new OwnershipRecord(21, 10, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.goesBy(550);
        assertThat(stage.orders("resume")).hasSize(6);
        stage.goesBy(99);
        assertThat(stage.orders("resume"))
                .as("1.6 s after the one before the last")
                .hasSize(6);
        stage.goesBy(1);
        assertThat(stage.orders("resume")).as("the first pause is short").hasSize(7);
    }

    @Test
    void aLogThatCannotBeReadIsNoTroubleOfAHostThatIsFencedMeanwhile() {
        Stage stage = Stage.secondary();
        stage.late = "nextCopies";
        stage.failing = "nextCopies";
        failover(stage);
        stage.failing = null;
        fence(stage);
        stage.answerLate();
        assertThat(stage.host.picture().note()).isEmpty();
    }
}
