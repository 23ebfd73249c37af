package dev.unwrite.host;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the machine runs. It reads and writes through {@link Host#read} and its like, and speaks through {@link Host#say}.
 * One order at a time, but {@link #stop}, which may come at any moment and ends the one under way without a reply.
 */
public interface MachineRoom {
    /** Tells the volumes and their sizes: before the machine starts, and whenever one has grown. */
    void volumes(List<SharedStorage.Volume> volumes);

    /** Makes a machine and starts it from its volumes. */
    void coldStart(Reply<Done> reply);

    /**
     * Makes a machine and gives it the state of the committed checkpoint in the local store; it does not run yet.
     *
     * @param term of the rollback, {@code epoch} of the checkpoint, {@code session} with the storage: for witnesses
     */
    void resume(long term, long epoch, long session, Reply<Done> reply);

    /** The machine that was started or resumed runs: clients may come. */
    void run();

    /** Ends the machine and whoever is connected to it. */
    void stop();

    /**
     * Stops the machine between two of its steps. On reply none of its reads and writes is in flight; the reply says for how many
     * nanoseconds it has stood still by then.
     */
    void pause(Reply<Long> reply);

    /** Lets a paused machine go on; nothing if it is not paused. */
    void unpause();

    /**
     * Saves the state of the paused machine.
     *
     * @param term and {@code epoch} of the checkpoint to come, {@code session} with the storage: for witnesses
     * @param base the epoch of the cut before it, on which the state may be a delta ({@link Saved#isDelta}); 0 if it must be whole
     * @param handedOver what a person handed over as the state for this very cut, or null
     * @param unchanged whether nothing was written since a state was last handed over or resumed
     */
    void save(
            long term,
            long epoch,
            long base,
            long session,
            @Nullable Object handedOver,
            boolean unchanged,
            Reply<Saved> reply);
}
