package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.BlockHash;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When writes of the machine begin and when they are answered, in which pieces they go, and what is written again. */
class WritesTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final int MEBIBYTE = 1 << 20;
    private static final Trouble FAILED = new Trouble(Trouble.Kind.FAILED, "EIO");

    /** With a volume of that many blocks. */
    private static Stage sized(Stage stage, int blocks) {
        stage.disk = new byte[blocks * BLOCK];
        breakSession(stage);
        stage.settle();
        stage.orders.clear();
        return stage;
    }

    private static Stage alone(int blocks) {
        return sized(Stage.alone(), blocks);
    }

    private static void breakSession(Stage stage) {
        stage.host.hungUp(stage.host.sessions.number(), Stage.LOST);
    }

    private static Stage.Asked<Done> zeroes(Stage stage, int mebibytes) {
        Stage.Asked<Done> asked = new Stage.Asked<>();
        stage.host.writeZeroes(Stage.VOLUME, 0, (long) mebibytes * MEBIBYTE, false, false, asked);
        stage.host.tick();
        return asked;
    }

    /** The extents that were written. */
    private static List<String> written(Stage stage) {
        return stage.orders("write").stream().map(order -> order.split(" ")[1]).toList();
    }

    // ---- Pieces.

    @Test
    void nothingIsWrittenAtOnce() {
        Stage stage = Stage.alone();
        assertThat(stage.write(BLOCK, 0, 1, true).isDone()).isTrue();
        stage.carryOut();
        assertThat(stage.orders("write")).isEmpty();
    }

    @Test
    void aLargeRequestGoesInPiecesFourAtATimeAndIsAnsweredAfterTheLast() {
        Stage stage = alone(2_048);
        stage.late = "write 1+";
        stage.hold();
        Stage.Asked<Done> write = stage.write(BLOCK, 6 * MEBIBYTE, 1, true);
        assertThat(written(stage)).containsExactly("1+256", "257+256", "513+256", "769+256");
        stage.goOn();
        assertThat(written(stage)).endsWith("1025+256", "1281+256").hasSize(6);
        assertThat(write.isDone()).isFalse();
        stage.answerLate();
        assertThat(write.isDone()).isTrue();
    }

    @Test
    void thePieceThatFollowsBeginsWhenOneIsDurable() {
        Stage stage = alone(2_081);
        stage.neverAnswers = "write 1";
        stage.write(800 * BLOCK, 5 * MEBIBYTE, 1, true);
        stage.carryOut();
        assertThat(written(stage)).containsExactly("800+256", "1056+256", "1312+256", "1568+256", "1824+256");
    }

    @Test
    void eachPieceHasItsPartOfTheData() {
        Stage stage = alone(600);
        byte[] bytes = new byte[2 * MEBIBYTE + 50];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i / 100 + i);
        }
        ByteBuffer data = ByteBuffer.wrap(bytes).position(50);
        int at = 2 * BLOCK + 1_000;
        stage.host.write(Stage.VOLUME, at, data.duplicate(), false, new Stage.Asked<>());
        stage.carryOut();
        assertThat(written(stage)).containsExactlyInAnyOrder("2+256", "258+256", "514+1");
        assertThat(ByteBuffer.wrap(stage.disk, at, 2 * MEBIBYTE)).isEqualTo(data);
        assertThat(stage.disk[at - 1]).isZero();
        assertThat(stage.disk[at + 2 * MEBIBYTE]).isZero();
    }

    /** The first block has to be read, and cannot be. */
    @ParameterizedTest
    @CsvSource({"true, 768, 3", "false, 1792, 7"})
    void aRequestOfWhichAPieceFailsEndsWithThosePiecesThatHaveBegun(boolean fua, int last, int pieces) {
        Stage stage = alone(3_072);
        stage.failing = "read 0";
        stage.trouble = FAILED;
        stage.late = "write " + last + "+256";
        Stage.Asked<Done> write = stage.write(1, 10 * MEBIBYTE, 1, fua);
        stage.carryOut();
        assertThat(write.trouble).as("a piece is under way").isNull();
        stage.answerLate();
        assertThat(write.trouble).isEqualTo(FAILED);
        assertThat(written(stage)).hasSize(pieces).endsWith(last + "+256");
        stage.failing = null;
        Stage.Asked<Done> again = stage.write(1, 1, 1, fua);
        stage.carryOut();
        assertThat(again.isDone()).isTrue();
        assertThat(stage.disk[1]).isEqualTo((byte) 1);
    }

    // ---- The window.

    @Test
    void writesAreAnsweredBeforeTheyAreDoneUpToFourMebibytes() {
        Stage stage = alone(2_048);
        for (int round = 0; round < 2; round++) {
            stage.hold();
            for (int i = 0; i < 4; i++) {
                assertThat(stage.write((long) i * MEBIBYTE, MEBIBYTE, 1, false).isDone())
                        .as("mebibyte %s of round %s", i, round)
                        .isTrue();
            }
            Stage.Asked<Done> beyond = stage.write(1_024 * BLOCK, BLOCK, 1, false);
            assertThat(beyond.isDone()).isFalse();
            assertThat(written(stage)).as("it has begun").endsWith("1024+1");
            stage.goOn();
            assertThat(beyond.isDone()).isTrue();
        }
    }

    @Test
    void aLargeRequestGoesOnWithinTheWindow() {
        Stage stage = alone(2_048);
        stage.hold();
        Stage.Asked<Done> write = stage.write(0, 6 * MEBIBYTE, 1, false);
        assertThat(written(stage)).as("four are answered early, two are not").hasSize(6);
        assertThat(write.isDone()).isFalse();
        stage.goOn();
        assertThat(write.isDone()).isTrue();
    }

    @Test
    void aWriteIsCountedWhenItIsDone() {
        Stage stage = Stage.alone();
        stage.hold();
        stage.write(0, 3 * BLOCK, 1, false);
        stage.write(5 * BLOCK + 1, 1, 1, false);
        assertThat(stage.host.picture().counters().writes()).isZero();
        stage.goOn();
        assertThat(stage.host.picture().counters().writes()).isEqualTo(2);
        assertThat(stage.host.picture().counters().writtenBytes()).isEqualTo(4 * BLOCK);
    }

    @Test
    void theTraceHasTheWholeContentOfEachWrite() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.write(2 * BLOCK + 1, 1, 1, false);
        stage.host.writeZeroes(Stage.VOLUME, 4 * BLOCK, 2 * BLOCK, false, false, new Stage.Asked<>());
        stage.carryOut();
        assertThat(stage.contents)
                .extracting(contents -> Arrays.stream(contents.hashes()).boxed().toList())
                .containsExactlyInAnyOrder(
                        List.of(hash(stage, 0)), List.of(BlockHash.ZERO, BlockHash.ZERO), List.of(hash(stage, 2)));
    }

    private static int hash(Stage stage, int block) {
        return BlockHash.of(ByteBuffer.wrap(stage.disk, block * BLOCK, BLOCK))[0];
    }

    // ---- What waits.

    @Test
    void atMost256WritesAreInFlight() {
        Stage stage = alone(300);
        stage.hold();
        for (int i = 0; i < 258; i++) {
            stage.write((long) i * BLOCK, BLOCK, 1, false);
        }
        assertThat(written(stage)).hasSize(256);
        stage.goOn();
        assertThat(written(stage)).hasSize(258);
    }

    @Test
    void aWriteWaitsForEarlierOnesThatItOverlapsEvenIfThoseWait() {
        Stage stage = Stage.alone();
        stage.hold();
        stage.write(10 * BLOCK, BLOCK, 1, false);
        stage.write(10 * BLOCK, 3 * BLOCK, 2, false);
        stage.write(12 * BLOCK, 2 * BLOCK, 3, false);
        stage.write(9 * BLOCK, BLOCK, 4, false);
        stage.write(14 * BLOCK, BLOCK, 5, false);
        stage.write(7 * BLOCK, 4 * BLOCK, 6, false);
        assertThat(written(stage))
                .as("those that are only next to one that waits do not wait")
                .containsExactly("10+1", "9+1", "14+1");
        stage.goOn();
        assertThat(stage.disk[12 * BLOCK]).as("the later one wins").isEqualTo((byte) 3);
        assertThat(stage.disk[10 * BLOCK]).isEqualTo((byte) 6);
        assertThat(stage.disk[11 * BLOCK]).isEqualTo((byte) 2);
    }

    @ParameterizedTest
    @CsvSource({
        "4, 0, 1, true",
        "3, 4095, 1, false",
        "3, 4095, 2, true",
        "5, 4095, 1, true",
        "6, 0, 1, false",
        "5, 0, 0, false"
    })
    void aReadWaitsForAWriteThatItOverlaps(int block, int skip, int length, boolean waits) {
        Stage stage = Stage.alone();
        stage.hold();
        stage.write(4 * BLOCK, 2 * BLOCK, 1, false);
        stage.read(block * BLOCK + skip, length);
        assertThat(stage.orders("read ")).hasSize(waits ? 0 : 1);
        stage.goOn();
        assertThat(stage.orders("read ")).hasSize(1);
    }

    @Test
    void aPauseWaitsForWritesUnderWayAndFlushesThem() {
        Stage stage = Stage.guarded();
        stage.orders.clear();
        stage.hold();
        stage.host.cuts.cut(false, null, new Stage.Asked<>());
        stage.write(0, BLOCK, 1, false);
        stage.acknowledge();
        stage.goOn();
        assertThat(stage.orders("pause", "write", "flush", "save"))
                .containsExactly("pause", "write 0+1 in 2", "flush in 2", "save 2");
    }

    @Test
    void roomIsReservedForCopiesUntilTheWriteIsDone() {
        Stage stage = sized(Stage.guarded(), 256);
        Stage.Asked<Done> first = stage.write(0, 100 * BLOCK, 1, false);
        Stage.Asked<Done> second = stage.write(100 * BLOCK, 100 * BLOCK, 1, false);
        assertThat(first.isDone()).isTrue();
        assertThat(second.isDone()).as("their copies together pass the limit").isFalse();
        stage.pass(Duration.ofMillis(200));
        stage.write(201 * BLOCK, 50 * BLOCK, 1, false);
        stage.pass(Duration.ofMillis(100));
        assertThat(stage.host.picture().undo().waitingWrites()).isEqualTo(2);
        assertThat(stage.host.picture().undo().waitingNanos()).isEqualTo(300_000_000);
        stage.acknowledge();
        assertThat(second.isDone()).isTrue();
        stage.acknowledge();
        assertThat(stage.host.picture().undo().waitingNanos()).isZero();
        stage.acknowledge();
        assertThat(written(stage)).containsExactly("0+100", "100+100", "201+50");
    }

    // ---- What is not flushed.

    @Test
    void whatIsRememberedIsFlushedBeforeItIsTooMuch() {
        Stage stage = alone(33 * 256);
        zeroes(stage, 32);
        stage.carryOut();
        assertThat(stage.orders("flush")).isEmpty();
        stage.write(32 * MEBIBYTE, BLOCK, 1, false);
        stage.carryOut();
        assertThat(stage.orders("flush")).hasSize(1);
    }

    @Test
    void noWriteBeginsWhileTooMuchIsNotFlushed() {
        Stage stage = alone(64 * 256 + 2);
        stage.late = "flush";
        zeroes(stage, 64);
        stage.carryOut();
        zeroes(stage, 64); // So the flush that is under way frees nothing.
        stage.carryOut();
        assertThat(stage.orders("flush")).hasSize(1);
        stage.write(64 * MEBIBYTE, BLOCK, 1, false);
        stage.carryOut();
        Stage.Asked<Done> waits = stage.write(64 * MEBIBYTE + BLOCK, BLOCK, 1, false);
        stage.carryOut();
        assertThat(written(stage)).endsWith("16384+1");
        assertThat(waits.isDone()).isFalse();
        stage.answerLate();
        assertThat(stage.orders("flush", "write 16385")).hasSize(3).endsWith("write 16385+1 in 3");
        assertThat(waits.isDone()).isTrue();
    }

    // ---- A session that breaks.

    @Test
    void whatIsWrittenWithoutASessionGoesInTheNextOne() {
        Stage stage = Stage.alone();
        stage.late = "open";
        breakSession(stage);
        assertThat(stage.write(0, BLOCK, 1, false).isDone()).isTrue();
        stage.settle();
        assertThat(written(stage)).isEmpty();
        stage.answerLate();
        assertThat(stage.orders("write")).containsExactly("write 0+1 in 3");
    }

    @Test
    void anAnswerThatComesAfterTheEndOfItsSessionDoesNotCount() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.late = "write";
        Stage.Asked<Done> write = stage.write(BLOCK, BLOCK, 2, true);
        breakSession(stage);
        stage.settle();
        breakSession(stage);
        stage.neverAnswers = "write 0+1 in 4";
        stage.settle();
        stage.answerLate();
        assertThat(write.isDone()).isFalse();
        assertThat(stage.orders("write"))
                .containsExactly("write 0+1 in 2", "write 1+1 fua in 2", "write 0+1 in 3", "write 0+1 in 4");
    }

    @Test
    void whatIsOwedIsWrittenAgainInPiecesFourAtATimeBeforeAnythingElse() {
        Stage stage = alone(2_048);
        stage.write(0, 6 * MEBIBYTE, 1, false);
        stage.carryOut();
        Arrays.fill(stage.disk, (byte) 0);
        stage.orders.clear();
        stage.late = "write";
        breakSession(stage);
        stage.settle();
        stage.write(5 * BLOCK, BLOCK, 2, false);
        stage.write(2_000 * BLOCK, BLOCK, 3, false);
        assertThat(written(stage)).containsExactly("0+256", "256+256", "512+256", "768+256");
        stage.answerLate();
        assertThat(written(stage))
                .containsExactly("0+256", "256+256", "512+256", "768+256", "1024+256", "1280+256", "2000+1", "5+1");
        assertThat(stage.disk[1_535 * BLOCK]).isEqualTo((byte) 1);
        assertThat(stage.disk[5 * BLOCK]).isEqualTo((byte) 2);
    }

    @Test
    void whatIsOwedAndCannotBeWrittenIsTriedInAnotherSession() {
        Stage stage = Stage.alone();
        stage.host.writeZeroes(Stage.VOLUME, 0, BLOCK, false, false, new Stage.Asked<>());
        stage.carryOut();
        stage.disk[0] = 9;
        stage.failing = "write 0+1 in 3";
        breakSession(stage);
        stage.settle();
        assertThat(stage.orders("write")).containsExactly("write 0+1 zeroes in 2", "write 0+1 in 3", "write 0+1 in 4");
        assertThat(stage.disk[0]).isZero();
    }

    // ---- A machine that stops.

    /** Keeps every answer, since each must come once. */
    private static Reply<Done> into(List<String> answers, String what) {
        return Reply.of(done -> answers.add(what + " done"), why -> answers.add(what + " " + why.kind()));
    }

    private static void write(Stage stage, int block, int length, boolean fua, Reply<Done> reply) {
        stage.host.write(Stage.VOLUME, (long) block * BLOCK, ByteBuffer.allocate(length), fua, reply);
    }

    /** Another host has taken over. */
    private static void fence(Stage stage) {
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.SOLO, "", 1);
        stage.host.ownership.seen(stage.record);
        stage.host.tick();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
    }

    /** The group is this host's again. */
    private static void ownAgain(Stage stage) {
        stage.record = new OwnershipRecord(10, 5, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.PRIMARY);
        stage.orders.clear();
    }

    @Test
    void everyRequestIsAnsweredOnceWhenTheHostIsFenced() {
        Stage stage = Stage.alone();
        List<String> answers = new ArrayList<>();
        stage.hold();
        write(stage, 0, BLOCK, false, into(answers, "early"));
        write(stage, 1, BLOCK, true, into(answers, "durable"));
        write(stage, 2, 1, false, into(answers, "reads first"));
        stage.host.tick();
        write(stage, 3, BLOCK, false, into(answers, "begun in this turn"));
        write(stage, 0, BLOCK, false, into(answers, "waiting"));
        stage.host.flush(into(answers, "flush"));
        assertThat(answers).containsExactly("early done");
        fence(stage);
        stage.goOn();
        assertThat(answers)
                .containsExactlyInAnyOrder(
                        "early done",
                        "durable NOT_OWNER",
                        "reads first NOT_OWNER",
                        "begun in this turn NOT_OWNER",
                        "waiting NOT_OWNER",
                        "flush NOT_OWNER");
    }

    @Test
    void anotherMachineOfTheSameHostStartsWithoutTheWritesOfTheFormer() {
        Stage stage = Stage.alone();
        stage.neverAnswers = "write";
        stage.write(0, BLOCK, 1, false);
        stage.write(0, BLOCK, 2, false);
        fence(stage);
        stage.neverAnswers = null;
        ownAgain(stage);
        assertThat(stage.disk[0]).as("what it never began to write").isZero();
        assertThat(stage.read(0, 1).isDone()).isFalse();
        assertThat(stage.orders("read 0")).as("nothing is being written there").hasSize(1);
        List<String> heard = new ArrayList<>();
        stage.write(0, BLOCK, 3, false);
        stage.host.say(() -> heard.add("said"));
        stage.settle();
        assertThat(stage.disk[0]).isEqualTo((byte) 3);
        assertThat(heard).as("all is flushed").containsExactly("said");
    }

    @Test
    void anotherMachineOfTheSameHostHasAllTheRoomForCopies() {
        Stage stage = sized(Stage.guarded(), 256);
        stage.write(0, 115 * BLOCK, 1, false);
        stage.write(115 * BLOCK, BLOCK, 1, false);
        assertThat(stage.host.picture().undo().waitingWrites()).isEqualTo(1);
        stage.peerSays = null;
        fence(stage);
        assertThat(stage.host.picture().undo().waitingWrites()).isZero();
        ownAgain(stage);
        stage.peerSays = "idle";
        stage.settle();
        stage.peerSays = "secondary";
        stage.host.received(new PeerMessage.Committed(6, 1), Stage.LIFE);
        stage.settle();
        stage.write(0, 100 * BLOCK, 1, false);
        assertThat(stage.sent(PeerMessage.Preserve.class).getLast().extents())
                .containsExactly(new Extent(Stage.VOLUME, 0, 100));
        assertThat(stage.host.picture().undo().waitingWrites()).isZero();
    }
}
