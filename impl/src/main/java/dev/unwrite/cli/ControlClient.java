package dev.unwrite.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.unwrite.node.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Talks to the control server of a node. Every failure is an {@link ExitException} of one line. */
final class ControlClient {
    private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
    /** How much longer than the node the client waits; normally the node itself answers that the time is over. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private static final int ANSWER_BYTES_MAX = 1 << 20;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Every answer of a node has one of these fields. */
    private static final List<String> MARKS = List.of("role", "epoch", "term");

    private final HostPort node;
    private final Duration connectMax;
    private final Duration timeout;
    private final Duration grace;

    ControlClient(HostPort node, Duration timeout) {
        this(node, CONNECT_MAX, timeout, GRACE);
    }

    ControlClient(HostPort node, Duration connectMax, Duration timeout, Duration grace) {
        this.node = node;
        this.connectMax = connectMax;
        this.timeout = timeout;
        this.grace = grace;
    }

    JsonNode status() {
        return send(request("/status").GET().build());
    }

    /** POST without a state. */
    JsonNode post(String path) {
        return post(path, "");
    }

    /** POST without a state, with more options such as {@code cold=true}. */
    JsonNode post(String path, String options) {
        String more = options.isEmpty() ? "" : "&" + options;
        return send(request(path + "?timeout=" + Durations.format(timeout) + more)
                .POST(BodyPublishers.noBody())
                .build());
    }

    /** POST of a state, which is streamed; {@code more} are further options, each after an ampersand. */
    JsonNode post(String path, String more, Path state) {
        if (!Files.isRegularFile(state) || !Files.isReadable(state)) {
            throw new ExitException(Exit.USAGE, "the state '" + state + "' is not a file that can be read");
        }
        try {
            return send(request(path + "?timeout=" + Durations.format(timeout) + more)
                    .header("Content-Type", "application/octet-stream")
                    .POST(BodyPublishers.ofFile(state))
                    .build());
        } catch (IOException e) {
            throw new ExitException(Exit.USAGE, "the state " + state + " cannot be read: " + e.getMessage(), e);
        }
    }

    private HttpRequest.Builder request(String path) {
        // An address that answers but says nothing more must not hold the caller for ever.
        try {
            return HttpRequest.newBuilder(URI.create("http://" + node + path)).timeout(timeout.plus(grace));
        } catch (IllegalArgumentException e) {
            throw new ExitException(Exit.USAGE, "'" + node + "' is not a name or address of a host", e);
        }
    }

    private JsonNode send(HttpRequest request) {
        try (HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .proxy(HttpClient.Builder.NO_PROXY)
                .connectTimeout(connectMax)
                .build()) {
            HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                return answer(response.statusCode(), body.readNBytes(ANSWER_BYTES_MAX));
            } finally {
                client.shutdownNow();
            }
        } catch (ConnectException | HttpConnectTimeoutException e) {
            throw new ExitException(
                    Exit.FAILED,
                    "no node answers at " + node + "; is it running, and is that its --control address?",
                    e);
        } catch (HttpTimeoutException e) {
            throw new ExitException(
                    Exit.FAILED, "the node at " + node + " did not answer within " + Durations.format(timeout), e);
        } catch (IOException e) {
            String other = ForeignServer.at(node);
            throw new ExitException(
                    Exit.FAILED,
                    other != null
                            ? "what answers at " + node + " is " + other + ", not the control server of a node"
                            : "the connection to " + node + " broke (" + e.getMessage() + "); "
                                    + (request.method().equals("GET")
                                            ? "is that the --control address of a node?"
                                            : "what was asked for may still come about, ask the status"),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ExitException(Exit.FAILED, "interrupted", e);
        }
    }

    private JsonNode answer(int code, byte[] body) throws IOException {
        @Nullable JsonNode json = parse(body);
        if (json != null && code != 200 && json.path("error").isTextual()) {
            throw new ExitException(Exit.FAILED, json.path("error").asText());
        }
        if (json == null || code != 200 || MARKS.stream().noneMatch(json::has)) {
            throw new ExitException(
                    Exit.FAILED,
                    "what answers at " + node + " is not the control server of a node (HTTP " + code
                            + "); is that its --control address?");
        }
        return json;
    }

    private static @Nullable JsonNode parse(byte[] body) throws IOException {
        try {
            return MAPPER.readTree(body);
        } catch (JsonProcessingException e) {
            return null;
        }
    }
}
