package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import org.jspecify.annotations.Nullable;

/** Watches a host: its steps for a trace, its words for a person. It changes nothing. */
public interface Listener {
    /**
     * A step was taken; its effects follow.
     *
     * @param hashes of the extent's blocks ({@link dev.unwrite.trace.BlockHash}), for {@link Action.MachineWrite} the new
     *     content and for {@link Action.StoreCopy} the old one, if {@link #wantsHashes}; else null
     */
    void step(HostState before, Action action, HostState after, int @Nullable [] hashes);

    /** Whether hashes need be computed. */
    boolean wantsHashes();

    /** One line for the log. */
    void log(String line);

    /** The host cannot go on, and why: its process is to end. The host does nothing any more. */
    void end(String why);
}
