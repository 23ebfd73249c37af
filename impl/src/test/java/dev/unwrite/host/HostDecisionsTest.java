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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** When a host does what it decides to do: how often, for how long it waits, and how soon it tries again. */
class HostDecisionsTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    /** How many milliseconds lie between the orders that begin so, in the next ten seconds. */
    private static List<Long> pauses(Stage stage, String order) {
        List<Long> pauses = new ArrayList<>();
        long last = -1;
        for (long millis = 0; millis < 10_000; millis += 10) {
            int before = stage.orders(order).size();
            stage.goesBy(10);
            if (stage.orders(order).size() > before) {
                if (last >= 0) {
                    pauses.add(millis - last);
                }
                last = millis;
            }
        }
        return pauses;
    }

    private static void heartbeat(Stage stage, String role, long version, boolean joins) {
        stage.host.received(new PeerMessage.Heartbeat(role, 1, 1, 1, version, joins, false, false, 0), Stage.LIFE);
        stage.carryOut();
    }

    private static PeerMessage.Preserved stored(long first) {
        return new PeerMessage.Preserved(1, 0, 1, 1, List.of(new Extent(Stage.VOLUME, first, 1)));
    }

    // ---- Output of a machine that is alone.

    @Test
    void outputLeavesAtMostTwentyTimesASecond() {
        Stage stage = Stage.alone();
        List<String> heard = new ArrayList<>();
        stage.settle();
        stage.goesBy(50);
        stage.host.say(() -> heard.add("a"));
        stage.goesBy(49);
        assertThat(heard).isEmpty();
        stage.goesBy(1);
        assertThat(heard).containsExactly("a");
        stage.host.say(() -> heard.add("b"));
        stage.goesBy(49);
        assertThat(heard).containsExactly("a");
        assertThat(stage.host.tick() - stage.now()).as("then").isEqualTo(1_000_000);
        stage.goesBy(1);
        assertThat(heard).containsExactly("a", "b");
    }

    @Test
    void whatAFencedMachineSaidNeverLeavesNotEvenWhenTheHostOwnsTheGroupAgain() {
        Stage stage = Stage.alone();
        List<String> heard = new ArrayList<>();
        stage.hold();
        stage.host.say(() -> heard.add("before"));
        OwnershipRecord fenced = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.record = fenced;
        stage.host.ownership.seen(fenced);
        stage.goOn();
        assertThat(stage.is(Role.IDLE, Mode.SOLO)).isTrue();
        stage.host.say(() -> heard.add("without a machine"));
        stage.record = new OwnershipRecord(10, 6, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.settle(2);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        stage.host.say(() -> heard.add("after"));
        stage.settle(1);
        assertThat(heard).containsExactly("after");
    }

    @Test
    void outputThatWaitsForACheckpointLeavesInItsOrderOnceTheHostIsAlone() {
        Stage stage = Stage.guarded();
        List<String> heard = new ArrayList<>();
        stage.host.say(() -> heard.add("a"));
        stage.host.checkpoint(null, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        stage.host.say(() -> heard.add("b"));
        stage.settle();
        assertThat(heard).isEmpty();
        stage.host.received(new PeerMessage.Leaving(1), Stage.LIFE);
        stage.carryOut();
        stage.goesBy(100);
        assertThat(heard).containsExactly("a", "b");
    }

    // ---- Checkpoints that are taken by themselves.

    private static Stage cutsEvery(Duration every) {
        Stage stage = new Stage(
                new HostConfig(
                        "A", true, every, Duration.ofSeconds(2), 1 << 20, null, true, "storage", "folder", "undo"),
                null,
                List.of());
        stage.host.start();
        stage.carryOut();
        stage.takesIn();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        return stage;
    }

    private static void commit(Stage stage, long epoch) {
        stage.host.received(new PeerMessage.Committed(1, epoch), Stage.LIFE);
        stage.carryOut();
    }

    @Test
    void aCheckpointIsCutAtEachInterval() {
        Stage stage = cutsEvery(Duration.ofSeconds(60));
        assertThat(stage.orders("save"))
                .as("the join, and the first one at once")
                .containsExactly("save 1", "save 2");
        commit(stage, 2);
        long cut = stage.now();
        stage.settle(58);
        assertThat(stage.orders("save")).hasSize(2);
        stage.settle(2);
        assertThat(stage.orders("save")).endsWith("save 3").hasSize(3);
        assertThat(stage.now() - cut).isEqualTo(Duration.ofSeconds(60).toNanos());
    }

    @Test
    void whileTwoCheckpointsAreOnTheirWayTheNextOneWaitsAndFollowsSoonAfterACommit() {
        Stage stage = cutsEvery(Duration.ofMillis(200));
        stage.settle();
        assertThat(stage.orders("save")).as("two are not committed").containsExactly("save 1", "save 2", "save 3");
        assertThat(stage.host.tick() - stage.now()).as("it looks again").isLessThanOrEqualTo(5_000_000);
        commit(stage, 2);
        stage.goesBy(5);
        assertThat(stage.orders("save")).endsWith("save 4");
    }

    // ---- Copies that are not stored.

    @Test
    void eachWriteMayWaitTenSecondsForItsCopies() {
        Stage stage = Stage.guarded();
        stage.write(0, BLOCK, 1, false);
        stage.write(5 * BLOCK, BLOCK, 1, false);
        stage.settle(6);
        stage.host.received(stored(0), Stage.LIFE);
        stage.carryOut();
        long since = stage.now();
        stage.settle(10);
        assertThat(stage.now() - since).isEqualTo(Duration.ofSeconds(10).toNanos());
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        stage.goesBy(1);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aWriteThatHasItsCopiesAndIsSlowAtTheStorageIsNotTheFaultOfTheSecondary() {
        Stage stage = Stage.guarded();
        stage.neverAnswers = "write 0";
        stage.write(0, BLOCK, 1, false);
        stage.host.received(stored(0), Stage.LIFE);
        stage.settle(12);
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
    }

    // ---- Going alone.

    /** Which has one checkpoint on its way, and a write that waits for room. */
    private static Stage full() {
        Stage stage = Stage.guarded();
        stage.host.checkpoint(null, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
        stage.undoBytes = 1 << 20;
        stage.settle();
        return stage;
    }

    @Test
    void aHostThatGoesAloneForgetsItsCheckpointsAndLetsWritesGo() {
        Stage stage = full();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        stage.carryOut();
        assertThat(stage.orders("write", "drop 2")).isEmpty();
        stage.host.received(new PeerMessage.Leaving(1), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.orders("drop 2")).hasSize(1);
        assertThat(write.isDone()).isTrue();
    }

    @Test
    void aHostThatCannotGoAloneTriesAgainAfterATenthOfASecond() {
        Stage stage = Stage.guarded();
        stage.record = new OwnershipRecord(
                stage.record.version() + 1, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", stage.record.base());
        stage.neverAnswers = "readRecord";
        stage.host.received(new PeerMessage.Leaving(1), Stage.LIFE);
        stage.carryOut();
        int before = stage.orders("compareAndSet solo").size();
        stage.goesBy(99);
        assertThat(stage.orders("compareAndSet solo")).hasSize(before);
        stage.goesBy(1);
        assertThat(stage.orders("compareAndSet solo")).hasSize(before + 1);
    }

    // ---- Joins.

    /** A host that asks to be taken in was heard, and the machine takes its time to pause. */
    private static Stage slowToPause(long millis) {
        Stage stage = Stage.alone();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        stage.settle(3);
        stage.late = "pause";
        heartbeat(stage, "idle", stage.record.version(), true);
        assertThat(stage.orders("pause")).hasSize(1);
        stage.goesBy(millis);
        stage.answerLate();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        return stage;
    }

    @Test
    void theSilenceOfAHostThatJoinsCountsFromTheBeginningOfItsJoin() {
        Stage stage = slowToPause(1_000);
        stage.goesBy(1_200);
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.goesBy(1);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void theSilenceOfASecondaryCountsFromWhenItProtects() {
        Stage stage = slowToPause(0);
        stage.late = "compareAndSet protected";
        commit(stage, 1);
        stage.goesBy(1_100);
        stage.answerLate();
        stage.goesBy(1_200);
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        stage.goesBy(1);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aJoinThatCannotBeginIsBegunAgainAfterATenthOfASecond() {
        Stage stage = Stage.alone();
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        stage.failing = "pause";
        heartbeat(stage, "idle", stage.record.version(), true);
        assertThat(stage.orders("pause")).hasSize(1);
        stage.goesBy(99);
        assertThat(stage.orders("pause")).hasSize(1);
        stage.goesBy(1);
        assertThat(stage.orders("pause")).hasSize(2);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aJoinThatIsCalledOffLetsWritesGoBeforeTheStorageHasAllAgain() {
        Stage stage = slowToPause(0);
        stage.write(0, BLOCK, 1, false);
        stage.host.received(stored(0), Stage.LIFE);
        stage.carryOut();
        stage.host.undoReported(1 << 20);
        Stage.Asked<Done> write = stage.write(5 * BLOCK, BLOCK, 1, false);
        stage.late = "write 0+1 in 3";
        stage.goesBy(500);
        assertThat(write.isDone()).isFalse();
        stage.goesBy(800);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.orders("drop 1")).as("nobody wants the state").hasSize(1);
        assertThat(stage.orders("write")).endsWith("write 0+1 in 3");
        assertThat(write.isDone()).isTrue();
        stage.answerLate();
        assertThat(stage.orders("write")).endsWith("write 5+1 in 3");
    }

    @Test
    void aJoinThatIsNotRecordedIsTriedAgainAfterATenthOfASecond() {
        Stage stage = slowToPause(0);
        int reads = stage.orders("readRecord").size();
        OwnershipRecord known = stage.record;
        stage.record = new OwnershipRecord(known.version() + 1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);
        commit(stage, 1);
        assertThat(stage.orders("compareAndSet protected")).hasSize(1);
        assertThat(stage.orders("readRecord")).as("it is looked at, at once").hasSize(reads + 1);
        stage.goesBy(99);
        assertThat(stage.orders("compareAndSet protected")).hasSize(1);
        stage.goesBy(1);
        assertThat(stage.orders("compareAndSet protected")).hasSize(2);
    }

    @Test
    void aHostIsProtectedAsSoonAsTheRecordIsChanged() {
        Stage stage = slowToPause(0);
        stage.neverAnswers = "readRecord";
        commit(stage, 1);
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
    }

    @Test
    void whoTookThePlaceOfAJoinerJoinsInItsTurn() {
        Stage stage = slowToPause(0);
        stage.greeted(8, PeerMessage.Ids.NONE);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        heartbeat(stage, "idle", stage.record.version(), true);
        stage.goesBy(100);
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
    }

    /** A join that is being recorded while another process greets, which holds a checkpoint and this undo log. */
    private static Stage replaced(String undo) {
        Stage stage = Stage.alone();
        stage.greeted(Stage.LIFE, new PeerMessage.Ids("storage", "folder-b", "log", 10, 0, 0, "b:1"));
        stage.peerSays = "idle";
        stage.settle();
        stage.late = "compareAndSet protected";
        commit(stage, 1);
        stage.greeted(8, new PeerMessage.Ids("storage", "folder-b", undo, 10, 1, 1, "b:1"));
        stage.peerSays = "secondary";
        stage.answerLate();
        return stage;
    }

    /** Rule OneLife. */
    @Test
    void aJoinerThatComesBackWithLessWhileItIsBeingRecordedDoesNotProtect() {
        Stage same = replaced("log");
        same.settle();
        assertThat(same.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        Stage another = replaced("another log");
        assertThat(another.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(another.log).contains("the secondary has come back with another undo log: asks to go on alone");
    }

    // ---- Claims.

    @Test
    void thePausesBetweenClaimsGrowWhileTheRecordStaysAsItIs() {
        Stage stage = Stage.secondary();
        stage.failing = "open 2";
        assertThat(pauses(stage, "open 2")).containsExactly(100L, 200L, 400L, 800L, 1_600L, 2_000L, 2_000L);
        OwnershipRecord known = stage.record;
        stage.record =
                new OwnershipRecord(known.version() + 1, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", known.base());
        stage.host.ownership.look();
        assertThat(pauses(stage, "open 2")).as("another record").startsWith(100L, 200L, 400L);
    }

    @Test
    void aStartThatIsRefusedIsSaidAndTriedAgain() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.failing = "open 1";
        stage.host.start();
        stage.carryOut();
        assertThat(stage.host.picture().note()).isEqualTo("no session: the connection broke");
        assertThat(stage.orders("readRecord"))
                .as("the record is looked at, at once")
                .hasSize(2);
        assertThat(pauses(stage, "open 1")).as("after the first, of 100 ms").startsWith(200L, 400L, 800L);
        stage.failing = null;
        stage.settle(3);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void aSilentPrimaryThatTheRecordSaysIsAloneIsNotTakenOver() {
        Stage stage = Stage.secondary();
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.late = "readRecord";
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        stage.answerLate();
        stage.settle(2);
        assertThat(stage.orders("open 2")).isEmpty();
        assertThat(stage.log).noneMatch(line -> line.startsWith("does not take over"));
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
    }

    @Test
    void aTakeoverAsksForTheRecordAgainAfterATenthOfASecondWhereItCannotBeRead() {
        Stage stage = Stage.secondary();
        stage.failing = "readRecord";
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        stage.failing = null;
        stage.trouble = new Trouble(Trouble.Kind.LOST, "not reached");
        stage.goesBy(99);
        assertThat(stage.orders("open 2")).isEmpty();
        stage.goesBy(1);
        assertThat(stage.orders("open 2")).hasSize(1);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void whoTakesOverLooksAtTheRecordAndDropsWhatWasArriving() {
        Stage stage = Stage.secondary();
        stage.host.received(new PeerMessage.StateBegin(1, 2, 0), Stage.LIFE);
        stage.carryOut();
        stage.late = "compareAndSet rollback";
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        assertThat(stage.orders("dropState")).as("it is not decided").isEmpty();
        int reads = stage.orders("readRecord").size();
        stage.neverAnswers = "write 3";
        stage.answerLate();
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        assertThat(stage.orders("dropState")).containsExactly("dropState 2");
        assertThat(stage.orders("readRecord")).hasSize(reads + 1);
    }

    // ---- A new session.

    @Test
    void aWriteOfABlockThatIsBeingWrittenAgainWaitsForThat() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.late = "write 0+1 in 3";
        stage.host.hungUp(2, new Trouble(Trouble.Kind.LOST, "hung up"));
        stage.settle();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 2, true);
        stage.settle();
        assertThat(stage.orders("write 0")).containsExactly("write 0+1 in 2", "write 0+1 in 3");
        stage.answerLate();
        assertThat(write.isDone()).isTrue();
        assertThat(stage.disk[0]).isEqualTo((byte) 2);
    }

    // ---- A host that comes back.

    @Test
    void aSecondaryThatComesBackCountsThePrimaryAsHeard() {
        Stage stage = new Stage("B", false, new Checkpoint(1, 1), List.of());
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        stage.pass(Duration.ofSeconds(50));
        stage.host.start();
        stage.carryOut();
        assertThat(stage.log).contains("is secondary again: protected, term 1, owner A, secondary B");
        assertThat(stage.host.picture().heardNanos()).isEqualTo(stage.now());
        stage.goesBy(2_000);
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
        assertThat(stage.orders("open 2")).isEmpty();
        stage.goesBy(1);
        assertThat(stage.orders("open 2")).hasSize(1);
    }

    @Test
    void aHostThatBeginsToFollowCountsTheSilenceOfThePrimaryFromThen() {
        Stage stage = new Stage("B", false, null, List.of());
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.host.start();
        stage.carryOut();
        stage.pass(Duration.ofSeconds(30));
        stage.host.received(new PeerMessage.StateBegin(1, 1, 0), Stage.LIFE);
        stage.host.received(new PeerMessage.StateChunk(1, 1, 0, ByteBuffer.allocate(4)), Stage.LIFE);
        stage.host.received(new PeerMessage.StateEnd(1, 1, 4, 0), Stage.LIFE);
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        stage.carryOut();
        stage.goesBy(2_000);
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
        assertThat(stage.host.state().checkpoint()).isEqualTo(new Checkpoint(1, 1));
        assertThat(stage.orders("open 2")).isEmpty();
        stage.goesBy(1);
        assertThat(stage.orders("open 2")).hasSize(1);
    }

    @Test
    void aHostThatBeginsToFollowForgetsTheCopiesOfOtherTermsAndEndsCopyingIfItCannot() {
        Stage stage = new Stage("B", false, null, List.of());
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.failing = "discardOthers";
        stage.host.start();
        stage.carryOut();
        stage.host.received(new PeerMessage.StateBegin(1, 1, 0), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.orders("discardOthers")).hasSize(1);
        assertThat(stage.host.picture().note())
                .isEqualTo("cannot discard old copies: the connection broke; start the node again");
    }

    // ---- Stepping down.

    @Test
    void aPrimaryThatIsFencedGivesUpItsSessionAndAllThatWaits() {
        Stage stage = Stage.guarded();
        stage.late = "pause";
        Stage.Asked<Answers.Committed> checkpoint = new Stage.Asked<>();
        stage.host.checkpoint(null, Duration.ofSeconds(30), checkpoint);
        stage.carryOut();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        Stage.Asked<Done> next = stage.write(0, BLOCK, 2, false);
        OwnershipRecord newer = new OwnershipRecord(9, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.record = newer;
        stage.host.ownership.seen(newer);
        assertThat(stage.orders("close 2", "stop")).containsExactly("stop", "close 2");
        for (Stage.Asked<?> asked : List.of(checkpoint, write, next)) {
            assertThat(Objects.requireNonNull(asked.trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
        }
        stage.answerLate();
        assertThat(stage.orders("unpause", "save 2"))
                .as("of the pause for the join")
                .containsExactly("unpause");
    }

    @Test
    void aSecondaryThatIsFencedForgetsWhatWasOnItsWay() {
        Stage stage = Stage.secondary();
        stage.late = "readOld";
        stage.host.received(new PeerMessage.Preserve(1, 1, List.of(new Extent(Stage.VOLUME, 5, 1))), Stage.LIFE);
        stage.host.received(new PeerMessage.StateBegin(1, 2, 0), Stage.LIFE);
        stage.host.received(new PeerMessage.StateChunk(1, 2, 0, ByteBuffer.allocate(4)), Stage.LIFE);
        stage.carryOut();
        stage.record = new OwnershipRecord(9, 5, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.host.ownership.look();
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.orders("close 2", "dropState")).containsExactly("close 2", "dropState 2");
        stage.answerLate();
        assertThat(stage.orders("append")).isEmpty();
    }
}
