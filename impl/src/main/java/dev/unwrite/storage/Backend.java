package dev.unwrite.storage;

import dev.unwrite.nbd.BlockDevice;
import java.io.IOException;

/** Where the bytes of a volume are. */
interface Backend extends BlockDevice {
    /** Whether it can be reached; once false, it stays so until {@link RemoteBackend#reconnect}. */
    boolean up();

    /** Offsets and lengths of requests are multiples of it, in bytes. */
    int minimumBlock();

    /** As zeroing: the range reads as zeroes afterwards, and its space is freed where that is possible. */
    @Override
    void trim(long offset, long length, boolean fua) throws IOException;

    /** The largest read or write, in bytes. */
    int maximumPayload();
}
