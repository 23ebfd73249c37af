package dev.unwrite.host;

import dev.unwrite.protocol.Extent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Things that each take an extent, none of which overlaps another: whether one overlaps some range is found in O(log n). */
final class ExtentIndex<T> {
    private record Entry<T>(Extent extent, T thing) {}

    /** By volume, and then by first block. */
    private final Map<Integer, NavigableMap<Long, Entry<T>>> volumes = new HashMap<>();

    private int size;

    /** Adds a thing whose extent overlaps no other. */
    void add(Extent extent, T thing) {
        volumes.computeIfAbsent(extent.volume(), volume -> new TreeMap<>())
                .put(extent.first(), new Entry<>(extent, thing));
        size++;
    }

    /** Removes the thing that was added with this extent; false if another is there, or none. */
    boolean remove(Extent extent, T thing) {
        if (!contains(extent, thing)) {
            return false;
        }
        volumes.getOrDefault(extent.volume(), new TreeMap<>()).remove(extent.first());
        size--;
        return true;
    }

    /** Whether this thing was added with this extent. */
    boolean contains(Extent extent, T thing) {
        NavigableMap<Long, Entry<T>> volume = volumes.get(extent.volume());
        Entry<T> found = volume == null ? null : volume.get(extent.first());
        return found != null && found.thing.equals(thing);
    }

    /** Whether something overlaps the extent. */
    boolean overlaps(Extent extent) {
        return overlaps(extent.volume(), extent.first(), extent.end());
    }

    /** Whether something overlaps the blocks from {@code first} up to and without {@code end}. */
    boolean overlaps(int volume, long first, long end) {
        NavigableMap<Long, Entry<T>> entries = volumes.get(volume);
        Map.Entry<Long, Entry<T>> last = entries == null ? null : entries.lowerEntry(end);
        return last != null && last.getValue().extent.end() > first;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** All things, by volume and first block. */
    Collection<T> all() {
        List<T> all = new ArrayList<>(size);
        new TreeMap<>(volumes).values().forEach(volume -> volume.values().forEach(entry -> all.add(entry.thing)));
        return all;
    }

    void clear() {
        volumes.clear();
        size = 0;
    }
}
