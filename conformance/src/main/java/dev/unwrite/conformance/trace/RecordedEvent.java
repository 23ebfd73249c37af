package dev.unwrite.conformance.trace;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A line of the traces of a whole group, in small numbers: what of it a replay goes by. Only {@link RecordedRun} makes these.
 *
 * @param storage whether the storage wrote it
 * @param host 0 or 1: the host that wrote it, or that the storage's line names; -1 if it names none
 * @param action what happened, as the trace calls it
 * @param micros when, by the storage's clock: that of the last line of the storage before it, microseconds since 1970
 * @param place file and line, for people
 * @param id of a write; 0 for one that the host owes
 * @param term of the epoch that the line names
 * @param epoch likewise
 * @param session the one that a flush or a write came in
 * @param blocks the blocks that the line names, numbered from 0 over all volumes without gaps; of a start of the storage those
 *     that it came back without
 * @param values what stands in them, if the line says so: a hash for each
 * @param change what a host wants the record to become, if it asks for that
 * @param record the record that the line came with, or null
 * @param after what the host was after the step, or null
 * @param copies what a start found in the undo log
 */
public record RecordedEvent(
        boolean storage,
        int host,
        String action,
        long micros,
        String place,
        long id,
        long term,
        long epoch,
        long session,
        List<Integer> blocks,
        List<Integer> values,
        String change,
        @Nullable Ownership record,
        @Nullable After after,
        List<Copy> copies) {

    /** The ownership record, as far as it matters here. */
    public record Ownership(long version, long term, int owner, String mode) {}

    /** A host after the step. */
    public record After(long term, long epoch, long checkpointTerm, long checkpointEpoch) {}

    /** A copy of a block. */
    public record Copy(long term, long epoch, int block) {}
}
