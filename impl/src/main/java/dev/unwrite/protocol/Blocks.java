package dev.unwrite.protocol;

import dev.unwrite.protocol.BlockSet.Range;
import java.util.ArrayList;
import java.util.List;

/** An immutable set of blocks of all volumes of a group: a {@link BlockSet} for each volume. */
public record Blocks(List<BlockSet> volumes) {
    /** No block of any volume. */
    public static final Blocks NONE = new Blocks(List.of());

    /** An extent holds at most this many blocks, so that a range of a set may become several extents. */
    private static final int MAX_EXTENT_BLOCKS = 1 << 20;

    /** Takes the list as it is; the caller does not change it afterwards. */
    public Blocks {
        volumes = List.copyOf(volumes);
    }

    /** The blocks of one extent. */
    public static Blocks of(Extent extent) {
        return NONE.with(extent);
    }

    /** The blocks of a volume. */
    public BlockSet volume(int index) {
        return index < volumes.size() ? volumes.get(index) : BlockSet.EMPTY;
    }

    /** This set and the extent. */
    public Blocks with(Extent extent) {
        return replace(extent.volume(), volume(extent.volume()).with(extent.first(), extent.count()));
    }

    /** This set and all of the other. */
    public Blocks with(Blocks other) {
        Blocks result = this;
        for (int i = 0; i < other.volumes.size(); i++) {
            result = result.replace(i, result.volume(i).union(other.volumes.get(i)));
        }
        return result;
    }

    /** This set without the extent. */
    public Blocks without(Extent extent) {
        return replace(extent.volume(), volume(extent.volume()).without(extent.first(), extent.count()));
    }

    /** This set without what is in the other. */
    public Blocks without(Blocks other) {
        Blocks result = this;
        for (int i = 0; i < volumes.size(); i++) {
            result = result.replace(i, volumes.get(i).minus(other.volume(i)));
        }
        return result;
    }

    /** Whether the whole extent is in the set. */
    public boolean containsAll(Extent extent) {
        return volume(extent.volume()).containsRange(extent.first(), extent.count());
    }

    /** Whether some block of the extent is in the set. */
    public boolean containsAny(Extent extent) {
        return volume(extent.volume()).containsAny(extent.first(), extent.count());
    }

    /** The parts of the extent that are not in the set. */
    public List<Extent> missing(Extent extent) {
        List<Extent> result = new ArrayList<>();
        for (Range range : volume(extent.volume()).missing(extent.first(), extent.count())) {
            result.add(new Extent(extent.volume(), range.first(), (int) range.count()));
        }
        return result;
    }

    /** The set as extents, ascending. */
    public List<Extent> extents() {
        List<Extent> result = new ArrayList<>();
        for (int i = 0; i < volumes.size(); i++) {
            for (Range range : volumes.get(i).ranges()) {
                for (long first = range.first(); first < range.end(); first += MAX_EXTENT_BLOCKS) {
                    result.add(new Extent(i, first, (int) Math.min(MAX_EXTENT_BLOCKS, range.end() - first)));
                }
            }
        }
        return result;
    }

    /** How many blocks are in the set. */
    public long size() {
        long size = 0;
        for (BlockSet set : volumes) {
            size += set.size();
        }
        return size;
    }

    /** Whether the set is empty. */
    public boolean isEmpty() {
        return size() == 0;
    }

    @SuppressWarnings("ReferenceEquality") // A set that has not changed is the same object.
    private Blocks replace(int index, BlockSet set) {
        if (set == volume(index)) {
            return this;
        }
        List<BlockSet> changed = new ArrayList<>(volumes);
        while (changed.size() <= index) {
            changed.add(BlockSet.EMPTY);
        }
        changed.set(index, set);
        // Trailing empty volumes are dropped, so that equal sets are equal records.
        while (!changed.isEmpty() && changed.getLast().isEmpty()) {
            changed.removeLast();
        }
        return new Blocks(changed);
    }
}
