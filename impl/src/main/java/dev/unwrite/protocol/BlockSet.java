package dev.unwrite.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.Container;
import org.roaringbitmap.RunContainer;

/**
 * An immutable set of block numbers, 0 to 2^32 - 1 (16 TiB in blocks of 4 KiB), compressed.
 *
 * <p>An update copies the one container of 65,536 blocks that it touches (8 KiB at most) and two arrays of 256
 * references, and shares the rest with the set it came from: about a microsecond. Safe for any number of threads.
 *
 * <p>The containers are those of RoaringBitmap: sorted numbers where few, bits where many, runs where adjacent. They
 * are never changed after they were put into a set.
 */
@SuppressWarnings("ReferenceEquality") // Sharing is by reference: what is the same object need not be looked at.
public final class BlockSet {
    /** Numbers from here on cannot be in a set. */
    public static final long LIMIT = 1L << 32;

    private static final int CHUNK_BITS = 16;
    private static final int CHUNK_BLOCKS = 1 << CHUNK_BITS;
    private static final int FANOUT = 256;
    private static final @Nullable Container[] NO_CHUNKS = new @Nullable Container[FANOUT];
    private static final Container FULL = RunContainer.full();

    /** The set with nothing in it. */
    public static final BlockSet EMPTY = new BlockSet(emptySpine(), 0);

    /** [bits 31..24][bits 23..16] of the block number; null stands for an empty chunk. */
    private final @Nullable Container[][] spine;

    private final long size;

    private BlockSet(@Nullable Container[][] spine, long size) {
        this.spine = spine;
        this.size = size;
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
        return size;
    }

    /** Whether the set is empty. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Whether {@code block} is in the set; false for numbers that cannot be. */
    public boolean contains(long block) {
        if (block < 0 || block >= LIMIT) {
            return false;
        }
        Container chunk = chunk((int) (block >>> CHUNK_BITS));
        return chunk != null && chunk.contains((char) block);
    }

    /** Whether all blocks of the range are in the set; true for an empty range. */
    public boolean containsRange(long first, long count) {
        checkRange(first, count);
        return count == 0 || nextAbsent(first) >= first + count;
    }

    /** Whether at least one block of the range is in the set. */
    public boolean containsAny(long first, long count) {
        checkRange(first, count);
        return nextPresent(first, first + count) < first + count;
    }

    /** This set and the blocks of the range. */
    public BlockSet with(long first, long count) {
        checkRange(first, count);
        return containsRange(first, count) ? this : change(first, count, true);
    }

    /** This set without the blocks of the range. */
    public BlockSet without(long first, long count) {
        checkRange(first, count);
        return containsAny(first, count) ? change(first, count, false) : this;
    }

    /** The blocks that are in at least one of the two sets. */
    public BlockSet union(BlockSet other) {
        return combine(other, true);
    }

    /** The blocks of this set that are not in {@code other}. */
    public BlockSet minus(BlockSet other) {
        return combine(other, false);
    }

