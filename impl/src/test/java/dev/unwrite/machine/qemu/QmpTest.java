package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU's monitor, and whoever else may listen at its socket. */
@Timeout(60)
class QmpTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final String GREETING =
            "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"x\"},"
                    + " \"capabilities\": [\"oob\"]}}\r\n";
    private static final String NOTHING = "{\"return\": {}, \"id\": ID}\r\n";
    private static final String NO_ANSWER = "\r\n";
    private static final JsonMapper MAPPER = new JsonMapper();

    @TempDir
    Path dir = Path.of("unset");

    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<String> events = new CopyOnWriteArrayList<>();
    private final List<JsonNode> asked = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    /** Says a greeting, then for each line what {@code answer} has for it, with its number for ID; ends at an empty answer. */
    private Path server(String greeting, Function<JsonNode, String> answer) throws IOException {
        Path socket = dir.resolve("qmp");
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        open.add(server);
        Thread.ofVirtual().start(() -> {
            try (SocketChannel channel = server.accept()) {
                write(channel, greeting);
                BufferedReader in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    JsonNode message = MAPPER.readTree(line);
                    asked.add(message);
                    boolean first = message.path("execute").asText().equals("qmp_capabilities");
                    String reply = first ? NOTHING : answer.apply(message);
                    if (reply.isEmpty()) {
                        return;
                    }
                    write(channel, reply.replace("ID", message.path("id").asText()));
                }
            } catch (IOException e) {
                // The test has ended.
            }
        });
        return socket;
    }

    private static void write(SocketChannel channel, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private Qmp connect(Path socket, Duration most) throws IOException {
        Qmp qmp = Qmp.connect(socket, most, (event, data) -> events.add(event + " " + data));
        open.add(qmp);
        return qmp;
    }

    private Qmp connected(Function<JsonNode, String> answer) throws IOException {
        return connect(server(GREETING, answer), LONG);
    }

    @Test
    void itNegotiatesAndKnowsTheVersion() throws IOException {
        Qmp qmp = connected(message -> NOTHING);
        assertThat(qmp.version()).isEqualTo("7.2.22");
        assertThat(asked).hasSize(1);
        assertThat(asked.getFirst().path("execute").asText()).isEqualTo("qmp_capabilities");
        assertThat(asked.getFirst().at("/arguments/enable/0").asText()).isEqualTo("oob");
    }

    @Test
    void anAnswerIsThatToTheQuestion() throws IOException {
        Qmp qmp = connected(message -> "{\"return\": {\"is\": \""
                + message.path("execute").asText() + "\"}, \"id\": 77}\r\n{\"return\": {\"is\": \"it, "
                + message.path("arguments").path("uri").asText() + "\"}, \"id\": ID}\r\n");
        assertThat(qmp.ask("migrate", Map.of("uri", "unix:/m"), LONG).path("is").asText())
                .isEqualTo("it, unix:/m");
        assertThat(qmp.ask("stop", Map.of(), LONG).path("is").asText()).isEqualTo("it, ");
        assertThat(asked.getLast().has("arguments")).isFalse();
    }

    @Test
    void aRefusalHasQemusWords() throws IOException {
        Qmp qmp = connected(message ->
                "{\"error\": {\"class\": \"GenericError\", \"desc\": \"State blocked by 'x'\"}," + " \"id\": ID}\r\n");
        assertThatThrownBy(() -> qmp.ask("migrate", Map.of(), LONG))
                .isInstanceOf(IOException.class)
                .hasMessage("QEMU refused migrate: State blocked by 'x'");
    }

    @Test
    void eventsMayComeBetween() throws IOException {
        Qmp qmp = connected(message -> """
                {"timestamp": {"seconds": 1}, "event": "STOP"}
                {"timestamp": {"seconds": 1}, "event": "RESET", "data": {"guest": true}}
                {"return": {"status": "paused"}, "id": ID}
                {"event": "RESUME"}
                """);
        assertThat(qmp.ask("stop", Map.of(), LONG).path("status").asText()).isEqualTo("paused");
        await().until(() -> events.size() == 3);
        assertThat(events).containsExactly("STOP ", "RESET {\"guest\":true}", "RESUME ");
    }

    @Test
    void whoeverWaitsIsToldThatQemuIsGone() throws IOException {
        Qmp qmp = connected(message -> "");
        for (int time = 0; time < 2; time++) {
            assertThatThrownBy(() -> qmp.ask("stop", Map.of(), LONG))
                    .isInstanceOf(IOException.class)
                    .hasMessage("QEMU is gone");
        }
    }

    @Test
    void whatIsNoJsonIsTheEnd() throws IOException {
        Qmp qmp = connected(message -> "{]\r\n");
        assertThatThrownBy(() -> qmp.ask("stop", Map.of(), LONG)).hasMessage("QEMU is gone");
    }

    /** What comes too late is nobody's. */
    @Test
    void anAnswerThatDoesNotComeIsNotAwaitedForEver() throws IOException {
        CountDownLatch late = new CountDownLatch(1);
        Qmp qmp = connected(message -> {
            if (message.path("execute").asText().equals("stop")) {
                try {
                    late.await();
                } catch (InterruptedException e) {
                    return "";
                }
                return "{\"return\": \"late\", \"id\": ID}\r\n";
            }
            return "{\"return\": \"in time\", \"id\": ID}\r\n";
        });
        assertThatThrownBy(() -> qmp.ask("stop", Map.of(), SHORT))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("QEMU did not answer stop within ");
        late.countDown();
        assertThat(qmp.ask("query-status", Map.of(), LONG).asText()).isEqualTo("in time");
    }

    /** As one is whose disk keeps it from stopping. */
    @Test
    void itIsAliveWhileAnAnswerIsOutstanding() throws IOException {
        Qmp qmp = connected(message -> message.has("exec-oob") ? NOTHING : NO_ANSWER);
        assertThatThrownBy(() -> qmp.ask("stop", Map.of(), SHORT)).isInstanceOf(IOException.class);
        assertThat(qmp.isAlive(LONG)).isTrue();
    }

    /** Its main loop answers when the disk does. */
    @Test
    void aSignOfLifeMayTakeItsTime() throws Exception {
        CountDownLatch late = new CountDownLatch(1);
        Qmp qmp = connected(message -> {
            if (!message.path("execute").asText().equals("query-status")) {
                return NOTHING;
            }
            try {
                late.await();
            } catch (InterruptedException e) {
                return "";
            }
            return NOTHING;
        });
        CompletableFuture<JsonNode> sign = qmp.sign();
        assertThat(sign).isNotDone();
        late.countDown();
        assertThat(sign.get()).isNotNull();
        qmp.close();
        await().until(() -> qmp.sign().isCompletedExceptionally());
    }

    /** As one that knows no such command. */
    @Test
    void whoeverRefusesIsAlive() throws IOException {
        assertThat(connected(message -> "{\"error\": {\"class\": \"CommandNotFound\"}, \"id\": ID}\r\n")
                        .isAlive(LONG))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {NO_ANSWER, ""})
    void whoeverSaysNothingIsNotAlive(String answer) throws IOException {
        Qmp qmp = connected(message -> answer);
        assertThat(qmp.isAlive(answer.isEmpty() ? LONG : SHORT)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"220 mail.example ESMTP\r\n", "{\"QMP\": {}}\r\n", "{}\r\n", "\r\n"})
    void whoeverIsNoQemuIsRefused(String greeting) throws IOException {
        Path socket = server(greeting, message -> NOTHING);
        assertThatThrownBy(() -> connect(socket, LONG))
                .isInstanceOf(IOException.class)
                .hasMessage("whoever listens at " + socket + " is no QEMU");
        assertThat(asked).isEmpty();
    }

    /** QEMU listens long before it answers: a disk may not open, for example. */
    @Test
    void whoeverNeverGreetsIsNotAwaitedForEver() throws IOException {
        Path socket = server("", message -> NOTHING);
        assertThatThrownBy(() -> connect(socket, SHORT))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("QEMU did not answer the connection within ");
    }

    @Test
    void whereNobodyListensItFailsAtOnce() {
        assertThatThrownBy(() -> connect(dir.resolve("none"), LONG)).isInstanceOf(IOException.class);
    }
}
