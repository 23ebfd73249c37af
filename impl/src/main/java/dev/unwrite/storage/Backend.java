package dev.unwrite.storage;

import dev.unwrite.nbd.BlockDevice;

/** Where the bytes of a volume are. */
interface Backend extends BlockDevice {
    /** Whether it can be reached; once false, it stays so until {@link RemoteBackend#reconnect}. */
    boolean up();

    /** Offsets and lengths of requests are multiples of it, in bytes. */
    int minimumBlock();

    /** The largest read or write, in bytes. */
    int maximumPayload();
}
