package dev.unwrite.protocol;

import java.util.List;

/** What the caller of {@link Protocol#step} has to do after a step, in the order of the list. */
public sealed interface Effect {
    /** Send a preserve request to the secondary; again after the link broke, until it is acknowledged. */
    record SendPreserve(long term, long epoch, List<Extent> extents) implements Effect {}

    /** These writes of the machine may go to the storage: take {@link Action.SendWrite} for each. */
    record Ready(List<PendingWrite> writes) implements Effect {}

    /** Read these extents from the storage, store the copies, then take {@link Action.StoreCopy} for each. */
    record ReadAndStore(long term, long epoch, List<Extent> extents) implements Effect {}

    /** Tell the primary that the copies are stored. */
    record SendPreserved(long term, long epoch, List<Extent> extents) implements Effect {}

    /**
     * Send the state of the machine, saved at this moment, as the checkpoint that begins the epoch: what was changed since the
     * cut of {@code base}, or all of it if that is 0.
     */
    record SendState(long term, long epoch, long base) implements Effect {}

    /** Tell the primary that the checkpoint is committed. */
    record SendCommitted(long term, long epoch) implements Effect {}

    /** Discard copies older than the checkpoint; at any later time. */
    record DiscardCopies(long term, long epoch) implements Effect {}

    /** Forget local copies and a checkpoint of other terms, durably, before anything else is done. */
    record DiscardOthers(long term) implements Effect {}

    /** Let go of all output said before the cut of this epoch. */
    record Release(long epoch) implements Effect {}

    /** Let go of all output said before the last flush was asked for: the machine is alone. */
    record ReleaseFlushed() implements Effect {}

    /** Have the storage compare and set the record. */
    record CompareAndSet(long expectedVersion, OwnershipRecord record) implements Effect {}

    /** This flush of the machine owes nothing: answer it, with {@link Action.AnswerFlush}. */
    record FlushDone(long id) implements Effect {}

    /** Write these blocks again, before anything else ({@link HostState#OWED}). */
    record WriteOwed(Blocks blocks) implements Effect {}
}
