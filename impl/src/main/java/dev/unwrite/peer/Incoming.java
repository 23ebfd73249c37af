package dev.unwrite.peer;

import dev.unwrite.peer.PeerMessage.Hello;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Accepts the connections of the peer and hands over what comes; all others are turned away. */
final class Incoming {
    /** So many connections may be open, strangers included; one that comes then is closed at once. */
    static final int CONNECTIONS_MAX = 16;

    static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int BACKLOG = 16;

    private static final System.Logger LOG = System.getLogger(Incoming.class.getPackageName());

    private final PeerIdentity identity;
    private final LifeSigns signs;
    private final PeerLink.Listener listener;
    private final ServerSocketChannel server;
    private final InetSocketAddress address;
    private final LogLimit strangers = new LogLimit(LOG);
    private final LogLimit breaks = new LogLimit(LOG);

    /** Held while messages are handed over: one connection at a time. */
    private final ReentrantLock delivery = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private final Set<Connection> open = new HashSet<>();
    private volatile @Nullable Connection current;
    private volatile boolean closed;

    Incoming(PeerConfig config, PeerIdentity identity, LifeSigns signs, PeerLink.Listener listener) throws IOException {
        this.identity = identity;
        this.signs = signs;
        this.listener = listener;
        server = ServerSocketChannel.open();
        try {
            server.bind(config.listen(), BACKLOG);
            address = (InetSocketAddress) server.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            server.close();
            throw new IOException(
                    "cannot listen on " + config.listen().getHostString() + ":"
                            + config.listen().getPort() + ": " + e.getMessage(),
                    e);
        }
    }

    private final class Connection implements Runnable {
        /** In the order of acceptance: the newest one counts. */
        private final long number;

        private final SocketChannel channel;

        Connection(long number, SocketChannel channel) {
            this.number = number;
            this.channel = channel;
        }

        @Override
        public void run() {
            try {
                receive(this);
            } catch (EOFException | ClosedChannelException e) {
                LOG.log(Level.DEBUG, "a connection ended");
            } catch (IOException | RuntimeException e) {
                if (!closed) {
                    String line = remote(channel) + ": " + e.getMessage() + "; the connection is closed";
                    (this == current ? breaks : strangers).log(Level.WARNING, line);
                }
            } finally {
                end(this);
            }
        }
    }

    InetSocketAddress address() {
        return address;
    }

    /** Run by a thread of its own, until closed. */
    void accept() {
        long number = 0;
        while (!closed) {
            try {
                start(server.accept(), ++number);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // For instance out of file descriptors: the next attempt may do, but not at once.
                breaks.log(Level.WARNING, "cannot accept a connection: " + e.getMessage());
                pause();
            }
        }
    }

    private void start(SocketChannel channel, long number) throws IOException {
        Connection connection = new Connection(number, channel);
        lock.lock();
        try {
            if (closed || open.size() >= CONNECTIONS_MAX) {
                channel.close();
                return;
            }
            open.add(connection);
        } finally {
            lock.unlock();
        }
        // A platform thread: it waits in the system call itself, and is woken without a detour.
        Thread.ofPlatform().daemon().name("unwrite-peer-in-" + number).start(connection);
    }

    private void receive(Connection connection) throws IOException {
        SocketChannel channel = connection.channel;
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        Hello hello = Handshake.read(channel);
        String refusal = identity.refusal(hello);
        if (refusal != null) {
            Handshake.refuse(channel, refusal);
            throw new IOException("turned away: " + refusal);
        }
        if (!replace(connection)) {
            return;
        }
        Handshake.write(channel, identity.own());
        signs.heard();
        FrameReader reader = new FrameReader(channel, FrameCodec.BODY_BYTES_MAX);
        while (reader.receive()) {
            signs.heard();
            delivery.lock();
            try {
                handOver(connection, reader, hello.incarnation());
            } finally {
                delivery.unlock();
            }
        }
    }

    /** False: a newer connection is there already. */
    private boolean replace(Connection connection) throws IOException {
        Connection older;
        lock.lock();
        try {
            older = current;
            if (closed || (older != null && older.number > connection.number)) {
                return false;
            }
            current = connection;
        } finally {
            lock.unlock();
        }
        if (older != null) {
            older.channel.close();
        }
        return true;
    }

    private void handOver(Connection connection, FrameReader reader, long incarnation) throws IOException {
        boolean any = false;
        for (ByteBuffer body = reader.next(); body != null; body = reader.next()) {
            if (current != connection) {
                throw new EOFException("replaced by a newer connection");
            }
            long seq = body.getLong(1);
            PeerMessage message = FrameCodec.decode(body);
            if (message instanceof Hello) {
                throw new MalformedFrameException("a second greeting");
            }
            listener.received(message, new MessageId(incarnation, seq));
            any = true;
        }
        if (any) {
            listener.drained();
        }
    }

    /** Run by a thread of its own, until closed: tells the peer that this process lives, also while it is busy. */
    void tick() {
        ByteBuffer frame = ByteBuffer.allocate(FrameCodec.HEADER_BYTES + FrameCodec.BODY_BYTES_MIN);
        FrameCodec.encodeTick(frame);
        frame.flip();
        while (!closed) {
            pause();
            Connection to = current;
            if (to == null) {
                continue;
            }
            try {
                Handshake.writeAll(to.channel, frame.duplicate());
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "no sign of life could be sent: " + e.getMessage());
            }
        }
    }

    private void pause() {
        lock.lock();
        try {
            long left = TICK_NANOS;
            while (!closed && left > 0) {
                left = ended.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private static String remote(SocketChannel channel) {
        return String.valueOf(channel.socket().getRemoteSocketAddress());
    }

    private void end(Connection connection) {
        lock.lock();
        try {
            if (current == connection) {
                current = null;
            }
            open.remove(connection);
            ended.signalAll();
            connection.channel.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing", e);
        } finally {
            lock.unlock();
        }
    }

    /** On return nothing is handed over any more, unless the caller is in a callback itself. */
    void close() {
        lock.lock();
        try {
            closed = true;
            ended.signalAll();
            server.close();
            for (Connection connection : open) {
                connection.channel.close();
            }
            while (!delivery.isHeldByCurrentThread() && !open.isEmpty()) {
                ended.awaitUninterruptibly();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing", e);
        } finally {
            lock.unlock();
        }
    }
}
