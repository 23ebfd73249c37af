package dev.unwrite.machine;

import dev.unwrite.image.PieceStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/**
 * The machine that a node protects: state in memory, data on protected volumes, and output to the outside.
 *
 * <p>The node drives it from one thread at a time: {@link #coldStart} or {@link #resume} once, then {@link #go}, then any number
 * of {@link #pause}, {@link #save}, {@link #unpause}, then {@link #close}.
 */
public interface Machine extends Closeable {
    /** Starts from the volumes alone (all zeroes if they are new). */
    void coldStart() throws IOException;

    /** Starts from a mirrored state that {@link Saved#pieces} once produced, put together; the volumes are of the same moment. */
    void resume(InputStream state) throws IOException;

    /**
     * The record says that this host runs the machine: what has stood still since it was started begins now. A machine that does
     * nothing unless it is asked, by clients who are let in from here on, has nothing to do.
     */
    default void go() throws IOException {}

    /**
     * Stops the machine between two of its steps. On return no operation is half done and the machine has no read or
     * write under way, until {@link #unpause}. Bounded: an operation that waits for the storage ends or fails first.
     *
     * @return for how many nanoseconds it has stood still by then; 0 where it did its work up to that moment
     */
    long pause() throws IOException;

    /**
     * The state at this moment; called only between {@link #pause} and {@link #unpause}. The result does not change while the
     * machine runs on, so it can be sent meanwhile.
     *
     * @param epoch the number of this state. A state that was saved under the same number before was not used.
     * @param base the number of a state that was saved before and that whoever gets this one will have: it may be a delta on
     *     that. If it is 0, it has to be whole.
     */
    Saved save(long epoch, long base) throws IOException;

    /** Lets a paused machine go on. */
    void unpause();

    /** A saved state, read any number of times. It may be larger than the heap. */
    interface Saved extends Closeable {
        /** The pieces of the state ({@link dev.unwrite.image}). */
        InputStream pieces() throws IOException;

        /** Whether it is a delta on the base that {@link Machine#save} was told. */
        default boolean isDelta() {
            return false;
        }
    }

    /** A saved state that is always whole. */
    interface Flat extends Saved {
        /** The bytes of the state, from the first to the last. */
        InputStream open() throws IOException;

        @Override
        default InputStream pieces() throws IOException {
            return PieceStream.flat(open());
        }
    }
}
