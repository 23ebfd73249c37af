package dev.unwrite.chaos.check;

import dev.unwrite.chaos.cluster.HostId;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One takeover as the run saw it; moments are nanoseconds since 1970.
 *
 * @param number 1, 2, 3 ...
 * @param dead the host that was primary under {@code deadTerm} and got SIGKILL
 * @param next the host that took over under {@code nextTerm}
 * @param restoredBlocks blocks that the rollback wrote back
 * @param heldReplies replies that waited for a checkpoint in the primary just before it was killed, and were never said
 * @param ahead blocks of the disk that were not those of the checkpoint when the primary was dead, where that is known
 * @param different blocks that are still not those of the checkpoint after the rollback, where that is known
 * @param diskBlocks how many blocks of the disk are in use
 */
public record ObservedTakeover(
        int number,
        HostId dead,
        long deadTerm,
        HostId next,
        long nextTerm,
        long killedAt,
        long primaryAt,
        long restoredBlocks,
        long heldReplies,
        Witness witness,
        @Nullable List<Integer> ahead,
        @Nullable List<Integer> different,
        int diskBlocks) {

    /** Whether the disk had to go back at all: else that it is right after the rollback shows nothing. */
    public boolean tookSomethingBack() {
        List<Integer> blocks = ahead;
        return restoredBlocks > 0 && (blocks == null || !blocks.isEmpty());
    }

    /**
     * The copies that the nodes made: of the disk when the checkpoint was cut (by the host that is dead now), and when the
     * rollback was over and the machine not yet running (by the host that took over). Either may be missing.
     *
     * @param epoch the checkpoint to which the rollback went, -1 where that is not known
     */
    public record Witness(
            long epoch, @Nullable Path image, @Nullable Path restored) {}
}
