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

/** What a host orders, and in which order, when all goes well and when it does not. */
class HostTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    // ---- Alone.

    @Test
    void aGroupThatNobodyHasIsClaimedFlushedAndStarted() {
        Stage stage = Stage.alone();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.orders("open", "compareAndSet", "flush", "discardAll", "coldStart", "run"))
                .containsExactly(
                        "open 0", "open 1", "compareAndSet solo", "flush in 2", "discardAll", "coldStart", "run");
        assertThat(stage.host.picture().running()).isTrue();
    }

    @Test
    void aWriteIsAnsweredOnceItHasBegunAndAFlushWaitsForIt() {
        Stage stage = Stage.alone();
        stage.hold();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 5, false);
        assertThat(write.isDone()).isTrue();
        Stage.Asked<Done> flush = stage.flush();
        assertThat(stage.orders("flush")).as("before the write is done").containsExactly("flush in 2");
        stage.goOn();
        assertThat(flush.isDone()).isTrue();
        assertThat(stage.orders("write", "flush in 2")).endsWith("write 0+1 in 2", "flush in 2");
        assertThat(stage.disk[0]).isEqualTo((byte) 5);
    }

    @Test
    void aWriteWithFuaIsAnsweredWhenItIsDurable() {
        Stage stage = Stage.alone();
        stage.hold();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 5, true);
        assertThat(write.isDone()).isFalse();
        stage.goOn();
        assertThat(write.isDone()).isTrue();
        assertThat(stage.orders("write")).containsExactly("write 0+1 fua in 2");
    }

    @Test
    void aFlushThatNothingWasWrittenBeforeIsAFlushAllTheSame() {
        Stage stage = Stage.alone();
        int before = stage.orders("flush").size();
        assertThat(stage.flush().isDone()).isFalse();
        stage.carryOut();
        assertThat(stage.orders("flush")).hasSize(before + 1);
    }

    @Test
    void whatComesDuringAFlushIsCoveredByTheNext() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.hold();
        int before = stage.orders("flush").size();
        Stage.Asked<Done> first = stage.flush();
        Stage.Asked<Done> second = stage.flush();
        Stage.Asked<Done> third = stage.flush();
        assertThat(stage.orders("flush")).hasSize(before + 1);
        stage.goOn();
        assertThat(List.of(first.isDone(), second.isDone(), third.isDone())).containsOnly(true);
        assertThat(stage.orders("flush")).hasSize(before + 2);
    }

    @Test
    void aPartOfABlockIsFilledUpWithWhatIsThere() {
        Stage stage = Stage.alone();
        stage.write(0, 2 * BLOCK, 1, false);
        stage.carryOut();
        stage.write(BLOCK - 10, 20, 2, false);
        stage.carryOut();
        assertThat(stage.orders("read", "write")).endsWith("read 0", "write 0+2 in 2");
        assertThat(List.of(
                        stage.disk[BLOCK - 11], stage.disk[BLOCK - 10], stage.disk[BLOCK + 9], stage.disk[BLOCK + 10]))
                .containsExactly((byte) 1, (byte) 2, (byte) 2, (byte) 1);
    }

    @Test
    void ofTwoWritesOfABlockTheLaterOneWins() {
        Stage stage = Stage.alone();
        stage.hold();
        stage.write(0, BLOCK, 1, false);
        stage.write(100, 8, 2, false);
        stage.write(0, BLOCK, 3, false);
        assertThat(stage.orders("write", "read ")).as("one at a time").containsExactly("write 0+1 in 2");
        stage.goOn();
        assertThat(stage.orders("write", "read "))
                .containsExactly("write 0+1 in 2", "read 0", "write 0+1 in 2", "write 0+1 in 2");
        assertThat(stage.disk[100]).isEqualTo((byte) 3);
    }

    @Test
    void aReadSeesWhatWasAnswered() {
        Stage stage = Stage.alone();
        stage.hold();
        assertThat(stage.write(0, BLOCK, 9, false).isDone()).isTrue();
        Stage.Asked<ByteBuffer> read = stage.read(0, 1);
        Stage.Asked<ByteBuffer> elsewhere = stage.read(8L * BLOCK, 1);
        assertThat(stage.orders("read "))
                .as("what is being written is not read yet")
                .containsExactly("read 8");
        stage.goOn();
        assertThat(Objects.requireNonNull(read.result).get(0)).isEqualTo((byte) 9);
        assertThat(elsewhere.isDone()).isTrue();
    }

    @Test
    void zeroesAndTrimsAreHolesUnlessTheirSpaceIsToBeKept() {
        Stage stage = Stage.alone();
        Stage.Asked<Done> asked = new Stage.Asked<>();
        stage.host.writeZeroes(Stage.VOLUME, 0, 2 * BLOCK, false, false, asked);
        stage.host.writeZeroes(Stage.VOLUME, 4 * BLOCK, BLOCK, true, false, asked);
        stage.host.trim(Stage.VOLUME, 8 * BLOCK - 100, 2 * BLOCK, false, asked);
        stage.host.trim(Stage.VOLUME, 16 * BLOCK + 1, BLOCK, false, asked);
        stage.carryOut();
        assertThat(stage.orders("write"))
                .containsExactly("write 0+2 zeroes in 2", "write 4+1 in 2", "write 8+1 zeroes in 2");
    }

    @Test
    void beyondTheEndIsInvalidAndNothingIsOrdered() {
        Stage stage = Stage.alone();
        Stage.Asked<Done> write = stage.write(Stage.BLOCKS * (long) BLOCK - 1, 2, 1, false);
        assertThat(Objects.requireNonNull(write.trouble).kind()).isEqualTo(Trouble.Kind.INVALID);
        assertThat(Objects.requireNonNull(stage.read(-1, 1).trouble).kind()).isEqualTo(Trouble.Kind.INVALID);
        assertThat(stage.orders("write", "read ")).isEmpty();
    }

    // ---- A session that breaks.

    @Test
    void whatWasNotFlushedIsWrittenAgainFirstAndThenWhatWasUnderWay() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.disk[0] = 0; // The storage has crashed, and lost it.
        stage.failing = "write 5";
        Stage.Asked<Done> under = stage.write(5L * BLOCK, BLOCK, 2, true);
        stage.hold();
        stage.failing = null;
        Stage.Asked<ByteBuffer> read = stage.read(0, 1);
        stage.goOn();
        stage.settle();
        assertThat(stage.orders("write", "open", "close"))
                .endsWith("write 5+1 fua in 2", "close 2", "open 1", "write 0+1 in 3", "write 5+1 fua in 3");
        assertThat(under.isDone()).isTrue();
        assertThat(Objects.requireNonNull(read.result).get(0)).isEqualTo((byte) 1);
    }

    @Test
    void aDiskOfTheStorageThatFailsIsNotAskedAgainAtOnceAndIsSaid() {
        Stage stage = Stage.alone();
        stage.failing = "flush";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        Stage.Asked<Done> flush = stage.flush();
        stage.carryOut();
        for (int i = 0; i < 20; i++) {
            stage.settle();
        }
        assertThat(stage.orders("open 1").size()).as("sessions in 20 s").isBetween(5, 15);
        assertThat(stage.host.picture().note()).contains("no use of the storage", "EIO");
        assertThat(flush.isDone()).isFalse();
        stage.failing = null;
        for (int i = 0; i < 4; i++) {
            stage.settle();
        }
        assertThat(flush.isDone()).isTrue();
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void aStorageThatAnswersNothingDuringAFlushIsGivenUpAndOneThatIsOnlyBusyIsNot() {
        Stage stage = Stage.alone();
        stage.neverAnswers = "flush in 2";
        Stage.Asked<Done> flush = stage.flush();
        for (int i = 0; i < 30; i++) {
            stage.settle();
        }
        assertThat(stage.orders("open 1")).as("it answers, and is busy").hasSize(1);
        stage.failing = "readRecord";
        for (int i = 0; i < 12; i++) {
            stage.settle();
        }
        assertThat(stage.orders("open 1")).hasSizeGreaterThan(1);
        stage.failing = null;
        stage.neverAnswers = null;
        stage.settle();
        stage.settle();
        assertThat(flush.isDone()).as(stage.host.picture().note()).isTrue();
    }

    @Test
    void aHostThatWaitsDoesNotSpin() {
        Stage stage = Stage.guarded();
        stage.neverAnswers = "readRecord";
        stage.peerSays = null;
        stage.settle();
        stage.hold();
        for (int i = 0; i < 40; i++) {
            stage.pass(Duration.ofMillis(100));
            assertThat(stage.host.tick() - stage.now()).isGreaterThanOrEqualTo(1_000_000);
        }
    }

    @Test
    void aHostThatIsFencedStopsItsMachineAndTellsItsClients() {
        Stage stage = Stage.alone();
        stage.hold();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        Stage.Asked<Done> flush = stage.flush();
        List<String> heard = new ArrayList<>();
        stage.host.say(() -> heard.add("said"));
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.failing = "write";
        stage.hold();
        stage.host.hungUp(2, new Trouble(Trouble.Kind.ENDED, "fenced"));
        stage.goOn();
        stage.settle();
        assertThat(stage.is(Role.IDLE, Mode.SOLO)).isTrue();
        assertThat(stage.orders).contains("stop");
        assertThat(Objects.requireNonNull(write.trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
        assertThat(Objects.requireNonNull(flush.trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
        assertThat(heard).isEmpty();
    }

    @Test
    void aMachineThatFlushesByItselfIsHeardAtOnceWhileItIsAlone() {
        Stage stage = Stage.alone();
        List<String> heard = new ArrayList<>();
        stage.settle();
        stage.orders.clear();
        stage.neverAnswers = "flush";
        stage.write(0, BLOCK, 1, false);
        stage.host.sayOfItself(() -> heard.add("a"));
        assertThat(heard).as("what it wrote is not flushed").containsExactly("a");
        assertThat(stage.orders("pause", "step Speak")).isEmpty();

        stage.host.say(() -> heard.add("b"));
        stage.host.sayOfItself(() -> heard.add("c"));
        assertThat(heard).as("behind what is held").containsExactly("a");
        stage.neverAnswers = null;
    }

    @Test
    void aMachineThatFlushesByItselfIsHeldWhileItIsProtected() {
        for (Stage stage : List.of(Stage.joining(), Stage.guarded())) {
            List<String> heard = new ArrayList<>();
            stage.host.sayOfItself(() -> heard.add("said"));
            assertThat(heard).isEmpty();
        }
    }

    @Test
    void aMachineThatFlushesByItselfIsNotHeardOnceItsHostIsFenced() {
        Stage stage = Stage.alone();
        List<String> heard = new ArrayList<>();
        OwnershipRecord fenced = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.record = fenced;
        stage.host.ownership.seen(fenced);
        stage.settle();
        stage.host.sayOfItself(() -> heard.add("said"));
        assertThat(heard).isEmpty();
    }

    // ---- Protected.

    @Test
    void aHostIsTakenInWithAWholeCheckpointAndThenCountsInTheRecord() {
        Stage stage = Stage.guarded();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        assertThat(stage.orders("pause", "save", "step StartJoin", "sendState", "unpause", "step Protect"))
                .containsExactly("pause", "save 1", "step StartJoin", "sendState 1", "unpause", "step Protect");
        assertThat(stage.record.mode()).isEqualTo(OwnershipRecord.Mode.PROTECTED);
    }

    @Test
    void everyKindOfOverwriteAsksFirst() {
        Stage stage = Stage.guarded();
        Stage.Asked<Done> asked = new Stage.Asked<>();
        stage.write(0, BLOCK, 1, false);
        stage.host.writeZeroes(Stage.VOLUME, 2 * BLOCK, BLOCK, false, false, asked);
        stage.host.trim(Stage.VOLUME, 4 * BLOCK, BLOCK, false, asked);
        stage.write(6 * BLOCK + 1, 1, 1, true);
        stage.settle();
        assertThat(stage.orders("write ")).isEmpty();
        assertThat(stage.sent(PeerMessage.Preserve.class).stream()
                        .flatMap(preserve -> preserve.extents().stream())
                        .map(Extent::first))
                .containsExactly(0L, 2L, 4L, 6L);
        for (PeerMessage.Preserve preserve : stage.sent(PeerMessage.Preserve.class)) {
            stage.host.received(
                    new PeerMessage.Preserved(1, 0, preserve.term(), preserve.epoch(), preserve.extents()), 7);
        }
        stage.carryOut();
        assertThat(stage.orders("write "))
                .containsExactly(
                        "write 0+1 in 2", "write 2+1 zeroes in 2", "write 4+1 zeroes in 2", "write 6+1 fua in 2");
    }

    @Test
    void aCutHoldsWritesDrainsFlushesPausesAndSaves() {
        Stage stage = Stage.guarded();
        Stage.Asked<Done> before = stage.write(0, BLOCK, 1, true);
        stage.host.received(new PeerMessage.Preserved(1, 0, 1, 1, List.of(new Extent(Stage.VOLUME, 0, 1))), 7);
        stage.hold();
        stage.orders.clear();
        Stage.Asked<Answers.Committed> cut = new Stage.Asked<>();
        stage.host.checkpoint(null, Duration.ofSeconds(9), cut);
        stage.goOn();
        assertThat(before.isDone()).isTrue();
        assertThat(stage.orders("flush", "pause", "save", "step Cut", "sendState", "unpause"))
                .containsExactly("flush in 2", "pause", "save 2", "step Cut", "sendState 2", "unpause");
        assertThat(cut.isDone()).isFalse();
        stage.host.received(new PeerMessage.Committed(1, 2), 7);
        stage.carryOut();
        assertThat(Objects.requireNonNull(cut.result).epoch()).isEqualTo(2);
        assertThat(stage.orders).contains("drop 2");
    }

    @Test
    void DeltaOnItsBase_aCutMayBeADeltaOnTheCutBeforeAndAJoinIsWhole() {
        Stage stage = Stage.guarded();
        assertThat(stage.savedOn).as("the join").isZero();
        for (boolean delta : new boolean[] {true, true, false}) {
            stage.savesDeltas = delta;
            long epoch = stage.host.state().epoch();
            stage.host.checkpoint(null, Duration.ofSeconds(9), new Stage.Asked<>());
            stage.carryOut();
            assertThat(stage.savedOn).isEqualTo(epoch);
            assertThat(stage.sentOn).isEqualTo(delta ? epoch : 0);
            // The first two are on their way at once.
            if (epoch > 1) {
                stage.host.received(new PeerMessage.Committed(1, epoch), 7);
                stage.carryOut();
            }
        }
    }

    @Test
    void outputLeavesWhenTheCheckpointThatCoversItIsCommitted() {
        Stage stage = Stage.guarded();
        List<String> heard = new ArrayList<>();
        stage.host.say(() -> heard.add("before the cut"));
        stage.host.checkpoint(null, Duration.ofSeconds(9), new Stage.Asked<>());
        stage.settle();
        stage.host.say(() -> heard.add("after the cut"));
        assertThat(heard).isEmpty();
        stage.host.received(new PeerMessage.Committed(1, 2), 7);
        stage.settle();
        assertThat(heard).containsExactly("before the cut");
    }

    @Test
    void aSilentSecondaryIsGivenUpByTheRecordAndWritesGo() {
        Stage stage = Stage.guarded();
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, true);
        stage.peerSays = null;
        stage.settle();
        stage.settle();
        assertThat(stage.record.mode()).isEqualTo(OwnershipRecord.Mode.SOLO);
        assertThat(write.isDone()).isTrue();
        assertThat(stage.log).contains("the secondary is silent: asks to go on alone");
    }

    // ---- A secondary.

    @Test
    void aCopyIsAcknowledgedWhenItIsStoredAndNotBefore() {
        Stage stage = Stage.secondary();
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
        stage.hold();
        stage.host.received(new PeerMessage.Preserve(1, 1, List.of(new Extent(Stage.VOLUME, 5, 2))), 7);
        assertThat(stage.sent(PeerMessage.Preserved.class)).isEmpty();
        stage.goOn();
        assertThat(stage.orders("readOld", "append", "step StoreCopy", "send Preserved"))
                .containsExactly("readOld 5+2", "append 5+2", "step StoreCopy", "send Preserved");
        assertThat(stage.sent(PeerMessage.Preserved.class).getFirst().position())
                .isEqualTo(1);
    }

    @Test
    void aCheckpointIsSwitchedInBeforeItsCopiesGo() {
        Stage stage = Stage.secondary();
        stage.host.received(new PeerMessage.StateBegin(1, 2, 0), 7);
        stage.host.received(new PeerMessage.StateChunk(1, 2, 0, ByteBuffer.allocate(4)), 7);
        stage.host.received(new PeerMessage.StateEnd(1, 2, 4, 0), 7);
        stage.carryOut();
        assertThat(stage.orders(
                        "beginState", "writeState", "endState", "commitState", "send Committed", "discardBefore"))
                .containsExactly(
                        "beginState 2",
                        "writeState 2",
                        "endState 2",
                        "commitState 2",
                        "send Committed",
                        "discardBefore 2");
    }

    @Test
    void aTakeoverRestoresFlushesAndForgetsItsCopiesBeforeTheMachineRuns() {
        Stage stage = Stage.secondary();
        stage.disk[3 * BLOCK] = 7;
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.disk[3 * BLOCK]).isZero();
        assertThat(stage.orders("compareAndSet", "write", "flush", "resume", "discardAll", "step Resume", "run"))
                .containsExactly(
                        "compareAndSet rollback",
                        "write 3+1 in 2",
                        "flush in 2",
                        "compareAndSet solo",
                        "resume",
                        "discardAll",
                        "step Resume",
                        "run");
    }

    @Test
    void aRollbackWhoseSessionBreaksBeginsAnew() {
        Stage stage = Stage.secondary();
        stage.failing = "write";
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        stage.failing = null;
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.orders("readBack", "write"))
                .containsExactly("readBack 1", "write 3+1 in 2", "readBack 1", "write 3+1 in 3");
    }

    @Test
    void aTakeoverThatTheStorageCannotStoreIsTriedAgainWithPausesThatGrow() {
        Stage stage = Stage.secondary();
        stage.failing = "compareAndSet";
        stage.pass(Duration.ofSeconds(3));
        for (int i = 0; i < 20; i++) {
            stage.settle();
        }
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
        assertThat(stage.orders("compareAndSet")).hasSizeBetween(10, 16);
        assertThat(stage.log).as("said once").containsOnlyOnce("the primary is silent");
        assertThat(stage.log)
                .filteredOn(line -> line.startsWith("does not take over"))
                .hasSize(1);
        stage.failing = null;
        stage.settle();
        stage.settle();
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }
}
