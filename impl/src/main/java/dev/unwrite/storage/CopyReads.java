package dev.unwrite.storage;

import dev.unwrite.nbd.RequestCookie;

/**
 * Reads of what is to be copied. A host tells with each, in the tag of its cookie, the epoch of the copy, so that the traces
 * of both name the same read; nothing else depends on it.
 */
public final class CopyReads {
    /** The epoch of a request that reads for no copy. */
    static final long NONE = -1;

    private CopyReads() {}

    /** Runs {@code reads}; what it asks a volume of the storage for is to be copied in {@code epoch}. */
    public static <T, E extends Exception> T in(long epoch, ScopedValue.CallableOp<T, E> reads) throws E {
        return RequestCookie.tagged((int) Math.min(epoch + 1, Integer.MAX_VALUE), reads);
    }

    /** The epoch for whose copy the request that is served reads, or {@link #NONE}. */
    static long epoch() {
        long cookie = RequestCookie.current();
        int tag = cookie == RequestCookie.NONE ? 0 : RequestCookie.tagOf(cookie);
        return tag > 0 ? tag - 1L : NONE;
    }
}
