package dev.unwrite.chaos.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;

/** Talks to the control port of one node. Thread-safe. */
public final class NodeClient implements Closeable {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration STATUS_MAX = Duration.ofMillis(500);

    private final InetSocketAddress address;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(STATUS_MAX)
            .build();

    /** Connects to nothing yet. */
    public NodeClient(InetSocketAddress address) {
        this.address = address;
    }

    /** What the node says of itself; {@link SeenStatus#DOWN} where it does not answer in half a second. */
    public SeenStatus status() {
        try {
            return SeenStatus.parse(wholeStatus());
        } catch (IOException e) {
            return SeenStatus.DOWN;
        }
    }

    /** All that it says of itself. */
    public JsonNode wholeStatus() throws IOException {
        return send(request("status", STATUS_MAX).GET().build());
    }

    /** What the node counts, in Prometheus's text format. */
    public String metrics() throws IOException {
        return text(request("metrics", STATUS_MAX.multipliedBy(4)).GET().build());
    }

    /** Asks for a checkpoint, failover, switchover or protect, and waits until it is done. */
    public JsonNode post(String what, Duration within) throws IOException {
        return send(
                request(what, within).POST(HttpRequest.BodyPublishers.noBody()).build());
    }

    /** Asks for a checkpoint of a machine with this state, and waits until it is done. */
    public JsonNode checkpoint(byte[] state, Duration within) throws IOException {
        return send(request("checkpoint?timeout=" + within.toMillis() + "ms", within.plus(STATUS_MAX))
                .header("Content-Type", "application/octet-stream")
                .POST(HttpRequest.BodyPublishers.ofByteArray(state))
                .build());
    }

    private HttpRequest.Builder request(String what, Duration within) {
        String uri = "http://" + address.getHostString() + ":" + address.getPort() + "/" + what;
        return HttpRequest.newBuilder(URI.create(uri)).timeout(within);
    }

    private JsonNode send(HttpRequest request) throws IOException {
        String body = text(request);
        return body.isBlank() ? JSON.createObjectNode() : JSON.readTree(body);
    }

    private String text(HttpRequest request) throws IOException {
        try {
            var response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() / 100 != 2) {
                throw new IOException(
                        request.uri() + " answered " + response.statusCode() + ": " + oneLine(response.body()));
            }
            return response.body();
        } catch (HttpTimeoutException e) {
            throw new IOException(
                    request.method() + " " + request.uri() + " was not answered in "
                            + request.timeout().map(Duration::toSeconds).orElse(0L) + " s",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static String oneLine(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() > 300 ? line.substring(0, 300) + "..." : line;
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
