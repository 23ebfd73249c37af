package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a host tells of itself: to status and metrics, to the log, and to the other host. */
class HostPictureTest {
    private static String note(Stage stage) {
        return stage.host.picture().note();
    }

    private static String lastRole(Stage stage) {
        return stage.sent(PeerMessage.Heartbeat.class).getLast().role();
    }

    @Test
    void aHostThatOwnsNothingHasNoSession() {
        HostSnapshot owner = Stage.alone().host.picture();
        HostSnapshot secondary = Stage.secondary().host.picture();
        assertThat(owner.boot()).isEqualTo(1);
        assertThat(secondary.boot()).isZero();
        assertThat(owner.volumes()).hasSize(1);
        assertThat(owner.running()).isTrue();
        assertThat(secondary.running()).isFalse();
    }

    @Test
    void theConnectionToTheOtherHostIsShown() {
        Stage stage = Stage.alone();
        assertThat(stage.host.picture().peerConnected()).isTrue();
        stage.connected = false;
        assertThat(stage.host.picture().peerConnected()).isFalse();
    }

    @Test
    void outputThatLeavesIsToldWithItsEpoch() {
        Stage stage = Stage.guarded();
        List<String> heard = new ArrayList<>();
        stage.host.say(() -> heard.add("one"));
        stage.host.checkpoint(null, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.orders("spoke")).isEmpty();
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        stage.carryOut();
        assertThat(heard).containsExactly("one");
        assertThat(stage.orders("spoke")).containsExactly("spoke 1");
    }

    @Test
    void outputThatWaitsIsCountedUntilItLeaves() {
        Stage stage = Stage.guarded();
        stage.host.say(() -> {});
        stage.host.checkpoint(null, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        stage.host.say(() -> {});
        assertThat(stage.host.picture().waitingOutputs()).isEqualTo(2);
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.host.picture().waitingOutputs())
                .as("said after the cut")
                .isEqualTo(1);
    }

