package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Role;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which states a secondary takes, in which order they become its checkpoint, and what the primary is told. */
class StatesReceivedTest {
    private static final Trouble EIO = new Trouble(Trouble.Kind.FAILED, "EIO");
    private static final OwnershipRecord A_ALONE = new OwnershipRecord(3, 2, "A", OwnershipRecord.Mode.SOLO, "", 0);

    private final Stage stage = Stage.secondary();

    private static void receive(Stage stage, PeerMessage message) {
        stage.host.received(message, Stage.LIFE);
        stage.carryOut();
    }

    private void begin(long term, long epoch) {
        receive(stage, new PeerMessage.StateBegin(term, epoch, 0));
    }

    private void chunk(long epoch) {
        receive(stage, new PeerMessage.StateChunk(1, epoch, 0, ByteBuffer.allocate(4)));
    }

    private void end(long term, long epoch) {
        receive(stage, new PeerMessage.StateEnd(term, epoch, 4, 0));
    }

    private void whole(long term, long epoch) {
        begin(term, epoch);
        end(term, epoch);
    }

    /** As {@link #whole}; the disk answers this order late. */
    private void whole(long epoch, String late) {
        stage.late = late;
        whole(1, epoch);
        stage.late = null;
    }

    private List<String> refusals() {
        return stage.sent(PeerMessage.StateRefused.class).stream()
                .map(refused -> refused.term() + "/" + refused.epoch() + " " + refused.reason())
                .toList();
    }

    private List<Long> committed() {
        return stage.sent(PeerMessage.Committed.class).stream()
                .map(PeerMessage.Committed::epoch)
                .toList();
    }

    /** The other host has begun anew, in a later term. */
    private void stepDown() {
        stage.record = A_ALONE;
        stage.pass(Duration.ofSeconds(1));
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
    }

    private void delta(long epoch, long base) {
        receive(stage, new PeerMessage.StateBegin(1, epoch, base));
        end(1, epoch);
    }

    // ---- Deltas (rule DeltaOnItsBase).

    @Test
    void aDeltaThatComesBeforeItsBaseWaitsForIt() {
        delta(3, 2);
        delta(4, 3);
        assertThat(stage.orders("commitState", "dropState")).isEmpty();
        assertThat(committed()).isEmpty();
        delta(2, 1);
        assertThat(stage.orders("commitState")).containsExactly("commitState 2", "commitState 3", "commitState 4");
        assertThat(committed()).containsExactly(2L, 3L, 4L);
        assertThat(refusals()).isEmpty();
    }

    @Test
    void aDeltaWhoseBaseCannotBeStoredIsStillThereWhenThatComesAgain() {
        stage.trouble = EIO;
        stage.failing = "commitState";
        delta(2, 1);
        stage.failing = null;
        delta(3, 2);
        assertThat(committed()).isEmpty();
        delta(2, 1);
        assertThat(committed()).containsExactly(2L, 3L);
    }

    @Test
    void aWholeStatePassesWhatWaits() {
        delta(3, 2);
        whole(1, 4);
        assertThat(committed()).containsExactly(4L);
        assertThat(stage.orders("dropState")).as("it is never needed").containsExactly("dropState 3");
    }

    // ---- There is always room for the one that is needed next.

    @Test
    void theStoreKeepsAsManyAsAPrimaryHasOnTheirWay() {
        assertThat(CheckpointStore.MAX_RECEIVERS).isEqualTo(Protocol.MAX_CUTS);
    }

    @Test
    void aDeltaThatWaitsGivesWayToWhatItWaitsFor() {
        for (long epoch = 3; epoch <= 6; epoch++) {
            delta(epoch, epoch - 1);
        }
        assertThat(stage.orders("dropState")).isEmpty();
        delta(2, 1);
        assertThat(stage.orders("dropState")).containsExactly("dropState 6");
        assertThat(refusals()).as("it comes again").containsExactly("1/6 it gave way to what it waits for");
        assertThat(committed()).containsExactly(2L, 3L, 4L, 5L);
        delta(6, 5);
        assertThat(committed()).containsExactly(2L, 3L, 4L, 5L, 6L);
    }

