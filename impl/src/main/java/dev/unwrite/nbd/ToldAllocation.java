package dev.unwrite.nbd;

import java.util.ArrayList;
import java.util.List;

/** What a server tells of the allocation of a range; for the thread that reads replies, until the request is done. */
final class ToldAllocation {
    /** A server that tells of more parts is believed so far, and has to be asked again for the rest. */
    static final int PARTS_MAX = 4096;

    private final long length;
    private final List<Allocation> parts = new ArrayList<>();
    private long told;

    /** For a request of so many bytes. */
    ToldAllocation(long length) {
        this.length = length;
    }

    /** The next descriptor; what lies beyond the request, as it may, is left out. */
    void add(long bytes, int flags) {
        long within = Math.min(bytes, length - told);
        if (within > 0 && parts.size() < PARTS_MAX) {
            parts.add(new Allocation(within, (flags & NbdWire.STATE_HOLE) != 0, (flags & NbdWire.STATE_ZERO) != 0));
            told += within;
        }
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    List<Allocation> result() {
        return List.copyOf(parts);
    }
}
