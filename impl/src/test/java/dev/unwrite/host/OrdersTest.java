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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What people and the other host are answered: at once, in time, too late, or while something else is going on. */
class OrdersTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static final OwnershipRecord COUNTS_ON_B =
            new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
    private static final OwnershipRecord ROLLS_BACK =
            new OwnershipRecord(3, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
    private static final OwnershipRecord TAKEN_OVER = new OwnershipRecord(9, 2, "B", OwnershipRecord.Mode.SOLO, "", 2);

    private static Stage.Asked<Answers.Committed> checkpoint(Stage stage, Duration limit) {
        Stage.Asked<Answers.Committed> asked = new Stage.Asked<>();
        stage.host.checkpoint(null, limit, asked);
        stage.carryOut();
        return asked;
    }

    private static Stage.Asked<Answers.FailedOver> failover(Stage stage, boolean cold, Duration limit) {
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        stage.host.failover(cold, limit, asked);
        stage.carryOut();
        return asked;
    }

    private static Stage.Asked<Answers.HandedOver> switchover(Stage stage, Duration limit) {
        Stage.Asked<Answers.HandedOver> asked = new Stage.Asked<>();
        stage.host.switchover(limit, asked);
        stage.carryOut();
        return asked;
    }

    /** A switchover of which the checkpoint is committed: the other host is told to take over. */
    private static Stage.Asked<Answers.HandedOver> handsOver(Stage stage, Duration limit) {
        Stage.Asked<Answers.HandedOver> asked = switchover(stage, limit);
        commit(stage, 2);
        return asked;
    }

    private static Stage.Asked<Answers.Protected> protect(Stage stage, Duration limit) {
        Stage.Asked<Answers.Protected> asked = new Stage.Asked<>();
        stage.host.protect(limit, asked);
        stage.carryOut();
        return asked;
    }

    private static Stage.Asked<String> leave(Stage stage) {
        Stage.Asked<String> asked = new Stage.Asked<>();
        stage.host.leave(asked);
        stage.carryOut();
        return asked;
    }

    private static void received(Stage stage, PeerMessage message) {
        stage.host.received(message, Stage.LIFE);
        stage.carryOut();
    }

    private static void commit(Stage stage, long epoch) {
        received(stage, new PeerMessage.Committed(1, epoch));
    }

    /** The other host has taken over, and says so. */
    private static void isTakenOver(Stage stage) {
        stage.record = TAKEN_OVER;
        stage.settle();
        received(stage, new PeerMessage.Heartbeat("primary", 2, 2, 0, 9, false, true, false, 0));
    }

    /** B, with checkpoint 1 of term 1 and a copy of a block that was overwritten since, before it starts. */
    private static Stage holder(OwnershipRecord record) {
        Stage stage = new Stage(
                "B",
                false,
                new Checkpoint(1, 1),
                List.of(new LocalStore.Copied(new Extent(Stage.VOLUME, 3, 1), ByteBuffer.allocate(BLOCK))));
        stage.record = record;
        stage.disk[3 * BLOCK] = 7;
        return stage;
    }

    /** A, which holds nothing and may claim a group that nobody has, before it starts. */
    private static Stage withoutMemory(OwnershipRecord record) {
        Stage stage = new Stage("A", true, null, List.of());
        stage.record = record;
        return stage;
    }

    private static void start(Stage stage) {
        stage.host.start();
        stage.carryOut();
    }

    private static Stage started(Stage stage) {
        start(stage);
        return stage;
    }

    private static String why(Stage.Asked<?> asked) {
        return Objects.requireNonNull(asked.trouble).text();
    }

    private static Answers.@Nullable Kind how(Stage.Asked<Answers.FailedOver> asked) {
        return asked.result == null ? null : asked.result.kind();
    }

    // ---- Checkpoint.

    @Test
    void aCheckpointSaysHowLongItTook() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.Committed> asked = checkpoint(stage, LONG);
        stage.pass(Duration.ofMillis(4));
        commit(stage, 2);
        assertThat(asked.result).isEqualTo(new Answers.Committed(1, 2, 16, 0, 4_000_000, stage.now()));
    }

    @Test
    void aCheckpointThatIsNotCommittedInTimeMayStillBe() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.Committed> asked = checkpoint(stage, SECOND);
        stage.settle(2);
        assertThat(why(asked)).isEqualTo("the checkpoint was cut but is not committed; see \"status\"");
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
    }

    /** A primary with as many checkpoints on their way as there may be. */
    private static Stage full() {
        Stage stage = Stage.guarded();
        for (int i = 0; i < 4; i++) {
            Stage.Asked<Answers.Committed> asked = checkpoint(stage, LONG);
            assertThat(asked.answers).isZero();
        }
        return stage;
    }

    @Test
    void aCheckpointTooManyWaitsUntilOneIsCommitted() {
        Stage stage = full();
        Stage.Asked<Answers.Committed> patient = checkpoint(stage, LONG);
        Stage.Asked<Answers.Committed> impatient = checkpoint(stage, SECOND);
        stage.settle(2);
        assertThat(why(impatient)).isEqualTo("no checkpoint can be cut now; see \"status\"");
        assertThat(stage.orders("save")).last().isEqualTo("save 5");
        commit(stage, 2);
        assertThat(stage.orders("save")).last().isEqualTo("save 6");
        commit(stage, 6);
        assertThat(Objects.requireNonNull(patient.result).epoch()).isEqualTo(6);
    }

    @Test
    void aSwitchoverWaitsUntilItsCheckpointCanBeCut() {
        Stage stage = full();
        Stage.Asked<Answers.HandedOver> patient = switchover(stage, LONG);
        Stage.Asked<Answers.HandedOver> impatient = switchover(stage, SECOND);
        stage.settle(2);
        assertThat(why(impatient)).isEqualTo("no checkpoint can be cut now; try again");
        assertThat(stage.orders("save")).last().isEqualTo("save 5");
        commit(stage, 5);
        commit(stage, 6);
        assertThat(stage.sent(PeerMessage.HandOver.class))
                .extracting(PeerMessage.HandOver::epoch)
                .containsExactly(6L);
        assertThat(patient.answers).isZero();
    }

    @Test
    void aCheckpointThatIsOrderedDuringAPauseIsCutAfterIt() {
        Stage stage = Stage.guarded();
        stage.late = "pause";
        Stage.Asked<Answers.Committed> first = checkpoint(stage, LONG);
        Stage.Asked<Answers.Committed> second = checkpoint(stage, LONG);
        assertThat(second.answers).isZero();
        stage.answerLate();
        commit(stage, 3);
        assertThat(Objects.requireNonNull(first.result).epoch()).isEqualTo(2);
        assertThat(Objects.requireNonNull(second.result).epoch()).isEqualTo(3);
    }

    // ---- Failover, of a host that has just started.

    @Test
    void aFailoverWaitsUntilFormerLivesOfThisHostHaveEnded() {
        Stage stage = holder(COUNTS_ON_B);
        stage.late = "open 0";
        start(stage);
        Stage.Asked<Answers.FailedOver> asked = failover(stage, false, LONG);
        assertThat(stage.orders("readRecord", "compareAndSet")).isEmpty();
        assertThat(asked.answers).isZero();
        stage.answerLate();
        assertThat(how(asked)).isEqualTo(Answers.Kind.TAKEOVER);
    }

    @ParameterizedTest
    @CsvSource({"true, the connection broke", "false, the storage does not answer"})
    void aFailoverIsRefusedWhileItIsNotKnownWhetherTheyHaveEnded(boolean answers, String why) {
        Stage stage = holder(COUNTS_ON_B);
        if (answers) {
            stage.failing = "open 0";
        } else {
            stage.neverAnswers = "open 0";
        }
        start(stage);
        Stage.Asked<Answers.FailedOver> asked = failover(stage, false, SECOND);
        stage.settle(answers ? 0 : 2);
        assertThat(why(asked)).isEqualTo("no failover: " + why);
    }

    // ---- Failover, of a host that does nothing.

    @Test
    void aHostThatHasNotSeenYetThatTheRecordCountsOnItTakesOver() {
        Stage stage = started(holder(new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 1)));
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        stage.record = COUNTS_ON_B;
        assertThat(how(failover(stage, false, LONG))).isEqualTo(Answers.Kind.TAKEOVER);
    }

    @Test
    void aRollbackThatCouldNotBeBegunAgainYetIsWaitedFor() {
        Stage stage = holder(ROLLS_BACK);
        stage.failing = "open 2";
        start(stage);
        Stage.Asked<Answers.FailedOver> asked = failover(stage, false, LONG);
        stage.settle();
        assertThat(asked.trouble).isNull();
        stage.failing = null;
        stage.settle();
        assertThat(asked.result).isEqualTo(new Answers.FailedOver(Answers.Kind.ROLLBACK, 2, 1, 1));
    }

    /** A host claims by itself, and waits a little where it could not. */
    @ParameterizedTest
    @CsvSource({"false, 1", "true, 4"})
    void aFailoverDoesNotWaitForTheNextTimeThatAHostWouldStartByItself(boolean owned, long term) {
        Stage stage = withoutMemory(
                owned ? new OwnershipRecord(5, 3, "A", OwnershipRecord.Mode.SOLO, "", 1) : OwnershipRecord.INITIAL);
        stage.failing = "compareAndSet";
        start(stage);
        stage.failing = null;
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(failover(stage, false, LONG).result)
                .isEqualTo(new Answers.FailedOver(Answers.Kind.COLD, term, 0, 0));
    }

    @Test
    void aPrimaryThatHasLostItsMemoryGivesTheCheckpointUpOnlyIfItIsToldTo() {
        Stage stage = started(withoutMemory(COUNTS_ON_B));
        assertThat(why(failover(stage, false, LONG)))
                .contains("the checkpoint is at B: give \"failover\" to that node", "\"failover --cold\" here");
        assertThat(stage.orders("compareAndSet")).isEmpty();
        assertThat(how(failover(stage, true, LONG))).isEqualTo(Answers.Kind.COLD);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"A, ROLLBACK, ''", "B, PROTECTED, A"})
    void aHostWithoutACheckpointStartsNoMachineOfWhichTheDiskIsNotItsOwn(
            String owner, OwnershipRecord.Mode mode, String secondary) {
        Stage stage = started(withoutMemory(new OwnershipRecord(3, 2, owner, mode, secondary, 1)));
        Stage.Asked<Answers.FailedOver> asked = failover(stage, true, LONG);
        stage.settle(1);
        assertThat(why(asked))
                .contains("holds no checkpoint to fail over to; the record is " + mode.wire() + ", term 2");
        assertThat(stage.orders("open 3", "compareAndSet", "run")).isEmpty();
    }

    // ---- Failover, answered once and with what came of it.

    @Test
    void aFailoverIsRefusedWhereTheRecordCannotBeRead() {
        Stage stage = Stage.secondary();
        stage.failing = "readRecord";
        assertThat(why(failover(stage, false, LONG))).isEqualTo("no failover: the connection broke");
    }

    @Test
    void aFailoverThatEndsTheHostIsAnsweredNevertheless() {
        Stage stage = Stage.secondary();
        stage.failing = "open 2";
        stage.trouble = new Trouble(Trouble.Kind.WRONG_IDENTITY, "it is another storage");
        assertThat(why(failover(stage, false, LONG))).isEqualTo("no failover: it is another storage");
        assertThat(stage.ended).isEqualTo("it is another storage");
    }

    @Test
    void aFailoverThatTheRecordDoesNotAllowIsRefusedOnce() {
        Stage secondary = Stage.secondary();
        Stage cold = started(withoutMemory(COUNTS_ON_B));
        for (Stage stage : List.of(secondary, cold)) {
            stage.late = "compareAndSet";
            Stage.Asked<Answers.FailedOver> asked = failover(stage, true, LONG);
            stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 1);
            stage.answerLate();
            assertThat(why(asked)).isEqualTo("no failover: the record is solo, term 1, owner A by now");
            assertThat(asked.answers).isEqualTo(1);
        }
    }

    @Test
    void aSecondFailoverIsRefusedOnceWhileTheFirstIsBeingDecided() {
        Stage stage = Stage.secondary();
        stage.late = "compareAndSet";
        Stage.Asked<Answers.FailedOver> first = failover(stage, false, LONG);
        Stage.Asked<Answers.FailedOver> second = failover(stage, false, LONG);
        assertThat(why(second)).isEqualTo("no failover: a takeover is being decided already");
        stage.answerLate();
        assertThat(how(first)).isEqualTo(Answers.Kind.TAKEOVER);
        assertThat(second.answers).isEqualTo(1);
    }

    /** What is decided goes on, whether or not the storage answers just then. */
    @Test
    void aFailoverOfAHostThatIsOnItsWayWaitsForIt() {
        Stage restoring = Stage.secondary();
        restoring.late = "resume";
        Stage.Asked<Answers.FailedOver> first = failover(restoring, false, LONG);
        assertThat(restoring.host.state().role()).isEqualTo(Role.RESTORING);
        restoring.failing = "readRecord";
        Stage.Asked<Answers.FailedOver> second = failover(restoring, false, LONG);
        assertThat(second.answers).isZero();
        restoring.answerLate();
        assertThat(first.result).isEqualTo(new Answers.FailedOver(Answers.Kind.TAKEOVER, 2, 1, 1));
        assertThat(second.result).isEqualTo(new Answers.FailedOver(Answers.Kind.ROLLBACK, 2, 1, 1));
        restoring.failing = null;
        assertThat(failover(restoring, false, LONG).result)
                .as("this one has written nothing back")
                .isEqualTo(new Answers.FailedOver(Answers.Kind.ALREADY, 2, 1, 0));

        Stage cold = withoutMemory(OwnershipRecord.INITIAL);
        cold.late = "discardAll";
        start(cold);
        assertThat(cold.host.state().role()).isEqualTo(Role.COLD);
        cold.failing = "readRecord";
        Stage.Asked<Answers.FailedOver> asked = failover(cold, false, LONG);
        assertThat(asked.answers).isZero();
        cold.answerLate();
        assertThat(how(asked)).isEqualTo(Answers.Kind.COLD);
    }

    @Test
    void aFailoverIsOverWhenTheMachineCannotStart() {
        Stage stage = withoutMemory(OwnershipRecord.INITIAL);
        stage.late = "coldStart";
        stage.failing = "coldStart";
        start(stage);
        Stage.Asked<Answers.FailedOver> asked = failover(stage, false, LONG);
        assertThat(asked.answers).isZero();
        stage.answerLate();
        assertThat(how(asked)).isEqualTo(Answers.Kind.ALREADY);
        assertThat(stage.host.picture().note()).isEqualTo("the connection broke");
    }

    @Test
    void aFailoverEndsWhenAnotherHostTakesOverDuringIt() {
        Stage stage = Stage.secondary();
        stage.late = "resume";
        Stage.Asked<Answers.FailedOver> asked = failover(stage, false, LONG);
        stage.record = new OwnershipRecord(9, 5, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.settle(1);
        assertThat(why(asked))
                .isEqualTo("no failover: another host has taken over; the record is solo, term 5, owner A");
        assertThat(stage.orders("run")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Role.class,
            names = {"SECONDARY", "RESTORING", "COLD", "PRIMARY"})
    void aFailoverThatIsNotDoneInTimeSaysWhatIsDecidedAlready(Role role) {
        Stage stage = switch (role) {
            case SECONDARY, RESTORING -> Stage.secondary();
            default -> withoutMemory(OwnershipRecord.INITIAL);
        };
        stage.late = switch (role) {
            case SECONDARY -> "compareAndSet";
            case RESTORING -> "resume";
            case COLD -> "discardAll";
            default -> "coldStart";
        };
        if (role == Role.COLD || role == Role.PRIMARY) {
            start(stage);
        }
        Stage.Asked<Answers.FailedOver> asked = failover(stage, false, SECOND);
        stage.settle(2);
        assertThat(stage.host.state().role()).isEqualTo(role);
        assertThat(Objects.requireNonNull(asked.trouble).kind()).isEqualTo(Trouble.Kind.TIMEOUT);
        assertThat(why(asked))
                .startsWith(
                        switch (role) {
                            case SECONDARY -> "not done in time, and it may still come about";
                            case RESTORING -> "took over in term 2, so the former primary can write no more";
                            case COLD -> "owns the storage in term 1 and is still starting";
                            default -> "is primary in term 1 by now";
                        });
        stage.record = TAKEN_OVER;
        stage.answerLate();
        assertThat(asked.answers).isEqualTo(1);
    }

    // ---- Switchover.

    @Test
    void aSwitchoverSaysForHowLongTheMachineStoodStill() {
        Stage stage = Stage.guarded();
        long began = stage.now();
        Stage.Asked<Answers.HandedOver> asked = handsOver(stage, LONG);
        isTakenOver(stage);
        assertThat(asked.result).isEqualTo(new Answers.HandedOver("B", 2, 2, stage.now() - began));
    }

    @Test
    void aSwitchoverEndsAtOnceWhenTheOtherHostIsLostBeforeItsCheckpointIsCommitted() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.HandedOver> asked = switchover(stage, LONG);
        stage.peerSays = null;
        stage.settle(2);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(why(asked)).contains("the last checkpoint was not committed in time");
        assertThat(stage.orders("unpause")).hasSize(2);
        assertThat(stage.sent(PeerMessage.HandOver.class)).isEmpty();
    }

    @Test
    void aSwitchoverIsNotCalledOffBeforeTheRecordSaysSo() {
        Stage stage = Stage.guarded();
        stage.neverAnswers = "compareAndSet";
        Stage.Asked<Answers.HandedOver> asked = handsOver(stage, Duration.ofSeconds(3));
        stage.settle(10);
        assertThat(stage.orders("compareAndSet")).last().isEqualTo("compareAndSet solo");
        assertThat(asked.answers).isZero();
        assertThat(stage.orders("unpause")).as("the machine stands still").hasSize(1);
        stage.settle(4);
        assertThat(why(asked)).contains("the storage does not answer: it may still do so");
        assertThat(stage.orders("unpause")).as("it goes on").hasSize(2);
    }

    @Test
    void theOtherHostMayTakeOverWhileTheSwitchoverIsBeingCalledOff() {
        Stage stage = Stage.guarded();
        stage.late = "compareAndSet";
        Stage.Asked<Answers.HandedOver> asked = handsOver(stage, Duration.ofSeconds(3));
        stage.settle(4);
        assertThat(asked.answers).isZero();
        stage.record = TAKEN_OVER;
        stage.answerLate();
        stage.settle(1);
        assertThat(Objects.requireNonNull(asked.result).newPrimary()).isEqualTo("B");
        assertThat(stage.orders("unpause")).hasSize(1);
    }

    @Test
    void aHandOverIsRefusedWhereTheRecordCannotBeRead() {
        Stage stage = Stage.secondary();
        stage.failing = "readRecord";
        received(stage, new PeerMessage.HandOver(1, 1, 5_000));
        assertThat(stage.sent(PeerMessage.HandOverRefused.class))
                .containsExactly(new PeerMessage.HandOverRefused(1, "the connection broke"));
    }

    @Test
    void aHandOverThatComesAtTheLastMomentIsTaken() {
        Stage stage = Stage.secondary();
        stage.late = "readRecord";
        received(stage, new PeerMessage.HandOver(1, 1, 500));
        stage.pass(Duration.ofMillis(500));
        stage.answerLate();
        assertThat(stage.sent(PeerMessage.HandOverRefused.class)).isEmpty();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    // ---- Protection.

    @Test
    void whoAsksWhetherThePairIsProtectedIsAnsweredByTheRecordAsItIs() {
        Stage stage = Stage.alone();
        stage.settle(1);
        int before = stage.orders("readRecord").size();
        protect(stage, LONG);
        assertThat(stage.orders("readRecord")).hasSize(before + 1);
    }

    @Test
    void aSecondaryKnowsWhetherThePairIsProtected() {
        Stage stage = Stage.secondary();
        assertThat(protect(stage, LONG).result).isEqualTo(new Answers.Protected("A", "B", 1, 1, true));
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 1);
        stage.settle(1);
        Stage.Asked<Answers.Protected> asked = protect(stage, SECOND);
        stage.settle(2);
        assertThat(why(asked)).contains("not protected in time");
    }

    // ---- The end.

    @Test
    void whoLeavesAPairHandsOverFirst() {
        Stage stage = Stage.guarded();
        Stage.Asked<String> asked = leave(stage);
        commit(stage, 2);
        isTakenOver(stage);
        assertThat(asked.result).isEqualTo("is stopped: B is primary now, term 2");
    }

    @Test
    void whoLeavesAndCannotHandOverFlushes() {
        Stage stage = Stage.guarded();
        Stage.Asked<String> asked = leave(stage);
        commit(stage, 2);
        received(stage, new PeerMessage.HandOverRefused(1, "no room"));
        assertThat(stage.log)
                .contains(
                        "is stopped, and could not hand over: the other host does not take over: no room; goes on here");
        assertThat(asked.result).isEqualTo("is stopped: all that was written is flushed");
    }

    @Test
    void aSecondaryThatLeavesIsGoneATenthOfASecondAfterThePrimaryIsAlone() {
        Stage stage = Stage.secondary();
        Stage.Asked<String> asked = leave(stage);
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 1);
        stage.pass(Duration.ofMillis(100));
        stage.carryOut();
        assertThat(asked.result).isEqualTo("is stopped: the primary was told");
    }

    @Test
    void aHostThatDoesNothingLeavesAtOnceAndWithoutAWord() {
        Stage stage = started(withoutMemory(COUNTS_ON_B));
        assertThat(leave(stage).result).isEmpty();
    }
}
