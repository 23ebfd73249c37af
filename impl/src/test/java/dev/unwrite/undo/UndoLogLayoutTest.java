package dev.unwrite.undo;

import static dev.unwrite.undo.UndoLogTest.copy;
import static dev.unwrite.undo.UndoLogTest.records;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.protocol.BlockSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How copies lie in frames, frames in segments, and segments in files; and what is said of a place that is wrong. */
class UndoLogLayoutTest {
    private static final int PAGE = UndoLog.BLOCK_BYTES;
    private static final UndoOptions SMALL =
            new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 0, 0, Duration.ofHours(1));
    private static final UndoOptions LARGE = SMALL.withSegmentBytes(4 << 20).withLimitBytes(64 << 20);

    private final FaultyFiles files = new FaultyFiles();

    // ---- Frames.

    @Test
    void aSegmentIsUsedToItsEnd() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        // A header, five pages and two: the last fits exactly.
        log.append(List.of(copy(1, 0, 4), copy(2, 0, 1))).get();
        assertThat(log.stats()).isEqualTo(new LogStats(1, 2, 1, 1));
        assertThat(files.names()).containsExactly("seg-000001.undo", Marker.NAME);
        log.append(copy(3, 0, 1)).get();
        assertThat(files.names()).hasSize(3);
        log.close();
        try (UndoLog next = UndoLog.openInline(files, SMALL)) {
            assertThat(records(next)).hasSize(3);
        }
    }

    @Test
    void aFrameTakes256BlocksAnd160Records() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        log.append(List.of(copy(1, 0, 1), copy(2, 0, 256))).get();
        log.append(copy(3, 0, 257)).get();
        List<Integer> counts =
                records(log).stream().map(UndoLog.RecordInfo::count).toList();
        assertThat(counts).containsExactly(1, 256, 256, 1);
        // A header for each but the last, which has one of its own as well.
        assertThat(log.usedBytes()).isEqualTo((1 + 256 + 257 + 4L) * PAGE);
        log.discardAll().get();

        List<Copy> apart = new ArrayList<>();
        for (int i = 0; i < 161; i++) {
            apart.add(copy(4, 2L * i, 1));
        }
        log.append(apart).get();
        assertThat(log.usedBytes()).isEqualTo((161 + 2L) * PAGE);
        log.close();
        try (UndoLog next = UndoLog.openInline(files, LARGE)) {
            assertThat(records(next)).hasSize(161);
            assertThat(UndoLogTest.rollback(next, 1, 4).get("0/320")).isEqualTo(UndoLogTest.content(1, 4, 0, 320, 0));
        }
    }

    /** Each record may need two headers, and two more for each 256 blocks. */
    @Test
    void theLimitIsKeptToThePage() throws Exception {
        UndoLog full = UndoLog.openInline(files, LARGE.withLimitBytes(259L * PAGE));
        assertThatThrownBy(() -> full.append(copy(1, 0, 256)).get())
                .hasMessageContaining(260L * PAGE + " more are needed");
        full.close();
        UndoLog log = UndoLog.openInline(files, LARGE.withLimitBytes(260L * PAGE));
        log.append(copy(1, 0, 256)).get();
        log.close();
    }

    @Test
    void itIsTimeToCommitFromTheVeryPageOn() throws Exception {
        UndoOptions four =
                new UndoOptions(UndoOptions.Policy.DURABLE, 100L * PAGE, 4, 8 * PAGE, 0, 0, Duration.ofHours(1));
        UndoLog log = UndoLog.openInline(files, four);
        assertThat(log.nearLimit()).isFalse();
        log.append(copy(1, 0, 3)).get();
        assertThat(log.usedBytes()).isEqualTo(4L * PAGE);
        assertThat(log.nearLimit()).isTrue();
        log.close();
    }

    /** Four runs of 1 MiB fill the window of a rollback exactly: they are sorted together. */
    @Test
    void aRollbackSortsAsMuchAsFitsIntoItsWindow() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        for (int i = 3; i >= 0; i--) {
            log.append(copy(1, 256L * i, 256)).get();
        }
        List<Long> firsts = new ArrayList<>();
        log.rollback(1, 1, (volume, first, count, data) -> firsts.add(first));
        assertThat(firsts).containsExactly(0L, 256L, 512L, 768L);
        log.close();
    }

    // ---- Files.

    @Test
    void aSpareIsMadeForEachThatIsTaken() throws Exception {
        UndoOptions one =
                new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 1, 1, Duration.ofHours(1));
        UndoLog log = UndoLog.openInline(files, one);
        assertThat(files.names()).hasSize(2);
        log.append(copy(1, 0, 6)).get();
        assertThat(files.names()).hasSize(3);
        log.append(copy(1, 10, 6)).get();
        assertThat(files.names()).hasSize(4);
        log.close();
        assertThat(files.open()).isEmpty();
    }

    /** A reader that has ended holds nothing back. */
    @Test
    void aReadBlockCanBeDropped() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        log.append(copy(1, 0, 6)).get();
        log.append(copy(2, 0, 6)).get();
        assertThat(log.read(1, 1, 0, 5)).contains(ByteBuffer.wrap(UndoLogTest.content(1, 1, 0, 5, 0)));
        log.discardBefore(1, 2).get();
        log.append(copy(2, 10, 1)).get();
        assertThat(files.names()).doesNotContain("seg-000001.undo");
        log.close();
    }

    /** Files of another size are closed and deleted, those that are kept are closed at the end, and so is the rest. */
    @Test
    void nothingStaysOpen() throws Exception {
        UndoOptions keeping =
                new UndoOptions(UndoOptions.Policy.DURABLE, 64L * PAGE, 50, 8 * PAGE, 1, 2, Duration.ZERO);
        for (UndoOptions options : List.of(SMALL, keeping, keeping.withSegmentBytes(6 * PAGE))) {
            UndoLog log = UndoLog.openInline(files, options);
            for (long epoch = 1; epoch < 8; epoch++) {
                log.append(copy(epoch, 0, 3)).get();
                log.discardBefore(1, epoch - 1).get();
            }
            log.append(copy(9, 0, 1)).get();
            log.discardAll().get();
            log.close();
            assertThat(files.open()).isEmpty();
        }
        UndoLog threaded = UndoLog.open(files, keeping);
        threaded.append(copy(1, 0, 3)).get();
        threaded.close();
        assertThat(files.open()).isEmpty();
    }

    @Test
    void aMarkerThatIsRefusedIsClosed() throws Exception {
        UndoLog.openInline(files, SMALL).close();
        byte[] bytes = files.bytes(Marker.NAME);
        for (int at : new int[] {0, 8, 2000}) {
            bytes[at]++;
            assertThatThrownBy(() -> UndoLog.openInline(files, SMALL)).isInstanceOf(IOException.class);
            bytes[at]--;
            assertThat(files.open()).isEmpty();
        }
    }

    /** On real files, which end where they should, and of which none stays open, not even after a refusal. */
    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "looks at /proc/self/fd")
    void realFilesEndWhereTheyShouldAndAreClosed(@TempDir Path folder) throws Exception {
        UndoOptions options = LARGE.withSegmentBytes((1 << 20) + 3 * PAGE);
        try (UndoLog log = UndoLog.open(folder, options)) {
            log.append(copy(1, 0, 255)).get();
            log.append(copy(1, 300, 1)).get();
            assertThat(openIn(folder)).isNotEmpty();
            List<Path> before = openIn(folder);
            assertThatThrownBy(() -> UndoLog.open(folder, options)).hasMessageContaining("in use");
            assertThat(openIn(folder)).isEqualTo(before);
        }
        assertThat(openIn(folder)).isEmpty();
        List<Path> segments = new ArrayList<>();
        try (Stream<Path> all = Files.list(folder)) {
            all.filter(path -> path.toString().endsWith(".undo")).forEach(segments::add);
        }
        assertThat(segments).isNotEmpty().allSatisfy(path -> assertThat(path).hasSize(options.segmentBytes()));
        try (UndoLog log = UndoLog.open(folder, options)) {
            assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 255).with(300, 1));
        }
        Files.write(segments.getFirst(), new byte[options.segmentBytes()]);
        assertThatThrownBy(() -> UndoLog.open(folder, options)).isInstanceOf(CorruptLogException.class);
        assertThat(openIn(folder)).isEmpty();
    }

    private static List<Path> openIn(Path folder) throws IOException {
        List<Path> open = new ArrayList<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                // Some are gone by now: that of the listing itself, for one.
                if (Files.isSymbolicLink(descriptor)) {
                    Path target = Files.readSymbolicLink(descriptor);
                    if (target.startsWith(folder.toRealPath())) {
                        open.add(target);
                    }
                }
            }
        }
        return open;
    }

    // ---- Places that are wrong.

    /** Two appends in one segment: pages 1 to 3 are the first frame, from page 4 on is the second. */
    private void storeTwo() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        log.append(copy(1, 10, 2)).get();
        log.append(copy(1, 20, 2)).get();
        log.close();
    }

    /** Writes the second header anew, as it would be with other numbers, with a checksum that is right. */
    private FaultyFiles withSecondHeader(long firstSeq, int count) throws Exception {
        FaultyFiles forged = files.afterKill();
        byte[] bytes = forged.bytes("seg-000001.undo");
        ByteBuffer page = Pages.view(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 4 * PAGE);
        LogId id = Marker.open(forged).log();
        FrameHeader is = Objects.requireNonNull(FrameHeader.get(page, id, 4 * PAGE));
        FrameHeader.Line line = is.lines().getFirst();
        new FrameHeader(
                        id,
                        is.generation(),
                        is.offset(),
                        firstSeq,
                        is.epoch(),
                        is.control(),
                        List.of(new FrameHeader.Line(line.volume(), line.first(), count, line.crc(), line.zero())))
                .put(page);
        return forged;
    }

    @Test
    void aHeaderThatIsWholeAndWrongIsSaidToBe() throws Exception {
        storeTwo();
        UndoLog.openInline(withSecondHeader(2, 2), SMALL).close();
        assertRefused(withSecondHeader(7, 2), "record 7 is in its place");
        assertRefused(withSecondHeader(2, 4), "its header asks for more than there is");
        assertRefused(withSecondHeader(2, 257), "its header asks for more than there is");
        assertRefused(withSecondHeader(2, 3), "its content does not match its checksum");
    }

    private static void assertRefused(FaultyFiles forged, String why) {
        assertThatThrownBy(() -> UndoLog.openInline(forged, SMALL))
                .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                    assertThat(e.record()).isEqualTo(2);
                    assertThat(e.offset()).isEqualTo(4L * PAGE);
                })
                .hasMessageContaining(why)
                .hasMessageContaining("seg-000001.undo");
    }

    /** What a loss of power left of an append in three frames, the first of which is torn: all three are dropped. */
    @Test
    void ofATornTailEachRecordIsCounted() throws Exception {
        UndoLog log = UndoLog.openInline(files, LARGE);
        log.append(copy(1, 10, 1)).get();
        files.stopAt(2, 0);
        assertThatThrownBy(() -> log.append(List.of(copy(1, 20, 1), copy(2, 30, 1), copy(2, 40, 1), copy(3, 50, 1)))
                        .get())
                .hasMessageContaining("stopped");
        log.close();
        // Of what was not synced, all but the first page, which is the header of the first frame.
        int[] sectors = {0};
        FaultyFiles dark = files.afterPowerLoss(() -> sectors[0]++ >= PAGE / FaultyFiles.SECTOR);
        UndoLog next = UndoLog.openInline(dark, LARGE);
        assertThat(next.recovered().lastSeq()).isEqualTo(1);
        assertThat(next.recovered().torn().orElseThrow())
                .contains("record 2")
                .contains("offset " + 3 * PAGE)
                .contains("dropped with 3 records in all");
        next.close();
    }

    /** A number that a segment had is not given again, though the segment holds nothing. */
    @Test
    void eachGenerationIsGivenOnce() throws Exception {
        UndoLog log = UndoLog.openInline(files, SMALL);
        files.stopAt(2, PAGE);
        assertThatThrownBy(() -> log.append(copy(1, 0, 1)).get()).hasMessageContaining("stopped");
        log.close();
        FaultyFiles killed = files.afterKill();
        LogRecovery.Result found = LogRecovery.run(killed, Marker.open(killed), false);
        assertThat(found.live()).isEmpty();
        assertThat(found.nextGeneration()).isEqualTo(2);
    }

    /** Segments are looked through by the MiB: the last part may be smaller. */
    @Test
    void aSegmentIsLookedThroughToItsEnd() throws Exception {
        UndoOptions odd = LARGE.withSegmentBytes((1 << 20) + 5 * PAGE);
        UndoLog log = UndoLog.openInline(files, odd);
        log.append(copy(1, 0, 255)).get();
        log.append(copy(1, 300, 2)).get();
        FaultyFiles killed = files.afterKill();
        log.close();
        try (UndoLog next = UndoLog.openInline(killed, odd)) {
            assertThat(next.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 255).with(300, 2));
        }
    }
}
