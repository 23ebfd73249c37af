package dev.unwrite.trace;

/**
 * What stands in the blocks of a step's extent, for its trace.
 *
 * @param hashes of the blocks, see {@link BlockHash}
 * @param session with the storage in which they were read; 0 for what a machine writes
 */
public record Contents(int[] hashes, long session) {
    /** Of what a machine writes. */
    public static Contents written(int[] hashes) {
        return new Contents(hashes, 0);
    }
}
