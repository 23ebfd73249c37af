package dev.unwrite.peer;

import dev.unwrite.peer.PeerMessage.Hello;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps an outgoing connection up. One thread dials, listens for the peer's signs of life, and writes what senders leave to
 * it; a connection without signs of life is given up, since TCP may take minutes to notice that a network is back.
 */
final class Outgoing implements Runnable {
    static final long BACKOFF_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(50);
    static final long BACKOFF_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);
    /** A connection that lasted so long was a good one. */
    private static final long STABLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final int CONNECT_MILLIS_MAX = 1_000;
    /** More in the system's buffer would only delay the urgent messages behind it. */
    private static final int SOCKET_BUFFER_BYTES = 256 << 10;

    private static final System.Logger LOG = System.getLogger(Outgoing.class.getPackageName());

    private final PeerConfig config;
    private final PeerIdentity identity;
    private final LifeSigns signs;
    private final SendQueue queue;
    private final PeerLink.Listener listener;
    private final long silenceNanosMax;
    private final LogLimit log = new LogLimit(LOG);
    private final LogLimit successes = new LogLimit(LOG);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();
    private volatile boolean closed;
    /** Guarded by the lock: what {@link #close} has to cut. */
    private @Nullable SocketChannel channel;

    private @Nullable Selector selector;
    private long connections;

    Outgoing(
            PeerConfig config,
            PeerIdentity identity,
            LifeSigns signs,
            SendQueue queue,
            PeerLink.Listener listener,
            long silenceNanosMax) {
        this.config = config;
        this.identity = identity;
        this.signs = signs;
        this.queue = queue;
        this.listener = listener;
        this.silenceNanosMax = silenceNanosMax;
    }

    private static final class Connection implements SendQueue.Connection {
        private final long number;
        private final SocketChannel channel;
        private final Selector selector;
        private volatile @Nullable String failure;

        Connection(long number, SocketChannel channel, Selector selector) {
            this.number = number;
            this.channel = channel;
            this.selector = selector;
        }

        @Override
        public long number() {
            return number;
        }

        @Override
        public WritableByteChannel channel() {
            return channel;
        }

        @Override
        public void leaveToLink() {
            selector.wakeup();
        }

        @Override
        public void fail(String why) {
            if (failure == null) {
                failure = why;
            }
            selector.wakeup();
        }
    }

    @Override
    public void run() {
        long backoff = BACKOFF_NANOS_MIN;
        while (!closed) {
            long begun = System.nanoTime();
            try {
                connectAndServe();
            } catch (IOException | RuntimeException e) {
                if (!closed) {
                    log.log(Level.INFO, "no connection to the peer at " + address() + ": " + reason(e));
                }
            }
            backoff = System.nanoTime() - begun > STABLE_NANOS ? BACKOFF_NANOS_MIN : backoff;
            await(backoff);
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

    private void connectAndServe() throws IOException {
        try (SocketChannel dialed = SocketChannel.open();
                Selector ready = Selector.open()) {
            if (!publish(dialed, ready)) {
                return;
            }
            Hello peer = dial(dialed);
            Connection connection = new Connection(++connections, dialed, ready);
            serve(connection, ready, peer);
        } finally {
            publish(null, null);
        }
    }

    private boolean publish(@Nullable SocketChannel nextChannel, @Nullable Selector nextSelector) {
        lock.lock();
        try {
            channel = nextChannel;
            selector = nextSelector;
            return !closed;
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
        signs.heard();
        return peer;
    }

    private void serve(Connection connection, Selector ready, Hello peer) throws IOException {
        connection.channel.configureBlocking(false);
        SelectionKey key = connection.channel.register(ready, SelectionKey.OP_READ);
        queue.open(connection);
        try {
            successes.log(Level.INFO, "connected to the peer " + peer.from() + " at " + address());
            listener.outgoingUp(peer, connection.number);
            untilItBreaks(connection, ready, key);
        } finally {
            connection.channel.close();
            queue.shut();
            listener.outgoingLost();
        }
    }

    private void untilItBreaks(Connection connection, Selector ready, SelectionKey key) throws IOException {
        FrameReader reader = new FrameReader(connection.channel, FrameCodec.BODY_BYTES_MIN);
        long silentSince = System.nanoTime();
        while (!closed) {
            boolean writing = queue.isLeftToLink();
            key.interestOps(SelectionKey.OP_READ | (writing ? SelectionKey.OP_WRITE : 0));
            long left = silentSince + silenceNanosMax - System.nanoTime();
            if (left <= 0) {
                throw new IOException("it is silent");
            }
            ready.select(TimeUnit.NANOSECONDS.toMillis(left) + 1);
            ready.selectedKeys().clear();
            String failure = connection.failure;
            if (failure != null) {
                throw new IOException(failure);
            }
            if (key.isReadable() && reader.receive()) {
                takeTicks(reader);
                silentSince = System.nanoTime();
                signs.heard();
            }
            if (writing && key.isWritable()) {
                queue.writeMore(connection);
            }
        }
    }

    private static void takeTicks(FrameReader reader) throws MalformedFrameException {
        for (ByteBuffer body = reader.next(); body != null; body = reader.next()) {
            if (body.get(0) != FrameCodec.TICK) {
                throw new MalformedFrameException("a message against the direction of the connection");
            }
        }
    }

    private void await(long nanos) {
        lock.lock();
        try {
            long left = nanos;
            while (!closed && left > 0) {
                left = closing.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    /** Ends it soon; the thread may still be in a callback. */
    void close() {
        lock.lock();
        try {
            closed = true;
            closing.signalAll();
            if (selector != null) {
                selector.wakeup();
            }
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing", e);
        } finally {
            lock.unlock();
        }
    }
}
