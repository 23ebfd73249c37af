package dev.unwrite.nbd;

import dev.unwrite.net.EventLoop;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Serves exports over NBD (fixed newstyle), on TCP or Unix domain sockets, until closed. A client that breaks the
 * protocol, stalls or asks for too much gets an error or loses its connection; the others do not notice.
 */
public final class NbdServer implements Closeable {
    /** The largest payload of an option and of its reply, in bytes. */
    public static final int OPTION_BYTES_MAX = 64 << 10;
    /** How many exports a client is told of at most. */
    public static final int LISTED_EXPORTS_MAX = 4096;

    private static final System.Logger LOG = System.getLogger("dev.unwrite.nbd");
    private static final long ACCEPT_RETRY_NANOS = 100_000_000L;

    private final NbdServerBuilder settings;
    private final BufferPool pool;
    private final List<ServerSocketChannel> listeners = new ArrayList<>();
    private final List<NbdUri> uris = new ArrayList<>();
    private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition connectionEnded = lock.newCondition();
    private final EventLoop loop;
    private volatile boolean closed;

    private NbdServer(NbdServerBuilder settings) {
        this.settings = settings;
        EventLoop given = settings.loop;
        if (given == null) {
            loop = new EventLoop("nbd-server", line -> LOG.log(System.Logger.Level.WARNING, line));
            loop.start();
        } else {
            loop = given;
        }
        this.pool = new BufferPool(settings.largePayloadBytesMax, settings.stallTimeout);
    }

    public static NbdServerBuilder builder() {
        return new NbdServerBuilder();
    }

    static NbdServer bind(NbdServerBuilder settings) throws IOException {
        if (settings.listen.isEmpty()) {
            throw new IllegalArgumentException("an NBD server needs an address to listen on");
        }
        NbdServer server = new NbdServer(settings);
        try {
            for (NbdUri uri : settings.listen) {
                ServerSocketChannel listener = Sockets.listen(uri);
                server.listeners.add(listener);
                server.uris.add(Sockets.bound(uri, listener));
            }
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    /** Begins to answer; once. */
    public void serve() {
        settings.exports();
        for (ServerSocketChannel listener : listeners) {
            Thread.ofVirtual().name("nbd-accept").start(() -> accept(listener));
        }
    }

    /** The address at which the server really listens (the first, if there are several), with an empty export name. */
    public NbdUri uri() {
        return uris.get(0);
    }

    /** The URI of one of its exports. */
    public NbdUri uri(String export) {
        return uri().withExport(export);
    }

    /** All addresses at which the server listens. */
    public List<NbdUri> uris() {
        return List.copyOf(uris);
    }

    /** The connections that stand now. */
    public List<NbdConnection> connections() {
        return List.copyOf(connections);
    }

    private void accept(ServerSocketChannel listener) {
        while (!closed) {
            try {
                SocketChannel channel = listener.accept();
                admit(channel);
            } catch (IOException e) {
                if (closed || !listener.isOpen()) {
                    return;
                }
                // E.g. out of file descriptors: it may pass, and to spin meanwhile would make it worse.
                LOG.log(System.Logger.Level.WARNING, () -> "cannot accept an NBD connection: " + e);
                LockSupport.parkNanos(ACCEPT_RETRY_NANOS);
            }
        }
    }

    private void admit(SocketChannel channel) throws IOException {
        if (connections.size() >= settings.connectionsMax) {
            LOG.log(System.Logger.Level.WARNING, () -> "more than " + settings.connectionsMax + " NBD connections");
            channel.close();
            return;
        }
        ServerConnection connection;
        try {
            Sockets.tune(channel);
            connection = new ServerConnection(channel, settings, pool, loop);
        } catch (IOException | RuntimeException | Error e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "an NBD client was gone at once: " + e);
            channel.close();
            return;
        }
        connections.add(connection);
        if (closed) {
            connection.close();
        }
        Thread.ofVirtual().name("nbd-connection").start(() -> {
            try {
                connection.run();
            } finally {
                forget(connection);
            }
        });
    }

    private void forget(ServerConnection connection) {
        lock.lock();
        try {
            connections.remove(connection);
            connectionEnded.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stops listening, ends the connections, and waits, for a bounded time, for requests in progress. On return, no
     * further request reaches a device.
     */
    @Override
    public void close() {
        closed = true;
        for (ServerSocketChannel listener : listeners) {
            closeQuietly(listener);
        }
        for (NbdUri uri : uris) {
            removeSocket(uri);
        }
        connections.forEach(ServerConnection::drain);
        awaitConnections();
        connections.forEach(ServerConnection::close);
        if (settings.loop == null) {
            loop.close();
        }
    }

    private void awaitConnections() {
        lock.lock();
        try {
            long left = settings.closeTimeout.toNanos();
            while (!connections.isEmpty() && left > 0) {
                left = connectionEnded.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private static void closeQuietly(ServerSocketChannel listener) {
        try {
            listener.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "closing a listener: " + e);
        }
    }

    private static void removeSocket(NbdUri uri) {
        if (uri.socket() == null) {
            return;
        }
        try {
            Files.deleteIfExists(Path.of(uri.socket()));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "removing " + uri.socket() + ": " + e);
        }
    }
}
