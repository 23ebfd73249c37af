package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How an owner comes to a new session with the storage, and when. */
class SessionsTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final Trouble FAILED = new Trouble(Trouble.Kind.FAILED, "EIO");

    private static void breaks(Stage stage, Trouble why) {
        stage.host.hungUp(stage.host.state().session(), why);
        stage.carryOut();
    }

    private static int opens(Stage stage) {
        return stage.orders("open 1").size();
    }

    /** Alone, and its session is a second old. */
    private static Stage alone() {
        Stage stage = Stage.alone();
        stage.goesBy(1_000);
        stage.orders.clear();
        return stage;
    }

    /** Another host is about to join, and the session is a second old. */
    private static Stage joining() {
        Stage stage = Stage.joining();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.peerSays = null;
        stage.orders.clear();
        return stage;
    }

    /** Another process takes the place of the one that joins, which ends the join. */
    private static void abortJoin(Stage stage) {
        stage.greeted(8, PeerMessage.Ids.NONE);
    }

    // ---- When.

    @Test
    void aSessionThatLastedForASecondIsReplacedAtOnceAndAShorterOneAfterAPause() {
        Stage stage = alone();
        breaks(stage, Stage.LOST);
        assertThat(stage.orders("open", "close")).containsExactly("close 2", "open 1");
        stage.goesBy(999);
        breaks(stage, Stage.LOST);
        assertThat(stage.orders("close")).containsExactly("close 2", "close 3");
        stage.isGivenAfter(100, "open 1");
    }

    @Test
    void aStorageWhoseDiskFailedIsNotAskedAtOnce() {
        Stage stage = alone();
        stage.failing = "flush";
        stage.trouble = FAILED;
        stage.flush();
        stage.carryOut();
        stage.failing = null;
        stage.isGivenAfter(100, "open 1");
    }

    @Test
    void pausesGrowToTwoSecondsAndAreShortAgainAfterAGoodSession() {
        Stage stage = alone();
        stage.failing = "open 1";
        breaks(stage, Stage.LOST);
        assertThat(opens(stage)).isEqualTo(1);
        for (long pause : new long[] {100, 200, 400, 800, 1_600, 2_000}) {
            stage.isGivenAfter(pause, "open 1");
        }
        stage.failing = null;
        stage.isGivenAfter(2_000, "open 1");
        breaks(stage, Stage.LOST);
        stage.isGivenAfter(2_000, "open 1");
        stage.goesBy(1_000);
        breaks(stage, FAILED);
        stage.isGivenAfter(100, "open 1");
    }

    @Test
    void aSessionThatIsOverAlreadyDoesNotBreakAgain() {
        Stage stage = alone();
        stage.host.hungUp(1, Stage.LOST);
        stage.carryOut();
        assertThat(stage.orders("open", "close")).isEmpty();
        stage.late = "open";
        breaks(stage, Stage.LOST);
        breaks(stage, Stage.LOST);
        assertThat(stage.orders("open", "close")).containsExactly("close 2", "open 1");
    }

    // ---- What is said.

    @Test
    void itIsSaidForHowLongTheStorageIsOfNoUseAndWhy() {
        Stage stage = alone();
        stage.failing = "open 1";
        stage.trouble = new Trouble(Trouble.Kind.LOST, "no answer");
        breaks(stage, Stage.LOST);
        stage.goesBy(1_500);
        assertThat(stage.host.picture().note()).isEqualTo("no use of the storage for 1 s: no answer");
        assertThat(stage.host.sessions.troubleNanos()).isEqualTo(1_500_000_000);
        stage.trouble = FAILED;
        stage.goesBy(8_500);
        assertThat(stage.host.picture().note()).isEqualTo("no use of the storage for 10 s: EIO");
        assertThat(stage.host.isFailing()).isFalse();
        stage.goesBy(1);
        assertThat(stage.host.isFailing()).as("the other host is told").isTrue();
        assertThat(stage.log)
                .filteredOn(line -> line.contains("session"))
                .containsExactly("no session with the storage: no answer", "no session with the storage: EIO");
        stage.failing = null;
        stage.goesBy(2_000);
        assertThat(stage.host.picture().note()).isEmpty();
        assertThat(stage.host.sessions.troubleNanos()).isZero();
        assertThat(stage.log).contains("has a new session with the storage");
    }

    @Test
    void troubleCountsFromTheFirstSessionThatBrokeUntilOneIsReadable() {
        Stage stage = alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.neverAnswers = "write";
        breaks(stage, Stage.LOST);
        stage.goesBy(300);
        breaks(stage, FAILED);
        stage.goesBy(200);
        assertThat(stage.host.sessions.troubleNanos()).isEqualTo(500_000_000);
        stage.neverAnswers = null;
        breaks(stage, Stage.LOST);
        stage.goesBy(400);
        assertThat(stage.host.sessions.troubleNanos()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.Kind.class,
            names = {"WRONG_IDENTITY", "NAME_IN_USE"})
    void anOwnerThatTheStorageDoesNotKnowAnyMoreEnds(Trouble.Kind kind) {
        Stage stage = alone();
        stage.failing = "open 1";
        stage.trouble = new Trouble(kind, "not here");
        breaks(stage, Stage.LOST);
        assertThat(stage.ended).isEqualTo("not here");
        assertThat(stage.orders).contains("stop");
    }

    @Test
    void aHostThatEndsGivesItsSessionBack() {
        Stage stage = alone();
        stage.host.end("enough");
        assertThat(stage.orders("close")).containsExactly("close 2");
    }

    // ---- What a new session tells.

    @Test
    void aVolumeThatHasGrownIsUsedInTheNextSession() {
        Stage stage = alone();
        assertThat(stage.write((long) Stage.BLOCKS * BLOCK, BLOCK, 1, false).trouble)
                .isNotNull();
        stage.disk = new byte[stage.disk.length + BLOCK];
        breaks(stage, Stage.LOST);
        stage.neverAnswers = "write";
        assertThat(stage.write((long) Stage.BLOCKS * BLOCK, BLOCK, 1, false).trouble)
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aVolumeThatIsNoMultipleOfABlockEndsTheHost(boolean atItsStart) {
        Stage stage = atItsStart ? new Stage("A", true, null, List.of()) : alone();
        stage.disk = new byte[1_000];
        if (atItsStart) {
            stage.host.start();
            stage.carryOut();
        } else {
            breaks(stage, Stage.LOST);
        }
        assertThat(stage.ended)
                .isEqualTo("volume disk has 1000 bytes, which is no multiple of 4096: give it another size");
        assertThat(stage.orders("run", "coldStart")).isEmpty();
    }

    @Test
    void aSessionThatTellsOfANewerOwnerIsGivenBack() {
        Stage stage = alone();
        stage.neverAnswers = "readRecord";
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.SOLO, "", 0);
        breaks(stage, Stage.LOST);
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.orders("open", "close", "stop")).startsWith("close 2", "open 1", "close 3", "stop");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatBecomesOfASessionThatAFencedHostHasAskedForDoesNotMatter(boolean fails) {
        Stage stage = alone();
        stage.late = "open 1";
        stage.failing = fails ? "open 1" : null;
        breaks(stage, Stage.LOST);
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.SOLO, "", 0);
        stage.goesBy(500);
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        stage.orders.clear();
        stage.answerLate();
        assertThat(stage.orders("close")).hasSize(fails ? 0 : 1).isSubsetOf("close 3");
        assertThat(stage.log).noneMatch(line -> line.contains("session"));
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void aPauseOfAHostThatIsFencedOpensNoSession() {
        Stage stage = alone();
        breaks(stage, FAILED);
        stage.host.end("enough");
        stage.goesBy(100);
        assertThat(opens(stage)).isZero();
    }

    // ---- A session that is renewed.

    @Test
    void aJoinThatIsAbortedGoesOnInANewSessionWithAllThatWasUnderWay() {
        Stage stage = joining();
        stage.late = "read 0";
        Stage.Asked<ByteBuffer> read = stage.read(0, BLOCK);
        stage.neverAnswers = "flush in 2";
        Stage.Asked<Done> flush = stage.flush();
        abortJoin(stage);
        assertThat(stage.orders("close", "open", "step AbortJoin", "read 0", "flush"))
                .startsWith("read 0", "flush in 2", "close 2", "open 1")
                .endsWith("step AbortJoin", "read 0", "flush in 3");
        assertThat(flush.isDone()).isTrue();
        stage.answerLate();
        assertThat(read.isDone()).isTrue();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aJoinThatIsAbortedWhileThereIsNoSessionDoesNotWaitForThePause() {
        Stage stage = joining();
        breaks(stage, FAILED);
        stage.goesBy(50);
        assertThat(opens(stage)).isZero();
        abortJoin(stage);
        assertThat(stage.orders("close", "open")).containsExactly("close 2", "open 1");
        stage.goesBy(50);
        assertThat(opens(stage)).as("and when it is over, there is one").isEqualTo(1);
    }

    @Test
    void aJoinThatIsAbortedWhileASessionIsBeingOpenedUsesThatOne() {
        Stage stage = joining();
        stage.late = "open 1";
        breaks(stage, Stage.LOST);
        int before = opens(stage);
        abortJoin(stage);
        assertThat(opens(stage)).isEqualTo(before);
        stage.answerLate();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aStorageThatGivesNoNewSessionForAnAbortedJoinIsOfNoUseSinceThen() {
        Stage stage = joining();
        stage.failing = "open 1";
        abortJoin(stage);
        stage.goesBy(700);
        assertThat(stage.host.sessions.troubleNanos()).isEqualTo(700_000_000);
        assertThat(stage.host.sessions.trouble()).isEqualTo("the connection broke");
    }
}
