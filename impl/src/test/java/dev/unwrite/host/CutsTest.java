package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a machine is paused for a checkpoint, and what becomes of it if that fails. */
class CutsTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    private static Stage.Asked<Long> cut(Stage stage) {
        return cut(stage, null);
    }

    private static Stage.Asked<Long> cut(Stage stage, byte @Nullable [] handedOver) {
        Stage.Asked<Long> asked = new Stage.Asked<>();
        stage.host.cuts.cut(false, handedOver, asked);
        stage.carryOut();
        return asked;
    }

    private static void commit(Stage stage, long epoch) {
        stage.host.received(new PeerMessage.Committed(1, epoch), Stage.LIFE);
        stage.carryOut();
    }

    /** So that there is something to flush. */
    private static void write(Stage stage) {
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.acknowledge();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "save"})
    void aCutThatFailsLetsTheMachineGoOn(String order) {
        Stage stage = Stage.guarded();
        stage.orders.clear();
        stage.failing = order;
        Stage.Asked<Long> failed = cut(stage);
        assertThat(failed.trouble).isSameAs(stage.trouble);
        assertThat(stage.orders("unpause")).hasSize(order.equals("pause") ? 0 : 1);
        stage.failing = null;
        write(stage);
        assertThat(stage.orders("write")).containsExactly("write 0+1 in 2");
        assertThat(cut(stage).result).isEqualTo(2);
    }

    @Test
    void oneCutIsTakenAtATime() {
        Stage stage = Stage.guarded();
        stage.late = "pause";
        Stage.Asked<Long> first = cut(stage);
        Stage.Asked<Long> second = cut(stage);
        assertThat(second.trouble)
                .isNotNull()
                .extracting(Trouble::text)
                .asString()
                .contains("no checkpoint can be cut now");
        assertThat(first.trouble).isNull();
        stage.answerLate();
        assertThat(first.result).isEqualTo(2);
        assertThat(stage.host.cuts.isBusy()).isFalse();
    }

    @Test
    void aWriteThatComesWhileTheMachineStandsStillIsOneOfTheNextEpoch() {
        Stage stage = Stage.guarded();
        stage.late = "save";
        cut(stage);
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        assertThat(write.isDone()).isFalse();
        assertThat(stage.sent(PeerMessage.Preserve.class)).isEmpty();
        stage.answerLate();
        assertThat(write.isDone()).isTrue();
        assertThat(stage.sent(PeerMessage.Preserve.class))
                .extracting(PeerMessage.Preserve::epoch)
                .containsExactly(2L);
    }

    @Test
    void whatIsDirtyIsFlushedBeforeThePauseAndWhatIsWrittenThenWithinIt() {
        Stage stage = Stage.guarded();
        write(stage);
        stage.orders.clear();
        stage.late = "pause";
        cut(stage);
        assertThat(stage.orders("flush", "pause")).containsExactly("flush in 2", "pause");
        stage.write(0, BLOCK, 2, false);
        stage.carryOut();
        stage.answerLate();
        assertThat(stage.orders("flush", "pause", "save"))
                .containsExactly("flush in 2", "pause", "flush in 2", "save 2");
        cut(stage);
        assertThat(stage.orders("flush")).as("nothing is dirty").hasSize(2);
    }

    @Test
    void aMachineThatDoesNotPauseForATenthOfASecondMayWaitForItsWrites() {
        Stage stage = Stage.guarded();
        stage.late = "pause";
        cut(stage);
        stage.pass(Duration.ofMillis(99));
        stage.carryOut();
        assertThat(stage.host.cuts.waitsForMachine()).isFalse();
        stage.pass(Duration.ofMillis(1));
        stage.carryOut();
        assertThat(stage.host.cuts.waitsForMachine()).isTrue();
        stage.answerLate();
        assertThat(stage.host.cuts.waitsForMachine()).isFalse();
    }

    /** With --machine none, a state belongs to the disk for which it was handed over. */
    @Test
    void aStateGoesWithLaterCheckpointsAsLongAsNothingIsWritten() {
        Stage stage = Stage.guarded();
        write(stage);
        cut(stage);
        assertThat(stage.savedUnchanged).isFalse();
        cut(stage);
        assertThat(stage.savedUnchanged).as("none was handed over").isFalse();
        commit(stage, 3);
        cut(stage, new byte[] {1});
        assertThat(stage.savedUnchanged).isTrue();
        commit(stage, 4);
        cut(stage);
        assertThat(stage.savedUnchanged).isTrue();
        commit(stage, 5);
        write(stage);
        cut(stage);
        assertThat(stage.savedUnchanged).isFalse();
    }

    @Test
    void outputOfAMachineThatIsAloneLeavesOnceWhatItWroteIsFlushed() {
        Stage stage = Stage.alone();
        List<String> heard = new ArrayList<>();
        stage.settle();
        stage.orders.clear();
        stage.settle();
        assertThat(stage.orders("pause")).as("it has said nothing").isEmpty();
        stage.write(0, BLOCK, 1, false);
        stage.host.say(() -> heard.add("done"));
        stage.failing = "flush";
        stage.trouble = new Trouble(Trouble.Kind.NO_SPACE, "full");
        stage.carryOut();
        assertThat(heard).isEmpty();
        stage.failing = null;
        stage.settle();
        assertThat(heard).containsExactly("done");
        assertThat(stage.orders("pause", "step Speak", "unpause"))
                .containsSubsequence("pause", "step Speak", "unpause");
    }

    @Test
    void theAnswerOfACommittedCheckpointIsKeptForAWhile() {
        Stage stage = Stage.guarded();
        for (int epoch = 2; epoch <= 70; epoch++) {
            cut(stage);
            commit(stage, epoch);
        }
        assertThat(stage.host.cuts.taken(70)).isNotNull().isEqualTo(stage.host.cuts.last());
        assertThat(stage.host.cuts.taken(7)).isNotNull();
        assertThat(stage.host.cuts.taken(6)).as("64 are kept").isNull();
        assertThat(stage.host.cuts.committedTotal()).isEqualTo(70);
    }

    /** Otherwise the machine, which waits for its write, never pauses, and no checkpoint makes room for that. */
    @Test
    void aWriteForWhichThereIsNoRoomBeginsIfTheMachineMayWaitForIt() {
        Stage stage = Stage.guarded();
        stage.undoBytes = 1 << 20;
        stage.settle();
        write(stage);
        stage.late = "pause";
        cut(stage);
        stage.pass(Duration.ofMillis(99));
        stage.host.tick();
        assertThat(stage.sent(PeerMessage.Preserve.class)).isEmpty();
        stage.pass(Duration.ofMillis(1));
        stage.host.tick();
        assertThat(stage.sent(PeerMessage.Preserve.class)).hasSize(1);
    }

    @Test
    void whatWasSaidBeforeAJoinLeavesWithoutIt() {
        Stage stage = Stage.alone();
        List<String> heard = new ArrayList<>();
        stage.host.say(() -> heard.add("before"));
        Stage.Asked<Long> join = new Stage.Asked<>();
        stage.host.cuts.startJoin(join);
        stage.carryOut();
        stage.host.say(() -> heard.add("after"));
        stage.carryOut();
        assertThat(join.result).isEqualTo(1);
        assertThat(heard).containsExactly("before");
        commit(stage, 1);
        assertThat(heard).as("it is of the next epoch").containsExactly("before");
    }

    // ---- A checkpoint that is not wanted any more.

    private static void goAlone(Stage stage) {
        stage.peerSays = "failed";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    private static void loseToB(Stage stage) {
        stage.record = new OwnershipRecord(9, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.pass(Duration.ofSeconds(1));
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
    }

    @Test
    void aCutIsRefusedAndItsStateDroppedWhereTheHostHasGoneAloneMeanwhile() {
        Stage stage = Stage.guarded();
        stage.late = "save";
        Stage.Asked<Long> cut = cut(stage);
        goAlone(stage);
        stage.orders.clear();
        stage.answerLate();
        assertThat(Objects.requireNonNull(cut.trouble).kind()).isEqualTo(Trouble.Kind.REFUSED);
        assertThat(stage.orders("drop", "unpause", "sendState")).containsExactly("drop 2", "unpause");
        assertThat(stage.host.cuts.isBusy()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "save"})
    void whoWaitsForACutIsToldThatAnotherHostHasTakenOver(String order) {
        Stage stage = Stage.guarded();
        stage.late = order;
        Stage.Asked<Long> cut = cut(stage);
        loseToB(stage);
        assertThat(Objects.requireNonNull(cut.trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
        stage.orders.clear();
        stage.answerLate();
        assertThat(stage.orders("unpause", "save", "step", "drop"))
                .as("of a state that comes too late")
                .containsExactlyElementsOf(order.equals("save") ? List.of("drop 2") : List.of());
    }

    @Test
    void statesOnTheirWayAreDroppedWhenAnotherHostTakesOver() {
        Stage stage = Stage.guarded();
        cut(stage);
        cut(stage);
        stage.orders.clear();
        loseToB(stage);
        assertThat(stage.orders("drop")).containsExactly("drop 2", "drop 3");
    }

    @Test
    void aCheckpointThatWasGivenUpIsNotCountedWithTheNextOne() {
        Stage stage = Stage.guarded();
        cut(stage);
        goAlone(stage);
        stage.peerSays = "idle";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        commit(stage, 3);
        assertThat(stage.host.cuts.taken(3)).isNotNull();
        assertThat(stage.host.cuts.taken(2)).isNull();
        assertThat(stage.host.cuts.pauses().counts().stream().mapToLong(n -> n).sum())
                .as("1 and 3")
                .isEqualTo(2);
    }

    @Test
    void whoWaitsForACommitIsToldIfTheHostGoesAloneInThatTurn() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.Committed> asked = new Stage.Asked<>();
        stage.host.checkpoint(null, Duration.ofSeconds(30), asked);
        stage.carryOut();
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        stage.record = new OwnershipRecord(
                stage.record.version() + 1, 1, "A", OwnershipRecord.Mode.SOLO, "", stage.record.base());
        stage.host.ownership.seen(stage.record);
        stage.carryOut();
        assertThat(Objects.requireNonNull(asked.trouble).text())
                .startsWith("checkpoint 2 was committed, and this node is not protected any more");
    }
}
