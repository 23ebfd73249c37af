package dev.unwrite.undo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.unwrite.protocol.BlockSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Damage, torn tails, full disks and failed syncs, one at a time. */
class UndoLogFaultTest {
    private static final int PAGE = UndoLog.BLOCK_BYTES;
    private static final UndoOptions OPTIONS =
            new UndoOptions(UndoOptions.Policy.DURABLE, 1 << 20, 75, 10 * PAGE, 0, 2, Duration.ofHours(1));

    /** A log of three segments that a killed process left behind: nothing but hints vouches for its last record. */
    private static FaultyFiles killed() throws Exception {
        FaultyFiles files = new FaultyFiles();
        UndoLog log = UndoLog.open(files, OPTIONS);
        for (int i = 0; i < 7; i++) {
            log.append(UndoLogTest.copy(1, 1 + i / 3, 0, 10L * i, 1 + i % 3, 0)).get();
        }
        FaultyFiles after = files.afterKill();
        log.close();
        return after;
    }

    private static LogRecovery.Result recover(FaultyFiles files) throws IOException {
        return LogRecovery.run(files, Marker.open(files), false);
    }

    @Test
    @Timeout(60) // Thousands of recoveries: longer than the mutation tests give others.
    void eachFlippedByteOfAnAcknowledgedRecordIsDamage() throws Exception {
        FaultyFiles files = killed();
        LogRecovery.Result good = recover(files);
        assertThat(good.live()).hasSizeGreaterThan(2);
        assertThat(good.recovered().records()).isEqualTo(good.recovered().lastSeq());
        for (StoredRecord record : records(files, good)) {
            byte[] bytes = files.bytes(record.segment().file().name());
            int start = (int) record.offset() - PAGE;
            for (int at = start; at < start + PAGE + record.bytes(); at += at < start + 160 ? 1 : 37) {
                requireDamage(files, bytes, at, record.seq());
            }
            requireDamage(files, bytes, start + PAGE - 1, record.seq());
            requireDamage(files, bytes, start + PAGE + record.bytes() - 1, record.seq());
        }
        recover(files);
    }

    private static List<StoredRecord> records(FaultyFiles files, LogRecovery.Result good) throws IOException {
        List<StoredRecord> records = new ArrayList<>();
        RecordReader reader = new RecordReader(
                files, Marker.open(files).log(), good.index().view().values());
        for (StoredRecord record = reader.next(); record != null; record = reader.next()) {
            records.add(record);
        }
        return records;
    }

    private static void requireDamage(FaultyFiles files, byte[] bytes, int at, long seq) {
        bytes[at] ^= 0x04;
        Throwable thrown = catchThrowable(() -> recover(files));
        bytes[at] ^= 0x04;
        assertThat(thrown).as("byte %d, record %d", at, seq).isInstanceOf(CorruptLogException.class);
        CorruptLogException damage = (CorruptLogException) thrown;
        assertThat(damage.record()).isEqualTo(seq);
        assertThat(damage).hasMessageContaining(damage.file()).hasMessageContaining("join again");
    }

    /** While the log is open, what a rollback reads was checked by nobody since it was stored. */
    @Test
    void whatIsDamagedWhileTheLogIsOpenIsNotRestored() throws Exception {
        FaultyFiles files = new FaultyFiles();
        try (UndoLog log = UndoLog.open(files, OPTIONS)) {
            log.append(UndoLogTest.copy(1, 1, 0, 10, 2, 0)).get();
            log.append(UndoLogTest.copy(1, 1, 0, 20, 2, 0)).get();
            byte[] bytes = files.bytes("seg-000001.undo");
            int second = 4 * PAGE;
            for (int at : List.of(second, second + 40, second + PAGE - 1, second + PAGE, second + 3 * PAGE - 1)) {
                bytes[at] ^= 0x10;
                assertThatThrownBy(() -> UndoLogTest.rollback(log, 1, 1))
                        .as("byte %d", at)
                        .isInstanceOfSatisfying(
                                CorruptLogException.class,
                                damage -> assertThat(damage.record()).isEqualTo(2))
                        .hasMessageContaining("has changed since it was stored");
                bytes[at] ^= 0x10;
            }
            assertThat(UndoLogTest.rollback(log, 1, 1)).hasSize(4);
        }
    }

    @Test
    void aDamagedSegmentHeaderOrAMissingSegmentIsDamage() throws Exception {
        FaultyFiles files = killed();
        for (Segment segment : recover(files).live()) {
            byte[] bytes = files.bytes(segment.file().name());
            for (int at = 0; at < PAGE; at += at < 128 ? 1 : 331) {
                requireDamage(files, bytes, at, segment.firstSeq());
            }
            FaultyFiles less = files.afterKill();
            less.remove(segment.file().name());
            assertThatThrownBy(() -> recover(less)).isInstanceOf(CorruptLogException.class);
        }
    }

