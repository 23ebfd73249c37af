package dev.unwrite.node.control;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the control server asks of the node. For any number of threads; each call blocks until it is done, or fails with
 * {@link ControlException}.
 */
public interface ControlApi {
    /** How the node is; never blocks for long. */
    NodeStatus status();

    /**
     * Takes a checkpoint. On return it is committed at the secondary; or only cut, if that was asked for: the machine may go
     * on then, and what it says has to wait until {@code committed} of the status has come that far.
     */
    CheckpointResult checkpoint(CheckpointOrder order, Duration timeout)
            throws ControlException, IOException, InterruptedException;

    /**
     * The failure notification: on return this node is primary, and rolled back.
     *
     * @param cold start the machine from its disk where the checkpoint is at the other host, and give that one up
     */
    FailoverResult failover(boolean cold, Duration timeout) throws ControlException, IOException, InterruptedException;

    /** Hands over to the secondary at a checkpoint: on return the secondary is primary, and nothing was lost. */
    SwitchoverResult switchover(Duration timeout) throws ControlException, IOException, InterruptedException;

    /** On return the pair is protected. */
    ProtectResult protect(Duration timeout) throws ControlException, IOException, InterruptedException;

    /**
     * What is asked for.
     *
     * @param state the state of the machine {@code none}, to be read to its end, or null to keep the one handed over last
     * @param base 0 if the state is whole, as bytes; else it is in pieces ({@link dev.unwrite.image}), a delta on the state that
     *     was handed over for that checkpoint, which must be the one before
     * @param untilCut whether to return once the checkpoint is cut
     */
    record CheckpointOrder(@Nullable InputStream state, long base, boolean untilCut) {}

    /** A checkpoint is committed, or cut; what is not known before a commit is 0 then. */
    record CheckpointResult(
            long term, long epoch, boolean committed, long stateBytes, long pauseMillis, long durationMillis) {}

    /**
     * This node is primary.
     *
     * @param kind {@code takeover}; {@code rollback}: the takeover was decided before; {@code cold}: the machine was started
     *     from its disk; {@code already}: it was primary before, and nothing was done
     * @param term the term
     * @param epoch the checkpoint that machine and disk are at, after a takeover or rollback
     * @param stateFile where the machine {@code none} finds the state that goes with the disk; null if there is none
     * @param stateless the machine {@code none} has no state that goes with the disk: none was handed over, or something was
     *     written since
     */
    record FailoverResult(
            String kind,
            long term,
            long epoch,
            long restoredBlocks,
            long restoredBytes,
            long durationMillis,
            @Nullable String stateFile,
            boolean stateless) {}

    /** The other host has taken over. */
    record SwitchoverResult(String newPrimary, long term, long epoch, long pauseMillis, long durationMillis) {}

    /**
     * The pair is protected.
     *
     * @param already it was before
     */
    record ProtectResult(
            String primary, String secondary, long term, long epoch, boolean already, long durationMillis) {}
}
