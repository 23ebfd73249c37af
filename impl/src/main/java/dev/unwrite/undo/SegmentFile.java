package dev.unwrite.undo;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file of fixed size whose space is allocated. Tests and the simulator put one that fails, or loses
 * what was not synced, in its place.
 */
public interface SegmentFile extends Closeable {
    /** The name within its {@link LogFiles}. */
    String name();

    /** The size in bytes. */
    long size();

    /** Fills {@code target}; what lies beyond the end of the file is an error. */
    void read(long offset, ByteBuffer target) throws IOException;

    /** Writes all that remains in {@code source}; durable only after {@link #sync}. */
    void write(long offset, ByteBuffer source) throws IOException;

    /** On return, everything written before the call is durable. After a failure the state of the file is unknown. */
    void sync() throws IOException;
}