    @Test
    void aDamagedMarkerTellsNothingWrong() throws Exception {
        FaultyFiles files = killed();
        LogRecovery.Result good = recover(files);
        byte[] bytes = files.bytes(Marker.NAME);
        for (int at = PAGE; at < bytes.length; at += 23) {
            bytes[at] ^= 0x40;
            LogRecovery.Result found = recover(files);
            bytes[at] ^= 0x40;
            assertThat(found.nextSeq()).isEqualTo(good.nextSeq());
        }
        bytes[2000] ^= 1;
        assertThatThrownBy(() -> recover(files)).isInstanceOf(CorruptLogException.class);
        bytes[2000] ^= 1;
        bytes[8]--;
        assertThatThrownBy(() -> recover(files))
                .hasMessageContaining("has format 1; this version of unwrite reads format 2: move the folder away");
    }

    @Test
    void aSegmentOfAnotherLogIsRefused() throws Exception {
        FaultyFiles mine = killed();
        FaultyFiles other = killed();
        byte[] foreign = other.bytes(recover(other).live().getFirst().file().name());
        mine.create("seg-000077.undo", foreign.length, ByteBuffer.wrap(foreign));
        assertThatThrownBy(() -> recover(mine)).hasMessageContaining("another undo log");
    }

    @Test
    void eachTornLengthOfTheLastWriteIsATail() throws Exception {
        int length = 3 * PAGE;
        for (int cut = 0; cut <= length; cut += cut < 200 ? 1 : 251) {
            FaultyFiles files = new FaultyFiles();
            UndoLog log = UndoLog.open(files, OPTIONS);
            log.append(UndoLogTest.copy(1, 1, 0, 0, 2, 0)).get();
            files.stopAt(1, cut);
            CompletableFuture<Void> torn = log.append(UndoLogTest.copy(1, 1, 0, 5, 2, 0));
            assertThatThrownBy(torn::get).cause().isInstanceOf(UndoLogException.class);
            log.close();
            try (UndoLog next = UndoLog.open(files.afterKill(), OPTIONS)) {
                assertThat(next.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 2));
                assertThat(next.recovered().torn().isPresent()).isEqualTo(cut >= PAGE);
                next.append(UndoLogTest.copy(1, 1, 0, 5, 1, 1)).get();
                assertThat(UndoLogTest.rollback(next, 1, 1).get("0/5")).isEqualTo(UndoLogTest.content(1, 1, 0, 5, 1));
            }
        }
    }

    /** A frame that was dropped must not come back when its file is used again and a new frame ends just before it. */
    @Test
    void aDroppedFrameDoesNotComeBackBehindANewOne() throws Exception {
        FaultyFiles files = new FaultyFiles();
        UndoLog log = UndoLog.open(files, OPTIONS);
        log.append(UndoLogTest.copy(1, 1, 0, 0, 8, 0)).get();
        files.stopAt(3, 0);
        CompletableFuture<Void> lost =
                log.append(List.of(UndoLogTest.copy(1, 1, 0, 20, 1, 0), UndoLogTest.copy(1, 2, 0, 21, 1, 0)));
        assertThatThrownBy(lost::get).hasMessageContaining("stopped");
        log.close();
        int[] sectors = new int[1];
        FaultyFiles dark = files.afterPowerLoss(() -> sectors[0]++ >= 3 * 8);
        UndoLog next = UndoLog.open(dark, OPTIONS);
        next.append(UndoLogTest.copy(1, 1, 0, 30, 1, 0)).get();
        FaultyFiles killed = dark.afterKill();
        next.close();
        try (UndoLog last = UndoLog.open(killed, OPTIONS)) {
            assertThat(killed.names()).containsExactly("seg-000001.undo", "seg-000002.undo", Marker.NAME);
            assertThat(last.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 8).with(30, 1));
            assertThat(last.stored(1, 2, 0)).isEqualTo(BlockSet.EMPTY);
        }
    }

    @Test
    void afterAFullDiskNothingIsAcknowledgedAndNothingIsLost() throws Exception {
        FaultyFiles files = new FaultyFiles();
        UndoLog log = UndoLog.open(files, OPTIONS);
        files.fill();
        int stored = 0;
        Throwable failed = null;
        while (failed == null) {
            CompletableFuture<Void> append = log.append(UndoLogTest.copy(1, 1, 0, 10L * stored, 3, 0));
            failed = catchThrowable(append::get);
            stored += failed == null ? 1 : 0;
        }
        assertThat(failed).cause().isInstanceOf(UndoLogException.class).hasMessageContaining("No space left");
        assertThatThrownBy(() -> log.append(UndoLogTest.copy(1, 1, 0, 0, 1, 0)).get())
                .hasMessageContaining("failed");
        assertThatThrownBy(log::sync).hasMessageContaining("failed");
        assertThatThrownBy(() -> log.discardAll().get()).hasMessageContaining("failed");
        assertThat(UndoLogTest.rollback(log, 1, 0)).hasSize(3 * stored);
        log.close();
        try (UndoLog next = UndoLog.open(files.afterPowerLoss(() -> false), OPTIONS)) {
            assertThat(UndoLogTest.rollback(next, 1, 0)).hasSize(3 * stored);
        }
    }

    /** After a failed sync the system may show data that is not on the disk, and call it clean. */
    @Test
    void whatAFailedSyncLeftReadableIsWrittenAgainBeforeItCounts() throws Exception {
        FaultyFiles files = new FaultyFiles();
        UndoLog log = UndoLog.open(files, OPTIONS);
        log.append(UndoLogTest.copy(1, 1, 0, 0, 1, 0)).get();
        files.failNextSync();
        CompletableFuture<Void> append = log.append(UndoLogTest.copy(1, 1, 0, 7, 1, 0));
        assertThatThrownBy(append::get).hasMessageContaining("Input/output error");
        assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 1));
        log.close();
        FaultyFiles restarted = files.afterKill();
        try (UndoLog next = UndoLog.open(restarted, OPTIONS)) {
            assertThat(next.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 1).with(7, 1));
            next.append(UndoLogTest.copy(1, 1, 0, 7, 1, 5)).get();
            FaultyFiles dark = restarted.afterPowerLoss(() -> false);
            try (UndoLog last = UndoLog.open(dark, OPTIONS)) {
                assertThat(UndoLogTest.rollback(last, 1, 1).get("0/7")).isEqualTo(UndoLogTest.content(1, 1, 0, 7, 0));
            }
        }
    }

    /** Rule KeepUntilRestored: a rollback that is begun again must not know of more than the first one. */
    @Test
    void onceSettledWhatCouldNotBeStoredIsNotFoundAgain() throws Exception {
        FaultyFiles files = new FaultyFiles();
        UndoLog log = UndoLog.open(files, OPTIONS);
        log.append(UndoLogTest.copy(1, 1, 0, 0, 1, 0)).get();
        log.settle();
        files.failNextSync();
        // More than a segment, so that the hole is before the end of one and another follows.
        CompletableFuture<Void> append = log.append(UndoLogTest.copy(1, 1, 0, 7, 12, 0));
        assertThatThrownBy(append::get).hasMessageContaining("Input/output error");
        assertThat(found(files))
                .as("it may be found")
                .isEqualTo(BlockSet.of(0, 1).with(7, 12));
        files.failNextSync();
        assertThatThrownBy(log::settle).hasMessageContaining("Input/output error");
        log.settle();
        log.settle();
        assertThat(found(files)).isEqualTo(BlockSet.of(0, 1));
        assertThat(found(files.afterPowerLoss(() -> false))).isEqualTo(BlockSet.of(0, 1));
        assertThat(found(files.afterPowerLoss(() -> true))).isEqualTo(BlockSet.of(0, 1));
        assertThat(UndoLogTest.rollback(log, 1, 1)).as("it can still be read").containsOnlyKeys("0/0");
        log.close();
    }

    private static BlockSet found(FaultyFiles files) throws Exception {
        try (UndoLog next = UndoLog.open(files.afterKill(), OPTIONS)) {
            return next.stored(1, 1, 0);
        }
    }

    @Test
    void allThatWaitShareOneSync() throws Exception {
        FaultyFiles files = new FaultyFiles();
        CountDownLatch gate = new CountDownLatch(1);
        try (UndoLog log = UndoLog.open(files, UndoOptions.defaults().withSegmentBytes(1 << 20))) {
            files.holdSyncs(gate);
            List<CompletableFuture<Void>> appends = new ArrayList<>();
            appends.add(log.append(UndoLogTest.copy(1, 1, 0, 0, 1, 0)));
            files.awaitSync();
            for (int i = 1; i < 64; i++) {
                appends.add(log.append(UndoLogTest.copy(1, 1, 0, i, 1, 0)));
            }
            CompletableFuture<Void> repeated = log.append(UndoLogTest.copy(1, 1, 0, 0, 1, 1));
            assertThat(appends).noneMatch(CompletableFuture::isDone);
            assertThat(repeated).isNotDone();
            assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.EMPTY);
            gate.countDown();
            CompletableFuture.allOf(appends.toArray(CompletableFuture[]::new)).get();
            repeated.get();
            assertThat(files.segmentSyncs()).isEqualTo(2);
            assertThat(log.stats().writes()).isEqualTo(2);
            assertThat(log.stats().records()).isEqualTo(64);
        }
    }
}
