package dev.unwrite.machine;

import dev.unwrite.nbd.BlockDevice;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** What a node provides to its machine. */
public interface MachineHost {
    /** The protected volumes by name, in the order in which they were configured. */
    Map<String, BlockDevice> volumes();

    /**
     * Serves the volumes over NBD, by name, to a machine that is a process of its own: on a unix socket that nobody else
     * reaches, from before the machine runs (it opens its disks then), until what is returned is closed.
     */
    Closeable serve(Path socket) throws IOException;

    /**
     * Says something to the outside (rule HoldOutput): {@code release} runs, in the order of the calls, once the
     * checkpoint that covers this moment is committed at the secondary, or, while the machine is unprotected, once
     * everything written before is flushed. It is dropped and never runs if the machine is rolled back or fenced.
     * Called by the machine while it is not paused; does not block. {@code release} must not block either.
     */
    void say(Runnable release);

    /**
     * The same for a machine that flushes by itself what its words rest on, as a computer does before it answers: while it is
     * unprotected {@code release} runs at once, behind what is held. It may be called while the machine is paused, too.
     */
    void sayOfItself(Runnable release);

    /** Whether a request of a machine that is served ({@link #serve}) waits for its answer. Any thread may ask. */
    boolean isAsked();

    /**
     * The machine can never go on (its self-check failed, say). The node says why; if the other host can go on from the last
     * checkpoint by itself, this one ends, so that it does.
     */
    void failed(String why);

    /** The machine does not go on now, and is tried again until {@link #goesOn}. After 10 s it is as if it had {@link #failed}. */
    void stands(String why);

    /** What {@link #stands} said is over. */
    void goesOn();

    /**
     * The machine is no more (its process has died): this node ends, as if its host had failed, so that the other host goes on
     * from the last checkpoint.
     */
    void gone(String why);
}
