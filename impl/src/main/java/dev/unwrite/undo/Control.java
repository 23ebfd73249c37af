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
record Control(long durableUpTo, long headSeq, long floorVersion, long floorSeq, EpochKey floor) {
    static final int BYTES = 6 * Long.BYTES;
    static final Control INITIAL = new Control(0, 1, 0, 0, EpochKey.LOWEST);

    void put(ByteBuffer page, int at) {
        page.putLong(at, durableUpTo);
        page.putLong(at + 8, headSeq);
        page.putLong(at + 16, floorVersion);
        page.putLong(at + 24, floorSeq);
        page.putLong(at + 32, floor.term());
        page.putLong(at + 40, floor.epoch());
    }

    static Control get(ByteBuffer page, int at) {
        return new Control(
                page.getLong(at),
                page.getLong(at + 8),
                page.getLong(at + 16),
                page.getLong(at + 24),
                new EpochKey(page.getLong(at + 32), page.getLong(at + 40)));
    }

    /** All that the two say; each was true when it was written, and stays true. */
    Control merge(Control other) {
        Control later = other.floorVersion > floorVersion ? other : this;
        return new Control(
                Math.max(durableUpTo, other.durableUpTo),
                Math.max(headSeq, other.headSeq),
                later.floorVersion,
                later.floorSeq,
                later.floor);
    }

    boolean isLive(long seq, EpochKey epoch) {
        return seq > floorSeq && epoch.compareTo(floor) >= 0;
    }

    Control withDurableUpTo(long seq) {
        return new Control(seq, headSeq, floorVersion, floorSeq, floor);
    }

    Control withHeadSeq(long seq) {
        return new Control(durableUpTo, seq, floorVersion, floorSeq, floor);
    }

    Control discardBefore(EpochKey epoch) {
        return new Control(durableUpTo, headSeq, floorVersion + 1, floorSeq, epoch);
    }

    /** After a recovery that dropped records: the numbers from {@code next} on are given again, and are not discarded. */
    Control reusingFrom(long next) {
        return floorSeq < next ? this : new Control(durableUpTo, headSeq, floorVersion + 1, next - 1, floor);
    }

    /** Also forgets the epochs discarded so far: after this, any epoch may come. */
    Control discardUpTo(long seq) {
        return new Control(durableUpTo, headSeq, floorVersion + 1, seq, EpochKey.LOWEST);
    }
}
