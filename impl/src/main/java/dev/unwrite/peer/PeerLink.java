package dev.unwrite.peer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The link to the other host: a connection that it dials, for what it sends, and one that it accepts, for what it
 * receives. Messages may be lost, never corrupted, never repeated. Over one connection the bulk messages
 * ({@link PeerMessage#isBulk}) arrive in the order in which they were sent, and so do all others; the others overtake bulk
 * messages.
 *
 * <p>When the outgoing connection breaks, everything that was not yet written is dropped, and what was written may be
 * lost: the node sends again what is outstanding after {@link Listener#outgoingUp}. For any number of threads.
 */
public interface PeerLink extends AutoCloseable {
    /** {@link #connection} while there is none. */
    long NOT_CONNECTED = 0;

    /**
     * Listens, and begins to dial.
     *
     * @throws IOException if the address cannot be listened on; the message is one line
     */
    static PeerLink open(PeerConfig config, Listener listener) throws IOException {
        TcpPeerLink link = new TcpPeerLink(config, listener, TcpPeerLink.SILENCE_NANOS_MAX);
        link.start();
        return link;
    }

    /**
     * Sends the message, or has it sent by the thread that is just writing; never waits for the network. The message is
     * lost if there is no outgoing connection. If the queue is full, since the peer takes nothing, the connection is
     * given up (and made anew), which loses all that is queued: a full queue is not different from a dead network.
     *
     * @return the name of the message, also if it is lost
     */
    MessageId send(PeerMessage message);

    /** As {@link #send(PeerMessage)}, for many at once: they are sent together. */
    void send(List<PeerMessage> messages);

    /**
     * Queues a message, usually a {@link PeerMessage.StateChunk}, over the given connection, as soon as there is room.
     *
     * @param connection from {@link #connection} or {@link Listener#outgoingUp}: the parts of a state all travel over one
     *     connection, or the rest is not sent
     * @throws IOException if that connection has ended
     */
    MessageId sendBlocking(long connection, PeerMessage message) throws IOException, InterruptedException;

    /** The number of the outgoing connection, which the peer has accepted, or {@link #NOT_CONNECTED}. */
    long connection();

    /**
     * When ({@link System#nanoTime}) something last came from the peer's process: a message, or a sign of life that the
     * link itself exchanges a few times a second. When the link was opened, if nothing came yet.
     */
    long lastHeardNanos();

    /** Whether something ever came from the peer. */
    boolean everHeard();

    /** The name of the peer, as configured or as it said; null if it is not yet known. */
    @Nullable
    String peerName();

    /** This life's number in {@link MessageId}. */
    long incarnation();

    /** Where the link listens, with the port that the system chose. */
    InetSocketAddress listenAddress();

    /** Ends the connections. On return no callback runs any more, unless the caller is one. Idempotent. */
    @Override
    void close();

    /** What the node does with what comes. Exceptions that escape end the connection in question. */
    interface Listener {
        /**
         * Called for each message in the order of its connection, one call at a time, also across connections: of two
         * connections of the peer, the newer one replaces the older. As long as the call takes, nothing more is received
         * (back-pressure), while {@link #lastHeardNanos} goes on.
         */
        void received(PeerMessage message, MessageId id);

        /** Called, by the same thread, when all that has arrived so far was handed over: what was gathered can be done. */
        default void drained() {}

        /**
         * The peer has accepted an outgoing connection. Up and lost are called in turn by one thread of the link.
         *
         * @param peer who it is, which life of its process (another one than before has forgotten all in memory), and what
         *     it holds
         * @param connection for {@link #sendBlocking}
         */
        void outgoingUp(PeerMessage.Hello peer, long connection);

        /** The outgoing connection has ended; what was not acknowledged may be lost. The link goes on dialing. */
        void outgoingLost();
    }
}
