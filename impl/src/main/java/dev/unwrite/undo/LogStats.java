package dev.unwrite.undo;

import java.util.concurrent.atomic.LongAdder;

/**
 * What a log did since it was opened.
 *
 * @param appends how many appends were done or refused
 * @param records how many records were stored
 * @param writes how many writes to segments
 * @param syncs how many syncs of segments
 */
public record LogStats(long appends, long records, long writes, long syncs) {
    static final class Counters {
        final LongAdder appends = new LongAdder();
        final LongAdder records = new LongAdder();
        final LongAdder writes = new LongAdder();
        final LongAdder syncs = new LongAdder();

        LogStats now() {
            return new LogStats(appends.sum(), records.sum(), writes.sum(), syncs.sum());
        }
    }
}
