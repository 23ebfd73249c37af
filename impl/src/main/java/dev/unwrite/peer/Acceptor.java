package dev.unwrite.peer;

import dev.unwrite.net.EventLoop;
import dev.unwrite.peer.PeerMessage.Hello;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Accepts connections, hands those of the peer to the loop, and turns all others away. */
final class Acceptor {
    /** Limit of open connections, strangers included; one that comes then is closed at once. */
    static final int CONNECTIONS_MAX = 16;

    static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int BACKLOG = 16;

    private static final System.Logger LOG = System.getLogger(Acceptor.class.getPackageName());

    private final PeerIdentity identity;
    private final EventLoop loop;
    private final PeerLink.Listener listener;
    private final ServerSocketChannel server;
    private final InetSocketAddress address;
    private final LogLimit strangers = new LogLimit(LOG);
    private final LogLimit breaks = new LogLimit(LOG);

    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock. */
    private final Set<SocketChannel> open = new HashSet<>();

    private final Closing closing = new Closing();
    /** Set by the loop's thread. */
    private volatile @Nullable IncomingStream current;
    /** For the loop's thread. */
    private boolean held;

    Acceptor(PeerConfig config, PeerIdentity identity, EventLoop loop, PeerLink.Listener listener) throws IOException {
        this.identity = identity;
        this.loop = loop;
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

    void start() {
        Thread.ofPlatform().daemon().name("unwrite-peer-accept").start(this::accept);
        Thread.ofPlatform().daemon().name("unwrite-peer-tick").start(this::tick);
    }

    InetSocketAddress address() {
        return address;
    }

    private void accept() {
        long number = 0;
        while (!closing.isClosed()) {
            try {
                begin(server.accept(), ++number);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // For instance out of file descriptors: the next attempt may do, but not at once.
                breaks.log(Level.WARNING, "cannot accept a connection: " + e.getMessage());
                closing.pause(TICK_NANOS);
            }
        }
    }

    private void begin(SocketChannel channel, long number) throws IOException {
        lock.lock();
        try {
            if (closing.isClosed() || open.size() >= CONNECTIONS_MAX) {
                channel.close();
                return;
            }
            open.add(channel);
        } finally {
            lock.unlock();
        }
        Thread.ofPlatform().daemon().name("unwrite-peer-in-" + number).start(() -> run(channel, number));
    }

    /** The thread of a connection: greets, then waits for its end and logs it, since the loop may wait for no log. */
    private void run(SocketChannel channel, long number) {
        LogLimit log = strangers;
        try {
            IncomingStream stream = greet(channel, number);
            log = breaks;
            loop.post(() -> serve(stream));
            throw stream.awaitEnd();
        } catch (EOFException | ClosedChannelException | InterruptedException e) {
            LOG.log(Level.DEBUG, "a connection ended");
        } catch (IOException | RuntimeException e) {
            if (!closing.isClosed()) {
                log.log(Level.WARNING, remote(channel) + ": " + e.getMessage() + "; the connection is closed");
            }
        } finally {
            forget(channel);
        }
    }

    private IncomingStream greet(SocketChannel channel, long number) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        Hello hello = Handshake.read(channel);
        String refusal = identity.refusal(hello);
        if (refusal != null) {
            Handshake.refuse(channel, refusal);
            throw new IOException("turned away: " + refusal);
        }
        Handshake.write(channel, identity.own());
        return new IncomingStream(channel, number, hello.incarnation(), listener, closing::isClosed);
    }

    private static String remote(SocketChannel channel) {
        return String.valueOf(channel.socket().getRemoteSocketAddress());
    }

    private void forget(SocketChannel channel) {
        lock.lock();
        try {
            open.remove(channel);
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing", e);
        } finally {
            lock.unlock();
        }
    }

    // ---- On the loop.

    private void serve(IncomingStream stream) {
        IncomingStream older = current;
        if (older != null && older.number() > stream.number()) {
            stream.end(new EOFException("a newer connection is there already"));
            return;
        }
        if (older != null) {
            older.end(new EOFException("replaced by a newer connection"));
        }
        current = stream;
        if (held) {
            stream.pause();
        }
        loop.serve(stream);
    }

    void hold(boolean on) {
        held = on;
        IncomingStream stream = current;
        if (stream != null && on) {
            stream.pause();
        } else if (stream != null) {
            stream.resume();
        }
    }

    // ---- Signs of life.

    private void tick() {
        while (!closing.pause(TICK_NANOS)) {
            IncomingStream to = current;
            if (to == null) {
                continue;
            }
            try {
                to.tick();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "no sign of life could be sent: " + e.getMessage());
                loop.post(() -> to.end(e));
            }
        }
    }

    void close() {
        lock.lock();
        try {
            closing.close();
            server.close();
            for (SocketChannel channel : open) {
                channel.close();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing", e);
        } finally {
            lock.unlock();
        }
        IncomingStream stream = current;
        if (stream != null) {
            loop.post(() -> stream.end(new EOFException("the link was closed")));
            stream.stopWaiting();
        }
    }
}
