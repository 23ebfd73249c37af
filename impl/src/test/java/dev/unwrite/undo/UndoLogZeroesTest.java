package dev.unwrite.undo;

import static dev.unwrite.undo.UndoLogTest.copy;
import static dev.unwrite.undo.UndoLogTest.records;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.protocol.BlockSet;
import dev.unwrite.undo.UndoLog.RecordInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Blocks of zeroes: kept, found again and handed out like others, and stored without their content. */
class UndoLogZeroesTest {
    private static final int PAGE = UndoLog.BLOCK_BYTES;
    private static final UndoOptions SMALL =
            new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 0, 0, Duration.ofHours(1));
    private static final UndoOptions LARGE = SMALL.withSegmentBytes(4 << 20).withLimitBytes(64 << 20);
    /** 1 TiB. */
    private static final int MANY = 1 << 28;

    private final FaultyFiles files = new FaultyFiles();

    /** Blocks with content, but for those whose bit is not set. */
    private static Copy mixed(long epoch, long first, int count, long present) {
        ByteBuffer data = ByteBuffer.allocate(count * PAGE);
        for (int i = 0; i < count; i++) {
            boolean zero = (present >> i & 1) == 0;
            data.put(zero ? new byte[PAGE] : UndoLogTest.content(1, epoch, 0, first + i, 0));
        }
        return new Copy(1, epoch, 0, first, data.flip());
    }

    private static Copy zeroes(long epoch, long first, int count) {
        return Copy.zeroes(1, epoch, 0, first, count);
    }

    private interface Check {
        void on(UndoLog log) throws IOException;
    }

    /** Now, after the end of the process, and after a loss of power. */
    private void everywhere(UndoLog log, UndoOptions options, Check check) throws IOException {
        check.on(log);
        for (FaultyFiles after : List.of(files.afterKill(), files.afterPowerLoss(() -> false))) {
            try (UndoLog next = UndoLog.openInline(after, options)) {
                assertThat(next.usedBytes()).isEqualTo(log.usedBytes());
                check.on(next);
            }
        }
    }

    @Test
    void whatIsKnownToBeZeroCostsOneHeaderHoweverMuchItIs() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        log.append(zeroes(1, 5, MANY)).get();
        assertThat(log.usedBytes()).isEqualTo(PAGE);
        everywhere(log, SMALL, one -> {
            assertThat(one.stored(1, 1, 0)).isEqualTo(BlockSet.of(5, MANY));
            assertThat(one.read(1, 1, 0, 5L + MANY - 1)).contains(ByteBuffer.allocate(PAGE));
            assertThat(one.read(1, 1, 0, 5L + MANY)).isEmpty();
            assertThat(records(one)).extracting(RecordInfo::zero).containsExactly(true);
            List<String> restored = new ArrayList<>();
            assertThat(one.rollback(1, 1, new Zeroes(restored))).isEqualTo(MANY);
            assertThat(restored).containsExactly("zeroes 5+" + MANY);
        });
        log.close();
    }

    /** Notes what it gets. */
    private record Zeroes(List<String> restored) implements UndoLog.Visitor {
        @Override
        public void restore(int volume, long firstBlock, int count, ByteBuffer data) {
            assertThat(data.remaining()).isEqualTo(count * PAGE);
            restored.add("data " + firstBlock + "+" + count);
        }

        @Override
        public void restoreZeroes(int volume, long firstBlock, int count) {
            restored.add("zeroes " + firstBlock + "+" + count);
        }
    }

    @Test
    void whatIsFoundToBeZeroIsNotStored() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        log.append(mixed(1, 10, 8, 0b0110_0011)).get();
        // A header and four blocks.
        assertThat(log.usedBytes()).isEqualTo(5L * PAGE);
        everywhere(log, LARGE, one -> {
            assertThat(one.stored(1, 1, 0)).isEqualTo(BlockSet.of(10, 8));
            assertThat(records(one))
                    .extracting(record -> record.firstBlock() + "+" + record.count() + " " + record.zero())
                    .containsExactly("10+2 false", "12+3 true", "15+2 false", "17+1 true");
            Map<String, byte[]> restored = UndoLogTest.rollback(one, 1, 1);
            for (int i = 0; i < 8; i++) {
                boolean zero = (0b0110_0011 >> i & 1) == 0;
                assertThat(restored.get("0/" + (10 + i)))
                        .isEqualTo(zero ? new byte[PAGE] : UndoLogTest.content(1, 1, 0, 10 + i, 0));
            }
        });
        log.close();
    }

    /** A byte anywhere makes a block that has to be stored. */
    @Test
    void oneByteIsNotZero() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        int[] places = {0, 7, 8, 2000, PAGE - 1};
        for (int place : places) {
            ByteBuffer data = ByteBuffer.allocate(3 * PAGE);
            data.put(PAGE + place, (byte) 1);
            // Only what remains counts.
            log.append(new Copy(1, place, 0, 20, data.slice(PAGE, PAGE))).get();
            log.append(new Copy(1, place, 0, 30, data.position(PAGE).limit(2 * PAGE)))
                    .get();
            log.append(new Copy(1, place, 0, 40, data.clear().limit(PAGE))).get();
        }
        assertThat(records(log).stream().filter(RecordInfo::zero))
                .extracting(RecordInfo::firstBlock)
                .containsExactly(40L, 40L, 40L, 40L, 40L);
        for (int place : places) {
            assertThat(log.read(1, place, 0, 20).orElseThrow().get(place)).isEqualTo((byte) 1);
            assertThat(log.read(1, place, 0, 30).orElseThrow().get(place)).isEqualTo((byte) 1);
        }
        log.close();
    }

    @Test
    void theFirstCopyStaysWhetherItIsZeroOrNot() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        log.append(zeroes(1, 10, 2)).get();
        log.append(copy(1, 11, 2)).get();
        log.append(zeroes(1, 9, 10)).get();
        log.append(copy(1, 18, 2)).get();
        everywhere(log, LARGE, one -> {
            Map<String, byte[]> restored = UndoLogTest.rollback(one, 1, 1);
            assertThat(restored).hasSize(11);
            restored.forEach((place, bytes) -> {
                boolean kept = place.equals("0/12") || place.equals("0/19");
                long block = Long.parseLong(place.substring(2));
                assertThat(bytes).as(place).isEqualTo(kept ? UndoLogTest.content(1, 1, 0, block, 0) : new byte[PAGE]);
            });
        });
        log.close();
    }

    /** The oldest copy wins over a later one of the other kind (rule OldestCopyWins). */
    @Test
    void aRollbackTakesTheOldestOfEachBlock() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        log.append(copy(1, 0, 4)).get();
        log.append(zeroes(2, 2, 4)).get();
        log.append(copy(3, 4, 4)).get();
        everywhere(log, LARGE, one -> {
            List<String> restored = new ArrayList<>();
            assertThat(one.rollback(1, 1, new Zeroes(restored))).isEqualTo(8);
            assertThat(restored).containsExactly("data 0+4", "zeroes 4+2", "data 6+2");
            restored.clear();
            assertThat(one.rollback(1, 2, new Zeroes(restored))).isEqualTo(6);
            assertThat(restored).containsExactly("zeroes 2+4", "data 6+2");
        });
        log.close();
    }

    @Test
    void adjacentZeroesAreHandedOutAsOneUpToTheLargestCount() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        log.append(List.of(zeroes(1, 10, 5), zeroes(1, 15, 5), zeroes(1, 21, 1), Copy.zeroes(1, 1, 3, 20, 1)))
                .get();
        List<String> restored = new ArrayList<>();
        log.rollback(1, 1, new Zeroes(restored));
        assertThat(restored).containsExactly("zeroes 10+10", "zeroes 21+1", "zeroes 20+1");
        log.discardAll().get();

        int half = 1 << 30;
        log.append(List.of(zeroes(1, 0, half), zeroes(1, half, half - 1), zeroes(1, 2L * half - 1, 1)))
                .get();
        restored.clear();
        assertThat(log.rollback(1, 1, new Zeroes(restored))).isEqualTo(2L * half);
        assertThat(restored).containsExactly("zeroes 0+" + (2L * half - 1), "zeroes " + (2L * half - 1) + "+1");
        log.close();
    }

    /** A visitor that does not care gets them as data, 1 MiB at a time. */
    @Test
    void zeroesComeAsDataToWhomDoesNotAskForThem() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        log.append(zeroes(1, 7, 2 * 256 + 3)).get();
        List<String> calls = new ArrayList<>();
        log.rollback(1, 1, (volume, first, count, data) -> {
            calls.add(first + "+" + count);
            assertThat(data).isEqualTo(ByteBuffer.allocate(count * PAGE));
        });
        assertThat(calls).containsExactly("7+256", "263+256", "519+3");
        log.close();
    }

    /** More pieces than a window takes at once. */
    @Test
    void aRollbackOfVeryManyZeroesIsBoundedToo() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE.withLimitBytes(128 << 20));
        List<Copy> copies = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            copies.add(zeroes(1, 2L * i, 1));
        }
        log.append(copies).get();
        assertThat(log.usedBytes()).isEqualTo(20_000L / FrameHeader.MAX_LINES * PAGE);
        List<String> restored = new ArrayList<>();
        assertThat(log.rollback(1, 1, new Zeroes(restored))).isEqualTo(20_000);
        assertThat(restored).hasSize(20_000).doesNotHaveDuplicates();
        log.close();
    }

    @Test
    void aFrameTakes160RecordsOfZeroesAndNoMoreThan256BlocksBesides() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        List<Copy> apart = new ArrayList<>();
        for (int i = 0; i < 160; i++) {
            apart.add(zeroes(1, 2L * i, 1));
        }
        log.append(apart).get();
        assertThat(log.usedBytes()).isEqualTo(PAGE);
        log.append(List.of(zeroes(2, 0, 1), copy(2, 10, 256), zeroes(2, 300, 1000)))
                .get();
        assertThat(log.usedBytes()).isEqualTo((1 + 1 + 256L) * PAGE);
        log.append(List.of(zeroes(3, 0, 1), copy(3, 10, 257), zeroes(3, 300, 1000)))
                .get();
        assertThat(log.usedBytes()).isEqualTo((1 + 1 + 256 + 2 + 257L) * PAGE);
        everywhere(log, LARGE, one -> {
            assertThat(one.stored(1, 3, 0))
                    .isEqualTo(BlockSet.of(0, 1).with(10, 257).with(300, 1000));
            assertThat(UndoLogTest.rollback(one, 1, 3)).hasSize(1258);
        });
        log.close();
    }

    /** Where a segment has no room for another block, zeroes still fit. */
    @Test
    void aFullSegmentStillTakesZeroesIntoItsLastFrame() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        log.append(List.of(copy(1, 0, 6), zeroes(1, 10, 100), copy(1, 200, 1), zeroes(1, 300, 1)))
                .get();
        assertThat(records(log))
                .extracting(RecordInfo::file)
                .containsExactly(
                        "/memory/seg-000001.undo",
                        "/memory/seg-000001.undo",
                        "/memory/seg-000002.undo",
                        "/memory/seg-000002.undo");
        everywhere(
                log, SMALL, one -> assertThat(UndoLogTest.rollback(one, 1, 1)).hasSize(108));
        log.close();
    }

    /** Header pages alone fill a segment, up to its last two pages, and the next one goes on. */
    @Test
    void headersOfZeroesFillSegments() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        for (int i = 0; i < 20; i++) {
            log.append(zeroes(1, 10L * i, 5)).get();
        }
        assertThat(log.usedBytes()).isEqualTo(20L * PAGE);
        everywhere(log, SMALL, one -> {
            assertThat(records(one)).hasSize(20);
            assertThat(UndoLogTest.rollback(one, 1, 1)).hasSize(100);
        });
        log.discardBefore(1, 2).get();
        assertThat(log.usedBytes()).isZero();
        log.close();
    }

    @Test
    void theLimitCountsWhatIsTakenAndNotTheLength() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE.withLimitBytes(3L * PAGE));
        log.append(zeroes(1, 0, MANY)).get();
        log.append(zeroes(2, 0, MANY)).get();
        log.append(zeroes(3, 0, MANY)).get();
        assertThatThrownBy(() -> log.append(zeroes(4, 0, 1)).get()).hasMessageContaining(PAGE + " more are needed");
        assertThat(log.stored(1, 4, 0)).isEqualTo(BlockSet.EMPTY);
        // What is kept already needs nothing.
        log.append(zeroes(3, 5, 5)).get();
        log.append(copy(3, 5, 5)).get();
        assertThat(log.usedBytes()).isEqualTo(3L * PAGE);
        log.close();
    }

    /** At most half of the blocks have content, in as many records: no more is asked for than they can take. */
    @Test
    void blocksThatAlternateNeedTheirContentAndFewHeaders() throws Exception {
        long halves = 0x5555_5555_5555_5555L;
        UndoLog full = UndoLog.openInline(files, LARGE.withLimitBytes(33L * PAGE));
        assertThatThrownBy(() -> full.append(mixed(1, 0, 64, halves)).get())
                .hasMessageContaining(34L * PAGE + " more are needed");
        full.close();
        UndoLog log = UndoLog.openInline(files, LARGE.withLimitBytes(34L * PAGE));
        log.append(mixed(1, 0, 64, halves)).get();
        assertThat(log.usedBytes()).isEqualTo(33L * PAGE);
        log.close();
    }

    /** Nothing of the header may change unseen: a block of zeroes must not become data, nor data zeroes. */
    @Test
    void eachFlippedByteOfAnAcknowledgedRecordOfZeroesIsDamage() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        log.append(List.of(zeroes(1, 10, 5), copy(1, 20, 1))).get();
        log.append(zeroes(1, 30, 1)).get();
        log.close();
        byte[] bytes = files.bytes("seg-000001.undo");
        for (int at = PAGE; at < 2 * PAGE; at += at < PAGE + 256 ? 1 : 97) {
            bytes[at] ^= 0x10;
            assertThatThrownBy(() -> UndoLog.openInline(files, SMALL))
                    .as("byte " + at)
                    .isInstanceOf(CorruptLogException.class);
            bytes[at] ^= 0x10;
        }
        UndoLog.openInline(files, SMALL).close();
    }

    @Test
    void aCopyMustSayHowMany() {
        assertThatThrownBy(() -> zeroes(1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> zeroes(1, -1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Copy.zeroes(1, 1, -1, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Copy(1, 1, 0, 0, 2, ByteBuffer.allocate(PAGE)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Copy(1, 1, 0, 0, ByteBuffer.allocate(PAGE + 1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(new Copy(1, 1, 0, 0, ByteBuffer.allocate(2 * PAGE)).blockCount())
                .isEqualTo(2);
    }
}
