package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In which order states go to the secondary, when they go again, and how long they are waited for. */
class StatesSentTest {
    private final Stage stage = Stage.guarded();

    /** As many checkpoints, the first of which is 2. */
    private void cut(int count) {
        for (int i = 0; i < count; i++) {
            stage.host.cuts.cut(false, null, new Stage.Asked<>());
            stage.carryOut();
        }
    }

    private void receive(PeerMessage message) {
        stage.host.received(message, Stage.LIFE);
        stage.carryOut();
    }

    private void commit(long epoch) {
        receive(new PeerMessage.Committed(1, epoch));
    }

    /** All states that were sent since the pair is protected. */
    private void hasSent(long... epochs) {
        assertThat(stage.orders("sendState").stream()
                        .skip(1)
                        .mapToLong(order -> Long.parseLong(order.substring("sendState ".length())))
                        .toArray())
                .containsExactly(epochs);
    }

    // ---- The order.

    @Test
    void oneStateIsSentAfterTheOther() {
        stage.late = "sendState";
        cut(3);
        hasSent(2);
        stage.answerLate();
        hasSent(2, 3, 4);
    }

    @Test
    void aStateThatIsCommittedBeforeAllOfItIsKnownToBeSentIsNotWaitedFor() {
        stage.late = "sendState 2";
        cut(2);
        commit(2);
        hasSent(2, 3);
        stage.neverAnswers = "sendState";
        stage.answerLate();
        cut(1);
        hasSent(2, 3, 4);
    }

    @Test
    void theEndOfAnEarlierSendingDoesNotCountForTheOneUnderWay() {
        stage.late = "sendState 2";
        cut(1);
        stage.late = null;
        stage.neverAnswers = "sendState";
        cut(2);
        commit(2);
        hasSent(2, 3);
        stage.answerLate();
        hasSent(2, 3);
    }

    @Test
    void aStateThatCouldNotBeSentDoesNotKeepTheNextOneBack() {
        stage.failing = "sendState 2";
        cut(2);
        hasSent(2, 3);
    }

    // ---- What goes again.

    @Test
    void overANewConnectionAllThatIsNotCommittedGoesAgain() {
        cut(2);
        stage.host.peerDown();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        hasSent(2, 3, 2, 3);
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        hasSent(2, 3, 2, 3, 2, 3);
    }

    @Test
    void aStateThatWasBeingSentWhenTheConnectionBrokeBeginsAnewAndItsFormerEndDoesNotCount() {
        stage.late = "sendState";
        cut(2);
        stage.late = null;
        stage.neverAnswers = "sendState";
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        hasSent(2, 2);
        stage.answerLate();
        hasSent(2, 2);
    }

    @Test
    void withoutAConnectionNothingIsSent() {
        stage.neverAnswers = "sendState 2";
        cut(1);
        stage.host.peerDown();
        stage.connected = false;
        cut(1);
        hasSent(2);
        stage.neverAnswers = null;
        stage.connected = true;
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        hasSent(2, 2, 3);
    }

    /** What comes to a new process before it follows is passed over there. */
    @Test
    void whatAProcessWasSentBeforeItFollowedGoesAgain() {
        anotherProcessComes();
        cut(2);
        hasSent(2, 3);
        itFollows();
        hasSent(2, 3, 2, 3);
    }

    @Test
    void whatIsBeingSentAsAProcessBeginsToFollowDoesNotGoAgain() {
        anotherProcessComes();
        stage.late = "sendState 3";
        cut(2);
        stage.late = null;
        hasSent(2, 3);
        itFollows();
        hasSent(2, 3);
        stage.answerLate();
        hasSent(2, 3, 2);
    }

    private void anotherProcessComes() {
        stage.greeted(8, new PeerMessage.Ids("storage", "folder", "", 0, 1, 1, "b:1"));
    }

    private void itFollows() {
        receive(new PeerMessage.Heartbeat("secondary", 1, 1, 1, stage.record.version(), false, false, false, 0));
    }

    @Test
    void aStateThatIsRefusedGoesAgainAfterAFifthOfASecondAndHoldsNoOtherUp() {
        cut(1);
        receive(new PeerMessage.StateRefused(1, 2, "no room"));
        stage.goesBy(199);
        hasSent(2);
        cut(1);
        hasSent(2, 3);
        stage.goesBy(1);
        hasSent(2, 3, 2);
    }

    @ParameterizedTest
    @CsvSource({"2, 2", "1, 9"})
    void aRefusalOfSomethingElseChangesNothing(long term, long epoch) {
        cut(1);
        receive(new PeerMessage.StateRefused(term, epoch, "no room"));
        stage.goesBy(6_000);
        hasSent(2);
        assertThat(stage.host.states.overdue()).isNull();
    }

    // ---- How long a state is waited for.

    /** Of a secondary that commits nothing; it is not looked at what else becomes of it. */
    private void isOverdueAfter(long millis, String why) {
        stage.pass(Duration.ofMillis(millis));
        assertThat(stage.host.states.overdue()).isNull();
        stage.pass(Duration.ofNanos(1));
        assertThat(stage.host.states.overdue()).isEqualTo(why);
    }

    @Test
    void aCommitIsWaitedForForTenSeconds() {
        cut(1);
        isOverdueAfter(10_000, "the secondary does not commit checkpoints");
    }

    @Test
    void aSecondaryThatSaysThatItCannotIsWaitedForForFive() {
        cut(1);
        receive(new PeerMessage.StateRefused(1, 2, "no room"));
        isOverdueAfter(5_000, "the secondary cannot take a checkpoint (no room)");
    }

    @Test
    void aLargeStateIsGivenTheTimeThatASlowDiskTakes() {
        cut(1);
        stage.host.stateSent(1, 2, 160_000_000);
        isOverdueAfter(20_000, "the secondary does not commit checkpoints");
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 1001, 10000", "1, 2, 1000, 3000", "2, 2, 1001, 3000", "1, 3, 1001, 3000"})
    void onlyProgressOfThatStateGivesItMoreTime(long term, long epoch, long bytes, long left) {
        cut(1);
        stage.host.stateSent(1, 2, 1_000);
        stage.pass(Duration.ofSeconds(7));
        stage.host.stateSent(term, epoch, bytes);
        isOverdueAfter(left, "the secondary does not commit checkpoints");
    }

    @Test
    void theTimeOfAStateBeginsOnceTheOneBeforeItIsCommitted() {
        cut(2);
        stage.pass(Duration.ofSeconds(7));
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        isOverdueAfter(10_000, "the secondary does not commit checkpoints");
        stage.host.received(new PeerMessage.Committed(1, 3), Stage.LIFE);
        assertThat(stage.host.states.overdue()).as("nothing is waited for").isNull();
    }

    // ---- What is known of it.

    @ParameterizedTest
    @CsvSource({"5, 16", "1000, 16"})
    void theSizeOfAStateIsWhatItsEndSays(long progress, long size) {
        cut(1);
        stage.host.stateSent(1, 2, progress);
        commit(2);
        assertThat(Objects.requireNonNull(stage.host.cuts.taken(2)).stateBytes())
                .isEqualTo(size);
    }

    @Test
    void whatALaterCheckpointReplacesIsNotKept() {
        cut(3);
        commit(3);
        assertThat(stage.orders("drop")).containsExactly("drop 1", "drop 2", "drop 3");
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        hasSent(2, 3, 4, 4);
    }
}
