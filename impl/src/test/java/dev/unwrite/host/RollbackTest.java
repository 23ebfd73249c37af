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
import org.junit.jupiter.api.Test;

/** How the copies of an undo log are written back, and what may come in between. */
class RollbackTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    /** Copies of these blocks; each byte is 100 more than the number of its block. */
    private static LocalStore.Copied copied(long first, int count) {
        ByteBuffer data = ByteBuffer.allocate((count + 1) * BLOCK);
        data.position(BLOCK);
        for (int i = 0; i < count * BLOCK; i++) {
            data.put(BLOCK + i, (byte) (100 + first + i / BLOCK));
        }
        return new LocalStore.Copied(new Extent(Stage.VOLUME, first, count), data);
    }

    private static Stage secondary(List<LocalStore.Copied> copies) {
        Stage stage = new Stage("B", false, new Checkpoint(1, 1), copies);
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        stage.host.start();
        stage.carryOut();
        return stage;
    }

    private static void takeOver(Stage stage) {
        stage.host.failover(false, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
    }

    /** Takes over, and has the answers to these orders come late. */
    private static Stage rollsBack(List<LocalStore.Copied> copies, String late) {
        Stage stage = secondary(copies);
        stage.late = late;
        takeOver(stage);
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        return stage;
    }

    private static boolean isPrimary(Stage stage) {
        return stage.is(Role.PRIMARY, Mode.SOLO);
    }

    private static byte block(Stage stage, int number) {
        byte first = stage.disk[number * BLOCK];
        assertThat(stage.disk[(number + 1) * BLOCK - 1]).isEqualTo(first);
        return first;
    }

    @Test
    void atMostSixteenWritesAreUnderWayAndTheLastOneIsWaitedFor() {
        List<LocalStore.Copied> copies = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            copies.add(copied(2L * i, 1));
        }
        Stage stage = rollsBack(copies, "write");
        assertThat(stage.orders("write")).hasSize(16);
        stage.answerLate("write 38");
        assertThat(stage.orders("write")).hasSize(20);
        assertThat(stage.orders("flush")).isEmpty();
        stage.answerLate();
        assertThat(stage.orders("flush")).hasSize(1);
        assertThat(isPrimary(stage)).isTrue();
        for (int i = 0; i < 20; i++) {
            assertThat(block(stage, 2 * i)).isEqualTo((byte) (100 + 2 * i));
            assertThat(block(stage, 2 * i + 1)).isZero();
        }
        assertThat(stage.host.takeover.lastRestored()).isEqualTo(20);
    }

    /** Its memory is that of the copies that were read three times before (LocalStore.WINDOWS). */
    @Test
    void copiesAreNotReadOverThoseThatAreStillBeingWritten() {
        List<LocalStore.Copied> copies = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            copies.add(copied(i, 1));
        }
        Stage stage = secondary(copies);
        stage.readAtOnce = 1;
        stage.late = "write 0";
        takeOver(stage);
        assertThat(stage.orders("write")).hasSize(LocalStore.WINDOWS);
        assertThat(stage.orders("nextCopies")).hasSize(LocalStore.WINDOWS);
        stage.answerLate();
        assertThat(isPrimary(stage)).isTrue();
        for (int i = 0; i < 6; i++) {
            assertThat(block(stage, i)).isEqualTo((byte) (100 + i));
        }
    }

    @Test
    void manyBlocksAreWrittenAMebibyteAtATime() {
        Stage stage = secondary(List.of(
                new LocalStore.Copied(new Extent(Stage.VOLUME, 1, 600), null),
                new LocalStore.Copied(new Extent(Stage.VOLUME, 700, 512), null)));
        stage.neverAnswers = "write";
        takeOver(stage);
        assertThat(stage.orders("write"))
                .containsExactly(
                        "write 1+256 zeroes in 2",
                        "write 257+256 zeroes in 2",
                        "write 513+88 zeroes in 2",
                        "write 700+256 zeroes in 2",
                        "write 956+256 zeroes in 2");
    }

    @Test
    void ofAPieceOfTheLogOnlyWhatIsOwedIsWrittenEachBlockWithItsOwnContents() {
        List<LocalStore.Copied> copies = new ArrayList<>(List.of(copied(1, 1), copied(3, 2)));
        Stage stage = secondary(copies);
        copies.clear();
        copies.add(copied(0, 6));
        takeOver(stage);
        assertThat(stage.orders("write")).containsExactly("write 1+1 in 2", "write 3+2 in 2");
        assertThat(List.of(block(stage, 1), block(stage, 3), block(stage, 4)))
                .containsExactly((byte) 101, (byte) 103, (byte) 104);
        assertThat(isPrimary(stage)).isTrue();
    }

    @Test
    void aLogThatLacksCopiesIsReadAgainAndTheMachineWaits() {
        List<LocalStore.Copied> copies = new ArrayList<>(List.of(copied(1, 1), copied(3, 1)));
        Stage stage = secondary(copies);
        LocalStore.Copied lacking = copies.removeLast();
        takeOver(stage);
        assertThat(stage.host.picture().note())
                .isEqualTo("the undo log lacks copies of blocks that have to be written back");
        assertThat(stage.orders("flush", "resume")).isEmpty();
        stage.pass(Duration.ofMillis(99));
        stage.carryOut();
        assertThat(stage.orders("readBack")).hasSize(1);
        copies.add(lacking);
        stage.pass(Duration.ofMillis(1));
        stage.carryOut();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.orders("readBack", "write"))
                .containsExactly("readBack 1", "write 1+1 in 2", "readBack 1", "write 3+1 in 2");
    }

    @Test
    void whatIsBeingWrittenWhenTheLogCannotBeReadOnCountsAllTheSame() {
        Stage stage = rollsBack(List.of(copied(1, 1), copied(3, 1)), "nextCopies");
        stage.failing = "nextCopies";
        stage.trouble = new Trouble(Trouble.Kind.FAILED, "EIO");
        stage.answerLate("write");
        assertThat(stage.host.picture().note()).isEqualTo("EIO");
        stage.failing = null;
        stage.answerLate();
        stage.settle();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.orders("readBack", "write"))
                .as("nothing is owed any more")
                .containsExactly("readBack 1", "write 1+1 in 2", "write 3+1 in 2");
        assertThat(stage.host.takeover.lastRestored()).isEqualTo(2);
    }

    @Test
    void whatIsBeingWrittenWhenTheLogIsReadAgainIsWaitedFor() {
        Stage stage = rollsBack(List.of(copied(1, 1)), "nextCopies");
        stage.failing = "nextCopies";
        stage.answerLate("write");
        stage.failing = null;
        stage.settle();
        assertThat(stage.orders("readBack", "nextCopies", "write"))
                .containsExactly(
                        "readBack 1",
                        "nextCopies",
                        "write 1+1 in 2",
                        "nextCopies",
                        "readBack 1",
                        "nextCopies",
                        "nextCopies");
        assertThat(stage.host.picture().note()).as("nothing is missing").isEqualTo("the connection broke");
        stage.answerLate();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void answersOfABrokenSessionDoNotCountInTheNextOne() {
        Stage stage = rollsBack(List.of(copied(1, 1), copied(3, 1)), "write");
        stage.host.hungUp(2, Stage.LOST);
        stage.settle();
        assertThat(stage.orders("readBack", "write"))
                .containsExactly(
                        "readBack 1",
                        "write 1+1 in 2",
                        "write 3+1 in 2",
                        "readBack 1",
                        "write 1+1 in 3",
                        "write 3+1 in 3");
        stage.answerLate();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.host.takeover.lastRestored()).isEqualTo(2);
    }

    @Test
    void aReadingOfTheLogThatWasGivenUpSaysNothingWhenItFailsAndNothingWhenItEnds() {
        for (boolean fails : List.of(false, true)) {
            Stage stage = secondary(List.of(copied(1, 1)));
            stage.failing = fails ? "nextCopies" : null;
            stage.late = "nextCopies";
            takeOver(stage);
            stage.failing = null;
            stage.late = null;
            stage.host.hungUp(2, Stage.LOST);
            stage.settle();
            stage.answerLate();
            assertThat(isPrimary(stage)).isTrue();
            assertThat(stage.orders("readBack")).hasSize(2);
            assertThat(stage.orders("write")).containsExactly("write 1+1 in 3");
            assertThat(stage.log).noneMatch(line -> line.startsWith("trouble: "));
        }
    }

    @Test
    void aRollbackThatASessionInterruptsIsOneRollback() {
        Stage stage = rollsBack(List.of(copied(1, 1), copied(3, 1)), "write 3");
        stage.host.hungUp(2, Stage.LOST);
        stage.late = null;
        stage.settle();
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.host.takeover.lastRestored()).as("one of them twice").isEqualTo(3);
        assertThat(stage.host.picture().counters().rollbacks()).isEqualTo(1);
    }

    @Test
    void aRollbackWithoutCopiesHasRestoredNothingWhateverTheOneBeforeItDid() {
        Stage stage = secondary(List.of(copied(1, 1)));
        takeOver(stage);
        assertThat(stage.host.takeover.lastRestored()).isEqualTo(1);
        stage.record = new OwnershipRecord(5, 3, "A", OwnershipRecord.Mode.SOLO, "", 1);
        stage.settle();
        stage.host.received(new PeerMessage.StateBegin(3, 2, 0), Stage.LIFE);
        stage.host.received(new PeerMessage.StateChunk(3, 2, 0, ByteBuffer.allocate(4)), Stage.LIFE);
        stage.host.received(new PeerMessage.StateEnd(3, 2, 4, 0), Stage.LIFE);
        stage.carryOut();
        stage.record = new OwnershipRecord(6, 3, "A", OwnershipRecord.Mode.PROTECTED, "B", 2);
        takeOver(stage);
        assertThat(isPrimary(stage)).isTrue();
        assertThat(stage.host.state().term()).isEqualTo(4);
        assertThat(stage.host.takeover.lastRestored()).isZero();
        assertThat(stage.host.picture().counters().restoredBlocks()).isEqualTo(1);
        assertThat(stage.host.picture().counters().rollbacks()).isEqualTo(2);
    }
}
