package dev.unwrite.undo;

import static dev.unwrite.undo.UndoLogTest.copy;
import static dev.unwrite.undo.UndoLogTest.records;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.unwrite.protocol.BlockSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log without threads: what a call does is done when it returns, so that it can be told to the byte. */
class InlineUndoLogTest {
    private static final int PAGE = UndoLog.BLOCK_BYTES;
    /** Segments of eight pages: a header, and then frames, each with a header of its own. */
    private static final UndoOptions OPTIONS =
            new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 1, 2, Duration.ZERO);

    private final FaultyFiles files = new FaultyFiles();

    private List<String> segments() {
        return files.names().stream().filter(LogRecovery::isSegment).toList();
    }

    // ---- Work.

    @Test
    void eachCallHasDoneItsWorkWhenItReturns() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        assertThat(log.append(copy(1, 10, 3))).isDone();
        assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.of(10, 3));
        // What is acknowledged survives a loss of all that was not synced.
        try (UndoLog dark = UndoLog.openInline(files.afterPowerLoss(() -> false), OPTIONS)) {
            assertThat(dark.stored(1, 1, 0)).isEqualTo(BlockSet.of(10, 3));
        }
        assertThat(log.discardBefore(1, 2)).isDone();
        assertThat(log.epochs()).isEmpty();
        assertThat(log.discardAll()).isDone();
        log.close();
        CompletableFuture<Void> late = log.append(copy(2, 1, 1));
        assertThatThrownBy(late::get).hasMessageContaining("the undo log is closed");
    }

    @Test
    void afterAFailureNothingIsTakenAndWhatIsThereCanBeRead() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        log.append(copy(1, 10, 3)).get();
        files.failNextSync();
        CompletableFuture<Void> failed = log.append(copy(1, 20, 1));
        assertThatThrownBy(failed::get).hasMessageContaining("Input/output error");
        CompletableFuture<Void> after = log.append(copy(1, 30, 1));
        assertThatThrownBy(after::get).hasMessageContaining("start the node again");
        assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.of(10, 3));
        assertThat(UndoLogTest.rollback(log, 1, 1)).hasSize(3);
        log.close();
    }

    // ---- Files.

    /** Spares are made ahead, released files are used again, and no more are kept for long than the options say. */
    @Test
    void filesAreUsedAgainAndThoseTooManyAreDeleted() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        assertThat(segments()).hasSize(1);
        for (long block = 0; block < 30; block += 3) {
            log.append(copy(1, block, 3)).get();
        }
        int most = segments().size();
        assertThat(most).isGreaterThan(5);
        assertThat(UndoLogTest.rollback(log, 1, 1)).hasSize(30);
        log.discardBefore(1, 2).get();
        log.append(copy(2, 100, 1)).get();
        // As many were needed just now.
        assertThat(segments()).hasSize(most);
        List<String> kept = segments();
        for (long epoch = 3; epoch < 40; epoch++) {
            log.append(copy(epoch, epoch, 3)).get();
            log.discardBefore(1, epoch).get();
        }
        assertThat(segments()).hasSizeLessThanOrEqualTo(2 + OPTIONS.keepSegments());
        assertThat(segments()).containsAnyElementsOf(kept);
        assertThat(UndoLogTest.rollback(log, 1, 39)).hasSize(3);
        log.close();
        try (UndoLog next = UndoLog.openInline(files, OPTIONS)) {
            assertThat(next.stored(1, 39, 0)).isEqualTo(BlockSet.of(39, 3));
        }
    }

    @Test
    void aLogWithOtherSegmentsKeepsNoneOfTheOldOnesThatHoldNothing() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        log.append(copy(1, 1, 1)).get();
        log.discardAll().get();
        log.close();
        UndoOptions larger = OPTIONS.withSegmentBytes(16 * PAGE);
        try (UndoLog next = UndoLog.openInline(files, larger)) {
            next.append(copy(2, 1, 9)).get();
            assertThat(segments())
                    .allSatisfy(name -> assertThat(files.bytes(name)).hasSize(16 * PAGE));
        }
    }

    /** What a process had only written may be lost with the power, so the next one syncs all of it before it begins. */
    @Test
    void whatWasNeverSyncedIsWrittenAgainWhereverItIs() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS.withPolicy(UndoOptions.Policy.MEMORY));
        for (long block = 0; block < 24; block += 3) {
            log.append(copy(1, block, 3)).get();
        }
        long used = log.usedBytes();
        FaultyFiles killed = files.afterKill();
        assertThat(log.stats().syncs()).isZero();
        log.close();
        assertThat(segments().size()).isGreaterThan(3);
        try (UndoLog next = UndoLog.openInline(killed, OPTIONS)) {
            assertThat(next.usedBytes()).isEqualTo(used);
        }
        try (UndoLog dark = UndoLog.openInline(killed.afterPowerLoss(() -> false), OPTIONS)) {
            assertThat(dark.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 24));
            assertThat(UndoLogTest.rollback(dark, 1, 1).get("0/17")).isEqualTo(UndoLogTest.content(1, 1, 0, 17, 0));
        }
    }

    /** A segment whose copies are discarded is overwritten only when a crash cannot bring them back. */
    @Test
    void aCrashWhileASegmentIsUsedAgainLosesNothingThatCounts() throws Exception {
        for (int before = 6; before < 18; before++) {
            for (int operation = 1; operation < 12; operation++) {
                FaultyFiles disk = new FaultyFiles();
                UndoLog log = UndoLog.openInline(disk, OPTIONS);
                for (int block = 0; block < before; block += 3) {
                    log.append(copy(1, block, 3)).get();
                }
                log.append(copy(2, 50, 1)).get();
                log.discardBefore(1, 2).get();
                disk.stopAt(operation, 0);
                CompletableFuture<Void> underWay = log.append(copy(2, 100, 14));
                for (boolean survives : new boolean[] {false, true}) {
                    try (UndoLog next = UndoLog.openInline(disk.afterPowerLoss(() -> survives), OPTIONS)) {
                        assertThat(next.stored(1, 2, 0).contains(50)).isTrue();
                        assertThat(underWay.isCompletedExceptionally()
                                        || next.stored(1, 2, 0).containsRange(100, 14))
                                .isTrue();
                    }
                }
            }
        }
    }

    @Test
    void whatTheCopiesTakeIsCountedToThePage() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        log.append(List.of(copy(1, 10, 2), copy(1, 30, 1))).get();
        // Three blocks and the header of their frame; then a frame of another epoch.
        assertThat(log.usedBytes()).isEqualTo(4L * PAGE);
        log.append(copy(2, 10, 1)).get();
        assertThat(log.usedBytes()).isEqualTo(6L * PAGE);
        assertThat(log.stats()).isEqualTo(new LogStats(2, 3, 2, 2));
        log.close();
        try (UndoLog next = UndoLog.openInline(files, OPTIONS)) {
            assertThat(next.usedBytes()).isEqualTo(6L * PAGE);
            assertThat(next.recovered().records()).isEqualTo(3);
            next.discardBefore(1, 2).get();
            assertThat(next.usedBytes()).isEqualTo(2L * PAGE);
        }
    }

    @Test
    void whatAKilledProcessHadNotFinishedIsDeleted(@TempDir Path folder) throws IOException {
        UndoLog.open(folder, OPTIONS).close();
        Path unfinished = Files.createFile(folder.resolve("seg-000077.undo.new"));
        UndoLog.open(folder, OPTIONS).close();
        assertThat(unfinished).doesNotExist();
    }

    // ---- Damage.

    @Test
    void damageIsSaidInWords() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        log.append(copy(1, 10, 2)).get();
        log.append(copy(1, 20, 2)).get();
        List<UndoLog.RecordInfo> records = records(log);
        log.close();
        int content = (int) records.getLast().offset();
        String name = name(records.getLast());
        damaged(name, content + 9, "its content does not match its checksum");
        damaged(name, content + 2 * PAGE - 1, "its content does not match its checksum");
        damaged(name, content - PAGE + 3, "its header does not read well");
    }

    private void damaged(String name, int at, String why) {
        FaultyFiles spoiled = files.afterKill();
        spoiled.bytes(name)[at] ^= 1;
        assertThatThrownBy(() -> UndoLog.openInline(spoiled, OPTIONS))
                .isInstanceOf(CorruptLogException.class)
                .hasMessageContaining(why)
                .hasMessageContaining(name);
    }

    private static String name(UndoLog.RecordInfo record) {
        return record.file().substring(record.file().lastIndexOf('/') + 1);
    }

    // ---- Limits.

    @Test
    void aFullLogSaysHowFullAndTakesNothingOfTheCall() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        assertThat(log.limitBytes()).isEqualTo(64L * PAGE);
        assertThat(log.nearLimit()).isFalse();
        long block = 0;
        Throwable full = null;
        while (full == null) {
            long used = log.usedBytes();
            assertThat(log.nearLimit()).isEqualTo(used >= 64L * PAGE / 100 * 50);
            CompletableFuture<Void> append = log.append(List.of(copy(1, block, 2), copy(1, 1000 + block, 2)));
            full = catchThrowable(append::get);
            block += 2;
        }
        assertThat(full.getCause()).isInstanceOfSatisfying(UndoFullException.class, e -> {
            assertThat(e.usedBytes()).isEqualTo(log.usedBytes());
            assertThat(e.limitBytes()).isEqualTo(64L * PAGE);
            // Four blocks, and for each two headers at most.
            assertThat(e).hasMessageContaining(8L * PAGE + " more are needed");
        });
        assertThat(log.usedBytes()).isBetween(56L * PAGE + 1, 64L * PAGE);
        assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, block - 2).with(1000, block - 2));
        // What is stored already needs no room.
        log.append(copy(1, 0, 2)).get();
        log.discardBefore(1, 2).get();
        log.append(copy(2, 0, 2)).get();
        log.close();
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        UndoOptions least = new UndoOptions(UndoOptions.Policy.MEMORY, 0, 0, 4 * PAGE, 0, 0, Duration.ZERO);
        assertThat(least.withPolicy(UndoOptions.Policy.DURABLE).policy()).isEqualTo(UndoOptions.Policy.DURABLE);
        List<Runnable> wrong = new ArrayList<>();
        wrong.add(() -> least.withSegmentBytes(3 * PAGE));
        wrong.add(() -> least.withSegmentBytes(5 * PAGE + 1));
        wrong.add(() -> least.withLimitBytes(-1));
        wrong.add(() -> new UndoOptions(UndoOptions.Policy.MEMORY, 0, -1, 4 * PAGE, 0, 0, Duration.ZERO));
        wrong.add(() -> new UndoOptions(UndoOptions.Policy.MEMORY, 0, 0, 4 * PAGE, -1, 0, Duration.ZERO));
        wrong.add(() -> new UndoOptions(UndoOptions.Policy.MEMORY, 0, 0, 4 * PAGE, 2, 1, Duration.ZERO));
        assertThat(wrong).allSatisfy(one -> assertThatThrownBy(one::run).isInstanceOf(IllegalArgumentException.class));
    }

    // ---- Rollback.

    /** Sorted, adjacent blocks as one, each once; also where they were stored in another order and in other frames. */
    @Test
    void aRollbackHandsOutAdjacentBlocksAsOne() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        log.append(List.of(copy(1, 1, 1, 5, 2, 0), copy(1, 50, 2), copy(1, 10, 2)))
                .get();
        log.append(copy(1, 12, 3)).get();
        log.append(copy(2, 14, 3)).get();
        List<String> calls = new ArrayList<>();
        long blocks = log.rollback(
                1,
                1,
                (volume, first, count, data) ->
                        calls.add(volume + "/" + first + "+" + count + ":" + data.remaining() / PAGE));
        assertThat(calls).containsExactly("0/10+7:7", "0/50+2:2", "1/5+2:2");
        assertThat(blocks).isEqualTo(11);
        assertThat(log.rollback(1, 2, (volume, first, count, data) -> {})).isEqualTo(3);
        log.close();
    }

    /** Of a copy that lies over an older one only the edges count. */
    @Test
    void ofCopiesThatOverlapTheOldestOfEachBlockIsHandedOut() throws Exception {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        log.append(copy(1, 10, 2)).get();
        log.append(copy(2, 8, 6)).get();
        log.append(copy(3, 11, 1)).get();
        Map<String, byte[]> restored = UndoLogTest.rollback(log, 1, 1);
        assertThat(restored).hasSize(6);
        for (long block = 8; block < 14; block++) {
            long epoch = block == 10 || block == 11 ? 1 : 2;
            assertThat(restored.get("0/" + block)).isEqualTo(UndoLogTest.content(1, epoch, 0, block, 0));
        }
        log.close();
    }

    /** More than is held in memory at once, and more than is handed out at once. */
    @Test
    void aLargeRollbackComesInPieces() throws Exception {
        UndoOptions large = UndoOptions.defaults().withSegmentBytes(4 << 20);
        UndoLog log = UndoLog.openInline(files, large);
        int blocks = 1500;
        for (int block = 0; block < blocks; block += 50) {
            log.append(copy(1, block, 50)).get();
        }
        List<Integer> counts = new ArrayList<>();
        long[] expected = {0};
        long handedOut = log.rollback(1, 1, (volume, first, count, data) -> {
            assertThat(first).isEqualTo(expected[0]);
            expected[0] += count;
            counts.add(count);
            byte[] bytes = new byte[PAGE];
            data.position((count - 1) * PAGE).get(bytes);
            assertThat(bytes).isEqualTo(UndoLogTest.content(1, 1, 0, first + count - 1, 0));
        });
        assertThat(handedOut).isEqualTo(blocks);
        assertThat(expected[0]).isEqualTo(blocks);
        assertThat(counts).allSatisfy(count -> assertThat(count).isLessThanOrEqualTo(256));
        assertThat(counts.size()).isLessThan(10);
        log.close();
    }

    @Test
    void damageIsToldWithItsPlace() throws IOException {
        UndoLog log = UndoLog.openInline(files, OPTIONS);
        log.append(copy(1, 10, 1)).join();
        UndoLog.RecordInfo record = records(log).getFirst();
        files.bytes(name(record))[(int) record.offset() + 7] ^= 1;
        assertThatThrownBy(() -> log.rollback(1, 1, (volume, first, count, data) -> {}))
                .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                    assertThat(e.file()).isEqualTo(record.file());
                    assertThat(e.record()).isEqualTo(record.seq());
                    assertThat(e.offset()).isEqualTo(record.offset());
                });
        log.close();
    }
}
