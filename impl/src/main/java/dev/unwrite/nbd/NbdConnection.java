package dev.unwrite.nbd;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One client's connection to an {@link NbdServer}, as {@link ExportSource} and {@link OptionHandler} see it. */
public interface NbdConnection {
    /** Who is at the other end, for messages; it says nothing about who that claims to be. */
    String peer();

    /** What an {@link OptionHandler} has attached, e.g. the session to which the connection is bound; null at first. */
    @Nullable
    Object attachment();

    /** Binds something to this connection; it replaces what was attached. */
    void attach(@Nullable Object attachment);

    /** Whether the connection still counts: false as soon as it was closed from either side. */
    boolean isOpen();

    /**
     * Frees the connection from the handshake timeout: it may stay in option haggling for as long as it likes. For
     * clients that use private options only.
     */
    void allowIdle();

    /**
     * Closes the connection without waiting. Requests that have not yet reached the device never will; the device is
     * closed when those that have reached it are through.
     */
    void close();

    /**
     * Closes the connection and waits. On return of true, no request of this connection is at its device nor will ever
     * be; what had reached the device was finished, all else was dropped. False: that was not so within the timeout,
     * or the thread was interrupted. Must not be called from within a request of this same connection.
     */
    boolean end(Duration timeout);

    /** Runs {@code action} once the connection has ended and its device is closed; at once if that is so already. */
    void onEnd(Runnable action);
}
