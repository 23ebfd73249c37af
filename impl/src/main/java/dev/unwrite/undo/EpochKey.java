package dev.unwrite.undo;

/** An epoch of a term. Ordered by term, then by epoch. */
public record EpochKey(long term, long epoch) implements Comparable<EpochKey> {
    /** Before every other. */
    static final EpochKey LOWEST = new EpochKey(Long.MIN_VALUE, Long.MIN_VALUE);

    @Override
    public int compareTo(EpochKey other) {
        int byTerm = Long.compare(term, other.term);
        return byTerm != 0 ? byTerm : Long.compare(epoch, other.epoch);
    }
}
