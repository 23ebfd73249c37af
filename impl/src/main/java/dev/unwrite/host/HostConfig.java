package dev.unwrite.host;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a host was started.
 *
 * @param name the name by which the ownership record knows it
 * @param bootstrap whether it claims a group without an owner
 * @param checkpointEvery the time between checkpoints, or null: by command only
 * @param failoverAfter the silence after which a secondary takes over, or null: by command only
 * @param undoLimitBytes the limit of the secondary's undo log, in bytes
 * @param aloneAtUndoLimitAfter how long writes wait at that limit before the primary goes on alone, or null: forever
 * @param writeCache whether a write without FUA is answered once this host has it; otherwise once it is durable
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
        boolean writeCache,
        String storage,
        String folder,
        String undo) {
    /** For the primary, which goes on alone by itself even where a takeover is by command only. */
    static final Duration SILENCE_DEFAULT = Duration.ofSeconds(2);

    /** The silence after which a secondary considers the primary dead. */
    long silenceNanos() {
        return (failoverAfter == null ? SILENCE_DEFAULT : failoverAfter).toNanos();
    }

    /** The silence after which the primary goes on alone: shorter than that of the secondary, so that the primary acts first. */
    long aloneAfterNanos() {
        return silenceNanos() / 10 * 6;
    }
}
