package dev.unwrite.node.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ControlServerTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final FakeControlApi api = new FakeControlApi();
    private final HttpClient client = HttpClient.newHttpClient();
    private ControlServer server;

    @BeforeEach
    void open() throws IOException {
        server = ControlServer.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), api);
    }

    @AfterEach
    void close() {
        client.shutdownNow();
        server.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.address().getPort() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return send(request(path).POST(BodyPublishers.ofString(body)));
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        return MAPPER.readTree(response.body());
    }

    private static String error(HttpResponse<String> response) throws IOException {
        assertThat(json(response).size()).isEqualTo(1);
        return json(response).path("error").asText();
    }

    @Test
    void theStatusHasTheNamesThatProgramsDependOn() throws Exception {
        JsonNode status = json(send(request("/status")));
        assertThat(status).isEqualTo(MAPPER.readTree("""
                                {"name":"A","group":"bank","role":"primary","mode":"protected","term":3,"epoch":41,
                                "committed":40,"undo":{"blocks":17,"bytes":69632,"limitBytes":1073741824,
                                "waitingWrites":0,"waitingMillis":0},
                                "peer":{"name":"B","address":"127.0.0.1:7002","connected":true,"lastHeardMillis":12,
                                "control":null},
                                "unprotectedSince":null,"ack":"durable","session":5,
                                "storage":{"uri":"nbd://127.0.0.1:10809","connected":true,"boot":2},
                                "machine":{"kind":"ledger","state":"running","detail":"9 accounts",
                                "waitingOutputs":2},
                                "volumes":[{"name":"disk","size":1073741824}],
                                "record":{"version":7,"term":3,"owner":"A","mode":"protected","secondary":"B","base":0},
                                "counters":{"writes":100,"writtenBytes":409600,"preserveRequests":50,
                                "preservedBlocks":60,"checkpoints":40,"rollbacks":1,"restoredBlocks":5,"failovers":2,
                                "joins":3,"heldOutputs":8,"releasedOutputs":6},
                                "lastCheckpoint":{"epoch":40,"durationMillis":23,"stateBytes":4096,"pauseMillis":4,
                                "ageMillis":1250},
                                "since":"2026-01-02T03:04:05Z"}
                                """));
    }

    @Test
    void whatIsMissingIsNull() throws Exception {
        api.status = FakeControlApi.idle();
        JsonNode status = json(send(request("/status")));
        assertThat(status.path("record").isNull()).isTrue();
        assertThat(status.path("lastCheckpoint").isNull()).isTrue();
        assertThat(status.at("/peer/lastHeardMillis").isNull()).isTrue();
        assertThat(status.path("unprotectedSince").asText()).isEqualTo("2026-01-02T03:04:05Z");
        assertThat(status.path("role").asText()).isEqualTo("idle");
        assertThat(status.path("mode").asText()).isEqualTo("none");
    }

    @Test
    void everyMetricHasHelpTypeAndAValue() throws Exception {
        HttpResponse<String> response = send(request("/metrics"));
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        String family = "";
        for (String line : response.body().lines().toList()) {
            if (line.startsWith("# HELP ")) {
                family = line.split(" ")[2];
            } else if (line.startsWith("# TYPE ")) {
                assertThat(line).matches("# TYPE " + family + " (gauge|counter|histogram)");
            } else {
                assertThat(line)
                        .matches(
                                family
                                        + "(_bucket|_sum|_count)?\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*} -?[0-9]+(\\.[0-9]+)?");
            }
        }
        assertThat(response.body())
                .contains("unwrite_role{group=\"bank\",node=\"A\",role=\"primary\"} 1\n")
                .contains("unwrite_role{group=\"bank\",node=\"A\",role=\"secondary\"} 0\n")
                .contains("unwrite_written_bytes_total{group=\"bank\",node=\"A\"} 409600\n")
                .contains("unwrite_checkpoint_pause_seconds_bucket{group=\"bank\",node=\"A\",le=\"0.001\"} 1\n")
                .contains("unwrite_checkpoint_pause_seconds_bucket{group=\"bank\",node=\"A\",le=\"0.002\"} 3\n")
                .contains("unwrite_checkpoint_pause_seconds_bucket{group=\"bank\",node=\"A\",le=\"0.03\"} 3\n")
                .contains("unwrite_checkpoint_pause_seconds_bucket{group=\"bank\",node=\"A\",le=\"5.0\"} 3\n")
                .contains("unwrite_checkpoint_pause_seconds_bucket{group=\"bank\",node=\"A\",le=\"+Inf\"} 4\n")
                .contains("unwrite_checkpoint_pause_seconds_sum{group=\"bank\",node=\"A\"} 7.004\n")
                .contains("unwrite_checkpoint_pause_seconds_count{group=\"bank\",node=\"A\"} 4\n")
                .contains("unwrite_last_checkpoint_pause_seconds{group=\"bank\",node=\"A\"} 0.004\n")
                .contains("unwrite_last_checkpoint_age_seconds{group=\"bank\",node=\"A\"} 1.250\n")
                .contains("unwrite_waiting_outputs{group=\"bank\",node=\"A\"} 2\n");
        api.status = FakeControlApi.idle();
        assertThat(send(request("/metrics")).body())
                .doesNotContain("unwrite_last_checkpoint_")
                .contains("unwrite_waiting_outputs{group=\"bank\",node=\"B\"} 0\n");
    }

    @Test
    void operationsAnswerWhatTheyDid() throws Exception {
        assertThat(json(post("/failover", ""))).isEqualTo(MAPPER.readTree("""
                {"kind":"takeover","term":4,"epoch":40,"restoredBlocks":17,"restoredBytes":69632,"durationMillis":150,
                "stateFile":"/data/b/state","stateless":false}"""));
        assertThat(json(post("/failover?cold=true&timeout=1s", "")).path("kind").asText())
                .isEqualTo("cold");
        assertThat(post("/failover?cold=perhaps", "").statusCode()).isEqualTo(400);
        assertThat(json(post("/switchover", "{}")).path("newPrimary").asText()).isEqualTo("B");
        assertThat(json(post("/protect", "")).path("already").asBoolean(true)).isFalse();
        assertThat(json(post("/checkpoint?until=cut", "")).path("committed").asBoolean())
                .isFalse();
        assertThat(java.util.Objects.requireNonNull(api.order).untilCut()).isTrue();
        assertThat(json(post("/checkpoint", "")).path("committed").asBoolean()).isTrue();
        assertThat(json(post("/checkpoint", "")).path("epoch").asInt()).isEqualTo(41);
        assertThat(api.stateBytes).isEqualTo(-1);
        assertThat(api.timeout).isEqualTo(RequestOptions.TIMEOUT_DEFAULT);
        post("/protect", "{\"timeout\": \"5m\"}");
        assertThat(api.timeout).isEqualTo(Duration.ofMinutes(5));
        post("/protect?timeout=250ms", "");
        assertThat(api.timeout).isEqualTo(Duration.ofMillis(250));
    }

    @Test
    void aStateIsStreamed() throws Exception {
        long size = 300L << 20;
        HttpRequest.Builder request = request("/checkpoint")
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofInputStream(() -> zeroes(size)));
        JsonNode result = json(send(request));
        assertThat(result.path("stateBytes").asLong()).isEqualTo(size);
        assertThat(api.stateBytes).isEqualTo(size);
    }

    private static InputStream zeroes(long size) {
        return new InputStream() {
            private long left = size;

            @Override
            public int read() {
                return left-- > 0 ? 0 : -1;
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                if (left <= 0) {
                    return -1;
                }
                int now = (int) Math.min(left, length);
                Arrays.fill(target, offset, offset + now, (byte) 0);
                left -= now;
                return now;
            }
        };
    }

    @Test
    void refusalsSayWhyWithTheirOwnStatus() throws Exception {
        for (ControlException.Kind kind : ControlException.Kind.values()) {
            api.refusal = new ControlException(kind, "not now,\n  later");
            HttpResponse<String> response = post("/failover", "");
            assertThat(response.statusCode()).isEqualTo(kind.httpStatus());
            assertThat(error(response)).isEqualTo("not now, later");
        }
        HttpRequest.Builder request = request("/checkpoint")
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofByteArray(new byte[300_000]));
        assertThat(error(send(request))).isEqualTo("not now, later");
    }

    @Test
    void badRequestsAreRefusedInOneLine() throws Exception {
        assertThat(send(request("/nothing")).statusCode()).isEqualTo(404);
        HttpResponse<String> wrongMethod = send(request("/failover"));
        assertThat(wrongMethod.statusCode()).isEqualTo(405);
        assertThat(wrongMethod.headers().firstValue("Allow")).hasValue("POST");
        assertThat(post("/status", "").statusCode()).isEqualTo(405);
        for (String body : List.of("{", "[]", "7", "{\"timeout\":5}", "{\"time\":\"5s\"}", "{\"timeout\":\"soon\"}")) {
            HttpResponse<String> response = post("/protect", body);
            assertThat(response.statusCode()).as(body).isEqualTo(400);
            assertThat(error(response)).doesNotContain("\n");
        }
        assertThat(post("/protect?timeout=later", "").statusCode()).isEqualTo(400);
        assertThat(post("/protect?other=1", "").statusCode()).isEqualTo(400);
        HttpResponse<String> large = post("/checkpoint", " ".repeat(RequestOptions.BODY_BYTES_MAX + 1));
        assertThat(large.statusCode()).isEqualTo(400);
        assertThat(error(large)).contains("application/octet-stream");
        assertThat(api.timeout).isNull();
    }

    /** As a browser sends it: the JDK's client does not let these headers be chosen. */
    private String raw(String method, String path, String... headers) throws IOException {
        try (Socket socket =
                new Socket(server.address().getAddress(), server.address().getPort())) {
            String request = method + " " + path + " HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n"
                    + String.join(
                            "", Arrays.stream(headers).map(h -> h + "\r\n").toList()) + "\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void assertRefused(String method, String path, String... headers) throws IOException {
        String answer = raw(method, path, headers);
        assertThat(answer).startsWith("HTTP/1.1 403 ").doesNotContainIgnoringCase("Access-Control");
        String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        assertThat(MAPPER.readTree(body).path("error").asText()).isNotEmpty().doesNotContain("\n");
        assertThat(api.timeout).isNull();
    }

    @Test
    void whatAWebPageSendsIsRefused() throws Exception {
        String host = "127.0.0.1:" + server.address().getPort();
        for (String origin :
                List.of("http://evil.example", "null", "http://127.0.0.1:1", "https://" + host, "file://")) {
            for (String path : List.of("/failover", "/switchover", "/checkpoint", "/protect")) {
                assertRefused("POST", path, "Host: " + host, "Origin: " + origin);
            }
            assertRefused("GET", "/status", "Host: " + host, "Origin: " + origin);
            assertRefused("OPTIONS", "/failover", "Host: " + host, "Origin: " + origin);
        }
        assertRefused("POST", "/failover", "Host: " + host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors");
        assertRefused("POST", "/failover", "Host: " + host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate");
        assertRefused("GET", "/status", "Host: " + host, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors");
    }

    @Test
    void aPageThatPointedItsOwnNameHereIsRefused() throws Exception {
        for (String host : List.of(
                "evil.example",
                "evil.example:8001",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "[evil.example]",
                "evil.",
                "a b",
                "")) {
            assertRefused("POST", "/failover", "Host: " + host);
            assertRefused("GET", "/status", "Host: " + host, "Origin: http://" + host);
        }
    }

    @Test
    void peopleAndProgramsAreNotWebPages() throws Exception {
        String port = ":" + server.address().getPort();
        for (String host :
                List.of("127.0.0.1", "localhost", "LocalHost", "[::1]", "10.1.2.3", "host-a", "node.localhost")) {
            assertThat(raw("GET", "/status", "Host: " + host + port)).startsWith("HTTP/1.1 200 ");
            // As curl sends it without more.
            assertThat(raw("POST", "/protect", "Host: " + host + port, "Content-Type: text/plain"))
                    .startsWith("HTTP/1.1 200 ");
            assertThat(raw("POST", "/protect", "Host: " + host + port, "Origin: http://" + host + port))
                    .startsWith("HTTP/1.1 200 ");
        }
        assertThat(raw("GET", "/status", "Host: 127.0.0.1", "Sec-Fetch-Site: none"))
                .startsWith("HTTP/1.1 200 ");
        // A link on another page that somebody followed.
        assertThat(raw("GET", "/status", "Host: h", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"))
                .startsWith("HTTP/1.1 200 ");
    }

    @Test
    void theNamesThatTheOperatorGaveAreKnown() {
        WebPages pages = new WebPages("node.example.com", "host-a.lan");
        assertThat(pages.refusal("GET", headers("node.example.com:8001"))).isNull();
        assertThat(pages.refusal("GET", headers("Host-A.lan:8001"))).isNull();
        assertThat(pages.refusal("GET", headers("host-a.evil.example:8001"))).contains("in --control");
    }

    private static Headers headers(String host) {
        Headers headers = new Headers();
        headers.set("Host", host);
        return headers;
    }

    @Test
    void aTakenAddressIsSaidInOneLine() {
        assertThatThrownBy(() -> ControlServer.open(server.address(), api))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot listen on ")
                .hasMessageContaining("in use");
    }
}
