package dev.unwrite.checkpoint;

import java.util.Map;

/**
 * A committed checkpoint without its state. State and fields became visible in one atomic step.
 *
 * @param term the term of the primary that sent it
 * @param epoch its number
 * @param length the size of what was sent of the state, in bytes
 * @param crc32c the CRC32C of that, as {@link java.util.zip.Checksum#getValue} gives it
 * @param base the epoch of the checkpoint that this one is a delta on; 0 if it is whole
 * @param imageBytes the size of the state
 * @param meta further texts, by name
 */
public record StoredCheckpoint(
        long term, long epoch, long length, long crc32c, long base, long imageBytes, Map<String, String> meta) {
    /** Copies the map. */
    public StoredCheckpoint {
        meta = Map.copyOf(meta);
    }

    /** Whether this one was cut before the other. */
    boolean isBefore(long otherTerm, long otherEpoch) {
        return term != otherTerm ? term < otherTerm : epoch < otherEpoch;
    }
}
