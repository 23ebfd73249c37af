package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.BlockHash;
import dev.unwrite.trace.Contents;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host makes of the events that come to it: requests of clients, the time, the storage, and the other host. */
class HostEventsTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final long SIZE = (long) Stage.BLOCKS * BLOCK;
    /** For how long the owner of the host may leave it alone. */
    private static long idleNanos(Stage stage) {
        return stage.host.tick() - stage.now();
    }

    private static int heartbeats(Stage stage) {
        return stage.sent(PeerMessage.Heartbeat.class).size();
    }

    // ---- Requests of clients.

    /** One request of each kind, all of the same range. */
    private static List<Trouble.@Nullable Kind> requests(Stage stage, int volume, long offset, int length) {
        Stage.Asked<ByteBuffer> read = new Stage.Asked<>();
        Stage.Asked<Done> write = new Stage.Asked<>();
        Stage.Asked<Done> zeroes = new Stage.Asked<>();
        Stage.Asked<Done> trim = new Stage.Asked<>();
        stage.host.read(volume, offset, length, read);
        stage.host.write(volume, offset, ByteBuffer.allocate(length), false, write);
        stage.host.writeZeroes(volume, offset, length, false, false, zeroes);
        stage.host.trim(volume, offset, length, false, trim);
        stage.carryOut();
        List<Trouble.@Nullable Kind> kinds = new ArrayList<>();
        for (Stage.Asked<?> asked : List.of(read, write, zeroes, trim)) {
            assertThat(asked.isDone()).isEqualTo(asked.trouble == null);
            kinds.add(asked.trouble == null ? null : asked.trouble.kind());
        }
        return kinds;
    }

    @Test
    void eachKindOfRequestIsAnswered() {
        assertThat(requests(Stage.alone(), Stage.VOLUME, BLOCK, BLOCK)).containsOnlyNulls();
    }

    @Test
    void aVolumeThatTheStorageDoesNotHaveTakesNoRequest() {
        Stage stage = Stage.alone();
        assertThat(requests(stage, Stage.VOLUME + 1, BLOCK, BLOCK)).containsOnly(Trouble.Kind.INVALID);
        assertThat(stage.orders("read ", "write")).isEmpty();
    }

    @Test
    void aHostThatDoesNotOwnTheVolumesTakesNoRequest() {
        Stage ended = Stage.alone();
        ended.host.end("enough");
        for (Stage stage : List.of(Stage.secondary(), ended)) {
            stage.orders.clear();
            assertThat(requests(stage, Stage.VOLUME, BLOCK, BLOCK)).containsOnly(Trouble.Kind.NOT_OWNER);
            assertThat(Objects.requireNonNull(stage.flush().trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
            assertThat(stage.orders("read ", "write", "flush")).isEmpty();
        }
    }

    @Test
    void requestsThatComeDuringARollbackAreAnsweredAfterIt() {
        Stage stage = Stage.secondary();
        stage.disk[3 * BLOCK] = 7;
        stage.late = "write";
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        Stage.Asked<ByteBuffer> read = stage.read(3 * BLOCK, 1);
        Stage.Asked<Done> flush = stage.flush();
        stage.carryOut();
        assertThat(read.trouble == null && flush.trouble == null).isTrue();
        assertThat(read.isDone() || flush.isDone()).isFalse();
        stage.answerLate();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(Objects.requireNonNull(read.result).get(0)).isZero();
        assertThat(flush.isDone()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, true",
        "0, 262144, true",
        "262143, 1, true",
        "262144, 0, true",
        "-1, 1, false",
        "1, -1, false",
        "0, 262145, false",
        "262143, 2, false",
        "262145, 0, false",
        "1, 9223372036854775807, false",
        "9223372036854775807, 1, false",
    })
    void aRangeIsValidUpToTheLastByteOfTheVolume(long offset, long length, boolean isValid) {
        assertThat(SIZE).isEqualTo(262_144);
        Stage stage = Stage.alone();
        Stage.Asked<Done> asked = new Stage.Asked<>();
        stage.host.writeZeroes(Stage.VOLUME, offset, length, false, false, asked);
        stage.carryOut();
        assertThat(asked.isDone()).isEqualTo(isValid);
        assertThat(asked.trouble == null ? null : asked.trouble.kind())
                .isEqualTo(isValid ? null : Trouble.Kind.INVALID);
    }

    @ParameterizedTest
    @CsvSource({
        "4096, 4096, 1+1",
        "4095, 4097, 1+1",
        "4096, 8191, 1+1",
        "1, 12287, 1+2",
        "4097, 4096, ",
        "4095, 4096, ",
        "1, 10, ",
        "8192, 0, ",
    })
    void aTrimMakesAHoleOfTheBlocksThatItCoversWholly(long offset, long length, @Nullable String blocks) {
        Stage stage = Stage.alone();
        Stage.Asked<Done> asked = new Stage.Asked<>();
        stage.host.trim(Stage.VOLUME, offset, length, true, asked);
        stage.carryOut();
        assertThat(asked.isDone()).isTrue();
        assertThat(stage.orders("write"))
                .isEqualTo(blocks == null ? List.of() : List.of("write " + blocks + " zeroes fua in 2"));
    }

    @Test
    void whatTheMachineWritesIsTracedWhereSomebodyWantsItsContents() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        ByteBuffer ones = ByteBuffer.wrap(stage.disk, 0, BLOCK).slice();
        assertThat(stage.contents).extracting(Contents::hashes).containsExactly(BlockHash.of(ones));
        stage.wantsContents = false;
        stage.write(BLOCK, BLOCK, 1, false);
        stage.carryOut();
        assertThat(stage.contents).hasSize(1);
    }

    // ---- The time.

    @Test
    void aHostSaysTenTimesASecondThatItIsThere() {
        Stage stage = Stage.secondary();
        int before = heartbeats(stage);
        stage.host.tick();
        stage.goesBy(99);
        assertThat(heartbeats(stage)).isEqualTo(before);
        stage.goesBy(1);
        stage.host.tick();
        assertThat(heartbeats(stage)).isEqualTo(before + 1);
        stage.goesBy(100);
        assertThat(heartbeats(stage)).isEqualTo(before + 2);
    }

    @Test
    void aHostIsToBeWokenForTheNextThingThatIsDue() {
        Stage starting = new Stage("A", true, null, List.of());
        starting.host.start();
        assertThat(idleNanos(starting)).as("a heartbeat").isEqualTo(100_000_000);
        assertThat(idleNanos(Stage.alone())).as("output may leave").isEqualTo(50_000_000);
        Stage secondary = Stage.secondary();
        assertThat(idleNanos(secondary)).as("a heartbeat").isEqualTo(100_000_000);
        secondary.pass(Duration.ofMillis(450));
        assertThat(idleNanos(secondary)).as("the record is read").isEqualTo(50_000_000);
    }

    @Test
    void aHostIsNotToBeWokenMoreThanOnceAMillisecond() {
        Stage stage = Stage.secondary();
        stage.pass(Duration.ofNanos(99_900_000));
        assertThat(idleNanos(stage)).isEqualTo(1_000_000);
        Stage guarded = Stage.guarded();
        guarded.pass(Duration.ofMillis(100));
        guarded.host.received(new PeerMessage.Leaving(1), Stage.LIFE);
        assertThat(idleNanos(guarded)).as("it waits for the storage").isEqualTo(100_000_000);
        assertThat(guarded.orders("compareAndSet")).endsWith("compareAndSet solo");
    }

    @Test
    void aHostThatHasEndedDoesNothingMore() {
        Stage stage = Stage.secondary();
        stage.late = "readOld";
        stage.host.received(new PeerMessage.Preserve(1, 1, List.of(new Extent(Stage.VOLUME, 5, 1))), Stage.LIFE);
        stage.carryOut();
        stage.host.end("enough");
        assertThat(stage.orders("stop", "close"))
                .as("its session for reading is the second")
                .containsExactly("close 1", "stop", "close 2");
        stage.host.end("more than enough");
        assertThat(stage.ended).isEqualTo("enough");
        stage.orders.clear();
        stage.sent.clear();
        stage.answerLate();
        stage.host.received(new PeerMessage.Preserve(1, 1, List.of(new Extent(Stage.VOLUME, 7, 1))), Stage.LIFE);
        stage.greeted(8, PeerMessage.Ids.NONE);
        stage.settle();
        assertThat(stage.host.tick()).isEqualTo(Long.MAX_VALUE);
        assertThat(stage.orders).isEmpty();
        assertThat(stage.sent).isEmpty();
    }

    @Test
    void theMachineOfAHostThatHasEndedStops() {
        Stage stage = Stage.alone();
        Stage.Asked<Done> write = new Stage.Asked<>();
        stage.hold();
        stage.host.write(Stage.VOLUME, 0, ByteBuffer.allocate(BLOCK), true, write);
        stage.host.end("enough");
        assertThat(stage.orders("run", "stop", "close")).containsExactly("close 1", "run", "stop", "close 2");
        assertThat(Objects.requireNonNull(write.trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
        assertThat(stage.host.picture().running()).isFalse();
    }

    /** It may be counted on long after it was heard last, as its commit says nothing of its health. */
    @Test
    void aSecondaryThatIsCountedOnFromNowOnIsGivenItsTimeToSpeak() {
        Stage stage = Stage.joining();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.late = "compareAndSet";
        stage.goesBy(1_000);
        stage.host.received(new PeerMessage.Committed(1, 1), Stage.LIFE);
        stage.carryOut();
        stage.goesBy(1_000);
        stage.answerLate();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        stage.goesBy(1_200);
        assertThat(stage.orders("compareAndSet")).endsWith("compareAndSet protected");
        stage.goesBy(1);
        assertThat(stage.orders("compareAndSet")).endsWith("compareAndSet solo");
    }

    @Test
    void theSilenceOfThePrimaryCountsFromTheMomentAtWhichAHostFollowsItAgain() {
        Stage stage = new Stage("B", false, new Checkpoint(1, 1), List.of());
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        stage.late = "readRecord";
        stage.host.start();
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.SECONDARY);
        stage.goesBy(2_000);
        assertThat(stage.log).doesNotContain("the primary is silent");
        stage.goesBy(1);
        assertThat(stage.log).contains("the primary is silent");
    }

    // ---- Orders of people to a host that is not ready for them.

    private static Stage.Asked<Answers.FailedOver> failover(Stage stage) {
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        stage.host.failover(false, Duration.ofSeconds(30), asked);
        stage.carryOut();
        return asked;
    }

    @Test
    void aFailoverIsAnsweredOnceTheMachineRuns() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "coldStart";
        stage.host.start();
        stage.carryOut();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        Stage.Asked<Answers.FailedOver> asked = failover(stage);
        assertThat(asked.isDone()).isFalse();
        stage.answerLate();
        assertThat(asked.isDone()).isTrue();
    }

    /** A takeover of one of them could be granted late. */
    @Test
    void noFailoverBeginsBeforeTheStorageHasEndedTheFormerLivesOfTheHost() {
        Stage stage = new Stage("B", false, new Checkpoint(1, 1), List.of());
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        stage.failing = "open 0";
        stage.host.start();
        Stage.Asked<Answers.FailedOver> refused = failover(stage);
        assertThat(Objects.requireNonNull(refused.trouble).text()).isEqualTo("no failover: the connection broke");
        assertThat(stage.orders("readRecord", "open 2")).isEmpty();
        stage.failing = null;
        stage.settle();
        Stage.Asked<Answers.FailedOver> asked = failover(stage);
        assertThat(asked.isDone()).isTrue();
    }

    // ---- The storage.

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStorageIsGivenUpAfterTenSecondsInWhichItAnsweredNeitherAFlushNorAnythingElse(boolean flushIsOlder) {
        Stage stage = Stage.alone();
        stage.neverAnswers = "flush in 2";
        if (flushIsOlder) {
            stage.flush();
            stage.goesBy(300);
        }
        stage.failing = "readRecord";
        stage.host.ownership.look();
        stage.carryOut();
        if (!flushIsOlder) {
            stage.goesBy(300);
            stage.flush();
        }
        assertThat(stage.orders("flush in 2")).hasSize(2);
        stage.goesBy(10_000);
        assertThat(stage.orders("close 2")).isEmpty();
        stage.goesBy(1);
        assertThat(stage.orders("close 2")).hasSize(1);
        assertThat(stage.orders("flush in 3"))
                .as("it is asked for in another session")
                .hasSize(1);
    }

    @Test
    void whatWasUnderWayInASessionThatBreaksIsAskedForInTheNextOne() {
        Stage stage = Stage.alone();
        stage.settle();
        stage.neverAnswers = "flush in 2";
        stage.late = "read ";
        Stage.Asked<Done> flush = stage.flush();
        Stage.Asked<ByteBuffer> read = stage.read(0, 1);
        stage.host.hungUp(2, Stage.LOST);
        stage.late = null;
        stage.carryOut();
        assertThat(flush.isDone()).isTrue();
        assertThat(read.isDone()).isTrue();
        assertThat(stage.orders("read ")).hasSize(2);
        assertThat(stage.log).contains("has a new session with the storage");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rollback", "cold start"})
    void aStartWhoseFlushIsLostWithItsSessionIsFlushedInTheNextOne(String start) {
        boolean rollback = start.equals("rollback");
        Stage stage = rollback ? Stage.secondary() : new Stage("A", true, null, List.of());
        stage.neverAnswers = "flush in 2";
        if (rollback) {
            stage.pass(Duration.ofSeconds(3));
        } else {
            stage.host.start();
        }
        stage.carryOut();
        assertThat(stage.orders("flush")).hasSize(1);
        assertThat(stage.host.picture().running()).isFalse();
        stage.host.hungUp(2, Stage.LOST);
        stage.settle();
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.host.picture().running()).isTrue();
        assertThat(stage.orders("flush in 3")).hasSize(1);
    }

    @Test
    void theMachineIsToldOnceThatAVolumeHasGrown() {
        Stage stage = Stage.alone();
        assertThat(stage.orders("volumes")).containsExactly("volumes of 64 blocks");
        stage.disk = new byte[2 * stage.disk.length];
        stage.host.hungUp(2, Stage.LOST);
        stage.settle();
        stage.host.hungUp(3, Stage.LOST);
        stage.settle();
        assertThat(stage.orders("open 1")).hasSize(3);
        assertThat(stage.orders("volumes")).containsExactly("volumes of 64 blocks", "volumes of 128 blocks");
    }

    // ---- The other host.

    /** What the first says counts before the second, as for a heartbeat that says how large the undo log is by now. */
    @Test
    void messagesToTheOtherHostGoInTheOrderInWhichTheyWereGiven() {
        Stage stage = Stage.guarded();
        stage.pass(Duration.ofMillis(100));
        stage.sent.clear();
        stage.write(0, BLOCK, 1, false);
        assertThat(stage.sent)
                .extracting(message -> message.getClass().getSimpleName())
                .startsWith("Preserve", "Heartbeat");
    }

    @Test
    void whatWasBeingSentWhenTheConnectionWasLostSetsNothingOffAnyMore() {
        Stage stage = Stage.guarded();
        stage.late = "sendState";
        for (int i = 0; i < 2; i++) {
            stage.host.checkpoint(null, Duration.ofSeconds(30), new Stage.Asked<>());
            stage.carryOut();
        }
        assertThat(stage.orders("sendState")).containsExactly("sendState 1", "sendState 2");
        stage.host.peerDown();
        stage.answerLate();
        assertThat(stage.orders("sendState"))
                .as("the other host has not greeted yet")
                .hasSize(2);
        stage.greeted(Stage.LIFE, PeerMessage.Ids.NONE);
        assertThat(stage.orders("sendState"))
                .containsExactly("sendState 1", "sendState 2", "sendState 2", "sendState 3");
    }

    @Test
    void aJoinThatIsCalledOffEndsInANewSessionAndTheNextOneBeginsWithANewHeartbeat() {
        Stage stage = Stage.joining();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.peerSays = null;
        stage.late = "open 1";
        stage.greeted(8, PeerMessage.Ids.NONE);
        stage.goesBy(100);
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        assertThat(stage.orders("open 1")).as("once").hasSize(2);
        stage.orders.clear();
        stage.answerLate();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.orders("step AbortJoin", "drop", "step StartJoin"))
                .containsExactly("step AbortJoin", "drop 1");
        assertThat(stage.log)
                .endsWith("has a new session with the storage", "the host that was to join is lost; is alone");
        stage.peerSays = "idle";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.JOINING)).isTrue();
        stage.settle();
        assertThat(stage.orders("step AbortJoin")).hasSize(1);
    }

    @Test
    void aHostThatWasFencedWhileItCalledAJoinOffIsNotAlone() {
        Stage stage = Stage.joining();
        stage.peerSays = null;
        stage.late = "open 1";
        stage.greeted(8, PeerMessage.Ids.NONE);
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.SOLO, "", 1);
        stage.answerLate();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.log).noneMatch(line -> line.endsWith("; is alone"));
        assertThat(stage.orders).contains("stop");
    }
}