    @Test
    void deltasThatWaitForWhatNeverComesGiveWayToAWholeState() {
        for (long epoch = 3; epoch <= 6; epoch++) {
            delta(epoch, epoch - 1);
        }
        whole(1, 7);
        assertThat(committed()).containsExactly(7L);
        assertThat(stage.orders("dropState"))
                .as("one for its room, and the others once it is committed")
                .containsExactly("dropState 6", "dropState 3", "dropState 4", "dropState 5");
    }

    @Test
    void theLastDeltaDoesNotTakeTheRoomOfThoseBeforeIt() {
        for (long epoch = 3; epoch <= 7; epoch++) {
            delta(epoch, epoch - 1);
        }
        assertThat(refusals())
                .as("when it begins, and at its end, since the word of it may be lost")
                .containsExactly(
                        "1/7 as many checkpoints are on their way as this host keeps",
                        "1/7 as many checkpoints are on their way as this host keeps");
        assertThat(stage.orders("beginState", "dropState"))
                .containsExactly("beginState 3", "beginState 4", "beginState 5", "beginState 6");
        delta(2, 1);
        assertThat(committed()).containsExactly(2L, 3L, 4L, 5L);
    }

    @Test
    void whatIsBeingSwitchedInOrSoonIsKeepsItsPlace() {
        whole(2, "commitState 2");
        whole(1, 3);
        whole(1, 4);
        whole(1, 5);
        whole(1, 6);
        assertThat(stage.orders("dropState")).isEmpty();
        stage.answerLate();
        assertThat(committed()).containsExactly(2L, 3L, 4L, 5L);
    }

    @Test
    void aStateWhoseRestDoesNotComeIsDroppedWhenAnotherBegins() {
        begin(1, 2);
        chunk(2);
        begin(1, 3);
        assertThat(stage.orders("dropState")).containsExactly("dropState 2");
        end(1, 2);
        assertThat(refusals())
                .as("also at its end, should that come")
                .containsOnly("1/2 another one began before all of it had come")
                .hasSize(2);
        end(1, 3);
        assertThat(committed()).containsExactly(3L);
    }

    @Test
    void aStateWhoseRestDoesNotComeIsDroppedWhenALaterOneIsCommitted() {
        whole(3, "commitState 3");
        begin(1, 2);
        stage.answerLate();
        assertThat(stage.orders("commitState", "dropState")).containsExactly("commitState 3", "dropState 2");
    }

    // ---- What is passed over.

    @Test
    void aHostThatBeginsToFollowWhileAStateArrivesAsksForAllOfIt() {
        Stage idle = new Stage("B", false, null, List.of());
        idle.host.start();
        idle.carryOut();
        receive(idle, new PeerMessage.StateBegin(2, 1, 0));
        assertThat(idle.sent(PeerMessage.StateRefused.class)).hasSize(1);
        idle.record = A_ALONE;
        idle.pass(Duration.ofSeconds(1));
        idle.carryOut();
        receive(idle, new PeerMessage.Preserve(2, 1, List.of(new Extent(Stage.VOLUME, 0, 1))));
        assertThat(idle.host.state().role()).isEqualTo(Role.SECONDARY);
        receive(idle, new PeerMessage.StateEnd(2, 1, 4, 0));
        assertThat(idle.sent(PeerMessage.StateRefused.class))
                .last()
                .isEqualTo(new PeerMessage.StateRefused(2, 1, "this host did not follow term 2 when it began"));
        assertThat(idle.sent(PeerMessage.StateRefused.class)).hasSize(2);
        receive(idle, new PeerMessage.StateBegin(2, 1, 0));
        receive(idle, new PeerMessage.StateEnd(2, 1, 4, 0));
        assertThat(idle.host.state().checkpoint()).isEqualTo(new Checkpoint(2, 1));
        assertThat(idle.sent(PeerMessage.StateRefused.class)).hasSize(2);
    }

    /** The epochs of different terms have nothing to do with each other. */
    @Test
    void aStateOfATermThatIsNotFollowedIsRefusedOnceAndNeverSaidToBeCommitted() {
        whole(2, 1);
        assertThat(refusals()).containsExactly("2/1 this host does not follow term 2");
        assertThat(committed()).isEmpty();
    }

