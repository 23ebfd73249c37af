package dev.unwrite.undo;

import java.nio.ByteBuffer;

/**
 * What the log knows of itself; written into each header, so that a later one vouches for what is before it.
 *
 * @param durableUpTo all records up to this number were durable when this was written
 * @param headSeq all records below this number are gone
 * @param floorVersion grows with each discard; of two floors, that with the higher version counts
 * @param floorSeq records up to this number are discarded
 * @param floor records of epochs before this one are discarded
 */
record LogHead(long durableUpTo, long headSeq, long floorVersion, long floorSeq, EpochKey floor) {
    static final int BYTES = 6 * Long.BYTES;
    static final LogHead INITIAL = new LogHead(0, 1, 0, 0, EpochKey.LOWEST);

    void put(ByteBuffer page, int at) {
        page.putLong(at, durableUpTo);
        page.putLong(at + 8, headSeq);
        page.putLong(at + 16, floorVersion);
        page.putLong(at + 24, floorSeq);
        page.putLong(at + 32, floor.term());
        page.putLong(at + 40, floor.epoch());
    }

    static LogHead get(ByteBuffer page, int at) {
        return new LogHead(
                page.getLong(at),
                page.getLong(at + 8),
                page.getLong(at + 16),
                page.getLong(at + 24),
                new EpochKey(page.getLong(at + 32), page.getLong(at + 40)));
    }

    /** All that the two say; each was true when it was written, and stays true. */
    LogHead merge(LogHead other) {
        LogHead later = other.floorVersion > floorVersion ? other : this;
        return new LogHead(
                Math.max(durableUpTo, other.durableUpTo),
                Math.max(headSeq, other.headSeq),
                later.floorVersion,
                later.floorSeq,
                later.floor);
    }

    boolean isLive(long seq, EpochKey epoch) {
        return seq > floorSeq && epoch.compareTo(floor) >= 0;
    }

    LogHead withDurableUpTo(long seq) {
        return new LogHead(seq, headSeq, floorVersion, floorSeq, floor);
    }

    LogHead withHeadSeq(long seq) {
        return new LogHead(durableUpTo, seq, floorVersion, floorSeq, floor);
    }

    LogHead discardBefore(EpochKey epoch) {
        return new LogHead(durableUpTo, headSeq, floorVersion + 1, floorSeq, epoch);
    }

    /** After a recovery that dropped records: the numbers from {@code next} on are given again, and are not discarded. */
    LogHead reusingFrom(long next) {
        return floorSeq < next ? this : new LogHead(durableUpTo, headSeq, floorVersion + 1, next - 1, floor);
    }

    /** Also forgets the epochs discarded so far: after this, any epoch may come. */
    LogHead discardUpTo(long seq) {
        return new LogHead(durableUpTo, headSeq, floorVersion + 1, seq, EpochKey.LOWEST);
    }
}
