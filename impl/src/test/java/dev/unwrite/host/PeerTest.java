package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the two hosts say to each other, what of it counts, and what is said again. */
class PeerTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final Duration LONG = Duration.ofSeconds(30);
    /** Of a process that holds checkpoint 1 of term 1, as the first one of a guarded stage does. */
    private static final PeerMessage.Ids HOLDS_ALL = new PeerMessage.Ids("", "", "", 0, 1, 1, "");

    private static void receive(Stage stage, PeerMessage message, long life) {
        stage.host.received(message, life);
        stage.carryOut();
    }

    private static PeerMessage.Heartbeat says(String role, long term, long recordVersion) {
        return new PeerMessage.Heartbeat(role, term, 1, 1, recordVersion, false, false, false, 0);
    }

    private static PeerMessage.Preserve preserve(long term) {
        return new PeerMessage.Preserve(term, 1, List.of(new Extent(Stage.VOLUME, 5, 1)));
    }

    private static int asked(Stage stage) {
        return stage.sent(PeerMessage.Preserve.class).size();
    }

    /** A host that has started, and found this record. */
    private static Stage started(String name, OwnershipRecord record) {
        Stage stage = new Stage(name, false, null, List.of());
        stage.record = record;
        stage.failing = "open 2"; // Which a host that has been alone would open.
        stage.host.start();
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        return stage;
    }

    private static OwnershipRecord solo(long version, long term, String owner) {
        return new OwnershipRecord(version, term, owner, OwnershipRecord.Mode.SOLO, "", 0);
    }

    // ---- Heartbeats.

    private static PeerMessage.Heartbeat heartbeat(Stage stage) {
        stage.goesBy(100);
        return stage.sent(PeerMessage.Heartbeat.class).getLast();
    }

    @Test
    void aHeartbeatSaysWhatTheHostIsAndWhatItHolds() {
        Stage secondary = Stage.secondary();
        receive(secondary, preserve(1), Stage.LIFE);
        assertThat(heartbeat(secondary))
                .isEqualTo(new PeerMessage.Heartbeat("secondary", 1, 0, 1, 2, false, false, false, 2 * BLOCK));
        assertThat(heartbeat(Stage.alone()))
                .isEqualTo(new PeerMessage.Heartbeat("primary", 1, 0, 0, 1, false, true, false, 0));
    }

    @Test
    void aHostJoinsAnotherThatIsAloneUnlessItsOwnDiskHasFailed() {
        assertThat(heartbeat(started("B", OwnershipRecord.INITIAL)).readyToJoin())
                .as("there is nobody")
                .isFalse();
        assertThat(heartbeat(started("A", solo(1, 1, "A"))).readyToJoin())
                .as("it was alone itself")
                .isFalse();
        assertThat(heartbeat(started("B", solo(1, 1, "A"))).readyToJoin()).isTrue();
        Stage secondary = Stage.secondary();
        assertThat(heartbeat(secondary).readyToJoin()).as("it protects already").isFalse();
        secondary.record = solo(3, 1, "A");
        secondary.host.ownership.seen(secondary.record);
        assertThat(heartbeat(secondary).readyToJoin()).isTrue();
        secondary.failing = "append";
        secondary.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        receive(secondary, preserve(1), Stage.LIFE);
        assertThat(heartbeat(secondary).readyToJoin()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aRecordThatTheOtherHostKnowsToBeNewerIsReadAtOnce(int newer) {
        Stage stage = Stage.secondary();
        stage.host.ownership.look();
        stage.carryOut();
        int before = stage.orders("readRecord").size();
        receive(stage, says("primary", 1, stage.record.version() + newer), Stage.LIFE);
        assertThat(stage.orders("readRecord")).hasSize(before + newer);
    }

    @ParameterizedTest
    @CsvSource({"primary, 2, true", "primary, 3, true", "primary, 1, false", "idle, 2, false"})
    void thePrimaryIsWhoSaysSoInTheNewestTerm(String role, long term, boolean isPrimary) {
        Stage stage = started("B", solo(3, 2, "A"));
        assertThat(stage.host.peer.isPrimary()).isFalse();
        receive(stage, says(role, term, 3), Stage.LIFE);
        assertThat(stage.host.peer.isPrimary()).isEqualTo(isPrimary);
    }

    @ParameterizedTest
    @CsvSource({"1199, JOINING", "1200, SOLO"})
    void anOldHeartbeatIsNoReasonToTakeAHostIn(long millis, Mode mode) {
        Stage stage = Stage.alone();
        stage.connected = false;
        receive(stage, new PeerMessage.Heartbeat("idle", 0, 0, 0, 1, true, true, false, 0), Stage.LIFE);
        stage.goesBy(millis);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        stage.connected = true;
        stage.carryOut();
        assertThat(stage.is(Role.PRIMARY, mode)).isTrue();
    }

    @Test
    void aGreetingIsASignOfLifeAndSaysWhoseFolderItIs() {
        Stage stage = Stage.alone();
        assertThat(stage.host.picture().heardNanos()).isEqualTo(Long.MIN_VALUE);
        PeerMessage.Ids ids = new PeerMessage.Ids("storage", "folder", "log", 1, 0, 0, "b:1");
        stage.greeted(Stage.LIFE, ids);
        assertThat(stage.host.picture().heardNanos()).isEqualTo(stage.now());
        assertThat(stage.host.picture().peerIds()).isEqualTo(ids);
        assertThat(stage.host.state().peer()).isEqualTo("B");
    }

    @Test
    void aSecondaryThatConnectsAgainIsNotSilent() {
        Stage stage = Stage.guarded();
        stage.goesBy(1_100);
        stage.greeted(Stage.LIFE, HOLDS_ALL);
        stage.goesBy(1_100);
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        stage.goesBy(200);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    // ---- Who follows.

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIdleHostFollowsTheTermOfTheRecordAndNoOther(boolean withAState) {
        for (long term = 2; term <= 4; term++) {
            Stage stage = started("B", solo(5, 3, "A"));
            receive(stage, withAState ? new PeerMessage.StateBegin(term, 1, 0) : preserve(term), Stage.LIFE);
            assertThat(stage.host.state().role()).isEqualTo(term == 3 ? Role.SECONDARY : Role.IDLE);
            assertThat(stage.orders("beginState", "append")).hasSize(term == 3 ? 1 : 0);
        }
    }

    @Test
    void aHostThatClaimsTheGroupFollowsNobodyBeforeThatIsDecided() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "open 1";
        stage.host.start();
        stage.carryOut();
        stage.record = solo(1, 1, "B");
        stage.host.ownership.seen(stage.record);
        receive(stage, preserve(1), Stage.LIFE);
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        stage.answerLate();
        receive(stage, preserve(1), Stage.LIFE);
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
    }

    // ---- Whose word counts.

    @Test
    void whatAnEarlierLifeSaysDoesNotCount() {
        Stage stage = Stage.guarded();
        stage.host.checkpoint(null, LONG, new Stage.Asked<>());
        stage.carryOut();
        stage.write(0, BLOCK, 1, false);
        PeerMessage.Preserved preserved =
                new PeerMessage.Preserved(1, 0, 1, 2, List.of(new Extent(Stage.VOLUME, 0, 1)));
        PeerMessage.Committed committed = new PeerMessage.Committed(1, 2);
        receive(stage, preserved, Stage.LIFE - 1);
        receive(stage, committed, Stage.LIFE - 1);
        assertThat(stage.orders("write")).isEmpty();
        assertThat(stage.host.state().safe()).isEqualTo(1);
        receive(stage, preserved, Stage.LIFE);
        receive(stage, committed, Stage.LIFE);
        assertThat(stage.orders("write")).hasSize(1);
        assertThat(stage.host.state().safe()).isEqualTo(2);
    }

    @Test
    void beforeItsGreetingAHostIsHeldToItsWord() {
        Stage stage = Stage.alone();
        stage.peerSays = "idle";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        receive(stage, new PeerMessage.Committed(1, 1), Stage.LIFE);
        assertThat(stage.host.state().safe()).isEqualTo(1);
    }

    @Test
    void anAcknowledgmentSaysWhatTheUndoLogTakes() {
        Stage stage = Stage.guarded();
        receive(stage, new PeerMessage.Preserved(1, 12_345, 1, 1, List.of(new Extent(Stage.VOLUME, 0, 1))), Stage.LIFE);
        assertThat(stage.host.picture().undo().bytes()).isEqualTo(12_345);
    }

    /** What counts is what it held when it was taken in again. */
    @Test
    void aSecondaryWithAnotherUndoLogIsGivenUpAndMayComeBackWithThatOneLater() {
        Stage stage = Stage.guarded();
        stage.greeted(8, new PeerMessage.Ids("", "", "another log", 0, 1, 1, ""));
        assertThat(stage.log).contains("the secondary has come back with another undo log: asks to go on alone");
        stage.peerSays = "idle";
        for (int i = 0; i < 7; i++) {
            stage.settle();
        }
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.peerSays = "secondary";
        receive(stage, new PeerMessage.Committed(1, 2), 8);
        stage.greeted(9, new PeerMessage.Ids("", "", "another log", 0, 1, 2, ""));
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
    }

    /** There is nothing that it had to hold. */
    @Test
    void aProcessThatComesBackToAHostThatItDoesNotProtectIsNoWorse() {
        Stage alone = Stage.alone();
        alone.greeted(Stage.LIFE, HOLDS_ALL);
        alone.greeted(8, new PeerMessage.Ids("", "", "another log", 0, 0, 0, ""));
        assertThat(alone.host.peer.unfit()).isNull();
        Stage secondary = Stage.secondary();
        secondary.greeted(Stage.LIFE, HOLDS_ALL);
        secondary.greeted(8, new PeerMessage.Ids("", "", "another log", 0, 0, 0, ""));
        assertThat(secondary.host.peer.unfit()).isNull();
    }

    @Test
    void aSecondaryDoesNotTakeTheFarewellOfAnotherForItsOwn() {
        Stage stage = Stage.secondary();
        receive(stage, new PeerMessage.Leaving(1), Stage.LIFE);
        assertThat(stage.host.peer.unfit()).isNull();
    }

    // ---- What is said again.

    private static void passWithHeartbeats(Stage stage, int tenths) {
        for (int i = 0; i < tenths; i++) {
            stage.host.received(says("secondary", 1, stage.record.version()), Stage.LIFE);
            stage.goesBy(100);
        }
    }

    @Test
    void copiesAreAskedForAgainOnceTheOldestWriteHasWaitedForASecond() {
        Stage stage = Stage.guarded();
        stage.goesBy(100);
        stage.write(0, BLOCK, 1, false);
        passWithHeartbeats(stage, 10);
        assertThat(asked(stage)).isEqualTo(1);
        passWithHeartbeats(stage, 1);
        assertThat(asked(stage)).isEqualTo(2);
        passWithHeartbeats(stage, 9);
        assertThat(asked(stage)).isEqualTo(2);
        passWithHeartbeats(stage, 1);
        assertThat(asked(stage)).isEqualTo(3);
        stage.write(4L * BLOCK, BLOCK, 1, false);
        assertThat(asked(stage)).isEqualTo(4);
        receive(stage, new PeerMessage.Preserved(1, 0, 1, 1, List.of(new Extent(Stage.VOLUME, 0, 1))), Stage.LIFE);
        passWithHeartbeats(stage, 10);
        assertThat(asked(stage)).as("the next one has its own second").isEqualTo(4);
        passWithHeartbeats(stage, 1);
        assertThat(asked(stage)).isEqualTo(5);
        assertThat(stage.sent(PeerMessage.Preserve.class).getLast().extents())
                .containsExactly(new Extent(Stage.VOLUME, 4, 1));
    }

    @Test
    void aHostThatIsAloneAsksForNoCopies() {
        Stage stage = Stage.alone();
        stage.neverAnswers = "write";
        stage.write(0, BLOCK, 1, false);
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        stage.settle();
        stage.settle();
        assertThat(asked(stage)).isZero();
    }

    @Test
    void whoIsNotASecondaryDoesNotSayThatItHasCommitted() {
        Stage stage = new Stage("B", false, new Checkpoint(1, 1), List.of());
        stage.record = solo(3, 2, "A");
        stage.host.start();
        stage.carryOut();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(stage.sent(PeerMessage.Committed.class)).isEmpty();
    }

    /** It may have passed over what came before. */
    @Test
    void aStateAndRequestsGoAgainToAProcessThatHasJustBegunToFollow() {
        Stage stage = Stage.guarded();
        stage.host.checkpoint(null, LONG, new Stage.Asked<>());
        stage.carryOut();
        stage.write(0, BLOCK, 1, false);
        stage.greeted(8, HOLDS_ALL);
        assertThat(stage.orders("sendState 2")).hasSize(2);
        assertThat(asked(stage)).isEqualTo(2);
        receive(stage, says("idle", 1, 3), 8);
        assertThat(asked(stage)).isEqualTo(2);
        receive(stage, says("secondary", 1, 3), 8);
        assertThat(stage.orders("sendState 2")).hasSize(3);
        assertThat(asked(stage)).isEqualTo(3);
        receive(stage, says("secondary", 1, 3), 8);
        stage.greeted(8, HOLDS_ALL);
        receive(stage, says("secondary", 1, 3), 8);
        assertThat(stage.orders("sendState 2"))
                .as("once, and over each connection")
                .hasSize(4);
        assertThat(asked(stage)).isEqualTo(4);
    }

    @Test
    void aStateWithWhichAHostJoinsIsNotSentAgainWhenItFollows() {
        Stage stage = Stage.joining();
        stage.peerSays = "secondary";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        assertThat(stage.orders("sendState 1")).hasSize(1);
    }
}
