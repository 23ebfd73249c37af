package dev.unwrite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.node.control.ControlException;
import dev.unwrite.node.control.ControlServer;
import dev.unwrite.node.control.FakeControlApi;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands that talk to a node, against a node that only pretends. */
@Timeout(60)
class ControlCommandsTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final FakeControlApi api = new FakeControlApi();
    private ControlServer server;

    record Ran(int code, String out, String err) {}

    @BeforeEach
    void open() throws IOException {
        server = ControlServer.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), api);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Ran run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--control", "127.0.0.1:" + server.address().getPort()));
        return raw(all.toArray(new String[0]));
    }

    private static Ran raw(String... args) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
            int code = Main.run(args);
            return new Ran(code, said.toString(StandardCharsets.UTF_8), complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    private static void assertOneLine(Ran ran, int code, String part) {
        assertThat(ran.code()).isEqualTo(code);
        assertThat(ran.err().lines()).hasSize(1);
        assertThat(ran.err()).contains(part);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void statusSaysWhatMattersFirst() {
        Ran ran = run("status");
        assertThat(ran.code()).isEqualTo(Exit.OK);
        assertThat(ran.out().lines().toList().getFirst()).isEqualTo("A is PRIMARY of group bank, PROTECTED");
        assertThat(ran.out())
                .contains("  epoch     41, committed 40, term 3")
                .contains("  peer      B at 127.0.0.1:7002, connected, heard 12 ms ago")
                .contains("  undo log  17 blocks, 68 KiB of 1 GiB, ack durable")
                .contains("  volumes   disk 1 GiB")
                .contains("  machine   ledger, running, 9 accounts, 2 outputs wait")
                .contains("  last cut  40: 23 ms, paused 4 ms, state 4 KiB, committed 1 s ago");
        assertThat(ran.out().lines()).hasSizeLessThan(13).allMatch(line -> line.length() <= 100);
    }

    @Test
    void anIdleNodeIsShownToo() throws Exception {
        api.status = FakeControlApi.idle();
        JsonNode json = MAPPER.readTree(run("status", "--json").out());
        assertThat(StatusTable.of(json, Instant.parse("2026-01-02T03:05:06Z")).lines())
                .startsWith(
                        "B is IDLE of group bank, NONE (for 1 min 1 s)",
                        "  epoch     0, committed none, term 0",
                        "  peer      127.0.0.1:7001, NOT CONNECTED, never heard")
                .endsWith("  up        1 min 1 s");
    }

    @Test
    void jsonIsWhatTheNodeSaid() throws Exception {
        Ran ran = run("status", "--json");
        assertThat(MAPPER.readTree(ran.out()).at("/undo/blocks").asLong()).isEqualTo(17);
        assertThat(MAPPER.readTree(run("failover", "--json").out()).path("term").asLong())
                .isEqualTo(4);
    }

    @Test
    void operationsSayWhatTheyDid() {
        assertThat(run("failover").out().lines())
                .containsExactly(
                        "this node is primary in term 4: machine and disk are at checkpoint 40, 17 blocks (68 KiB)"
                                + " written back, 150 ms",
                        "the state is in /data/b/state");
        assertThat(run("switchover").out()).startsWith("B is primary in term 4 from checkpoint 42: machine paused for");
        assertThat(run("protect").out().strip())
                .isEqualTo("protected: primary A, secondary B, term 3, checkpoint 43, 77 ms");
        assertThat(run("checkpoint", "--timeout", "2m").out()).startsWith("checkpoint 41 is committed: 0 B of state");
        assertThat(api.timeout).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void aStateIsHandedOver(@TempDir Path dir) throws Exception {
        Path state = Files.write(dir.resolve("state file"), new byte[1_000_000]);
        Ran ran = run("checkpoint", "--state", state.toString());
        assertThat(ran.code()).isEqualTo(Exit.OK);
        assertThat(api.stateBytes).isEqualTo(1_000_000);
        assertOneLine(run("checkpoint", "--state", dir.resolve("no").toString()), Exit.USAGE, "not a file that can be");
    }

    @Test
    void aRefusalIsOneLineAndOne() {
        api.refusal = new ControlException(ControlException.Kind.REFUSED, "host B is alone; start its peer");
        assertOneLine(run("protect"), Exit.FAILED, "unwrite protect: host B is alone; start its peer");
    }

    @Test
    void nobodyThereIsOneLineAndOne() throws Exception {
        int port = server.address().getPort();
        server.close();
        assertOneLine(
                raw("status", "--control", "127.0.0.1:" + port), Exit.FAILED, "no node answers at 127.0.0.1:" + port);
    }

    @Test
    void aStrangerIsNotTakenForANode() throws Exception {
        try (ServerSocket stranger = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.ofPlatform().daemon().start(() -> {
                try (var socket = stranger.accept()) {
                    socket.getOutputStream()
                            .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".getBytes(StandardCharsets.UTF_8));
                    socket.getInputStream().read();
                } catch (IOException e) {
                    // The client has what it needs.
                }
            });
            assertOneLine(
                    raw("status", "--control", "127.0.0.1:" + stranger.getLocalPort()),
                    Exit.FAILED,
                    "is not the control server of a node");
        }
    }

    @Test
    void bothSidesAreShownFromEitherNode() throws Exception {
        FakeControlApi otherApi = new FakeControlApi();
        try (ControlServer other =
                ControlServer.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), otherApi)) {
            api.status = FakeControlApi.withPeerControl(
                    api.status, "127.0.0.1:" + other.address().getPort());
            otherApi.status = FakeControlApi.withPeerControl(
                    FakeControlApi.idle(), "127.0.0.1:" + server.address().getPort());
            String both = run("status").out();
            assertThat(both).startsWith("A is PRIMARY of group bank").contains("B is IDLE of group bank");
            assertThat(both).contains("! B does not reach the storage", "  -> see that \"unwrite storage\" runs there");
            String fromOther = raw(
                            "status",
                            "--control",
                            "127.0.0.1:" + other.address().getPort())
                    .out();
            assertThat(fromOther).startsWith("A is PRIMARY of group bank").contains("B is IDLE of group bank");
            JsonNode json = MAPPER.readTree(run("status", "--json").out());
            assertThat(json.path("name").asText()).isEqualTo("A");
            assertThat(json.at("/peerStatus/name").asText()).isEqualTo("B");
            assertThat(json.at("/peerStatus/role").asText()).isEqualTo("idle");
        }
    }

    @Test
    void aPeerThatDoesNotAnswerIsNamed() throws Exception {
        int gone;
        try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            gone = socket.getLocalPort();
        }
        api.status = FakeControlApi.withPeerControl(api.status, "127.0.0.1:" + gone);
        assertThat(run("status").out()).contains("B does not answer at 127.0.0.1:" + gone);
        assertThat(MAPPER.readTree(run("status", "--json").out())
                        .get("peerStatus")
                        .isNull())
                .isTrue();
        // The address may have been given to somebody else; here, to the node itself.
        api.status = FakeControlApi.withPeerControl(
                api.status, "127.0.0.1:" + server.address().getPort());
        assertThat(MAPPER.readTree(run("status", "--json").out())
                        .get("peerStatus")
                        .isNull())
                .isTrue();
    }

    @Test
    void errorsUnderJsonAreJson() throws Exception {
        api.refusal = new ControlException(ControlException.Kind.REFUSED, "host B is alone; start its peer");
        for (String command : List.of("checkpoint", "failover", "switchover", "protect")) {
            Ran ran = run(command, "--json");
            assertThat(ran.code()).isEqualTo(Exit.FAILED);
            assertThat(ran.out().lines()).hasSize(1);
            assertThat(MAPPER.readTree(ran.out())).isEqualTo(MAPPER.readTree("""
                    {"error": "host B is alone; start its peer", "exit": 1}"""));
            assertThat(ran.err().strip()).isEqualTo("unwrite " + command + ": host B is alone; start its peer");
        }
        int port = server.address().getPort();
        server.close();
        Ran nobody = raw("status", "--json", "--control", "127.0.0.1:" + port);
        assertThat(nobody.code()).isEqualTo(Exit.FAILED);
        assertThat(MAPPER.readTree(nobody.out()).path("error").asText()).startsWith("no node answers at");
        for (String[] wrong : List.of(
                new String[] {"status", "--json"},
                new String[] {"failover", "--json", "--control", "7"},
                new String[] {"protect", "--bogus", "--json", "--control", "127.0.0.1:1"},
                new String[] {"checkpoint", "--control", "127.0.0.1:1", "--state", "/", "--json"})) {
            Ran ran = raw(wrong);
            assertThat(ran.code()).isEqualTo(Exit.USAGE);
            JsonNode json = MAPPER.readTree(ran.out());
            assertThat(json.path("exit").asInt()).isEqualTo(2);
            assertThat(json.path("error").asText()).isNotEmpty();
            assertThat(ran.err()).contains(json.path("error").asText());
        }
    }

    @Test
    void otherPortsAreCalledByTheirNames() throws Exception {
        try (NbdServer nbd = NbdServer.builder()
                .listen(NbdUri.parse("nbd://127.0.0.1:0"))
                .exports(new NoExports())
                .start()) {
            int port = nbd.uri().port();
            assertOneLine(
                    raw("status", "--control", "127.0.0.1:" + port),
                    Exit.FAILED,
                    "what answers at 127.0.0.1:" + port + " is an NBD server, not the control server of a node");
        }
        for (String body : List.of("<html></html>", "[]", "{}", "{\"status\": \"ok\"}")) {
            try (OtherServer other = OtherServer.saying(body)) {
                assertOneLine(
                        raw("status", "--control", "127.0.0.1:" + other.port()),
                        Exit.FAILED,
                        "is not the control server of a node (HTTP 200); is that its --control address?");
            }
        }
    }

    /** An NBD server that has nothing. */
    private static final class NoExports implements ExportSource {
        @Override
        public List<Listing> list(NbdConnection connection) {
            return List.of();
        }

        @Override
        public Export open(String name, NbdConnection connection) throws NbdRefusedException {
            throw NbdRefusedException.unknown("nothing is here");
        }
    }

    /** A web server that is no node. */
    private record OtherServer(HttpServer server) implements AutoCloseable {
        static OtherServer saying(String body) throws IOException {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 5);
            server.createContext("/", exchange -> {
                try (exchange) {
                    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, bytes.length);
                    exchange.getResponseBody().write(bytes);
                }
            });
            server.start();
            return new OtherServer(server);
        }

        int port() {
            return server.getAddress().getPort();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    @Test
    void whatSomebodyMeantIsSuggested() {
        assertOneLine(
                raw("statsu"), Exit.USAGE, "there is no command 'statsu' (did you mean status?); there are storage");
        assertOneLine(raw("bogus"), Exit.USAGE, "there is no command 'bogus'; there are storage, node, status");
        assertOneLine(raw(), Exit.USAGE, "a command is missing; there are storage, node, status");
        assertOneLine(raw("status", "extra", "--control", "h:1"), Exit.USAGE, "'extra' is one word too many");
        assertOneLine(
                raw("status", "--contrl", "h:1"),
                Exit.USAGE,
                "there is no option '--contrl' (did you mean --control?)");
        assertOneLine(raw("status", "--bogus"), Exit.USAGE, "there is no option '--bogus'; see unwrite status --help");
        assertOneLine(run("protect", "--timeout", "5"), Exit.USAGE, "'5' has no unit; write 5s for seconds");
    }

    @Test
    void aNodeThatCannotStartSaysWhy(@TempDir Path dir) {
        List<String> node = List.of(
                "node",
                "--name",
                "A",
                "--group",
                "g",
                "--data",
                dir.resolve("a").toString(),
                "--control",
                "127.0.0.1:0");
        List<String> good =
                List.of("--storage", "nbd://127.0.0.1:1", "--serve", "nbd://127.0.0.1:0", "--listen", "127.0.0.1:0");
        assertOneLine(
                node(node, "--storage", "127.0.0.1:1", "--serve", "nbd://h", "--listen", "h:1", "--peer", "h:2"),
                Exit.USAGE,
                "--storage: bad NBD URI '127.0.0.1:1'");
        assertOneLine(
                node(node, "--storage", "nbd://h", "--serve", "localhost:1", "--listen", "h:1", "--peer", "h:2"),
                Exit.USAGE,
                "--serve: bad NBD URI 'localhost:1'");
        for (List<String> same : List.of(
                List.of("127.0.0.1:7001", "127.0.0.1:7001"),
                List.of("127.0.0.1:7001", "localhost:7001"),
                List.of("0.0.0.0:7001", "127.0.0.1:7001"))) {
            List<String> args = new ArrayList<>(node);
            args.addAll(good.subList(0, 4));
            args.addAll(List.of("--listen", same.get(0), "--peer", same.get(1)));
            assertOneLine(
                    raw(args.toArray(new String[0])),
                    Exit.USAGE,
                    "--peer " + same.get(1) + " is this node itself; give the --listen address of the other one");
        }
        assertThat(dir.resolve("a")).doesNotExist();
    }

    private static Ran node(List<String> some, String... more) {
        List<String> args = new ArrayList<>(some);
        args.addAll(List.of(more));
        return raw(args.toArray(new String[0]));
    }

    @Test
    void badUsageIsTwo() {
        assertOneLine(raw("status"), Exit.USAGE, "--control");
        for (String address : List.of("7001", "host:", ":1", "host:70000", "a b:1", "::1:7001", "http://x:1")) {
            assertOneLine(raw("status", "--control", address), Exit.USAGE, "is not HOST:PORT");
        }
        assertOneLine(run("protect", "--timeout", "soon"), Exit.USAGE, "is not a duration");
        assertThat(raw("checkpoint", "--help").out()).contains("--state").contains("--timeout");
    }
}
