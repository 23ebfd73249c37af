package dev.unwrite.conformance.cluster;

import dev.unwrite.protocol.Extent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How both hosts of a run are started.
 *
 * @param checkpointEvery null: by command
 * @param failoverAfter null: by command
 * @param undoLimitBytes the most that an undo log may take
 * @param aloneAtUndoLimitAfter null: never
 * @param holdsAtOnce whether a machine that is paused leaves its clients' requests to the host, instead of waiting for them
 * @param batches whether a host takes all that has come before it looks at the time
 * @param orderly whether all that is on its way arrives in its order, at once; else dice say when
 * @param repeats whether messages that have arrived arrive once more, at any time
 * @param dice what they begin with
 */
record Config(
        @Nullable Duration checkpointEvery,
        @Nullable Duration failoverAfter,
        long undoLimitBytes,
        @Nullable Duration aloneAtUndoLimitAfter,
        boolean holdsAtOnce,
        boolean batches,
        boolean orderly,
        boolean repeats,
        long dice) {
    private static final Duration[] CHECKPOINTS = {
        Duration.ofMillis(50), Duration.ofMillis(300), Duration.ofSeconds(2), Duration.ofMillis(50)
    };

    private static final int LITTLE_ROOM = 24;

    /** Numbers below this say all else. */
    static final int REPEATS = 1 << 20;

    boolean hasLittleRoom() {
        return undoLimitBytes == (long) LITTLE_ROOM * Extent.BLOCK_BYTES;
    }

    /** The config with this number; any number is one. */
    static Config of(int choice) {
        return new Config(
                (choice & 7) == 7 ? null : CHECKPOINTS[choice & 3],
                (choice & 24) == 24 ? null : Duration.ofSeconds((choice & 8) == 0 ? 2 : 1),
                (long) Extent.BLOCK_BYTES * ((choice & 32) == 0 ? 120 : LITTLE_ROOM),
                (choice & 64) == 0 ? null : Duration.ofSeconds(5),
                (choice & 128) != 0,
                (choice & 256) != 0,
                (choice & 1536) == 0,
                (choice & REPEATS) != 0,
                choice);
    }
}
