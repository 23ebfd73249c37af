package dev.unwrite.undo;

import dev.unwrite.protocol.BlockSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is stored for one epoch. Written by one thread. */
final class EpochRecords {
    private final Map<Integer, BlockSet> blocks = new HashMap<>();
    private final FrameTable frames = new FrameTable();
    private final long lowestGeneration;
    private long bytes;
    private @Nullable View view;

    EpochRecords(long lowestGeneration) {
        this.lowestGeneration = lowestGeneration;
    }

    /** What is stored for the epoch at one moment; for any thread. {@code bytes} counts contents and headers. */
    record View(Map<Integer, BlockSet> blocks, FrameTable.View frames, long bytes) {
        BlockSet blocks(int volume) {
            return blocks.getOrDefault(volume, BlockSet.EMPTY);
        }
    }

    List<BlockSet.Range> missing(int volume, long first, long count) {
        return blocks.getOrDefault(volume, BlockSet.EMPTY).missing(first, count);
    }

    /** A record of the frame that was added last. */
    void add(FrameHeader.Line line) {
        blocks.merge(
                line.volume(),
                BlockSet.of(line.first(), line.count()),
                (old, added) -> old.with(line.first(), line.count()));
        bytes += (long) line.pages() * Pages.BYTES;
        view = null;
    }

    void addFrame(Segment segment, long offset, long firstSeq) {
        frames.add(segment, offset, firstSeq);
        bytes += Pages.BYTES;
        view = null;
    }

    /** The segment of the first record: no record of the epoch is in an earlier one. */
    long lowestGeneration() {
        return lowestGeneration;
    }

    long bytes() {
        return bytes;
    }

    View view() {
        View current = view;
        if (current == null) {
            current = new View(Map.copyOf(blocks), frames.view(), bytes);
            view = current;
        }
        return current;
    }
}
