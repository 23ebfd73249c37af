package dev.unwrite.node.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Answers the requests. Errors are JSON too: {@code {"error": "one line"}}. */
final class ControlHandler implements HttpHandler {
    private static final String JSON = "application/json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    /** After an error, so much of what the client still sends is read, so that it sees the answer and not a reset. */
    private static final long DRAIN_BYTES_MAX = 1 << 20;

    private static final System.Logger LOG = System.getLogger(ControlHandler.class.getPackageName());

    private final ControlApi api;
    private final WebPages pages;

    ControlHandler(ControlApi api, WebPages pages) {
        this.api = api;
        this.pages = pages;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            try {
                route(exchange);
            } catch (ControlException e) {
                error(exchange, e.kind().httpStatus(), e.getMessage());
            } catch (InterruptedException e) {
                error(exchange, 503, "the node is being stopped");
            } catch (IOException e) {
                error(exchange, 503, e.getMessage());
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, exchange.getRequestURI().getPath() + " failed", e);
                error(exchange, 500, e.toString());
            }
        }
    }

    private void route(HttpExchange exchange) throws ControlException, IOException, InterruptedException {
        String foreign = pages.refusal(exchange.getRequestMethod(), exchange.getRequestHeaders());
        if (foreign != null) {
            error(exchange, 403, foreign);
            return;
        }
        String path = exchange.getRequestURI().getPath();
        switch (path) {
            case "/status" -> {
                if (allows(exchange, "GET")) {
                    answer(exchange, 200, JSON, line(StatusJson.of(api.status())));
                }
            }
            case "/metrics" -> {
                if (allows(exchange, "GET")) {
                    answer(exchange, 200, PROMETHEUS, Metrics.of(api.status()));
                }
            }
            case "/checkpoint", "/failover", "/switchover", "/protect" -> {
                if (allows(exchange, "POST")) {
                    answer(exchange, 200, JSON, line(operate(path, exchange)));
                }
            }
            default ->
                error(
                        exchange,
                        404,
                        "there is no " + path
                                + "; there are GET /status, GET /metrics, POST /checkpoint, /failover, /switchover, /protect");
        }
    }

    private static boolean allows(HttpExchange exchange, String method) throws IOException {
        if (exchange.getRequestMethod().equals(method)) {
            return true;
        }
        exchange.getResponseHeaders().set("Allow", method);
        error(exchange, 405, exchange.getRequestURI().getPath() + " is for " + method);
        return false;
    }

    private JsonNode operate(String path, HttpExchange exchange)
            throws ControlException, IOException, InterruptedException {
        RequestOptions options = RequestOptions.read(exchange, path.equals("/checkpoint"));
        return switch (path) {
            case "/checkpoint" -> ResultJson.of(api.checkpoint(options.checkpoint(), options.timeout()));
            case "/failover" -> ResultJson.of(api.failover(options.cold(), options.timeout()));
            case "/switchover" -> ResultJson.of(api.switchover(options.timeout()));
            default -> ResultJson.of(api.protect(options.timeout()));
        };
    }

    private static String line(JsonNode json) {
        return json + "\n";
    }

    private static void error(HttpExchange exchange, int status, @Nullable String message) throws IOException {
        if (exchange.getResponseCode() != -1) {
            // The answer has begun: all that is left is to cut it off.
            return;
        }
        drain(exchange);
        String text = message == null ? "it failed" : message.strip().replaceAll("\\s*\\R\\s*", " ");
        answer(
                exchange,
                status,
                JSON,
                line(JsonNodeFactory.instance.objectNode().put("error", text)));
    }

    private static void drain(HttpExchange exchange) {
        try {
            byte[] buffer = new byte[8192];
            long left = DRAIN_BYTES_MAX;
            InputStream body = exchange.getRequestBody();
            for (int read = body.read(buffer); read > 0 && left > 0; read = body.read(buffer)) {
                left -= read;
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "the client went away", e);
        }
    }

    private static void answer(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }
}