    @Test
    void aStateOfATermThatIsNotFollowedMakesTheHostLookAtTheRecord() {
        int before = stage.orders("readRecord").size();
        begin(2, 1);
        assertThat(stage.orders("readRecord")).hasSize(before + 1);
    }

    @Test
    void theRestOfAStateThatCannotBeStoredIsPassedOverAndRefusedAgainAtItsEnd() {
        stage.trouble = EIO;
        begin(1, 2);
        stage.failing = "writeState";
        stage.hold();
        stage.host.received(new PeerMessage.StateChunk(1, 2, 0, ByteBuffer.allocate(4)), Stage.LIFE);
        stage.host.received(new PeerMessage.StateChunk(1, 2, 4, ByteBuffer.allocate(4)), Stage.LIFE);
        stage.goOn();
        assertThat(refusals()).as("for both parts").containsExactly("1/2 EIO");
        chunk(2);
        assertThat(stage.orders("writeState", "dropState"))
                .containsExactly("writeState 2", "writeState 2", "dropState 2");
        end(1, 2);
        assertThat(refusals()).containsExactly("1/2 EIO", "1/2 EIO");
        assertThat(stage.orders("endState")).isEmpty();
    }

    @Test
    void aStateThatIsStoredTheSecondTimeIsNotRefusedAtItsEnd() {
        stage.trouble = EIO;
        begin(1, 2);
        stage.failing = "writeState";
        chunk(2);
        stage.failing = null;
        whole(1, 2);
        assertThat(refusals()).hasSize(1);
        assertThat(committed()).containsExactly(2L);
    }

    @Test
    void aHostWhoseDiskHasFailedRefusesAStateBeforeAllOfItHasCome() {
        stage.failing = "append";
        stage.trouble = EIO;
        receive(stage, new PeerMessage.Preserve(1, 1, List.of(new Extent(Stage.VOLUME, 5, 1))));
        begin(1, 2);
        assertThat(refusals()).containsExactly("1/2 cannot store a copy: EIO");
        chunk(2);
        end(1, 2);
        assertThat(refusals()).as("the word of it may be lost").hasSize(2);
        assertThat(stage.orders("beginState", "writeState", "endState")).isEmpty();
    }

    @Test
    void whatIsOlderThanTheCheckpointIsAnsweredWithTheCheckpoint() {
        whole(1, 3);
        whole(1, 2);
        assertThat(committed()).containsExactly(3L, 3L);
        assertThat(stage.orders("beginState")).containsExactly("beginState 3");
    }

    @Test
    void whatIsRefusedIsSaidAgainOverANewConnectionUntilItComes() {
        stage.trouble = EIO;
        stage.failing = "commitState";
        whole(1, 2);
        assertThat(refusals()).containsExactly("1/2 EIO");
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(refusals()).as("the word of it may be lost").containsExactly("1/2 EIO", "1/2 EIO");
        stage.failing = null;
        whole(1, 2);
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(refusals()).hasSize(2);
        assertThat(committed()).as("said again, too").containsExactly(1L, 2L, 2L);
    }

    @Test
    void onlyWhatIsNewerThanTheCheckpointIsRefusedOverANewConnection() {
        stage.trouble = EIO;
        stage.failing = "writeState";
        begin(1, 2);
        chunk(2);
        stage.failing = null;
        whole(1, 3);
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(refusals()).containsExactly("1/2 EIO");
    }

    @Test
    void soManyRefusalsAreKept() {
        for (long term = 2; term < 100; term++) {
            begin(term, 1);
        }
        int before = refusals().size();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(refusals()).hasSize(before + 2 * Protocol.MAX_CUTS);
        assertThat(refusals()).last().asString().startsWith("99/1");
    }

    // ---- One after the other.

    @Test
    void aStateThatIsWholeAfterALaterOneWasCommittedIsDropped() {
        whole(2, "endState 2");
        whole(1, 3);
        stage.answerLate();
        assertThat(stage.orders("commitState", "dropState")).containsExactly("commitState 3", "dropState 2");
        assertThat(committed()).containsExactly(3L);
    }

