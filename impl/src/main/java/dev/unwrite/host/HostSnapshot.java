package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a host, for status and metrics.
 *
 * @param state what the protocol knows
 * @param record the newest ownership record seen
 * @param storageAnswers whether the storage answered last
 * @param boot which start of the storage the session is with; 0 without one
 * @param heardNanos when the other host was last heard; {@link Long#MIN_VALUE} if never
 * @param unprotectedSinceNanos since when the machine is not protected; {@link Long#MIN_VALUE} if it is
 * @param peerIds what the other host said of itself when it was last connected to
 * @param running whether the machine runs and clients may come
 * @param failure why the machine cannot go on, or null
 * @param note what a person should know or do now; empty if nothing
 * @param volumes the volumes as last told by the storage
 * @param waitingOutputs how many outputs of the machine wait for a commit, or, while it is alone, for a flush
 * @param last the newest committed checkpoint of this term, or null
 */
public record HostSnapshot(
        HostState state,
        OwnershipRecord record,
        boolean storageAnswers,
        long boot,
        boolean peerConnected,
        long heardNanos,
        long unprotectedSinceNanos,
        PeerMessage.Ids peerIds,
        boolean running,
        @Nullable String failure,
        String note,
        List<SharedStorage.Volume> volumes,
        Room undo,
        int waitingOutputs,
        Counters counters,
        Answers.@Nullable Committed last) {
    /**
     * The undo log of the secondary, as reported by it.
     *
     * @param waitingNanos for how long writes have waited without a break; 0 while none waits
     */
    public record Room(long bytes, long limitBytes, int waitingWrites, long waitingNanos) {}

    /**
     * Counts since the start of the process.
     *
     * @param pauses how long the machine stood still for each committed checkpoint
     * @param durations how long each took from its cut to its commit
     */
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
            Histogram.Counts durations) {}
}
