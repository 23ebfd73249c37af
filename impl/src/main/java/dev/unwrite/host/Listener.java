package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import org.jspecify.annotations.Nullable;

/** Observes a host: steps for the trace, lines for the log. */
public interface Listener {
    /**
     * A step was taken; its effects follow.
     *
     * @param hashes of the extent's blocks ({@link dev.unwrite.trace.BlockHash}), for {@link Action.MachineWrite} the new
     *     content and for {@link Action.StoreCopy} the old one, if {@link #wantsHashes}; else null
     */
    void step(HostState before, Action action, HostState after, int @Nullable [] hashes);

    /** Output of the machine has left in a step Speak, the newest of it said in the epoch {@code said}. */
    void spoke(HostState state, long said);

    /** Whether {@link #step} needs hashes. */
    boolean wantsHashes();

    /** One line for the log. */
    void log(String line);

    /** The host has stopped for good, for this reason; its process should end. */
    void end(String why);
}
