package dev.unwrite.undo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a segment may be overwritten whose copies do not count any more. */
class SegmentPoolTest {
    private static final UndoOptions OPTIONS =
            new UndoOptions(UndoOptions.Policy.DURABLE, 1 << 20, 50, 8 * UndoLog.BLOCK_BYTES, 1, 2, Duration.ZERO);

    private static SegmentPool pool() throws IOException {
        SegmentPool pool = new SegmentPool(new FaultyFiles(), OPTIONS, null);
        pool.start(List.of());
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
}
