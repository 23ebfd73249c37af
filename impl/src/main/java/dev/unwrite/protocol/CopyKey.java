package dev.unwrite.protocol;

/** The tag of a copy (rule EpochTag). Ordered by term, then by epoch. */
public record CopyKey(long term, long epoch) implements Comparable<CopyKey> {
    @Override
    public int compareTo(CopyKey other) {
        int byTerm = Long.compare(term, other.term);
        return byTerm != 0 ? byTerm : Long.compare(epoch, other.epoch);
    }
}
