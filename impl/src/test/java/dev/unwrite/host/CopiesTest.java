package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.BlockHash;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How much a secondary copies at a time, and what becomes of it when the storage, the disk or another term comes between. */
class CopiesTest {
    /** The most that is copied at a time, in blocks: 32 MiB. */
    private static final int ALL = 8192;

    private final Stage stage = Stage.secondary();
    private long term = 1;
    private int volumes = 100;

    /** The first blocks of a volume of which nothing was asked for yet. */
    private Extent blocks(int count) {
        return new Extent(volumes++, 0, count);
    }

    private void preserve(Extent... extents) {
        stage.host.received(new PeerMessage.Preserve(term, 1, List.of(extents)), Stage.LIFE);
        stage.carryOut();
    }

    private void fails(String order, Trouble.Kind kind) {
        stage.failing = order;
        stage.trouble = new Trouble(kind, "not now");
    }

    /** The primary owns the group in the next term, which this host follows with the next request. */
    private void nextTerm() {
        term = 2;
        stage.record = new OwnershipRecord(3, term, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.host.ownership.seen(stage.record);
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
    }

    private void takesOver() {
        stage.host.failover(false, Duration.ofSeconds(30), new Stage.Asked<>());
        stage.carryOut();
    }

    /** A takeover is asked for, which is decided when late answers come. */
    private void asksToTakeOver(boolean agreed) {
        stage.late = "compareAndSet";
        stage.failing = agreed ? null : "compareAndSet";
        takesOver();
        stage.failing = null;
        assertThat(stage.orders("compareAndSet")).hasSize(1);
    }

    private Extent[] singleBlocks(int extents) {
        return Stream.generate(() -> blocks(1)).limit(extents).toArray(Extent[]::new);
    }

    /** As much is copied at a time as ever, by number and by size: nothing that is over takes room. */
    private void nothingTakesRoom() {
        stage.late = "readOld";
        stage.orders.clear();
        preserve(blocks(ALL - 255));
        preserve(singleBlocks(256));
        assertThat(stage.orders("readOld")).hasSize(256);
    }

    @Test
    void whatIsBeingStoredCountsAmongWhatIsCopiedAtATime() {
        stage.late = "append";
        preserve(singleBlocks(256));
        preserve(blocks(1));
        assertThat(stage.orders("readOld")).hasSize(256);
    }

    @Test
    void ofLargeCopiesFewerAreMadeAtATime() {
        stage.late = "append";
        preserve(blocks(ALL - 1), blocks(1), blocks(1));
        assertThat(stage.orders("readOld")).containsExactly("readOld 0+8191", "readOld 0+1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"open 1", "readOld", "append"})
    void whatFailsIsTriedAgainAfterTheTwentiethPartOfASecond(String order) {
        fails(order, Trouble.Kind.NO_SPACE);
        preserve(blocks(2));
        stage.failing = null;
        stage.goesBy(49);
        assertThat(stage.orders(order)).hasSize(1);
        stage.goesBy(1);
        assertThat(stage.orders(order)).hasSize(2);
        assertThat(stage.sent(PeerMessage.Preserved.class)).hasSize(1);
        nothingTakesRoom();
    }

    @Test
    void aSessionIsReplacedWhenTheStorageHangsUpOnItAndOnNoOther() {
        preserve(blocks(1));
        stage.host.hungUp(99, stage.trouble);
        stage.goesBy(50);
        assertThat(stage.orders("open 1", "close")).containsExactly("close 1", "open 1");
        stage.host.hungUp(2, stage.trouble);
        stage.goesBy(50);
        preserve(blocks(1));
        assertThat(stage.orders("open 1", "close")).containsExactly("close 1", "open 1", "close 2", "open 1");
        assertThat(stage.orders("append")).hasSize(2);
    }

    @Test
    void theTraceOfACopySaysWhatWasReadAndInWhichSession() {
        preserve(blocks(2));
        assertThat(stage.contents).hasSize(1);
        assertThat(stage.contents.getFirst().session()).isEqualTo(2);
        assertThat(stage.contents.getFirst().hashes()).containsExactly(BlockHash.ZERO, BlockHash.ZERO);
    }

    @Test
    void aDiskThatFailsIsSaidOnce() {
        stage.late = "append";
        fails("append", Trouble.Kind.FAILED);
        preserve(blocks(1), blocks(1));
        stage.answerLate();
        assertThat(stage.orders("append")).hasSize(2);
        assertThat(stage.log)
                .filteredOn(line -> line.contains("mirror"))
                .containsExactly("this host can no longer mirror: cannot store a copy: not now; start the node again");
    }

    /** It reads a part at a time, so that there is always more to read. */
    @Test
    void aHostThatHasEndedReadsNothingMore() {
        stage.late = "append";
        preserve(singleBlocks(257));
        stage.host.end("enough");
        stage.orders.clear();
        stage.answerLate();
        assertThat(stage.orders("open", "readOld")).isEmpty();
    }

    // ---- What was not asked for.

    private void sequence(int from, int count) {
        for (int i = 0; i < count; i++) {
            preserve(new Extent(Stage.VOLUME, from + i, 1));
        }
    }

    @Test
    void whatComesNextInASequenceIsReadAndStoredAndAcknowledgedWithWhatWasAskedFor() {
        sequence(10, 3);
        assertThat(stage.orders("readOld", "append"))
                .containsExactly(
                        "readOld 10+1", "append 10+1", "readOld 11+1", "append 11+1", "readOld 12+3", "append 12+3");
        assertThat(stage.sent(PeerMessage.Preserved.class).getLast().extents())
                .containsExactly(new Extent(Stage.VOLUME, 12, 3));
        stage.orders.clear();
        sequence(13, 3);
        assertThat(stage.orders("readOld")).as("only what has no copy yet").containsExactly("readOld 15+6");
    }

    @Test
    void whatLiesApartIsReadAlone() {
        preserve(new Extent(Stage.VOLUME, 10, 1));
        preserve(new Extent(Stage.VOLUME, 12, 1));
        preserve(new Extent(Stage.VOLUME, 14, 1));
        assertThat(stage.orders("readOld")).containsExactly("readOld 10+1", "readOld 12+1", "readOld 14+1");
    }

    @Test
    void aLogThatIsAQuarterFullHoldsOnlyWhatWasAskedFor() {
        // A copy takes 8 KiB here, and the limit is 1 MiB.
        for (int i = 0; i < 33; i++) {
            preserve(blocks(1));
        }
        stage.orders.clear();
        sequence(10, 3);
        assertThat(stage.orders("readOld")).containsExactly("readOld 10+1", "readOld 11+1", "readOld 12+1");
    }

    /** Later the primary may be in another epoch, and what was not asked for overwritten (rule AroundWhileAsked). */
    @Test
    void whatCouldNotBeReadIsReadAgainInOneRequest() {
        sequence(10, 2);
        stage.failing = "readOld";
        preserve(new Extent(Stage.VOLUME, 12, 1));
        stage.failing = null;
        stage.orders.clear();
        stage.goesBy(50);
        assertThat(stage.orders("readOld", "append")).containsExactly("readOld 12+3", "append 12+3");
    }

    // ---- Another term.

    @Test
    void whatIsBeingReadForAnEarlierTermIsNotStored() {
        stage.late = "readOld";
        preserve(blocks(2));
        nextTerm();
        assertThat(stage.orders("close")).containsExactly("close 1", "close 2");
        stage.answerLate();
        preserve(blocks(1));
        assertThat(stage.orders("append")).containsExactly("append 0+1");
        nothingTakesRoom();
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.Kind.class,
            names = {"FAILED", "NO_SPACE"})
    void aCopyOfAnEarlierTermThatCannotBeStoredMakesRoomForTheNext(Trouble.Kind kind) {
        stage.late = "append";
        fails("append", kind);
        preserve(blocks(ALL));
        stage.failing = null;
        nextTerm();
        preserve(blocks(1));
        assertThat(stage.orders("readOld")).containsExactly("readOld 0+8192");
        stage.answerLate();
        assertThat(stage.orders("readOld", "append"))
                .containsExactly("readOld 0+8192", "append 0+8192", "readOld 0+1", "append 0+1");
        assertThat(stage.host.picture().note()).isEmpty();
        nothingTakesRoom();
    }

    @Test
    void aCopyThatWaitsForSpaceOnTheDiskIsNotStoredInALaterTerm() {
        fails("append", Trouble.Kind.NO_SPACE);
        preserve(blocks(ALL));
        stage.failing = null;
        nextTerm();
        preserve(blocks(1));
        assertThat(stage.orders("readOld")).containsExactly("readOld 0+8192");
        stage.goesBy(50);
        assertThat(stage.orders("readOld", "append"))
                .containsExactly("readOld 0+8192", "append 0+8192", "readOld 0+1", "append 0+1");
        nothingTakesRoom();
    }

    // ---- A takeover.

    @Test
    void aCopyThatWaitsForSpaceOnTheDiskIsReadAgainAfterATakeoverThatIsNotAgreed() {
        fails("append", Trouble.Kind.NO_SPACE);
        preserve(blocks(2));
        asksToTakeOver(false);
        stage.goesBy(50);
        assertThat(stage.orders("append")).hasSize(1);
        stage.answerLate();
        assertThat(stage.orders("readOld", "append"))
                .containsExactly("readOld 0+2", "append 0+2", "readOld 0+2", "append 0+2");
        assertThat(stage.sent(PeerMessage.Preserved.class)).hasSize(1);
        nothingTakesRoom();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsBeingReadWhenATakeoverIsAskedForIsReadAgainIfThatIsNotAgreed(boolean agreed) {
        stage.late = "readOld";
        preserve(blocks(2));
        asksToTakeOver(agreed);
        assertThat(stage.orders("close", "open 2")).containsExactly("close 1", "close 2", "open 2");
        stage.answerLate();
        assertThat(stage.orders("readOld")).hasSize(agreed ? 1 : 2);
        assertThat(stage.orders("append")).hasSize(agreed ? 0 : 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSessionForReadingThatComesDuringATakeoverIsGivenUp(boolean agreed) {
        stage.late = "open 1";
        preserve(blocks(2));
        asksToTakeOver(agreed);
        stage.answerLate();
        assertThat(stage.orders("close")).contains("close 3");
        assertThat(stage.orders("readOld")).hasSize(agreed ? 0 : 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSessionThatWasGivenUpBeforeItCameDoesNotDisturbTheNext(boolean comes) {
        stage.late = "open 1";
        stage.failing = comes ? null : "open 1";
        preserve(blocks(2));
        stage.failing = "compareAndSet";
        takesOver();
        stage.failing = null;
        assertThat(stage.orders("open 1")).as("the takeover was not agreed").hasSize(2);
        stage.answerLate();
        stage.goesBy(50);
        assertThat(stage.orders("open 1")).hasSize(2);
        assertThat(stage.orders("close")).hasSize(comes ? 4 : 3).doesNotContain("close 5");
        assertThat(stage.orders("append")).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.Kind.class,
            names = {"FAILED", "NO_SPACE"})
    void aTakeoverGoesOnWhenWhatWasBeingStoredHasFailed(Trouble.Kind kind) {
        stage.late = "append";
        fails("append", kind);
        preserve(blocks(2));
        stage.failing = null;
        takesOver();
        assertThat(stage.orders("compareAndSet")).isEmpty();
        stage.answerLate();
        assertThat(stage.orders("settle"))
                .as("what is full has stored nothing")
                .hasSize(kind == Trouble.Kind.FAILED ? 1 : 0);
        assertThat(stage.orders("compareAndSet roll")).hasSize(1);
    }
}
