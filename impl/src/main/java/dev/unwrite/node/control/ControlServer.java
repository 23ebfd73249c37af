package dev.unwrite.node.control;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The HTTP control server of a node: {@code GET /status}, {@code GET /metrics}, {@code POST /checkpoint},
 * {@code /failover}, {@code /switchover}, {@code /protect}. Each request has a virtual thread of its own; it listens where
 * it is told and asks nobody who he is, so the address should be one that only operators reach. Requests that a web page has
 * a browser send are refused ({@code 403}).
 */
public final class ControlServer implements AutoCloseable {
    private static final int BACKLOG = 64;

    static {
        // Read once, by the first server of the process; what the operator has set stays.
        limit("sun.net.httpserver.maxReqHeaders", "64");
        limit("sun.net.httpserver.maxReqHeaderSize", "16384");
        limit("sun.net.httpserver.maxReqTime", "-1");
        limit("jdk.httpserver.maxConnections", "256");
        limit("sun.net.httpserver.nodelay", "true");
    }

    private final HttpServer server;
    private final ExecutorService threads;

    private ControlServer(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    private static void limit(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * Listens and answers.
     *
     * @throws IOException if the address cannot be listened on; the message is one line
     */
    public static ControlServer open(InetSocketAddress listen, ControlApi api) throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(listen, BACKLOG);
        } catch (IOException | RuntimeException e) {
            throw new IOException(
                    "cannot listen on " + listen.getHostString() + ":" + listen.getPort() + ": "
                            + (listen.isUnresolved() ? "unknown host" : e.getMessage()),
                    e);
        }
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(threads);
        server.createContext("/", new ControlHandler(api, new WebPages(listen)));
        server.start();
        return new ControlServer(server, threads);
    }

    /** Where it listens, with the port that the system chose. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /** Ends it; requests that are being answered are interrupted and cut off. Idempotent. */
    @Override
    public void close() {
        threads.shutdownNow();
        server.stop(0);
    }
}
