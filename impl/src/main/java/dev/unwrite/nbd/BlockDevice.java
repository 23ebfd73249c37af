package dev.unwrite.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A random-access array of bytes with a volatile cache: what an NBD export serves and an NBD client reaches.
 *
 * <p>All methods block the calling thread (a virtual thread, as a rule) and may be called by many threads at once.
 * Requests that overlap and run at the same time take effect in an order of the device's choosing. Offsets and
 * lengths are in bytes. A failure of the device is an {@link NbdException} where an NBD error number is known.
 */
public interface BlockDevice extends Closeable {
    /** The size in bytes; it does not change while the device is open. */
    long size();

    /** Whether {@link #write}, {@link #trim} and {@link #writeZeroes} are refused. */
    boolean readOnly();

    /**
     * Fills {@code target} from its position to its limit with the bytes at {@code offset}. A write that has returned
     * before the call is seen.
     */
    void read(long offset, ByteBuffer target) throws IOException;

    /**
     * Writes what remains in {@code source} at {@code offset}. Durable on return only with {@code fua} (forced unit
     * access), else after the next {@link #flush} that starts later.
     */
    void write(long offset, ByteBuffer source, boolean fua) throws IOException;

    /** Says that the range is no longer needed; what it reads as afterwards is the device's choice. Durable as a write. */
    void trim(long offset, long length, boolean fua) throws IOException;

    /** Makes the range read as zeroes. Durable as a write. {@code noHole}: the space stays allocated. */
    void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException;

    /** Whether {@link #allocation} can say more than that all is data. */
    default boolean tellsAllocation() {
        return false;
    }

    /**
     * What is known of the range, from its start on, at some moment of the call. At least one byte is told of, and nothing
     * beyond the range; the rest may be left out, to be asked for again. {@code length} is at least one byte.
     */
    default List<Allocation> allocation(long offset, long length) throws IOException {
        return List.of(Allocation.data(length));
    }

    /** On return, every write, trim and zeroing that returned before the call is durable. */
    void flush() throws IOException;
}
