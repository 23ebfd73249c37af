package dev.unwrite.undo;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** The folder of a log, held by one process at a time. A simulator may put one of its own in place. */
public interface LogFiles extends Closeable {
    /** The names of all files, sorted. */
    List<String> names() throws IOException;

    /** Opens an existing file. */
    SegmentFile open(String name) throws IOException;

    /**
     * Creates a file that begins with what remains in {@code start} and is zero up to {@code bytes}. On return its
     * contents, its space and its name are durable; after a crash within, there is no file of that name.
     */
    SegmentFile create(String name, long bytes, ByteBuffer start) throws IOException;

    /** Deletes a file; it may come back after a crash, unless {@link #syncFolder} came between. */
    void delete(String name) throws IOException;

    /** On return, deletions are durable, those of an earlier process too. */
    void syncFolder() throws IOException;

    /** Memory for what is read from the files and written to them: outside of the heap, where the system has it at once. */
    default ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes);
    }

    /** How messages call a file: a path that a person can use. */
    String describe(String name);
}
