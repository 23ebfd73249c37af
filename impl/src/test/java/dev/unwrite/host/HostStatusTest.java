package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a host tells people and its machine: since when it is unprotected, what is in its log, how large the volumes are. */
class HostStatusTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    private static long unprotectedSince(Stage stage) {
        return stage.host.picture().unprotectedSinceNanos();
    }

    private static List<String> log(Stage stage, String beginning) {
        return stage.log.stream().filter(line -> line.startsWith(beginning)).toList();
    }

    // ---- Protection.

    @Test
    void aPrimaryIsUnprotectedSinceItStartedAndAgainSinceItWentAlone() {
        Stage stage = Stage.alone();
        long started = stage.now();
        stage.settle();
        assertThat(unprotectedSince(stage)).isEqualTo(started);
        stage.takesIn();
        assertThat(unprotectedSince(stage)).isEqualTo(Long.MIN_VALUE);
        stage.host.received(new PeerMessage.Leaving(1), Stage.LIFE);
        stage.carryOut();
        long alone = stage.now();
        stage.peerSays = null;
        stage.settle();
        assertThat(unprotectedSince(stage)).isEqualTo(alone);
    }

    @Test
    void aPrimaryThatWaitsForItsJoinerIsUnprotected() {
        Stage stage = Stage.alone();
        long started = stage.now();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        stage.peerSays = "idle";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        assertThat(unprotectedSince(stage)).isEqualTo(started);
    }

    @Test
    void aSecondaryTellsByTheRecordWhetherThePrimaryIsProtected() {
        Stage stage = Stage.secondary();
        stage.peerSays = "primary";
        stage.settle();
        assertThat(unprotectedSince(stage)).isEqualTo(Long.MIN_VALUE);
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.host.ownership.look();
        stage.carryOut();
        long alone = stage.now();
        stage.settle();
        assertThat(unprotectedSince(stage)).isEqualTo(alone);
    }

    @Test
    void afterATakeoverTheMachineIsUnprotectedSinceItRuns() {
        Stage stage = Stage.secondary();
        stage.late = "resume";
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        stage.settle();
        assertThat(stage.host.picture().running()).isFalse();
        int reads = stage.orders("readRecord").size();
        stage.pass(Duration.ofMillis(1));
        stage.answerLate();
        assertThat(stage.host.picture().running()).isTrue();
        assertThat(unprotectedSince(stage)).isEqualTo(stage.now());
        assertThat(stage.orders("readRecord").size())
                .as("the record is looked at")
                .isGreaterThan(reads);
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        stage.carryOut();
        assertThat(write.isDone()).isTrue();
    }

    // ---- The log.

    @Test
    void theLogTellsOfJoinsAndOfBeingAlone() {
        Stage stage = Stage.guarded();
        stage.peerSays = null;
        stage.settle();
        stage.settle();
        assertThat(stage.log)
                .containsSubsequence(
                        "takes B in: sends its state",
                        "is protected by B: term 1, epoch 1",
                        "the secondary is silent: asks to go on alone",
                        "is alone: unprotected from now on");
        assertThat(stage.host.picture().counters().joins()).isEqualTo(1);
    }

    @Test
    void aHostThatCannotGoAloneSaysOnceThatItTries() {
        Stage stage = Stage.guarded();
        stage.failing = "compareAndSet";
        stage.peerSays = null;
        for (int i = 0; i < 5; i++) {
            stage.settle();
        }
        assertThat(log(stage, "the secondary is silent")).hasSize(1);
        stage.failing = null;
        for (int i = 0; i < 5; i++) {
            stage.settle();
        }
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        stage.takesIn();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        stage.peerSays = null;
        stage.settle();
        stage.settle();
        assertThat(log(stage, "the secondary is silent")).as("it is so again").hasSize(2);
    }

    @Test
    void aTakeoverThatIsNotGrantedIsSaidAgainWhenThePrimaryWasHeardMeanwhile() {
        Stage stage = Stage.secondary();
        stage.failing = "compareAndSet";
        for (int i = 0; i < 6; i++) {
            stage.settle();
        }
        assertThat(log(stage, "the primary is silent")).hasSize(1);
        assertThat(log(stage, "does not take over: ")).hasSize(1);
        stage.peerSays = "primary";
        stage.settle();
        stage.peerSays = null;
        for (int i = 0; i < 6; i++) {
            stage.settle();
        }
        assertThat(log(stage, "the primary is silent")).hasSize(2);
        assertThat(log(stage, "does not take over: ")).hasSize(2);
    }

    @Test
    void ofATakeoverThatFailsInEverNewWaysNoMoreThanThirtyTwoLinesAreSaid() {
        Stage stage = Stage.secondary();
        stage.failing = "open 2";
        stage.goesBy(2_100);
        for (int i = 0; i < 50; i++) {
            stage.trouble = new Trouble(Trouble.Kind.LOST, "failure " + i);
            stage.goesBy(2_000);
        }
        assertThat(stage.orders("open 2").size()).isGreaterThan(40);
        assertThat(log(stage, "does not take over: ")).hasSize(31);
        assertThat(log(stage, "the primary is silent")).hasSize(1);
    }

    @Test
    void writesThatWaitForMoreThanASecondAreSaidOnce() {
        Stage stage = Stage.guarded();
        stage.undoBytes = 1 << 20;
        stage.settle();
        stage.write(0, BLOCK, 1, false);
        stage.goesBy(1_000);
        assertThat(log(stage, "writes wait: ")).isEmpty();
        stage.goesBy(1);
        stage.settle();
        assertThat(log(stage, "writes wait: "))
                .containsExactly(
                        "writes wait: the undo log of B takes 1 of 1 MiB; take a checkpoint (unwrite checkpoint), or"
                                + " start both nodes with a larger --undo-limit or with --at-undo-limit alone:30s");
        stage.undoBytes = 0;
        stage.settle();
        assertThat(stage.host.picture().note()).isEmpty();
        stage.undoBytes = 1 << 20;
        stage.settle();
        stage.write(8 * BLOCK, BLOCK, 1, false);
        stage.settle();
        stage.settle();
        assertThat(log(stage, "writes wait: ")).as("they wait again").hasSize(2);
    }

    @Test
    void whereCheckpointsAreTakenByThemselvesTheNextOneMakesRoom() {
        Stage stage = new Stage(
                new HostConfig(
                        "A",
                        true,
                        Duration.ofSeconds(60),
                        Duration.ofSeconds(2),
                        3 << 20,
                        null,
                        true,
                        "storage",
                        "folder",
                        "undo"),
                null,
                List.of());
        stage.host.start();
        stage.carryOut();
        stage.takesIn();
        stage.undoBytes = 3 << 20;
        stage.settle();
        stage.write(0, BLOCK, 1, false);
        stage.settle();
        stage.settle();
        assertThat(stage.host.picture().note())
                .isEqualTo(
                        "writes wait: the undo log of B takes 3 of 3 MiB; the next checkpoint makes room; if this lasts,"
                                + " raise --undo-limit on both nodes");
    }
}