    @Test
    void theLastCheckpointIsKnownWithTheMomentOfItsCommitWhileTheMachineIsHere() {
        Stage stage = Stage.guarded();
        stage.host.checkpoint(null, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        stage.pass(Duration.ofMillis(7));
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        stage.carryOut();
        long committed = stage.now();
        stage.pass(Duration.ofSeconds(1));
        stage.carryOut();
        Answers.Committed last = Objects.requireNonNull(stage.host.picture().last());
        assertThat(last.epoch()).isEqualTo(2);
        assertThat(last.committedNanos()).isEqualTo(committed);
        stage.record = new OwnershipRecord(9, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.goesBy(1000);
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.host.picture().last())
                .as("the other host has newer ones")
                .isNull();
    }

    // ---- What a person should know.

    @Test
    void aMachineThatCannotGoOnIsSaidBeforeAllElse() {
        Stage stage = Stage.alone();
        assertThat(note(stage)).isEmpty();
        stage.failing = "readRecord";
        stage.goesBy(500);
        stage.host.machineFailed("its disk is full");
        stage.carryOut();
        assertThat(note(stage)).isEqualTo("its disk is full");
        assertThat(stage.host.picture().failure()).isEqualTo("its disk is full");
        assertThat(stage.log).endsWith("the machine cannot go on: its disk is full");
    }

    @Test
    void aMachineThatStandsStillIsSaidUntilItGoesOn() {
        Stage stage = Stage.guarded();
        stage.host.machineStands("its disk fails");
        stage.settle(9);
        stage.host.machineStands("its disk fails");
        assertThat(note(stage)).isEqualTo("its disk fails");
        assertThat(stage.log).containsOnlyOnce("the machine stands still: its disk fails");
        stage.host.machineGoesOn();
        stage.settle(2);
        assertThat(note(stage)).isEmpty();
        assertThat(stage.host.picture().failure()).isNull();
        assertThat(stage.log).endsWith("the machine goes on");
        assertThat(stage.ended).isNull();
        stage.host.machineGoesOn();
        assertThat(stage.log).containsOnlyOnce("the machine goes on");
    }

    @Test
    void aMachineThatStandsStillForTenSecondsLeavesItToTheOtherHost() {
        Stage stage = Stage.guarded();
        stage.host.machineStands("its disk fails");
        stage.settle(9);
        stage.host.machineStands("its disk fails badly");
        stage.settle(1);
        assertThat(stage.ended).isNull();
        stage.settle(1);
        assertThat(stage.ended).isEqualTo("the machine cannot go on: its disk fails badly");
        assertThat(stage.orders).contains("stop");
        assertThat(stage.host.tick()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aMachineThatFailedForGoodDoesNotGoOn() {
        Stage stage = Stage.guarded();
        stage.host.machineFailed("its page is bad");
        stage.host.machineStands("its disk fails");
        stage.host.machineGoesOn();
        stage.carryOut();
        assertThat(stage.ended).isEqualTo("the machine cannot go on: its page is bad");
    }

    @Test
    void aMachineThatIsAloneStays() {
        Stage stage = Stage.alone();
        stage.host.machineStands("its disk fails");
        stage.settle(60);
        assertThat(stage.ended).isNull();
        assertThat(note(stage)).isEqualTo("its disk fails");
    }

    @Test
    void aMachineThatDidNotStartIsNotWaitedFor() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.failing = "coldStart";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "no memory");
        stage.host.start();
        stage.carryOut();
        Stage.Asked<Answers.FailedOver> failover = new Stage.Asked<>();
        stage.host.failover(false, Duration.ofSeconds(30), failover);
        stage.carryOut();
        assertThat(Objects.requireNonNull(failover.result).kind()).isEqualTo(Answers.Kind.ALREADY);
        assertThat(note(stage)).isEqualTo("no memory");
        assertThat(stage.host.picture().running()).isFalse();
    }

    @Test
    void aStorageOfNoUseIsSaidWithTheTimeItLastsUntilItIsOver() {
        Stage stage = Stage.alone();
        stage.failing = "open 1";
        stage.host.hungUp(2, Stage.LOST);
        for (int i = 0; i < 35; i++) {
            stage.goesBy(100);
        }
        assertThat(note(stage)).isEqualTo("no use of the storage for 3 s: the connection broke");
        stage.failing = null;
        stage.settle();
        stage.settle();
        assertThat(note(stage)).isEmpty();
    }

    @Test
    void aPrimaryWithoutAStorageForMoreThanTenSecondsTellsTheOtherHost() {
        Stage stage = Stage.alone();
        stage.neverAnswers = "open 1";
        stage.host.hungUp(2, Stage.LOST);
        for (int i = 0; i < 100; i++) {
            stage.goesBy(100);
        }
        assertThat(lastRole(stage)).isEqualTo("primary");
        stage.goesBy(100);
        assertThat(lastRole(stage)).isEqualTo("failed");
    }

    @Test
    void aRecordThatCannotBeReadIsLoggedOnceAndNotedUntilItIsRead() {
        Stage stage = Stage.secondary();
        stage.peerSays = "primary";
        stage.failing = "readRecord";
        stage.settle();
        stage.settle();
        assertThat(stage.log).containsOnlyOnce("trouble: the connection broke");
        assertThat(note(stage)).isEqualTo("the connection broke");
        stage.trouble = new Trouble(Trouble.Kind.LOST, "no route");
        stage.settle();
        assertThat(stage.log).containsOnlyOnce("trouble: the connection broke", "trouble: no route");
        stage.failing = null;
        stage.settle();
        assertThat(note(stage)).isEmpty();
        stage.failing = "readRecord";
        stage.settle();
        assertThat(stage.log).filteredOn("trouble: no route"::equals).hasSize(2);
    }

    @Test
    void whyTheRecordCannotBeReadIsSaidBeforeWhyTheMachineDoesNotStart() {
        Stage stage = Stage.secondary();
        stage.failing = "resume";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "no memory");
        stage.host.failover(false, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        assertThat(note(stage)).isEqualTo("no memory");
        stage.neverAnswers = "resume";
        stage.failing = "readRecord";
        stage.trouble = Stage.LOST;
        stage.settle();
        assertThat(note(stage)).isEqualTo("the connection broke");
        stage.failing = null;
        stage.settle();
        assertThat(note(stage)).isEqualTo("no memory");
    }

    @Test
    void whatTheHostWaitsForIsSaidWhereNothingIsWrong() {
        Stage stage = new Stage("A", false, null, List.of());
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        stage.host.start();
        stage.settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(note(stage)).startsWith("was the primary and lost its memory: waits for B to take over");
    }

    @Test
    void theFirstStepIsTheRestart() {
        Stage stage = Stage.alone();
        assertThat(stage.orders("step")).startsWith("step Restart");
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }
}
