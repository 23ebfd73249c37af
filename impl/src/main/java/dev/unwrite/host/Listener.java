package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import dev.unwrite.trace.Contents;
import org.jspecify.annotations.Nullable;

/** Observes a host: steps for the trace, lines for the log. */
public interface Listener {
    /**
     * A step was taken; its effects follow.
     *
     * @param contents of the extent's blocks, for {@link Action.MachineWrite} the new ones and for {@link Action.StoreCopy}
     *     the old ones, if {@link #wantsContents}; else null
     */
    void step(HostState before, Action action, HostState after, @Nullable Contents contents);

    /** Output of the machine has left in a step Speak, the newest of it said in the epoch {@code said}. */
    void spoke(HostState state, long said);

    /** Whether {@link #step} needs contents. */
    boolean wantsContents();

    /** One line for the log. */
    void log(String line);

    /** The host has stopped for good, for this reason; its process should end. */
    void end(String why);
}
