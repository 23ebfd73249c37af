package dev.unwrite.conformance.trace;

/**
 * A line of the traces of a group, as far as a replay goes by it. Only {@link RecordedRun} makes these.
 *
 * @param storage whether the storage wrote it
 * @param host 0 or 1: the host that wrote it, or that the storage's line names; -1 if it names none
 * @param life another number for each life of the process that wrote it
 * @param action what happened, as the trace calls it
 * @param micros when, microseconds since 1970: by the storage's clock, and between two of its lines by the host's own
 * @param place file and line, for people
 * @param volume of the first block that the line names; -1 if it names none
 * @param block its number in the volume
 * @param change what a host wants the record to become, if it asks for that
 * @param folder the id of the data folder, if the line says so
 * @param lost how many blocks a storage came back without
 */
public record RecordedEvent(
        boolean storage,
        int host,
        long life,
        String action,
        long micros,
        String place,
        int volume,
        long block,
        String change,
        String folder,
        int lost) {}
