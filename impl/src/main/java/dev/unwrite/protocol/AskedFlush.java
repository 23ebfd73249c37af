package dev.unwrite.protocol;

/**
 * A flush that the machine has asked for and that is not answered: of all that it had written by then, or of one write with
 * FUA.
 *
 * @param id chosen by the caller, never used twice while the flush is not answered
 * @param writes blocks of which a write was under way when it was asked for, and still is
 * @param owes blocks that are not durable yet, as far as this host knows: those of {@code writes}, and those that were written
 *     and not flushed since
 */
public record AskedFlush(long id, Blocks writes, Blocks owes) {
    /** Whether it may be answered (rule FlushBeforeAnswer). */
    public boolean isDone() {
        return owes.isEmpty();
    }

    /** Whether it owes nothing after a flush of the storage that begins now; {@code dirty} is what that covers. */
    public boolean isDoneBy(Blocks dirty) {
        return writes.isEmpty() && owes.without(dirty).isEmpty();
    }

    /** After a write of the extent is done; with {@code fua} it is durable. */
    AskedFlush written(Extent extent, boolean fua) {
        return new AskedFlush(id, writes.without(extent), fua ? owes.without(extent) : owes);
    }

    /** After a flush of the storage that covers these blocks as they were written before it. */
    AskedFlush flushed(Blocks covered) {
        return new AskedFlush(id, writes, owes.without(covered.without(writes)));
    }
}
