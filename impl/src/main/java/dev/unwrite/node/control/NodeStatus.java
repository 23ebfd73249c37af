package dev.unwrite.node.control;

import dev.unwrite.host.Histogram;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a node is. {@link StatusJson} says how it is spelled for programs; those names stay as they are.
 *
 * @param term the term of the ownership record as the node knows it
 * @param epoch the current epoch
 * @param committed the newest checkpoint that is durable at the secondary; -1 if there is none
 * @param unprotectedSince since when a failure of the primary would lose the machine; null while protected
 * @param ack the policy of StoreBeforeAck: {@code durable} or {@code memory}
 * @param session the session at the storage; 0 if none
 * @param record the ownership record as last read; null if it never was
 * @param lastCheckpoint the newest committed one of the machine that runs here; null if there is none
 * @param since when the process started
 */
public record NodeStatus(
        String name,
        String group,
        Role role,
        Mode mode,
        long term,
        long epoch,
        long committed,
        Undo undo,
        Peer peer,
        @Nullable Instant unprotectedSince,
        String ack,
        long session,
        Storage storage,
        MachineStatus machine,
        List<VolumeStatus> volumes,
        @Nullable OwnershipRecord record,
        Counters counters,
        @Nullable LastCheckpoint lastCheckpoint,
        Instant since) {

    /** What the node is to its machine. */
    public enum Role {
        /** Runs the machine. */
        PRIMARY,
        /** Holds its last checkpoint and the undo log. */
        SECONDARY,
        /** Writes copies back. */
        RESTORING,
        /** None of these. */
        IDLE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the pair is. */
    public enum Mode {
        /** A failure of either host loses nothing. */
        PROTECTED,
        /** On the way to it. */
        JOINING,
        /** The primary is alone. */
        SOLO,
        /** There is no primary. */
        NONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * The undo log: at a secondary its own, at a primary that of the secondary.
     *
     * @param blocks that have copies; at a primary, those of the present epoch
     * @param bytes that it takes, headers included
     * @param limitBytes the most that it may take
     * @param waitingWrites how many writes wait for room in it
     * @param waitingMillis for how long writes have waited without a break
     */
    public record Undo(long blocks, long bytes, long limitBytes, int waitingWrites, long waitingMillis) {}

    /**
     * The other host.
     *
     * @param name null until it is known
     * @param lastHeardMillis so long ago; null if never
     * @param control where it takes commands, as it told last; null if it never did
     */
    public record Peer(
            @Nullable String name,
            String address,
            boolean connected,
            @Nullable Long lastHeardMillis,
            @Nullable String control) {
        /** One that has not told where it takes commands. */
        public Peer(@Nullable String name, String address, boolean connected, @Nullable Long lastHeardMillis) {
            this(name, address, connected, lastHeardMillis, null);
        }
    }

    /**
     * The shared storage.
     *
     * @param boot the number of the storage's life; a new one may have lost what was not flushed
     */
    public record Storage(String uri, boolean connected, long boot) {}

    /**
     * The machine.
     *
     * @param kind {@code none}, {@code ledger}
     * @param state such as {@code running}, {@code paused}, {@code stopped}
     * @param detail what a person may want to know; empty if nothing
     * @param waitingOutputs how many of its outputs wait for a commit, or, while it is alone, for a flush
     */
    public record MachineStatus(String kind, String state, String detail, int waitingOutputs) {}

    /** A protected volume; size in bytes. */
    public record VolumeStatus(String name, long size) {}

    /** The ownership record at the storage. */
    public record OwnershipRecord(long version, long term, String owner, String mode, String secondary, long base) {}

    /** What has happened since the process started; each only grows. */
    public record Counters(
            long writes,
            long writtenBytes,
            long preserveRequests,
            long preservedBlocks,
            long checkpoints,
            long rollbacks,
            long restoredBlocks,
            long failovers,
            long joins,
            long heldOutputs,
            long releasedOutputs,
            Histogram.Counts pauses,
            Histogram.Counts durations) {
        /** Nothing yet. */
        public static final Counters ZERO =
                new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Histogram.Counts.NONE, Histogram.Counts.NONE);
    }

    /**
     * The newest committed checkpoint.
     *
     * @param durationMillis from cut to commit
     * @param pauseMillis how long the machine stood still for it
     * @param ageMillis since its commit
     */
    public record LastCheckpoint(long epoch, long durationMillis, long stateBytes, long pauseMillis, long ageMillis) {}
}
