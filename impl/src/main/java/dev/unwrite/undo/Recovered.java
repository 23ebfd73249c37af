package dev.unwrite.undo;

import java.util.Optional;

/**
 * What {@link UndoLog#open} found.
 *
 * @param created whether the log is new
 * @param records how many records are stored
 * @param blocks how many blocks they hold
 * @param lastSeq the number of the last record
 * @param durableUpTo up to which record the log was known to be durable
 * @param torn what a crash had cut short and was dropped; it was never acknowledged as durable
 */
public record Recovered(
        boolean created, long records, long blocks, long lastSeq, long durableUpTo, Optional<String> torn) {}
