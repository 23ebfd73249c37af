package dev.unwrite.host;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a host was started.
 *
 * @param name its name, the owner or secondary in the ownership record
 * @param bootstrap whether it claims a group that nobody has
 * @param checkpointEvery how often a checkpoint is cut, or null for by command only
 * @param failoverAfter after how long a silence a secondary takes over, or null for by command only
 * @param undoLimitBytes the most that the undo log of the secondary may take
 * @param aloneAtUndoLimitAfter after how long a wait of writes at that limit the primary goes on alone, or null for never
 * @param storage the id of the storage that its data folder belongs to, empty before the first contact
 * @param folder the id of its data folder
 * @param undo the id of its undo log
 */
public record HostConfig(
        String name,
        boolean bootstrap,
        @Nullable Duration checkpointEvery,
        @Nullable Duration failoverAfter,
        long undoLimitBytes,
        @Nullable Duration aloneAtUndoLimitAfter,
        String storage,
        String folder,
        String undo) {
    /** Used by the primary, which goes alone in any case, where the takeover is by command only. */
    static final Duration SILENCE_DEFAULT = Duration.ofSeconds(2);

    /** After how long a silence a secondary takes the primary for dead. */
    long silenceNanos() {
        return (failoverAfter == null ? SILENCE_DEFAULT : failoverAfter).toNanos();
    }

    /** After how long a silence the primary goes on alone: sooner than the secondary takes over, so that it wins. */
    long lonelyNanos() {
        return silenceNanos() / 10 * 6;
    }
}
