package dev.unwrite.node.control;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** The HTTP control server of a node. */
public final class ControlServer implements AutoCloseable {
    private final HttpServer server;

    private ControlServer(HttpServer server) {
        this.server = server;
    }

    /**
     * Listens and answers.
     *
     * @throws IOException if the address cannot be listened on; the message is one line
     */
    public static ControlServer open(InetSocketAddress listen, ControlApi api) throws IOException {
        HttpServer server = HttpServer.create(listen, 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/status", exchange -> {
            byte[] body = StatusJson.of(api.status()).toString().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return new ControlServer(server);
    }

    /** Where it listens, with the port that the system chose. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /** Ends it; requests that are being answered are cut off. Idempotent. */
    @Override
    public void close() {
        server.stop(0);
    }
}
