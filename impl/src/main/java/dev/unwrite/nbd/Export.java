package dev.unwrite.nbd;

/**
 * What a server serves to one connection under one name.
 *
 * @param device         reads and writes of this connection; the server closes it when the connection ends
 * @param description    for people; may be empty
 * @param minimumBlock   offsets and lengths are multiples of it: a power of two up to 65536, bytes
 * @param preferredBlock requests that are multiples of it are fast: a power of two, at least 512 and {@code minimumBlock}
 * @param maximumPayload of one read or write, in bytes, up to 32 MiB
 * @param multiConn      whether a flush on one connection covers what was answered on any other
 *                       (NBD_FLAG_CAN_MULTI_CONN)
 * @param writeCache     whether a write may be answered before it is durable: without one, neither FLUSH nor FUA is offered
 *                       (NBD_FLAG_SEND_FLUSH, NBD_FLAG_SEND_FUA), which tells a client that every write is
 * @param fastZero       whether zeroing is always faster than writing (NBD_FLAG_SEND_FAST_ZERO)
 */
public record Export(
        BlockDevice device,
        String description,
        int minimumBlock,
        int preferredBlock,
        int maximumPayload,
        boolean multiConn,
        boolean writeCache,
        boolean fastZero) {
    /** The largest payload that a server takes, in bytes. */
    public static final int MAXIMUM_PAYLOAD = NbdWire.PAYLOAD_BYTES_DEFAULT_MAX;

    public Export {
        if (Integer.bitCount(minimumBlock) != 1 || minimumBlock < 1 || minimumBlock > 65536) {
            throw new IllegalArgumentException("minimum block size " + minimumBlock);
        }
        if (Integer.bitCount(preferredBlock) != 1 || preferredBlock < Math.max(512, minimumBlock)) {
            throw new IllegalArgumentException("preferred block size " + preferredBlock);
        }
        if (maximumPayload < preferredBlock || maximumPayload > MAXIMUM_PAYLOAD) {
            throw new IllegalArgumentException("maximum payload " + maximumPayload);
        }
    }

    /** Blocks of 1 byte or more, 4096 preferred, payloads up to 32 MiB, one connection a client. */
    public static Export of(BlockDevice device) {
        return new Export(device, "", 1, 4096, MAXIMUM_PAYLOAD, false, true, false);
    }

    public Export withDescription(String text) {
        return new Export(device, text, minimumBlock, preferredBlock, maximumPayload, multiConn, writeCache, fastZero);
    }

    public Export withBlockSizes(int minimum, int preferred, int maximum) {
        return new Export(device, description, minimum, preferred, maximum, multiConn, writeCache, fastZero);
    }

    public Export withMultiConn(boolean on) {
        return new Export(device, description, minimumBlock, preferredBlock, maximumPayload, on, writeCache, fastZero);
    }

    public Export withWriteCache(boolean on) {
        return new Export(device, description, minimumBlock, preferredBlock, maximumPayload, multiConn, on, fastZero);
    }

    public Export withFastZero(boolean on) {
        return new Export(device, description, minimumBlock, preferredBlock, maximumPayload, multiConn, writeCache, on);
    }
}