    @Test
    void aStateThatWaitsBehindALaterOneIsDroppedAndTheNextIsCommitted() {
        whole(2, "commitState 2");
        whole(3, "endState 3");
        whole(1, 4);
        whole(5, "endState 5");
        stage.answerLate();
        assertThat(stage.orders("commitState", "dropState"))
                .containsExactly("commitState 2", "commitState 4", "dropState 3", "commitState 5");
        assertThat(committed()).containsExactly(2L, 4L, 5L);
    }

    @Test
    void aStateThatWaitsIsCommittedAlthoughTheOneBeforeItFails() {
        stage.failing = "commitState 2";
        stage.trouble = EIO;
        whole(2, "commitState 2");
        whole(1, 3);
        stage.answerLate();
        assertThat(refusals()).containsExactly("1/2 EIO");
        assertThat(committed()).containsExactly(3L);
    }

    @Test
    void aStateWhoseCommitFailedIsCommittedWhenItComesAgain() {
        stage.failing = "commitState";
        stage.trouble = EIO;
        whole(1, 2);
        stage.failing = null;
        whole(1, 2);
        assertThat(stage.orders("commitState", "dropState", "settle"))
                .as("a store that is not settled takes no other state")
                .containsExactly("commitState 2", "settle", "commitState 2");
        assertThat(committed()).containsExactly(2L);
    }

    // ---- A host that is not secondary any more.

    @Test
    void whatHasArrivedIsDroppedOnceButForWhatIsBeingSwitchedIn() {
        whole(2, "commitState 2");
        whole(1, 3);
        whole(4, "endState 4");
        begin(1, 5);
        stepDown();
        stage.answerLate();
        assertThat(stage.orders("commitState", "dropState"))
                .containsExactly("commitState 2", "dropState 3", "dropState 4", "dropState 5");
        assertThat(committed()).isEmpty();
    }

    // ---- A commit that failed, of which it is not certain what a restart finds.

    @ParameterizedTest
    @CsvSource({"1, 2, 2", "7, 2, 1"})
    void whatIsFoundIsTheCheckpointIfItIsOneOfThisTerm(long term, long epoch, long expected) {
        stage.failing = "commitState 2";
        stage.trouble = EIO;
        whole(1, 2);
        stage.failing = "compareAndSet";
        stage.settled = new Checkpoint(term, epoch);
        stage.host.failover(false, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.orders("settle")).hasSize(1);
        assertThat(stage.host.state().checkpoint()).isEqualTo(new Checkpoint(1, expected));
    }

    /** Else a restart would find it, and resume it on the disk of the one before (rule KeepUntilRestored). */
    @Test
    void aTakeoverWaitsUntilItIsCertainWhetherACheckpointIsCommitted() {
        stage.failing = "commitState 2";
        stage.trouble = EIO;
        stage.settled = new Checkpoint(1, 2);
        whole(2, "commitState 2");
        stage.host.failover(false, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.orders("compareAndSet")).isEmpty();
        stage.answerLate();
        assertThat(stage.orders("settle", "compareAndSet roll")).containsExactly("settle", "compareAndSet rollback");
        assertThat(stage.record.base()).isEqualTo(2);
        assertThat(stage.host.state().role()).isEqualTo(Role.PRIMARY);
    }

    @Test
    void aHostThatNeverHadACheckpointDoesNotTakeOver() {
        Stage joins = new Stage("B", false, null, List.of());
        joins.record = A_ALONE;
        joins.host.start();
        joins.carryOut();
        joins.failing = "commitState";
        joins.trouble = EIO;
        receive(joins, new PeerMessage.StateBegin(2, 1, 0));
        receive(joins, new PeerMessage.StateEnd(2, 1, 4, 0));
        joins.failing = null;
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        joins.host.failover(false, Duration.ofSeconds(30), asked);
        joins.carryOut();
        assertThat(joins.orders("settle")).hasSize(1);
        assertThat(Objects.requireNonNull(asked.trouble).text()).startsWith("no failover");
        assertThat(joins.host.state().role()).isEqualTo(Role.SECONDARY);
    }
}
