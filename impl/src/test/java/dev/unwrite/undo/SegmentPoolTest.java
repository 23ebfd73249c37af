package dev.unwrite.undo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a segment may be overwritten whose copies do not count any more. */
class SegmentPoolTest {
    private static final UndoOptions OPTIONS =
            new UndoOptions(UndoOptions.Policy.DURABLE, 1 << 20, 50, 8 * UndoLog.BLOCK_BYTES, 1, 2, Duration.ZERO);

    private static SegmentPool pool() throws IOException {
        SegmentPool pool = new SegmentPool(new FaultyFiles(), OPTIONS, null);
        pool.start(List.of(), 0);
        return pool;
    }

    @Test
    void aReleasedSegmentIsUsedAgainWhenItIsDurableThatItDoesNotCount() throws IOException {
        SegmentPool pool = pool();
        SegmentFile used = pool.acquire();
        pool.release(new Segment(used, 1, 5));
        assertThat(pool.waitsForHead(5)).isTrue();
        pool.settle(5);
        assertThat(pool.acquire().name()).isNotEqualTo(used.name());
        assertThat(pool.waitsForHead(6)).isFalse();
        pool.settle(6);
        assertThat(pool.acquire().name()).isEqualTo(used.name());
    }

    @Test
    void aReleasedSegmentIsNotUsedAgainWhileSomebodyReads() throws IOException {
        SegmentPool pool = pool();
        SegmentFile used = pool.acquire();
        pool.beginRead();
        pool.release(new Segment(used, 1, 5));
        pool.settle(6);
        assertThat(pool.acquire().name()).isNotEqualTo(used.name());
        pool.endRead();
        pool.settle(6);
        assertThat(pool.acquire().name()).isEqualTo(used.name());
    }

    /** One more checkpoint's worth of copies: so many segments are filled, and then none of them counts. */
    private static void fill(SegmentPool pool, int segments, long seq) throws IOException {
        List<SegmentFile> files = new ArrayList<>();
        for (int i = 0; i < segments; i++) {
            files.add(pool.acquire());
        }
        files.forEach(file -> pool.release(new Segment(file, seq, seq)));
        pool.settle(seq + 1);
    }

    @Test
    void asManySegmentsAreKeptAsWereLatelyInUse() throws IOException {
        FaultyFiles files = new FaultyFiles();
        SegmentPool pool = new SegmentPool(files, OPTIONS, null);
        pool.start(List.of(), 0);
        fill(pool, 20, 1);
        List<String> made = files.names();
        assertThat(made).hasSize(20);
        for (int i = 2; i < 10; i++) {
            fill(pool, 20, i);
        }
        assertThat(files.names()).isEqualTo(made);
        fill(pool, 3, 10);
        assertThat(files.names()).hasSize(19);
        fill(pool, 3, 11);
        assertThat(files.names()).hasSize(18);
        for (int i = 12; i < 60; i++) {
            fill(pool, 3, i);
        }
        assertThat(files.names()).hasSize(3 + OPTIONS.spareSegments());
    }

    @Test
    void segmentsThatWereFoundInUseAreKeptToo() throws IOException {
        FaultyFiles files = new FaultyFiles();
        List<SegmentFile> live = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            live.add(files.create(LogRecovery.segmentName(i), OPTIONS.segmentBytes(), ByteBuffer.allocate(0)));
        }
        SegmentPool pool = new SegmentPool(files, OPTIONS, null);
        pool.start(List.of(), 5);
        List<String> before = files.names();
        live.forEach(file -> pool.release(new Segment(file, 1, 1)));
        pool.settle(2);
        assertThat(files.names()).isEqualTo(before);
    }
}
