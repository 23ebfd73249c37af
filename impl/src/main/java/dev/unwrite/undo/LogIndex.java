package dev.unwrite.undo;

import dev.unwrite.protocol.BlockSet.Range;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is stored, by epoch. Written by one thread, which publishes a {@link #view} once it is safe. */
final class LogIndex {
    private final NavigableMap<EpochKey, EpochRecords> epochs = new TreeMap<>();

    /** The parts of a range that have no copy in this epoch yet (rule FirstCopyWins). */
    List<Range> missing(EpochKey epoch, int volume, long first, long count) {
        EpochRecords records = epochs.get(epoch);
        return records == null ? List.of(new Range(first, count)) : records.missing(volume, first, count);
    }

    /** A frame, to which the records belong that are added next. {@code firstSeq} is the number of the first of them. */
    void addFrame(EpochKey epoch, Segment segment, long offset, long firstSeq) {
        epochs.computeIfAbsent(epoch, key -> new EpochRecords(segment.generation()))
                .addFrame(segment, offset, firstSeq);
    }

    /** A record of the epoch's newest frame. */
    void add(EpochKey epoch, FrameHeader.Line line) {
        Objects.requireNonNull(epochs.get(epoch)).add(line);
    }

    void discardBefore(EpochKey floor) {
        epochs.headMap(floor, false).clear();
    }

    void discardAll() {
        epochs.clear();
    }

    /** The earliest segment that holds anything; null if nothing is stored. */
    @Nullable
    Long lowestGeneration() {
        Long lowest = null;
        for (EpochRecords records : epochs.values()) {
            lowest = lowest == null ? records.lowestGeneration() : Math.min(lowest, records.lowestGeneration());
        }
        return lowest;
    }

    long bytes() {
        long bytes = 0;
        for (EpochRecords records : epochs.values()) {
            bytes += records.bytes();
        }
        return bytes;
    }

    NavigableMap<EpochKey, EpochRecords.View> view() {
        NavigableMap<EpochKey, EpochRecords.View> view = new TreeMap<>();
        epochs.forEach((epoch, records) -> view.put(epoch, records.view()));
        return Collections.unmodifiableNavigableMap(view);
    }
}