    /** The parts of the range that are not in the set, ascending, as long as they can be. */
    public List<Range> missing(long first, long count) {
        checkRange(first, count);
        List<Range> missing = new ArrayList<>();
        long end = first + count;
        long from = Math.min(end, nextAbsent(first));
        while (from < end) {
            long to = Math.min(end, nextPresent(from, end));
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
        return nextPresent(from, LIMIT);
    }

    /** As above, but looks no further than {@code end}: where there is none before, the result is not below it. */
    private long nextPresent(long from, long end) {
        long block = from;
        while (block < end) {
            @Nullable Container[] chunks = spine[(int) (block >>> (CHUNK_BITS + 8))];
            if (chunks == NO_CHUNKS) {
                block = nextMultiple(block, CHUNK_BITS + 8);
                continue;
            }
            Container chunk = chunks[(int) (block >>> CHUNK_BITS) & (FANOUT - 1)];
            int found = chunk == null ? -1 : chunk.nextValue((char) block);
            if (found >= 0) {
                return (block & -CHUNK_BLOCKS) + found;
            }
            block = nextMultiple(block, CHUNK_BITS);
        }
        return LIMIT;
    }

    /** The smallest block not below {@code from} that is not in the set; at most {@link #LIMIT}. */
    public long nextAbsent(long from) {
        long block = from;
        while (block < LIMIT) {
            Container chunk = chunk((int) (block >>> CHUNK_BITS));
            int found = chunk == null ? (char) block : chunk.nextAbsentValue((char) block);
            if (found < CHUNK_BLOCKS) {
                return (block & -CHUNK_BLOCKS) + found;
            }
            block = nextMultiple(block, CHUNK_BITS);
        }
        return LIMIT;
    }

    private @Nullable Container chunk(int index) {
        return spine[index / FANOUT][index % FANOUT];
    }

    private BlockSet change(long first, long count, boolean add) {
        @Nullable Container[][] changed = spine.clone();
        long grown = size;
        long end = first + count;
        for (long from = first; from < end; from = nextMultiple(from, CHUNK_BITS)) {
            int index = (int) (from >>> CHUNK_BITS);
            int low = (int) (from & (CHUNK_BLOCKS - 1));
            int high = (int) Math.min(CHUNK_BLOCKS, low + (end - from));
            Container old = changed[index / FANOUT][index % FANOUT];
            Container chunk = add ? addTo(old, low, high) : removeFrom(old, low, high);
            put(changed, index, chunk);
            grown += cardinality(chunk) - cardinality(old);
        }
        return grown == 0 ? EMPTY : new BlockSet(changed, grown);
    }

    private static @Nullable Container addTo(@Nullable Container chunk, int low, int high) {
        if (high - low == CHUNK_BLOCKS) {
            return FULL;
        }
        return chunk == null ? Container.rangeOfOnes(low, high) : compact(chunk, chunk.add(low, high));
    }

    private static @Nullable Container removeFrom(@Nullable Container chunk, int low, int high) {
        return chunk == null ? null : compact(chunk, chunk.remove(low, high));
    }

    /** Looking for runs costs a scan: done when the number of blocks passes a power of two. */
    private static @Nullable Container compact(Container before, Container after) {
        int count = after.getCardinality();
        if (count == 0) {
            return null;
        }
        if (count == CHUNK_BLOCKS) {
            return FULL;
        }
        boolean passed = Integer.numberOfLeadingZeros(count) != Integer.numberOfLeadingZeros(before.getCardinality());
        return passed ? after.runOptimize() : after;
    }

    private BlockSet combine(BlockSet other, boolean union) {
        @Nullable Container[][] combined = emptySpine();
        long count = 0;
        for (int i = 0; i < FANOUT; i++) {
            if (spine[i] == NO_CHUNKS && other.spine[i] == NO_CHUNKS) {
                continue;
            }
            for (int j = 0; j < FANOUT; j++) {
                Container mine = spine[i][j];
                Container theirs = other.spine[i][j];
                Container chunk = union ? or(mine, theirs) : andNot(mine, theirs);
                if (chunk != null) {
                    if (combined[i] == NO_CHUNKS) {
                        combined[i] = NO_CHUNKS.clone();
                    }
                    combined[i][j] = chunk;
                    count += chunk.getCardinality();
                }
            }
        }
        return count == 0 ? EMPTY : new BlockSet(combined, count);
    }

    private static @Nullable Container or(@Nullable Container mine, @Nullable Container theirs) {
        if (mine == null || mine == theirs) {
            return theirs;
        }
        return theirs == null ? mine : compact(mine, mine.or(theirs));
    }

    private static @Nullable Container andNot(@Nullable Container mine, @Nullable Container theirs) {
        if (mine == null || theirs == null) {
            return mine;
        }
        return mine == theirs ? null : compact(mine, mine.andNot(theirs));
    }

    /** {@code spine} is the caller's own; its second level may still be shared and is copied. */
    private static void put(@Nullable Container[][] spine, int index, @Nullable Container chunk) {
        @Nullable Container[] chunks = spine[index / FANOUT].clone();
        chunks[index % FANOUT] = chunk;
        spine[index / FANOUT] = chunks;
    }

    private static int cardinality(@Nullable Container chunk) {
        return chunk == null ? 0 : chunk.getCardinality();
    }

    private static long nextMultiple(long block, int bits) {
        return ((block >>> bits) + 1) << bits;
    }

    private static @Nullable Container[][] emptySpine() {
        @Nullable Container[][] empty = new @Nullable Container[FANOUT][];
        Arrays.fill(empty, NO_CHUNKS);
        return empty;
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
        if (!(object instanceof BlockSet other) || size != other.size) {
            return false;
        }
        Iterator<Range> theirs = other.ranges().iterator();
        for (Range range : ranges()) {
            if (!theirs.hasNext() || !range.equals(theirs.next())) {
                return false;
            }
        }
        return true;
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
                .append(size)
                .append(size == 1 ? " block)" : " blocks)")
                .toString();
    }
}
