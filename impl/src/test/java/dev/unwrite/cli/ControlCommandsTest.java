package dev.unwrite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
                .contains("  machine   ledger, running, 9 accounts");
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
    void badUsageIsTwo() {
        assertOneLine(raw("status"), Exit.USAGE, "--control");
        for (String address : List.of("7001", "host:", ":1", "host:70000", "a b:1", "::1:7001", "http://x:1")) {
            assertOneLine(raw("status", "--control", address), Exit.USAGE, "is not HOST:PORT");
        }
        assertOneLine(run("protect", "--timeout", "soon"), Exit.USAGE, "is not a duration");
        assertThat(raw("checkpoint", "--help").out()).contains("--state").contains("--timeout");
    }
}
