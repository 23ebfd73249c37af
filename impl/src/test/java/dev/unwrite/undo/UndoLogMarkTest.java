package dev.unwrite.undo;

import static dev.unwrite.undo.UndoLogTest.copy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.unwrite.protocol.BlockSet;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the log durably notes of itself: how far it is durable, and what is discarded; when it does, and that no more. */
class UndoLogMarkTest {
    private static final int PAGE = UndoLog.BLOCK_BYTES;
    /** Marks after each call. */
    private static final UndoOptions EAGER =
            new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 0, 0, Duration.ZERO);
    /** Marks only where it has to. */
    private static final UndoOptions LAZY =
            new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 0, 0, Duration.ofHours(1));

    private final FaultyFiles files = new FaultyFiles();

    /** Up to which record the log is known to be durable if the power is lost now. */
    private static long vouchedFor(FaultyFiles files) throws IOException {
        FaultyFiles dark = files.afterPowerLoss(() -> false);
        return LogRecovery.run(dark, Marker.open(dark), false).recovered().durableUpTo();
    }

    @Test
    void aLogThatIsDoneMarksThatItIs() throws Exception {
        UndoLog log = UndoLog.openInline(files, EAGER);
        log.append(copy(1, 0, 1)).get();
        assertThat(vouchedFor(files)).isEqualTo(1);
        // Nothing new is stored, so nothing is written.
        long before = files.operations();
        log.append(copy(1, 0, 1)).get();
        assertThat(files.operations()).isEqualTo(before);
        log.close();
        assertThat(files.operations()).isEqualTo(before);
    }

    @Test
    void aLogWithoutPausesMarksWhenItIsClosedAndWhenItIsOpened() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        log.append(copy(1, 0, 1)).get();
        log.append(copy(1, 1, 1)).get();
        // The second header vouches for the record before it; nothing does for the last.
        assertThat(vouchedFor(files)).isEqualTo(1);
        FaultyFiles killed = files.afterKill();
        log.close();
        assertThat(vouchedFor(files)).isEqualTo(2);

        FaultyFiles dark = killed.afterPowerLoss(() -> false);
        UndoLog next = UndoLog.openInline(dark, LAZY);
        assertThat(vouchedFor(dark)).isEqualTo(2);
        next.close();
    }

    @Test
    void aLogWithAThreadMarksAfterAPauseAndAtTheEnd() throws Exception {
        UndoOptions soon =
                new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 0, 0, Duration.ofMillis(1));
        try (UndoLog log = UndoLog.open(files, soon)) {
            log.append(copy(1, 0, 1)).get();
            await().until(() -> vouchedFor(files) == 1);
            // Once is enough.
            long after = files.operations();
            await().during(Duration.ofMillis(20)).until(() -> files.operations() == after);
        }
        FaultyFiles other = new FaultyFiles();
        UndoLog log = UndoLog.open(other, LAZY);
        log.append(copy(1, 0, 1)).get();
        assertThat(vouchedFor(other)).isZero();
        log.close();
        assertThat(vouchedFor(other)).isEqualTo(1);
    }

    /** After a failure the state of the disk is unknown: a mark could vouch for what is not there. */
    @Test
    void afterAFailureNothingIsMarked() throws Exception {
        for (UndoOptions options : new UndoOptions[] {EAGER, LAZY}) {
            FaultyFiles failing = new FaultyFiles();
            UndoLog log = UndoLog.openInline(failing, options);
            log.append(copy(1, 0, 1)).get();
            failing.failNextSync();
            CompletableFuture<Void> failed = log.append(copy(1, 1, 1));
            assertThatThrownBy(failed::get).hasMessageContaining("Input/output error");
            long before = failing.operations();
            CompletableFuture<Void> after = log.append(copy(1, 2, 1));
            assertThat(after).isCompletedExceptionally();
            log.close();
            assertThat(failing.operations()).isEqualTo(before);
        }
    }

    /** What is opened after a clean end is not written again: one page, synced, says that there is a new process. */
    @Test
    void whatIsVouchedForIsNotWrittenAgain() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        log.append(copy(1, 0, 3)).get();
        log.append(copy(1, 5, 3)).get();
        log.close();
        long before = files.operations();
        UndoLog.openInline(files, LAZY).close();
        assertThat(files.operations()).isEqualTo(before + 2);
    }

    /** The first sync fails, so that the header of the segment is not on the disk either, though it can be read. */
    @Test
    void theHeaderOfASegmentIsWrittenAgainWithWhatFollowsIt() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        files.failNextSync();
        CompletableFuture<Void> failed = log.append(copy(1, 0, 2));
        assertThatThrownBy(failed::get).hasMessageContaining("Input/output error");
        log.close();
        FaultyFiles killed = files.afterKill();
        UndoLog.openInline(killed, LAZY).close();
        try (UndoLog dark = UndoLog.openInline(killed.afterPowerLoss(() -> false), LAZY)) {
            assertThat(dark.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 2));
        }
    }

    /** The pages that are synced take turns, over restarts too, so that a torn one leaves the one before. */
    @Test
    void aTornMarkLeavesTheOneBefore() throws Exception {
        for (int life = 1; life <= 4; life++) {
            UndoLog log = UndoLog.openInline(files, LAZY);
            log.append(copy(1, 10L * life, 1)).get();
            log.close();
            FaultyFiles torn = files.afterKill();
            // Without the pages that are not synced, which say the same as long as the power is not lost.
            Arrays.fill(torn.bytes(Marker.NAME), 3 * PAGE, 5 * PAGE, (byte) 0);
            torn.stopAt(1, 600);
            assertThatThrownBy(() -> UndoLog.openInline(torn, LAZY)).hasMessage("stopped");
            assertThat(Marker.open(torn).read().durableUpTo()).isEqualTo(life);
        }
    }

    @Test
    void aHintLeavesTheSyncedPagesAlone() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        byte[] before = Arrays.copyOfRange(files.bytes(Marker.NAME), 0, 3 * PAGE);
        for (int block = 0; block < 3; block++) {
            log.append(copy(1, block, 1)).get();
            assertThat(Arrays.copyOfRange(files.bytes(Marker.NAME), 0, 3 * PAGE))
                    .isEqualTo(before);
            assertThat(Marker.open(files.afterKill()).read().durableUpTo()).isEqualTo(block + 1);
        }
        log.close();
    }

    @Test
    void withoutTheMarkerTheHeadersVouch() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        for (int block = 0; block < 4; block++) {
            log.append(copy(1, block, 2)).get();
        }
        log.close();
        Arrays.fill(files.bytes(Marker.NAME), PAGE, 5 * PAGE, (byte) 0);
        // Each header for what was before it.
        assertThat(LogRecovery.run(files, Marker.open(files), false).recovered().durableUpTo())
                .isEqualTo(3);
    }

    // ---- Discards.

    @Test
    void aDiscardThatSaysNothingNewWritesNothing() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        log.append(copy(1, 0, 1)).get();
        log.discardBefore(1, 5).get();
        long before = files.operations();
        log.discardBefore(1, 5).get();
        log.discardBefore(1, 4).get();
        assertThat(files.operations()).isEqualTo(before);
        log.close();
    }

    /** A call that stores nothing syncs nothing. */
    @Test
    void whatIsSyncedIsSyncedOnce() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        log.append(copy(1, 0, 1)).get();
        log.sync();
        log.discardBefore(1, 1).get();
        assertThat(log.stats().syncs()).isEqualTo(1);
        log.close();
    }

    /**
     * A file is only used again, or deleted, once it is durable that it does not count: in a log that syncs, with the next
     * header; else with a mark of its own.
     */
    @Test
    void aFileGoesOnceItIsDurableThatItDoesNotCount() throws Exception {
        UndoLog log = UndoLog.openInline(files, LAZY);
        String first = fillTwoSegments(log);
        log.discardBefore(1, 2).get();
        assertThat(files.names()).contains(first);
        log.append(copy(2, 100, 1)).get();
        assertThat(files.names()).doesNotContain(first);
        log.close();
        assertThat(files.open()).isEmpty();

        FaultyFiles other = new FaultyFiles();
        UndoLog memory = UndoLog.openInline(other, LAZY.withPolicy(UndoOptions.Policy.MEMORY));
        fillTwoSegments(memory);
        long before = other.operations();
        memory.append(copy(2, 90, 1)).get();
        assertThat(other.operations()).as("a write and no mark").isEqualTo(before + 1);
        memory.discardBefore(1, 2).get();
        assertThat(vouchedFor(other)).isZero();
        assertThat(other.names()).hasSize(2);
        memory.close();
    }

    /** Ends with a segment in use that holds nothing of epoch 1. Returns the first of the others. */
    private static String fillTwoSegments(UndoLog log) throws Exception {
        log.append(copy(1, 0, 6)).get();
        log.append(copy(1, 10, 6)).get();
        log.append(copy(2, 20, 3)).get();
        return LogRecovery.segmentName(1);
    }

    @Test
    void allFilesButTheOneInUseGoWhenEverythingIsDropped() throws Exception {
        UndoLog log = UndoLog.openInline(files, EAGER);
        fillTwoSegments(log);
        assertThat(files.names()).hasSize(4);
        log.discardAll().get();
        log.append(copy(3, 1, 1)).get();
        assertThat(files.names()).hasSize(2);
        log.close();
        assertThat(files.open()).isEmpty();
    }

    /** Numbers that a loss of power took back are given again; that their first bearers were dropped must not count then. */
    @Test
    void recordsWithTheNumbersOfDroppedOnesAreNotDropped() throws Exception {
        UndoLog log = UndoLog.openInline(files, EAGER.withPolicy(UndoOptions.Policy.MEMORY));
        for (int block = 0; block < 3; block++) {
            log.append(copy(1, 10L * block, 1)).get();
        }
        log.discardAll().get();
        FaultyFiles dark = files.afterPowerLoss(() -> false);
        log.close();

        UndoLog next = UndoLog.openInline(dark, LAZY);
        assertThat(next.recovered().lastSeq()).isZero();
        next.append(copy(1, 40, 1)).get();
        next.append(copy(1, 50, 1)).get();
        FaultyFiles killed = dark.afterKill();
        next.close();
        try (UndoLog last = UndoLog.openInline(killed, LAZY)) {
            assertThat(last.stored(1, 1, 0)).isEqualTo(BlockSet.of(40, 1).with(50, 1));
        }
    }
}
