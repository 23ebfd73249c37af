package dev.unwrite.protocol;

/**
 * A write of the machine that has begun and not ended.
 *
 * @param id chosen by the caller, never used twice while the write is pending, greater than 0
 * @param extent the blocks
 * @param sent whether it is on its way to the storage in the present session
 * @param fua whether it was sent with FUA: it is durable when it is done
 */
public record PendingWrite(long id, Extent extent, boolean sent, boolean fua) {
    /** Without FUA. */
    public PendingWrite(long id, Extent extent, boolean sent) {
        this(id, extent, sent, false);
    }
}
