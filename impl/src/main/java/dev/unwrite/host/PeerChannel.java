package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;

/**
 * What goes to the other host. Messages may be lost, and those of different kinds may overtake each other; what is
 * outstanding is sent again when {@link Host#peerUp} says that there is a new connection.
 */
public interface PeerChannel {
    /** Sends a message other than a state over the present connection; without a connection it is lost. */
    void send(PeerMessage message);

    /**
     * Sends a saved state in parts over the present connection, in its order, a large one over a long time;
     * {@link Host#stateSent} tells now and then how far it is. The state stays the caller's. One state at a time.
     *
     * @param base the epoch of the checkpoint that it is a delta on, or 0
     * @param reply how many bytes of the state were carried, once its end is sent
     */
    void sendState(long term, long epoch, long base, Saved state, Reply<Long> reply);

    /** Whether there is a connection. */
    boolean isConnected();
}
