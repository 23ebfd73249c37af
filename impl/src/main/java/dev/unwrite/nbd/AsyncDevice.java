package dev.unwrite.nbd;

import java.nio.ByteBuffer;

/**
 * A device that answers later. All calls are made by the thread of the loop that serves the connection, and none blocks. What
 * they mean is as for {@link BlockDevice}; {@link Boolean#TRUE} stands for a result that has none.
 */
public interface AsyncDevice {
    /** The buffer belongs to the caller from the answer on. */
    void read(long offset, int length, Completion<ByteBuffer> answer);

    /** {@code source} is the device's from here on. */
    void write(long offset, ByteBuffer source, boolean fua, Completion<Boolean> answer);

    /** As {@link BlockDevice#trim}. */
    void trim(long offset, long length, boolean fua, Completion<Boolean> answer);

    /** As {@link BlockDevice#writeZeroes}. */
    void writeZeroes(long offset, long length, boolean noHole, boolean fua, Completion<Boolean> answer);

    /** As {@link BlockDevice#flush}. */
    void flush(Completion<Boolean> answer);
}
