package dev.unwrite.peer;

import dev.unwrite.net.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The link to the other host: a connection that it dials, for what it sends, and one that it accepts, for what it
 * receives. Messages may be lost, never corrupted, never repeated. Over one connection the bulk messages
 * ({@link PeerMessage#isBulk}) arrive in the order in which they were sent, and so do all others; the others overtake bulk
 * messages.
 *
 * <p>When the outgoing connection breaks, everything that was not yet written is dropped, and what was written may be
 * lost: the node sends again what is outstanding after {@link Listener#outgoingUp}.
 *
 * <p>Both connections are served by an event loop, whose thread sends and is called back, unless said otherwise. Threads of
 * the link only make connections, and tell the peer that this process lives, also while the loop is busy.
 */
public final class PeerLink implements AutoCloseable {
    /** {@link #connection} while there is none. */
    public static final long NOT_CONNECTED = 0;

    /** A connection over which so long no sign of life came is given up. */
    static final long SILENCE_NANOS_MAX = TimeUnit.SECONDS.toNanos(2);

    private final long incarnation = new SecureRandom().nextLong();
    private final AtomicLong numbers = new AtomicLong();
    private final LifeSigns signs = new LifeSigns();
    private final PeerIdentity identity;
    private final Acceptor acceptor;
    private final Dialer dialer;

    private PeerLink(PeerConfig config, EventLoop loop, Listener listener) throws IOException {
        identity = new PeerIdentity(config, incarnation);
        acceptor = new Acceptor(config, identity, signs, loop, listener);
        dialer = new Dialer(config, identity, signs, loop, listener);
    }

    /**
     * Listens, and begins to dial; the listener is called once the loop runs.
     *
     * @throws IOException if the address cannot be listened on; the message is one line
     */
    public static PeerLink open(PeerConfig config, EventLoop loop, Listener listener) throws IOException {
        PeerLink link = new PeerLink(config, loop, listener);
        link.acceptor.start();
        link.dialer.start();
        return link;
    }

    /**
     * Sends the message at the end of the loop's turn; never waits for the network. The message is lost if there is no
     * outgoing connection. If too much is unsent, since the peer takes nothing, the connection is given up (and made
     * anew), which loses all that is queued: a full queue is not different from a dead network.
     *
     * @return the name of the message, also if it is lost
     */
    public MessageId send(PeerMessage message) {
        checkKind(message);
        long number = numbers.incrementAndGet();
        OutgoingStream out = dialer.current();
        if (out != null) {
            out.send(message, number);
        }
        return new MessageId(incarnation, number);
    }

    /**
     * Queues a message, usually a {@link PeerMessage.StateChunk}, over the given connection, as soon as there is room. For
     * any thread but the loop's.
     *
     * @param connection from {@link #connection} or {@link Listener#outgoingUp}: the parts of a state all travel over one
     *     connection, or the rest is not sent
     * @throws IOException if that connection has ended
     */
    public void sendBlocking(long connection, PeerMessage message) throws IOException, InterruptedException {
        checkKind(message);
        OutgoingStream out = dialer.current();
        if (out == null || out.number() != connection) {
            throw OutgoingStream.over();
        }
        out.sendBlocking(message, numbers);
    }

    private static void checkKind(PeerMessage message) {
        if (message instanceof PeerMessage.Hello) {
            throw new IllegalArgumentException("the link itself says Hello");
        }
    }

    /** Receives nothing more, or again: the peer has to wait. Signs of life of the peer still count. */
    public void hold(boolean on) {
        acceptor.hold(on);
    }

    /** The number of the outgoing connection, which the peer has accepted, or {@link #NOT_CONNECTED}. For any thread. */
    public long connection() {
        OutgoingStream out = dialer.current();
        return out == null ? NOT_CONNECTED : out.number();
    }

    /**
     * When ({@link System#nanoTime}) something last came from the peer's process: a message, or a sign of life that the
     * link itself exchanges a few times a second. When the link was opened, if nothing came yet. For any thread.
     */
    public long lastHeardNanos() {
        return signs.lastNanos();
    }

    /** Whether something ever came from the peer. For any thread. */
    public boolean everHeard() {
        return signs.ever();
    }

    /** The name of the peer, as configured or as it said; null if it is not yet known. For any thread. */
    public @Nullable String peerName() {
        return identity.peerName();
    }

    /** This life's number in {@link MessageId}. */
    public long incarnation() {
        return incarnation;
    }

    /** Where the link listens, with the port that the system chose. */
    public InetSocketAddress listenAddress() {
        return acceptor.address();
    }

    /** Ends the connections; no callback begins after the return. Idempotent, for any thread. */
    @Override
    public void close() {
        dialer.close();
        acceptor.close();
    }

    /** What the node does with what comes. Exceptions that escape end the connection in question. */
    public interface Listener {
        /**
         * Called for each message in the order of its connection. Of two connections of the peer, the newer one replaces the
         * older.
         */
        void received(PeerMessage message, MessageId id);

        /**
         * The peer has accepted an outgoing connection. Up and lost are called in turn.
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
