package dev.unwrite.peer;

import dev.unwrite.net.EventLoop;
import dev.unwrite.peer.PeerMessage.Hello;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Keeps an outgoing connection up: a thread dials, hands the connection to the loop, and dials again when it has ended. */
final class Dialer {
    static final long BACKOFF_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(50);
    static final long BACKOFF_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);
    /** A connection that lasted so long was a good one. */
    private static final long STABLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long SILENCE_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int CONNECT_MILLIS_MAX = 1_000;
    /** More in the system's buffer would only delay the urgent messages behind it. */
    private static final int SOCKET_BUFFER_BYTES = 256 << 10;

    private static final System.Logger LOG = System.getLogger(Dialer.class.getPackageName());

    private final PeerConfig config;
    private final PeerIdentity identity;
    private final EventLoop loop;
    private final PeerLink.Listener listener;
    private final LogLimit log = new LogLimit(LOG);
    private final LogLimit successes = new LogLimit(LOG);

    private final ReentrantLock lock = new ReentrantLock();
    private final Closing closing = new Closing();
    /** Guarded by the lock: what {@link #close} has to cut while it is being made. */
    private @Nullable SocketChannel dialing;

    /** Set by the loop's thread. */
    private volatile @Nullable OutgoingStream current;

    private long connections;

    Dialer(PeerConfig config, PeerIdentity identity, EventLoop loop, PeerLink.Listener listener) {
        this.config = config;
        this.identity = identity;
        this.loop = loop;
        this.listener = listener;
    }

    void start() {
        Thread.ofPlatform().daemon().name("unwrite-peer-out").start(this::run);
    }

    /** The connection that the peer has accepted, or null. For any thread. */
    @Nullable
    OutgoingStream current() {
        return current;
    }

    private void run() {
        long backoff = BACKOFF_NANOS_MIN;
        while (!closing.isClosed()) {
            long begun = System.nanoTime();
            try {
                connectAndAwaitTheEnd();
            } catch (IOException | RuntimeException e) {
                if (!closing.isClosed()) {
                    log.log(Level.INFO, "no connection to the peer at " + address() + ": " + reason(e));
                }
            }
            backoff = System.nanoTime() - begun > STABLE_NANOS ? BACKOFF_NANOS_MIN : backoff;
            closing.pause(backoff);
            backoff = Math.min(2 * backoff, BACKOFF_NANOS_MAX);
        }
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private String address() {
        InetSocketAddress address = config.peer().get();
        return address.getHostString() + ":" + address.getPort();
    }

    private void connectAndAwaitTheEnd() throws IOException {
        try (SocketChannel dialed = SocketChannel.open()) {
            if (!publish(dialed)) {
                return;
            }
            Hello peer = dial(dialed);
            publish(null);
            OutgoingStream stream = new OutgoingStream(dialed, ++connections, loop, this::lost);
            successes.log(Level.INFO, "connected to the peer " + peer.from() + " at " + address());
            loop.post(() -> serve(stream, peer));
            throw awaitEnd(stream);
        } finally {
            publish(null);
        }
    }

    private boolean publish(@Nullable SocketChannel channel) {
        lock.lock();
        try {
            dialing = channel;
            return !closing.isClosed();
        } finally {
            lock.unlock();
        }
    }

    private Hello dial(SocketChannel dialed) throws IOException {
        InetSocketAddress address = config.peer().get();
        if (address.isUnresolved()) {
            address = new InetSocketAddress(address.getHostString(), address.getPort());
        }
        if (address.isUnresolved()) {
            throw new IOException("unknown host " + address.getHostString());
        }
        dialed.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
        dialed.setOption(StandardSocketOptions.TCP_NODELAY, true);
        dialed.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        dialed.socket().connect(address, CONNECT_MILLIS_MAX);
        if (dialed.getLocalAddress().equals(dialed.getRemoteAddress())) {
            // TCP may connect a socket to itself where nobody listens. It must not keep the peer's port.
            dialed.setOption(StandardSocketOptions.SO_LINGER, 0);
            throw new IOException("nobody listens");
        }
        Handshake.write(dialed, identity.own());
        Hello peer = Handshake.read(dialed);
        String refusal = identity.refusal(peer);
        if (refusal != null) {
            throw new IOException(refusal);
        }
        return peer;
    }

    // ---- On the loop.

    private void serve(OutgoingStream stream, Hello peer) {
        loop.serve(stream);
        if (closing.isClosed()) {
            stream.end(new IOException("the link was closed"));
        } else if (!stream.hasEnded()) {
            current = stream;
            listener.outgoingUp(peer, stream.number());
        }
    }

    private void lost(OutgoingStream stream) {
        if (stream.equals(current)) {
            current = null;
            if (!closing.isClosed()) {
                listener.outgoingLost();
            }
        }
    }

    // ---- On the thread that dials.

    /** Returns why it has ended; gives up one that is silent, since TCP may take minutes to notice that a network is back. */
    private IOException awaitEnd(OutgoingStream stream) {
        while (!closing.isClosed() && !stream.awaitEnd(SILENCE_CHECK_NANOS)) {
            loop.post(stream::endIfSilent);
        }
        IOException why = stream.whyOver();
        return why == null ? new IOException("the link was closed") : why;
    }

    void close() {
        lock.lock();
        try {
            closing.close();
            if (dialing != null) {
                dialing.close();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing", e);
        } finally {
            lock.unlock();
        }
        OutgoingStream stream = current;
        if (stream != null) {
            loop.post(() -> stream.end(new IOException("the link was closed")));
        }
    }
}
