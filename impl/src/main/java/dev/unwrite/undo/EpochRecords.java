package dev.unwrite.undo;

import dev.unwrite.protocol.BlockSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is stored for one epoch. Written by one thread. */
final class EpochRecords {
    private final Map<Integer, BlockSet> blocks = new HashMap<>();
    private final RecordTable table = new RecordTable();
    private final long lowestGeneration;
    private long bytes;
    private @Nullable View view;

    EpochRecords(long lowestGeneration) {
        this.lowestGeneration = lowestGeneration;
    }

    /** What is stored for the epoch at one moment; for any thread. {@code bytes} counts contents and headers. */
    record View(Map<Integer, BlockSet> blocks, RecordTable.View records, long bytes) {
        BlockSet blocks(int volume) {
            return blocks.getOrDefault(volume, BlockSet.EMPTY);
        }
    }

    List<BlockSet.Range> missing(int volume, long first, long count) {
        return blocks.getOrDefault(volume, BlockSet.EMPTY).missing(first, count);
    }

    void add(StoredRecord record) {
        blocks.merge(
                record.volume(),
                BlockSet.of(record.first(), record.count()),
                (old, added) -> old.with(record.first(), record.count()));
        table.add(record);
        bytes += record.bytes();
        view = null;
    }

    void addHeader() {
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
            current = new View(Map.copyOf(blocks), table.view(), bytes);
            view = current;
        }
        return current;
    }
}
