package dev.unwrite.node.peer;

/**
 * Adjacent blocks of a volume.
 *
 * @param volume the index of the volume in the group, from 0
 * @param first the number of the first block
 * @param count how many blocks, at least 1
 */
public record Extent(int volume, long first, int count) {
    /** Refuses what no volume can have. */
    public Extent {
        if (volume < 0 || first < 0 || count < 1 || first > Long.MAX_VALUE - count) {
            throw new IllegalArgumentException(
                    "impossible extent: volume " + volume + ", " + count + " blocks from " + first);
        }
    }
}
