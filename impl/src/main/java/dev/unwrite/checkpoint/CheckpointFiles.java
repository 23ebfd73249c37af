package dev.unwrite.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** The folder of a store. Tests and the simulator replace it with one that fails, or loses what was not synced. */
public interface CheckpointFiles extends Closeable {
    /** An open file. */
    interface StateFile extends Closeable {
        long size() throws IOException;

        /** Fills {@code target}, or less at the end of the file; returns the number of bytes, -1 at the end. */
        int read(long offset, ByteBuffer target) throws IOException;

        /** Writes all that remains in {@code source}; the file grows as needed. */
        void write(long offset, ByteBuffer source) throws IOException;

        /** Cuts the file off, or makes it longer by zeroes. */
        void setSize(long bytes) throws IOException;

        /** On return, the contents and the size are durable. */
        void sync() throws IOException;
    }

    List<String> names() throws IOException;

    /** Creates an empty file in place of any of that name. */
    StateFile create(String name) throws IOException;

    StateFile open(String name) throws IOException;

    /** As {@link #open}; it may be written. */
    StateFile openToWrite(String name) throws IOException;

    /** Gives the file another name in one step, in place of what had that name. Durable after {@link #syncFolder}. */
    void rename(String from, String to) throws IOException;

    /** Durable after {@link #syncFolder}. No error if there is none. */
    void delete(String name) throws IOException;

    /** On return, all names are durable. */
    void syncFolder() throws IOException;

    /** The path of a file, for messages. */
    String describe(String name);
}
