package dev.unwrite.protocol;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of block numbers, 0 to 2^32 - 1 (16 TiB in blocks of 4 KiB).
 *
 * <p>A tree ({@link BlockTree}) whose full and empty parts take no room. An update copies the way to the one leaf that it
 * touches, about 1 KiB, and shares the rest with the set it came from. Safe for any number of threads.
 */
public final class BlockSet {
    /** Numbers from here on cannot be in a set. */
    public static final long LIMIT = 1L << 32;

    /** The set with nothing in it. */
    public static final BlockSet EMPTY = new BlockSet(null);

    private final BlockTree.@Nullable Node root;

    private BlockSet(BlockTree.@Nullable Node root) {
        this.root = root;
    }

    private static BlockSet of(BlockTree.@Nullable Node root) {
        return root == null ? EMPTY : new BlockSet(root);
    }

    /** A range of adjacent blocks, never empty. */
    public record Range(long first, long count) {
        /** Checks that the range is not empty and within the limit. */
        public Range {
            checkRange(first, count);
            if (count == 0) {
                throw new IllegalArgumentException("an empty range at block " + first);
            }
        }

        /** The block after the last. */
        public long end() {
            return first + count;
        }
    }

    /** The set of the blocks of one range; {@code count} may be 0. */
    public static BlockSet of(long first, long count) {
        return EMPTY.with(first, count);
    }

    /** How many blocks are in the set. */
    public long size() {
        return root == null ? 0 : root.count();
    }

    /** Whether the set is empty. */
    public boolean isEmpty() {
        return root == null;
    }

    /** Whether {@code block} is in the set; false for numbers that cannot be. */
    public boolean contains(long block) {
        return block >= 0 && block < LIMIT && nextPresent(block) == block;
    }

    /** Whether all blocks of the range are in the set; true for an empty range. */
    public boolean containsRange(long first, long count) {
        checkRange(first, count);
        return count == 0 || nextAbsent(first) >= first + count;
    }

    /** Whether at least one block of the range is in the set. */
    public boolean containsAny(long first, long count) {
        checkRange(first, count);
        return nextPresent(first) < first + count;
    }

    /** This set and the blocks of the range. */
    public BlockSet with(long first, long count) {
        return containsRange(first, count) ? this : of(BlockTree.change(root, first, first + count, true));
    }

    /** This set without the blocks of the range. */
    public BlockSet without(long first, long count) {
        return containsAny(first, count) ? of(BlockTree.change(root, first, first + count, false)) : this;
    }

    /** The blocks that are in at least one of the two sets. */
    public BlockSet union(BlockSet other) {
        return of(BlockTree.union(root, other.root));
    }

    /** The blocks of this set that are not in {@code other}. */
    public BlockSet minus(BlockSet other) {
        return of(BlockTree.minus(root, other.root));
    }

    /** The parts of the range that are not in the set, ascending, as long as they can be. */
    public List<Range> missing(long first, long count) {
        checkRange(first, count);
        List<Range> missing = new ArrayList<>();
        long end = first + count;
        long from = Math.min(end, nextAbsent(first));
        while (from < end) {
            long to = Math.min(end, nextPresent(from));
            missing.add(new Range(from, to - from));
            from = Math.min(end, nextAbsent(to));
        }
        return missing;
    }

    /** The blocks of the set as ranges, ascending, as long as they can be. Nothing is copied. */
    public Iterable<Range> ranges() {
        return RangeIterator::new;
    }

    /** The smallest block of the set that is not below {@code from}; {@link #LIMIT} if there is none. */
    public long nextPresent(long from) {
        return from >= LIMIT ? LIMIT : BlockTree.next(root, from, true);
    }

    /** The smallest block not below {@code from} that is not in the set; at most {@link #LIMIT}. */
    public long nextAbsent(long from) {
        return from >= LIMIT ? LIMIT : BlockTree.next(root, from, false);
    }

    private static void checkRange(long first, long count) {
        if (first < 0 || count < 0 || first > LIMIT || count > LIMIT - first) {
            throw new IllegalArgumentException("blocks " + first + " + " + count + " are outside 0.." + LIMIT);
        }
    }

    private final class RangeIterator implements Iterator<Range> {
        private long next = nextPresent(0);

        @Override
        public boolean hasNext() {
            return next < LIMIT;
        }

        @Override
        public Range next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            long first = next;
            long end = nextAbsent(first);
            next = nextPresent(end);
            return new Range(first, end - first);
        }
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof BlockSet other && BlockTree.equal(root, other.root);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (Range range : ranges()) {
            hash = 31 * hash + range.hashCode();
        }
        return hash;
    }

    /** The first ranges and the size, for example {@code {0-3, 7} (5 blocks)}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        int shown = 0;
        for (Range range : ranges()) {
            text.append(shown == 0 ? "" : ", ");
            if (shown++ == 16) {
                text.append("...");
                break;
            }
            text.append(range.first()).append(range.count() == 1 ? "" : "-" + (range.end() - 1));
        }
        return text.append("} (")
                .append(size())
                .append(size() == 1 ? " block)" : " blocks)")
                .toString();
    }
}
