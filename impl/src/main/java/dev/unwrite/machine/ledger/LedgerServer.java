package dev.unwrite.machine.ledger;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Listens for clients. */
final class LedgerServer implements Closeable {
    private static final System.Logger LOG = System.getLogger(LedgerServer.class.getName());

    private final ServerSocket listener;
    private final Engine engine;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private LedgerServer(ServerSocket listener, Engine engine) {
        this.listener = listener;
        this.engine = engine;
    }

    /** Binds and begins to accept. */
    static LedgerServer open(InetSocketAddress address, Engine engine) throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            listener.bind(address);
        } catch (IOException e) {
            listener.close();
            throw new IOException("the ledger cannot listen on " + address + ": " + e.getMessage(), e);
        }
        LedgerServer server = new LedgerServer(listener, engine);
        Thread.ofVirtual().name("ledger-listener").start(server::accept);
        return server;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    int connections() {
        return connections.size();
    }

    private void accept() {
        while (!closed) {
            try {
                welcome(listener.accept());
            } catch (IOException e) {
                if (listener.isClosed()) {
                    return;
                }
                LOG.log(System.Logger.Level.WARNING, "a connection could not be accepted", e);
            }
        }
    }

    private void welcome(Socket socket) throws IOException {
        if (connections.size() >= LedgerLimits.CONNECTIONS_MAX) {
            String sorry = "ERR there are " + LedgerLimits.CONNECTIONS_MAX + " connections already\n";
            // A few bytes always fit into the buffer of a new connection, so this does not block.
            socket.getOutputStream().write(sorry.getBytes(StandardCharsets.US_ASCII));
            socket.close();
            return;
        }
        socket.setTcpNoDelay(true);
        Connection connection = new Connection(socket, engine, connections::remove);
        connections.add(connection);
        connection.start();
        if (closed) {
            connection.close();
        }
    }

    /** Ends the listener and all connections. */
    @Override
    public void close() {
        closed = true;
        try {
            listener.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the listener did not close", e);
        }
        connections.forEach(Connection::close);
    }
}
