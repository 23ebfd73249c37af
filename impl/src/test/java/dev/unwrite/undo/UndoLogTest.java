package dev.unwrite.undo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.protocol.BlockSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log on real files. */
class UndoLogTest {
    static final UndoOptions SMALL =
            UndoOptions.defaults().withSegmentBytes(64 << 10).withLimitBytes(1 << 20);

    @TempDir
    Path folder;

    /** Blocks whose content tells what they are. */
    static Copy copy(long term, long epoch, int volume, long first, int count, int variant) {
        ByteBuffer data = ByteBuffer.allocate(count * UndoLog.BLOCK_BYTES);
        for (int i = 0; i < count; i++) {
            data.put(content(term, epoch, volume, first + i, variant));
        }
        return new Copy(term, epoch, volume, first, data.flip());
    }

    /** Of term 1 and volume 0. */
    static Copy copy(long epoch, long first, int count) {
        return copy(1, epoch, 0, first, count, 0);
    }

    static List<UndoLog.RecordInfo> records(UndoLog log) throws IOException {
        List<UndoLog.RecordInfo> records = new ArrayList<>();
        log.forEachRecord(records::add);
        return records;
    }

    static byte[] content(long term, long epoch, int volume, long block, int variant) {
        byte[] bytes = new byte[UndoLog.BLOCK_BYTES];
        ByteBuffer.wrap(bytes)
                .putLong(term)
                .putLong(epoch)
                .putInt(volume)
                .putLong(block)
                .putInt(variant);
        for (int i = 64; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31L + block * 7 + epoch * 13 + variant);
        }
        return bytes;
    }

    static Map<String, byte[]> rollback(UndoLog log, long term, long epoch) throws IOException {
        Map<String, byte[]> restored = new TreeMap<>();
        log.rollback(term, epoch, (volume, first, count, data) -> {
            assertThat(data.remaining()).isEqualTo(count * UndoLog.BLOCK_BYTES);
            for (int i = 0; i < count; i++) {
                byte[] bytes = new byte[UndoLog.BLOCK_BYTES];
                data.get(bytes);
                assertThat(restored.put(volume + "/" + (first + i), bytes)).isNull();
            }
        });
        return restored;
    }

    @Test
    void whatIsAppendedIsThereAndIsThereAfterReopening() throws Exception {
        try (UndoLog log = UndoLog.open(folder, SMALL)) {
            assertThat(log.recovered().created()).isTrue();
            log.append(List.of(copy(1, 5, 0, 100, 3, 0), copy(1, 5, 1, 7, 1, 0)))
                    .get();
            log.append(copy(1, 6, 0, 101, 20, 0)).get();
            check(log);
        }
        try (UndoLog log = UndoLog.open(folder, SMALL)) {
            assertThat(log.recovered().created()).isFalse();
            assertThat(log.recovered().torn()).isEmpty();
            assertThat(log.recovered().blocks()).isEqualTo(24);
            check(log);
        }
    }

    private static void check(UndoLog log) throws IOException {
        assertThat(log.stored(1, 5, 0)).isEqualTo(BlockSet.of(100, 3));
        assertThat(log.stored(1, 5, 1)).isEqualTo(BlockSet.of(7, 1));
        assertThat(log.stored(1, 6, 0)).isEqualTo(BlockSet.of(101, 20));
        assertThat(log.stored(2, 5, 0)).isEqualTo(BlockSet.EMPTY);
        assertThat(log.read(1, 6, 0, 120).orElseThrow()).isEqualTo(ByteBuffer.wrap(content(1, 6, 0, 120, 0)));
        assertThat(log.read(1, 6, 0, 100)).isEmpty();
        assertThat(log.usedBytes()).isBetween(24L * 4096, 30L * 4096);
        Map<String, byte[]> restored = rollback(log, 1, 5);
        assertThat(restored).hasSize(22);
        assertThat(restored.get("0/101")).isEqualTo(content(1, 5, 0, 101, 0));
        assertThat(restored.get("0/120")).isEqualTo(content(1, 6, 0, 120, 0));
        assertThat(rollback(log, 1, 6)).hasSize(20);
        assertThat(rollback(log, 1, 7)).isEmpty();
        assertThat(rollback(log, 2, 0)).isEmpty();
    }

    @Test
    void theFirstCopyOfABlockInAnEpochStays() throws Exception {
        try (UndoLog log = UndoLog.open(folder, SMALL)) {
            log.append(copy(1, 1, 0, 10, 2, 1)).get();
            log.append(copy(1, 1, 0, 9, 4, 2)).get();
            log.append(List.of(copy(1, 1, 0, 30, 1, 3), copy(1, 1, 0, 30, 1, 4)))
                    .get();
        }
        try (UndoLog log = UndoLog.open(folder, SMALL)) {
            Map<String, byte[]> restored = rollback(log, 1, 0);
            assertThat(restored).hasSize(5);
            assertThat(restored.get("0/9")).isEqualTo(content(1, 1, 0, 9, 2));
            assertThat(restored.get("0/10")).isEqualTo(content(1, 1, 0, 10, 1));
            assertThat(restored.get("0/11")).isEqualTo(content(1, 1, 0, 11, 1));
            assertThat(restored.get("0/12")).isEqualTo(content(1, 1, 0, 12, 2));
            assertThat(restored.get("0/30")).isEqualTo(content(1, 1, 0, 30, 3));
        }
    }

    @Test
    void discardingFreesSpaceAndFilesAreUsedAgain() throws Exception {
        try (UndoLog log = UndoLog.open(folder, SMALL)) {
            for (long epoch = 1; epoch < 200; epoch++) {
                log.append(copy(3, epoch, 0, epoch, 10, 0)).get();
                log.discardBefore(3, epoch).get();
                assertThat(log.epochs()).hasSize(1);
            }
            assertThat(log.usedBytes()).isLessThan(20 * 4096);
            CompletableFuture<Void> late = log.append(copy(3, 198, 0, 1, 1, 0));
            assertThatThrownBy(late::get).cause().isInstanceOf(EpochDiscardedException.class);
            log.discardAll().get();
            assertThat(log.usedBytes()).isZero();
            log.append(copy(2, 7, 0, 1, 1, 0)).get();
        }
        assertThat(folder.toFile().list()).hasSizeLessThan(14);
        try (UndoLog log = UndoLog.open(folder, SMALL)) {
            assertThat(log.epochs()).hasSize(1);
            assertThat(rollback(log, 2, 7)).containsOnlyKeys("0/1");
        }
    }

    @Test
    void theLimitRefusesAWholeAppendAndTheLogGoesOn() throws Exception {
        try (UndoLog log = UndoLog.open(folder, SMALL.withLimitBytes(40 * 4096))) {
            log.append(copy(1, 1, 0, 0, 20, 0)).get();
            assertThat(log.nearLimit()).isFalse();
            CompletableFuture<Void> tooMuch = log.append(List.of(copy(1, 1, 0, 50, 2, 0), copy(1, 1, 0, 100, 20, 0)));
            assertThatThrownBy(tooMuch::get).cause().isInstanceOf(UndoFullException.class);
            assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 20));
            log.append(copy(1, 2, 0, 0, 12, 0)).get();
            assertThat(log.nearLimit()).isTrue();
            log.append(copy(1, 1, 0, 0, 20, 0)).get();
            log.discardBefore(1, 2).get();
            log.append(copy(1, 2, 0, 100, 15, 0)).get();
        }
    }

    @Test
    void largeCopiesGoOverManyFramesAndSegments() throws Exception {
        UndoOptions options = UndoOptions.defaults().withSegmentBytes(3 << 20);
        try (UndoLog log = UndoLog.open(folder, options)) {
            log.append(copy(1, 1, 0, 5, 2000, 0)).get();
        }
        try (UndoLog log = UndoLog.open(folder, options)) {
            Map<String, byte[]> restored = rollback(log, 1, 1);
            assertThat(restored).hasSize(2000);
            assertThat(restored.get("0/2004")).isEqualTo(content(1, 1, 0, 2004, 0));
            assertThat(records(log).stream().mapToInt(UndoLog.RecordInfo::count).sum())
                    .isEqualTo(2000);
        }
    }

    @Test
    void twoCannotHaveTheSameLog() throws Exception {
        try (UndoLog log = UndoLog.open(folder, SMALL)) {
            assertThat(log.usedBytes()).isZero();
            assertThatThrownBy(() -> UndoLog.open(folder, SMALL)).hasMessageContaining("in use by another node");
        }
        UndoLog.open(folder, SMALL).close();
    }

    @Test
    void aFolderWithSomethingElseIsRefused() throws Exception {
        Files.writeString(folder.resolve("letter.txt"), "dear");
        assertThatThrownBy(() -> UndoLog.open(folder, SMALL))
                .isInstanceOf(UndoLogException.class)
                .hasMessageContaining("letter.txt");
        assertThat(folder.resolve("letter.txt")).exists();
        Files.delete(folder.resolve("letter.txt"));
        Files.writeString(folder.resolve(Marker.NAME), "dear".repeat(10_000));
        assertThatThrownBy(() -> UndoLog.open(folder, SMALL)).hasMessageContaining("not an undo log");
    }

    @Test
    void afterCloseNothingIsTaken() throws Exception {
        UndoLog log = UndoLog.open(folder, SMALL);
        log.close();
        assertThatThrownBy(() -> log.append(copy(1, 1, 0, 0, 1, 0)).get())
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("closed");
    }
}
