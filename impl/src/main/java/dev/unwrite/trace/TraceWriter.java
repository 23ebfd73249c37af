package dev.unwrite.trace;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Records the steps of a host, for {@code unwrite validate}. Called in the one place that calls
 * {@link dev.unwrite.protocol.Protocol#step}, after the step and before its effects, so no other process can have seen an effect
 * of a step that is not in the trace.
 */
public interface TraceWriter extends Closeable {
    /** Records nothing. */
    TraceWriter NONE = new TraceWriter() {
        @Override
        public void step(HostState before, Action action, HostState after, @Nullable Contents contents) {}

        @Override
        public void spoke(HostState state, long said) {}

        @Override
        public boolean active() {
            return false;
        }

        @Override
        public void close() {}
    };

    /**
     * A step was taken. May be called for every step; those that change no variable of the specification are left out.
     * Never throws: a trace that cannot be written ends, and the node goes on.
     *
     * @param contents of the extent's blocks: the new ones for {@link Action.MachineWrite}, the old ones for
     *     {@link Action.StoreCopy}; null for all others
     */
    void step(HostState before, Action action, HostState after, @Nullable Contents contents);

    /** Output has left in a step Speak, the newest of it said in the epoch {@code said}; as {@link #step} otherwise. */
    void spoke(HostState state, long said);

    /** Whether {@link #step} does anything, so that contents need be told. */
    boolean active();

    /** Ends the trace; the file is cut to its content. */
    @Override
    void close() throws IOException;

    /**
     * A trace of a node in a new file {@code DIR/<node>-<start in microseconds>.ndjson}. What was written is in the
     * file even if the process is killed. Throws {@link IOException} if the file cannot be created.
     */
    static TraceWriter open(Path dir, String node) throws IOException {
        return open(dir, node, TraceClock.SYSTEM);
    }

    /** As above, with another clock. */
    static TraceWriter open(Path dir, String node, TraceClock clock) throws IOException {
        return NodeTrace.open(dir, node, TraceFile.LIMIT_BYTES, clock);
    }
}
