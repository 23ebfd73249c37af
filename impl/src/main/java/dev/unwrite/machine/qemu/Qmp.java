package dev.unwrite.machine.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's monitor (QMP, docs/interop/qmp-spec.rst), over its unix socket. Any thread may ask, a few at a time: QEMU has a queue of
 * eight. Events come on another, which does not ask.
 */
final class Qmp implements Closeable {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final String GONE = "QEMU is gone";

    private final SocketChannel channel;
    private final Map<Long, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();
    private final BiConsumer<String, JsonNode> events;
    /** What QEMU says of itself, unasked; missing where it ends before. */
    private final CompletableFuture<JsonNode> greeting = new CompletableFuture<>();

    private volatile boolean over;

    private Qmp(SocketChannel channel, BiConsumer<String, JsonNode> events) {
        this.channel = channel;
        this.events = events;
        BufferedReader in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
        Thread.ofVirtual().name("qmp").start(() -> read(in));
    }

    /** Connects, and negotiates; {@code events} is called for each event, with its name and data. */
    static Qmp connect(Path socket, Duration most, BiConsumer<String, JsonNode> events) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        try {
            Qmp qmp = new Qmp(channel, events);
            if (result("the connection", qmp.greeting, most).path("qemu").isMissingNode()) {
                throw new IOException("whoever listens at " + socket + " is no QEMU");
            }
            qmp.ask("qmp_capabilities", Map.of("enable", List.of("oob")), most);
            return qmp;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Of this QEMU, such as 7.2.22. */
    String version() {
        JsonNode version = greeting.getNow(MissingNode.getInstance()).path("qemu");
        return version.path("major").asInt() + "." + version.path("minor").asInt() + "."
                + version.path("micro").asInt();
    }

    /** Runs a command and returns what it returned; throws with QEMU's own words where it refused. */
    JsonNode ask(String command, Map<String, ?> arguments, Duration most) throws IOException {
        JsonNode reply = reply("execute", command, arguments, most);
        if (reply.has("error")) {
            throw new IOException("QEMU refused " + command + ": "
                    + reply.path("error").path("desc").asText());
        }
        return reply.path("return");
    }

    /**
     * Whether QEMU answers what needs neither its main loop nor the guest ("out-of-band execution"): it does while a disk that is
     * slow keeps it from answering a command.
     */
    boolean isAlive(Duration most) {
        try {
            reply("exec-oob", "query-yank", Map.of(), most);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Asks for a sign of life of QEMU's main loop; it may take its time. It fails where QEMU is gone. */
    CompletableFuture<JsonNode> sign() {
        try {
            return send("execute", "query-status", Map.of());
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private JsonNode reply(String how, String command, Map<String, ?> arguments, Duration most) throws IOException {
        CompletableFuture<JsonNode> answer = send(how, command, arguments);
        try {
            return result(command, answer, most);
        } finally {
            // What comes too late is nobody's.
            answer.cancel(false);
        }
    }

    private CompletableFuture<JsonNode> send(String how, String command, Map<String, ?> arguments) throws IOException {
        long number = numbers.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        waiting.put(number, answer);
        var _ = answer.whenComplete((reply, why) -> waiting.remove(number));
        ObjectNode message = MAPPER.createObjectNode().put(how, command).put("id", number);
        if (!arguments.isEmpty()) {
            message.set("arguments", MAPPER.valueToTree(arguments));
        }
        ByteBuffer bytes = ByteBuffer.wrap((message + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            send(bytes);
            return answer;
        } catch (IOException e) {
            waiting.remove(number);
            throw e;
        }
    }

    private synchronized void send(ByteBuffer bytes) throws IOException {
        if (over) {
            throw gone();
        }
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new IOException(GONE, e);
        }
    }

    private static JsonNode result(String what, CompletableFuture<JsonNode> answer, Duration most) throws IOException {
        try {
            return answer.get(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IOException("QEMU did not answer " + what + " within " + most.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw gone();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for QEMU: " + what, e);
        }
    }

    private static IOException gone() {
        return new IOException(GONE);
    }

    private void read(BufferedReader in) {
        try {
            greeting.complete(greeted(in.readLine()));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode message = MAPPER.readTree(line);
                CompletableFuture<JsonNode> answer =
                        waiting.get(message.path("id").asLong());
                if (message.has("event")) {
                    events.accept(message.path("event").asText(), message.path("data"));
                } else if (answer != null) {
                    answer.complete(message);
                }
            }
        } catch (IOException e) {
            // It ends as it does at the end of the stream.
        } finally {
            over = true;
            greeting.complete(MissingNode.getInstance());
            waiting.values().forEach(answer -> answer.completeExceptionally(gone()));
        }
    }

    private static JsonNode greeted(@Nullable String line) throws IOException {
        try {
            return MAPPER.readTree(line == null ? "" : line).path("QMP").path("version");
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
