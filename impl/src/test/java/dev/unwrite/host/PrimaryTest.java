package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
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

/** A primary and what can happen to its secondary, its storage, and the orders of people. */
class PrimaryTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final Duration LONG = Duration.ofSeconds(30);

    /** What a secondary says of itself that holds checkpoint 1 and copies up to a number. */
    private static PeerMessage.Ids holding(String undo, long position, long epoch) {
        return new PeerMessage.Ids("storage", "folder-b", undo, position, 1, epoch, "b:1");
    }

    private static PeerMessage.Preserved preserved(long position, long first) {
        return new PeerMessage.Preserved(position, 0, 1, 1, List.of(new Extent(Stage.VOLUME, first, 1)));
    }

    /** A primary with a secondary whose undo log holds ten copies. */
    private static Stage guarded() {
        Stage stage = Stage.alone();
        stage.greeted(Stage.LIFE, holding("log", 10, 0));
        stage.peerSays = "idle";
        stage.settle();
        stage.peerSays = "secondary";
        stage.host.received(new PeerMessage.Committed(1, 1), Stage.LIFE);
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        return stage;
    }

    private static boolean isAlone(Stage stage) {
        return stage.is(Role.PRIMARY, Mode.SOLO) && stage.record.mode() == OwnershipRecord.Mode.SOLO;
    }

    // ---- Rule OneLife.

    @Test
    void aSecondaryThatComesBackWithAllThatItAcknowledgedGoesOn() {
        Stage stage = guarded();
        stage.write(0, BLOCK, 1, false);
        stage.host.received(preserved(11, 0), Stage.LIFE);
        stage.greeted(8, holding("log", 11, 1));
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
    }

    @Test
    void aSecondaryThatComesBackWithFewerCopiesIsGivenUp() {
        Stage stage = guarded();
        stage.write(0, BLOCK, 1, false);
        stage.host.received(preserved(11, 0), Stage.LIFE);
        stage.greeted(8, holding("log", 10, 1));
        assertThat(isAlone(stage)).isTrue();
        assertThat(stage.log)
                .contains("the secondary has come back with less than it had acknowledged: asks to go on alone");
    }

    @Test
    void aSecondaryThatComesBackWithAnotherLogOrAnOlderCheckpointIsGivenUp() {
        Stage another = guarded();
        another.greeted(8, holding("another log", 10, 1));
        assertThat(isAlone(another)).isTrue();
        Stage older = guarded();
        older.greeted(8, holding("log", 10, 0));
        assertThat(isAlone(older)).isTrue();
        Stage ofAnotherTerm = guarded();
        ofAnotherTerm.greeted(8, new PeerMessage.Ids("storage", "folder-b", "log", 10, 2, 1, "b:1"));
        assertThat(isAlone(ofAnotherTerm)).isTrue();
    }

    @Test
    void aNewConnectionOfTheSameProcessChangesNothing() {
        Stage stage = guarded();
        stage.write(0, BLOCK, 1, false);
        stage.host.received(preserved(11, 0), Stage.LIFE);
        stage.greeted(Stage.LIFE, holding("log", 10, 0));
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
    }

    @Test
    void whoWasGivenUpIsTakenInAgainWithAWholeStateAndNotAtOnce() {
        Stage stage = guarded();
        stage.greeted(8, holding("another log", 10, 1));
        stage.peerSays = "idle";
        for (int i = 0; i < 3; i++) {
            stage.settle();
        }
        assertThat(isAlone(stage)).as("output is not held meanwhile").isTrue();
        for (int i = 0; i < 5; i++) {
            stage.settle();
        }
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.peerSays = "secondary";
        stage.host.received(new PeerMessage.Committed(1, 2), 8);
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        assertThat(stage.host.picture().counters().joins()).isEqualTo(2);
    }

    // ---- A join.

    /** Rule JoinWhole. */
    @Test
    void whenAnotherProcessTakesThePlaceOfTheOneThatJoinsAllBeginsAnew() {
        Stage stage = Stage.alone();
        stage.greeted(Stage.LIFE, holding("log", 10, 0));
        stage.peerSays = "idle";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.greeted(8, holding("another log", 0, 0));
        assertThat(isAlone(stage)).isTrue();
        stage.peerSays = "secondary";
        stage.host.received(new PeerMessage.Committed(1, 1), 8);
        stage.settle();
        assertThat(stage.record.mode()).isEqualTo(OwnershipRecord.Mode.SOLO);
        assertThat(stage.log).contains("the host that was to join is lost; is alone");
    }

    @Test
    void aJoinEndsWhereTheOtherHostIsSilentAndBeginsAgainWhenItIsThere() {
        Stage stage = Stage.alone();
        stage.greeted(Stage.LIFE, holding("log", 10, 0));
        stage.peerSays = "idle";
        stage.settle();
        stage.peerSays = null;
        for (int i = 0; i < 3; i++) {
            stage.settle();
        }
        assertThat(isAlone(stage)).isTrue();
        stage.peerSays = "idle";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        assertThat(stage.orders("step StartJoin", "step AbortJoin"))
                .containsExactly("step StartJoin", "step AbortJoin", "step StartJoin");
    }

    @Test
    void aHostWhoseDiskFailsWhileItJoinsIsLetGo() {
        Stage stage = Stage.alone();
        stage.greeted(Stage.LIFE, holding("log", 10, 0));
        stage.peerSays = "idle";
        stage.settle();
        stage.peerSays = "failed";
        stage.settle();
        assertThat(isAlone(stage)).isTrue();
        assertThat(stage.log).anyMatch(line -> line.contains("local storage"));
    }

    // ---- What is lost on the way.

    @Test
    void copiesAreAskedForAgainAfterASecondAndOverANewConnection() {
        Stage stage = Stage.guarded();
        stage.write(0, BLOCK, 1, false);
        stage.write(4 * BLOCK, BLOCK, 1, false);
        assertThat(stage.sent(PeerMessage.Preserve.class)).hasSize(2);
        stage.host.received(preserved(1, 4), Stage.LIFE);
        stage.settle();
        stage.settle();
        List<PeerMessage.Preserve> asked = stage.sent(PeerMessage.Preserve.class);
        assertThat(asked).hasSizeBetween(3, 4);
        assertThat(asked.getLast().extents())
                .as("only what is missing")
                .containsExactly(new Extent(Stage.VOLUME, 0, 1));
        int before = asked.size();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(stage.sent(PeerMessage.Preserve.class)).hasSize(before + 1);
        stage.host.received(preserved(2, 0), Stage.LIFE);
        stage.carryOut();
        int after = stage.sent(PeerMessage.Preserve.class).size();
        stage.settle();
        stage.settle();
        assertThat(stage.sent(PeerMessage.Preserve.class))
                .as("nothing is missing")
                .hasSize(after);
        assertThat(stage.disk[0]).isEqualTo((byte) 1);
    }

    @Test
    void whatAProcessWasToldBeforeItFollowedIsToldAgain() {
        Stage stage = guarded();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        stage.peerSays = null;
        stage.greeted(8, holding("log", 10, 1));
        int asked = stage.sent(PeerMessage.Preserve.class).size();
        stage.peerSays = "secondary";
        stage.settle();
        assertThat(stage.sent(PeerMessage.Preserve.class)).hasSizeGreaterThan(asked);
        assertThat(write.isDone()).isFalse();
    }

    @Test
    void aStateThatIsNotCommittedGoesAgainOverANewConnectionAndWhenItWasRefused() {
        Stage stage = Stage.guarded();
        stage.host.checkpoint(null, LONG, new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.orders("sendState 2")).hasSize(1);
        stage.host.peerDown();
        stage.connected = false;
        stage.settle();
        assertThat(stage.orders("sendState 2")).hasSize(1);
        stage.connected = true;
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(stage.orders("sendState 2")).hasSize(2);
        stage.host.received(new PeerMessage.StateRefused(1, 2, "no space"), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.orders("sendState 2")).as("not at once").hasSize(2);
        stage.settle();
        assertThat(stage.orders("sendState 2")).hasSize(3);
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        stage.settle();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(stage.orders("sendState 2")).as("it is committed").hasSize(3);
        assertThat(stage.orders("drop")).containsExactly("drop 1", "drop 2");
    }

    @Test
    void eachCommittedCheckpointIsCountedByItsPauseAndItsDuration() {
        Stage stage = Stage.guarded();
        HostSnapshot.Counters before = stage.host.picture().counters();
        stage.host.checkpoint(null, LONG, new Stage.Asked<>());
        stage.carryOut();
        stage.pass(Duration.ofMillis(4));
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        HostSnapshot.Counters after = stage.host.picture().counters();
        assertThat(after.checkpoints()).isEqualTo(before.checkpoints() + 1);
        assertThat(increases(before.pauses(), after.pauses())).containsExactly("1 up to 500000 ns");
        assertThat(increases(before.durations(), after.durations())).containsExactly("1 up to 5000000 ns");
        assertThat(after.durations().totalNanos() - before.durations().totalNanos())
                .isEqualTo(4_000_000);
    }

    private static List<String> increases(Histogram.Counts before, Histogram.Counts after) {
        List<String> increases = new ArrayList<>();
        for (int i = 0; i < Histogram.boundsNanos().size(); i++) {
            long more = after.counts().get(i) - before.counts().get(i);
            if (more != 0) {
                increases.add(more + " up to " + Histogram.boundsNanos().get(i) + " ns");
            }
        }
        return increases;
    }

    @Test
    void aSecondaryThatRefusesAStateForFiveSecondsIsGivenUp() {
        Stage stage = Stage.guarded();
        stage.host.checkpoint(null, LONG, new Stage.Asked<>());
        stage.carryOut();
        for (int i = 0; i < 4; i++) {
            stage.host.received(new PeerMessage.StateRefused(1, 2, "no space"), Stage.LIFE);
            stage.settle();
        }
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        stage.settle();
        stage.settle();
        assertThat(isAlone(stage)).isTrue();
        assertThat(stage.log).contains("the secondary cannot take a checkpoint (no space): asks to go on alone");
    }

    @Test
    void aSecondaryThatDoesNotCommitForTenSecondsIsGivenUp() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.Committed> checkpoint = new Stage.Asked<>();
        stage.host.checkpoint(null, LONG, checkpoint);
        stage.carryOut();
        for (int i = 0; i < 5; i++) {
            stage.settle();
        }
        stage.host.stateSent(1, 2, 100);
        for (int i = 0; i < 9; i++) {
            stage.settle();
        }
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).as("it went on").isTrue();
        stage.host.stateSent(1, 2, 100);
        stage.settle();
        stage.settle();
        assertThat(isAlone(stage)).as("no more came").isTrue();
        assertThat(Objects.requireNonNull(checkpoint.trouble).kind()).isEqualTo(Trouble.Kind.TIMEOUT);
    }

    @Test
    void aSecondaryThatStoresNoCopyForTenSecondsIsGivenUp() {
        Stage stage = Stage.guarded();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        for (int i = 0; i < 10; i++) {
            stage.settle();
        }
        assertThat(write.isDone()).isFalse();
        stage.settle();
        assertThat(stage.log).contains("the secondary does not store copies: asks to go on alone");
        stage.settle();
        assertThat(write.isDone()).isTrue();
    }

    // ---- What was written and may be lost (rule ReplayUnflushed).

    @Test
    void aNewSessionIsReadAfterWhatWasLostIsWrittenAgain() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.disk[0] = 0;
        stage.host.hungUp(2, new Trouble(Trouble.Kind.LOST, "the connection broke"));
        Stage.Asked<ByteBuffer> read = stage.read(0, 1);
        stage.orders.clear();
        stage.settle();
        assertThat(stage.orders("write", "read 0")).startsWith("write 0+1 in 3", "read 0");
        assertThat(Objects.requireNonNull(read.result).get(0)).isEqualTo((byte) 1);
    }

    @Test
    void whatIsWrittenDuringAFlushIsRememberedAfterIt() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.late = "flush";
        Stage.Asked<Done> flush = stage.flush();
        stage.write(BLOCK, BLOCK, 2, false);
        stage.carryOut();
        assertThat(stage.disk[BLOCK]).isEqualTo((byte) 2);
        stage.answerLate();
        assertThat(flush.isDone()).isTrue();
        stage.disk[BLOCK] = 0;
        stage.host.hungUp(2, new Trouble(Trouble.Kind.LOST, "the connection broke"));
        stage.settle();
        assertThat(stage.disk[BLOCK]).isEqualTo((byte) 2);
        assertThat(stage.orders("write 0", "write 1"))
                .as("what was flushed is not written again")
                .containsExactly("write 0+1 in 2", "write 1+1 in 2", "write 1+1 in 3");
    }

    @Test
    void aFlushThatIsAskedForInABrokenSessionIsMadeInTheNextOne() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.host.hungUp(2, new Trouble(Trouble.Kind.LOST, "the connection broke"));
        stage.disk[0] = 0;
        stage.late = "write";
        Stage.Asked<Done> flush = stage.flush();
        stage.settle();
        assertThat(flush.isDone()).isFalse();
        assertThat(stage.orders("flush")).as("before what is owed is written").containsExactly("flush in 2");
        stage.answerLate();
        stage.settle();
        assertThat(flush.isDone()).isTrue();
        assertThat(stage.disk[0]).isEqualTo((byte) 1);
    }

    // ---- Orders.

    /** A switchover is ordered, and its checkpoint is committed: the other host is told to take over. */
    private static Stage.Asked<Answers.HandedOver> handsOver(Stage stage, Duration limit) {
        Stage.Asked<Answers.HandedOver> asked = new Stage.Asked<>();
        stage.host.switchover(limit, asked);
        stage.carryOut();
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        stage.carryOut();
        return asked;
    }

    @Test
    void aSwitchoverHandsOverAtACommittedCheckpointAndIsOrderedAgainWhileItIsNotAnswered() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.HandedOver> asked = new Stage.Asked<>();
        stage.host.switchover(LONG, asked);
        stage.carryOut();
        assertThat(stage.sent(PeerMessage.HandOver.class))
                .as("before the commit")
                .isEmpty();
        stage.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.sent(PeerMessage.HandOver.class)).hasSize(1);
        assertThat(stage.sent(PeerMessage.HandOver.class).getFirst().epoch()).isEqualTo(2);
        assertThat(stage.orders("unpause")).as("the machine stands still").hasSize(1);
        stage.settle();
        stage.settle();
        assertThat(stage.sent(PeerMessage.HandOver.class)).hasSizeBetween(2, 3);
        assertThat(stage.sent(PeerMessage.HandOver.class).getLast().millis())
                .as("the time that is left")
                .isBetween(27_000L, 29_500L);
        stage.record = new OwnershipRecord(4, 2, "B", OwnershipRecord.Mode.SOLO, "", 2);
        stage.settle();
        assertThat(stage.is(Role.IDLE, Mode.SOLO)).isTrue();
        stage.host.received(new PeerMessage.Heartbeat("primary", 2, 2, 0, 4, false, true, false, 0), Stage.LIFE);
        stage.carryOut();
        Answers.HandedOver answer = Objects.requireNonNull(asked.result);
        assertThat(answer.newPrimary()).isEqualTo("B");
        assertThat(answer.term()).isEqualTo(2);
    }

    @Test
    void aHandOverThatIsRefusedLeavesTheMachineHere() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.HandedOver> asked = handsOver(stage, LONG);
        stage.host.received(new PeerMessage.HandOverRefused(2, "of another term"), Stage.LIFE);
        stage.carryOut();
        assertThat(asked.trouble).isNull();
        stage.host.received(new PeerMessage.HandOverRefused(1, "no checkpoint"), Stage.LIFE);
        stage.carryOut();
        assertThat(Objects.requireNonNull(asked.trouble).text()).contains("no checkpoint", "goes on here");
        assertThat(stage.orders("unpause")).hasSize(2);
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, false);
        stage.acknowledge();
        assertThat(write.isDone()).isTrue();
    }

    @Test
    void aHandOverToAHostThatIsLostMeanwhileLeavesTheMachineHereAtOnce() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.HandedOver> asked = handsOver(stage, LONG);
        assertThat(stage.sent(PeerMessage.HandOver.class)).hasSize(1);
        stage.peerSays = null;
        stage.settle();
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(Objects.requireNonNull(asked.trouble).text()).contains("was lost meanwhile; goes on here, alone");
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        assertThat(write.isDone()).isTrue();
    }

    @Test
    void aHandOverThatIsNotAnsweredIsCalledOffByTheRecord() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.HandedOver> asked = handsOver(stage, Duration.ofSeconds(3));
        for (int i = 0; i < 5; i++) {
            stage.settle();
        }
        assertThat(isAlone(stage)).isTrue();
        assertThat(Objects.requireNonNull(asked.trouble).kind()).isEqualTo(Trouble.Kind.TIMEOUT);
        assertThat(stage.orders("unpause")).hasSize(2);
    }

    @Test
    void aCheckpointOfASwitchoverThatIsNotCommittedInTimeChangesNothing() {
        Stage stage = Stage.guarded();
        Stage.Asked<Answers.HandedOver> asked = new Stage.Asked<>();
        stage.host.switchover(Duration.ofSeconds(2), asked);
        for (int i = 0; i < 3; i++) {
            stage.settle();
        }
        assertThat(Objects.requireNonNull(asked.trouble).text()).contains("nothing changed");
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        assertThat(stage.orders("unpause")).hasSize(2);
    }

    @Test
    void ordersThatMakeNoSenseHereAreRefused() {
        Stage alone = Stage.alone();
        Stage.Asked<Answers.Committed> checkpoint = new Stage.Asked<>();
        alone.host.checkpoint(null, LONG, checkpoint);
        assertThat(Objects.requireNonNull(checkpoint.trouble).text()).contains("not protected");
        Stage.Asked<Answers.HandedOver> switchover = new Stage.Asked<>();
        alone.host.switchover(LONG, switchover);
        assertThat(Objects.requireNonNull(switchover.trouble).text()).contains("only a protected primary");
        Stage secondary = Stage.secondary();
        Stage.Asked<Answers.Committed> elsewhere = new Stage.Asked<>();
        secondary.host.checkpoint(null, LONG, elsewhere);
        assertThat(Objects.requireNonNull(elsewhere.trouble).text()).contains("not primary");
    }

    @Test
    void protectAnswersWhenThePairIsProtected() {
        Stage stage = Stage.alone();
        Stage.Asked<Answers.Protected> asked = new Stage.Asked<>();
        stage.host.protect(LONG, asked);
        Stage.Asked<Answers.Protected> impatient = new Stage.Asked<>();
        stage.host.protect(Duration.ofSeconds(1), impatient);
        stage.settle();
        stage.settle();
        assertThat(Objects.requireNonNull(impatient.trouble).kind()).isEqualTo(Trouble.Kind.TIMEOUT);
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        stage.peerSays = "idle";
        stage.settle();
        assertThat(asked.isDone()).isFalse();
        stage.peerSays = "secondary";
        stage.host.received(new PeerMessage.Committed(1, 1), Stage.LIFE);
        stage.settle();
        Answers.Protected answer = Objects.requireNonNull(asked.result);
        assertThat(List.of(answer.primary(), answer.secondary(), answer.already()))
                .containsExactly("A", "B", false);
        Stage.Asked<Answers.Protected> again = new Stage.Asked<>();
        stage.host.protect(LONG, again);
        stage.settle();
        assertThat(Objects.requireNonNull(again.result).already()).isTrue();
    }

    @Test
    void whoLeavesAloneFlushesAndWhoIsProtectedHandsOver() {
        Stage alone = Stage.alone();
        alone.write(0, BLOCK, 1, false);
        Stage.Asked<String> left = new Stage.Asked<>();
        alone.host.leave(left);
        alone.carryOut();
        assertThat(left.result).isEqualTo("is stopped: all that was written is flushed");
        Stage unlucky = Stage.alone();
        unlucky.write(0, BLOCK, 1, false);
        unlucky.neverAnswers = "flush";
        Stage.Asked<String> leaves = new Stage.Asked<>();
        unlucky.host.leave(leaves);
        for (int i = 0; i < 11; i++) {
            unlucky.settle();
        }
        assertThat(leaves.result).contains("may be lost");
        Stage guarded = Stage.guarded();
        guarded.host.leave(new Stage.Asked<>());
        guarded.carryOut();
        guarded.host.received(new PeerMessage.Committed(1, 2), Stage.LIFE);
        guarded.carryOut();
        assertThat(guarded.sent(PeerMessage.HandOver.class)).hasSize(1);
    }

    @Test
    void aSecondaryThatLeavesIsNotWaitedFor() {
        Stage stage = Stage.guarded();
        stage.host.received(new PeerMessage.Leaving(2), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).as("of another term").isTrue();
        stage.host.received(new PeerMessage.Leaving(1), Stage.LIFE);
        stage.carryOut();
        assertThat(isAlone(stage)).isTrue();
    }

    // ---- A full undo log.

    @Test
    void writesWaitForRoomInTheUndoLogAndThePictureSaysSo() {
        Stage stage = Stage.guarded();
        stage.undoBytes = 1 << 20;
        stage.settle();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, false);
        stage.settle();
        stage.settle();
        assertThat(write.isDone()).isFalse();
        assertThat(stage.sent(PeerMessage.Preserve.class)).isEmpty();
        HostSnapshot.Room room = stage.host.picture().undo();
        assertThat(room.waitingWrites()).isEqualTo(1);
        assertThat(room.bytes()).isEqualTo(1 << 20);
        assertThat(room.limitBytes()).isEqualTo(1 << 20);
        assertThat(room.waitingNanos()).isBetween(1_500_000_000L, 2_500_000_000L);
        assertThat(stage.host.picture().note()).contains("writes wait", "takes 1 of 1 MiB", "take a checkpoint");
        stage.undoBytes = 0;
        stage.settle();
        stage.acknowledge();
        assertThat(write.isDone()).isTrue();
        assertThat(stage.host.picture().undo().waitingWrites()).isZero();
    }
}
