package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Extent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
        commit(stage, 2);
        cut(stage, new byte[] {1});
        assertThat(stage.savedUnchanged).isTrue();
        commit(stage, 3);
        cut(stage);
        assertThat(stage.savedUnchanged).isTrue();
        commit(stage, 4);
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
}
