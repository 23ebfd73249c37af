package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A storage and two hosts, each a process of its own, with all their files in one folder. Ended as a whole. */
final class TestPair implements Closeable {
    static final int BLOCK = 4096;
    static final String GROUP = "vm1";
    static final String VOLUME = "disk";
    private static final Duration PATIENCE = Duration.ofSeconds(Integer.getInteger("unwrite.patience.seconds", 60));
    private static final ObjectMapper JSON = new ObjectMapper();

    final Path dir;
    final Host a;
    final Host b;
    private final List<String> volumes = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private final List<String> storageOptions = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private @Nullable Process storage;

    /** One host. Its ports stay the same over restarts. */
    final class Host {
        final String name;
        /** What its log and its socket are called: its name, unless another has the same. */
        final String label;

        final Path data;
        final int peerPort;
        final int controlPort;
        final int ledgerPort;
        private @Nullable Process process;
        private long logBegins;

        private Host(String name, String label, List<Integer> ports) {
            this.name = name;
            this.label = label;
            data = dir.resolve("data-" + label);
            peerPort = ports.removeFirst();
            controlPort = ports.removeFirst();
            ledgerPort = ports.removeFirst();
        }

        Host other() {
            return name.equals(a.name) ? b : a;
        }

        /**
         * Starts the process; its control port need not answer yet. An option that is given here ({@code --group=other})
         * counts instead of the usual one.
         */
        void start(String... more) throws IOException {
            List<String> given = new ArrayList<>();
            given.addAll(List.of("--name=" + name, "--data=" + data));
            given.addAll(List.of("--storage=" + storageUri(), "--group=" + GROUP));
            given.addAll(List.of("--listen=127.0.0.1:" + peerPort, "--peer=127.0.0.1:" + other().peerPort));
            given.addAll(List.of("--serve=" + serve(""), "--control=" + control()));
            given.add("--ledger=127.0.0.1:" + ledgerPort);
            given.addAll(options);
            given.addAll(List.of(more));
            Map<String, String> last = new LinkedHashMap<>();
            given.forEach(option -> last.put(option.replaceFirst("=.*", ""), option));
            List<String> arguments = new ArrayList<>(List.of("node"));
            arguments.addAll(last.values());
            logBegins = Files.exists(log()) ? Files.size(log()) : 0;
            process = unwrite(label, arguments);
        }

        private Path log() {
            return dir.resolve(label + ".log");
        }

        /** What it has said since it was started. */
        String said() throws IOException {
            return Files.readString(log()).substring(Math.toIntExact(logBegins));
        }

        /** Waits until it has ended by itself. */
        Ended awaitEnd() throws IOException {
            int status = TestPair.this.await(
                    label + " ends",
                    () -> process().isAlive() ? null : process().exitValue());
            return new Ended(status, said());
        }

        /** SIGTERM; on return the process is gone. */
        Ended stop() throws IOException {
            process().destroy();
            return awaitEnd();
        }

        Process process() {
            return Objects.requireNonNull(process, "it was never started");
        }

        /** SIGKILL; on return the process is gone. */
        void kill() throws InterruptedException {
            process().destroyForcibly().waitFor();
        }

        /** Sends a signal by its name, such as STOP. */
        void signal(String signal) throws IOException, InterruptedException {
            Process sent = new ProcessBuilder(
                            "kill", "-" + signal, Long.toString(process().pid()))
                    .start();
            assertThat(sent.waitFor()).isZero();
        }

        NbdUri serve(String export) {
            return NbdUri.unix(dir.resolve(label + ".sock"), export);
        }

        /** Where third-party tools find the volume. */
        String uri() {
            return serve(VOLUME).toString();
        }

        String control() {
            return "127.0.0.1:" + controlPort;
        }

        NbdClient connect() throws IOException {
            return connect(VOLUME);
        }

        NbdClient connect(String volume) throws IOException {
            return NbdClient.connect(serve(volume));
        }

        JsonNode status() throws IOException, InterruptedException {
            return JSON.readTree(send(HttpRequest.newBuilder(url("/status"))
                            .timeout(Duration.ofSeconds(10))
                            .build())
                    .body());
        }

        /** Waits until the status is as wanted; a host that does not answer is not. */
        JsonNode awaitStatus(String what, Predicate<JsonNode> wanted) {
            return TestPair.this.await(name + " " + what, () -> {
                JsonNode now;
                try {
                    now = status();
                } catch (IOException e) {
                    assertThat(process().isAlive()).as(TestPair.this::logs).isTrue();
                    return null;
                }
                return wanted.test(now) ? now : null;
            });
        }

        JsonNode awaitRole(String role, String mode) {
            return awaitStatus(
                    "is " + role + ", " + mode,
                    s -> s.path("role").asText().equals(role)
                            && s.path("mode").asText().equals(mode));
        }

        HttpResponse<String> post(String what, @Nullable String state) throws IOException, InterruptedException {
            String timeout = what.contains("timeout=") ? "" : (what.contains("?") ? "&" : "?") + "timeout=60s";
            HttpRequest.Builder request = HttpRequest.newBuilder(url("/" + what + timeout));
            return send(
                    state == null
                            ? request.POST(HttpRequest.BodyPublishers.noBody()).build()
                            : request.header("Content-Type", "application/octet-stream")
                                    .POST(HttpRequest.BodyPublishers.ofString(state))
                                    .build());
        }

        /** A command that must succeed. */
        JsonNode order(String what) throws IOException, InterruptedException {
            return order(what, null);
        }

        JsonNode order(String what, @Nullable String state) throws IOException, InterruptedException {
            HttpResponse<String> response = post(what, state);
            assertThat(response.statusCode())
                    .as(() -> name + " " + what + ": " + response.body())
                    .isEqualTo(200);
            return JSON.readTree(response.body());
        }

        String metrics() throws IOException, InterruptedException {
            return send(HttpRequest.newBuilder(url("/metrics")).build()).body();
        }

        private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        }

        private URI url(String path) {
            return URI.create("http://" + control() + path);
        }

        /** The whole volume as this host serves it. */
        byte[] image() throws IOException {
            try (NbdClient client = connect()) {
                return TestPair.image(client);
            }
        }

        String state() throws IOException {
            return Files.readString(data.resolve("state"));
        }
    }

    /** How a process ended, and what it said. */
    record Ended(int status, String said) {
        /** It said in one line, its last, what is wrong, and ended as one whose input cannot be used. */
        void refused(String... words) {
            List<String> lines = said.strip().lines().toList();
            assertThat(status).as(said).isEqualTo(2);
            assertThat(said).doesNotContain("\tat ");
            for (String word : words) {
                assertThat(lines.getLast()).contains(word);
            }
        }
    }

    /** Starts nothing yet; {@code options} go to both nodes. */
    TestPair(Path dir, List<String> options) {
        this.dir = dir;
        List<Integer> ports = FreePorts.take(6);
        a = new Host("A", "A", ports);
        b = new Host("B", "B", ports);
        volumes.add(GROUP + "/" + VOLUME + "=" + disk() + ",size=16M");
        this.options.addAll(options);
    }

    /** A host with the name of another one, and ports and a folder of its own. */
    Host doubleOf(Host host) {
        return new Host(host.name, host.name + "-again", FreePorts.take(3));
    }

    Path disk() {
        return dir.resolve("disk.img");
    }

    /** Before a start: the volume has so many MiB, and none of them is empty, so that each block costs the undo log its size. */
    void diskIsFull(int mib) throws IOException {
        byte[] content = new byte[mib << 20];
        Arrays.fill(content, (byte) 0x11);
        Files.write(disk(), content);
        volumes(GROUP + "/" + VOLUME + "=" + disk());
    }

    void volumes(String... specs) {
        volumes.clear();
        volumes.addAll(List.of(specs));
    }

    void options(String... more) {
        options.addAll(List.of(more));
    }

    /** Both hosts and the storage write traces; call it before any is started. */
    void trace(Path folder) {
        options.add("--trace=" + folder);
        storageOptions.add("--trace=" + folder);
    }

    NbdUri storageUri() {
        return NbdUri.unix(dir.resolve("storage.sock"), "");
    }

    Path storageData() {
        return dir.resolve("data-storage");
    }

    /** Starts the storage; on return it listens. */
    void startStorage() throws IOException {
        Process started = launchStorage();
        String first = volumes.getFirst().replaceFirst("=.*", "");
        await("the storage listens", () -> {
            assertThat(started.isAlive()).as(this::logs).isTrue();
            try (NbdClient probe = NbdClient.connect(storageUri().withExport(first))) {
                return probe.size();
            } catch (IOException e) {
                return null;
            }
        });
    }

    /** Starts a storage that has to end by itself. */
    Ended startStorageInVain() throws IOException {
        Path log = dir.resolve("storage.log");
        long begins = Files.exists(log) ? Files.size(log) : 0;
        Process started = launchStorage();
        int status = await("the storage ends", () -> started.isAlive() ? null : started.exitValue());
        return new Ended(status, Files.readString(log).substring(Math.toIntExact(begins)));
    }

    private Process launchStorage() throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("storage", "--listen", storageUri().toString()));
        arguments.addAll(List.of("--data", storageData().toString()));
        for (String volume : volumes) {
            arguments.addAll(List.of("--volume", volume));
        }
        arguments.addAll(storageOptions);
        Process started = unwrite("storage", arguments);
        storage = started;
        return started;
    }

    /** SIGKILL; on return the process is gone. */
    void killStorage() throws InterruptedException {
        running().destroyForcibly().waitFor();
    }

    /** SIGTERM, as a person would do it; on return the process is gone. */
    void stopStorage() throws InterruptedException {
        running().destroy();
        assertThat(running().waitFor()).isZero();
    }

    private Process running() {
        return Objects.requireNonNull(storage, "it was never started");
    }

    /** Starts all; on return A is primary and B protects it. */
    TestPair start() throws IOException {
        startStorage();
        a.start("--bootstrap");
        b.start();
        awaitProtected(a);
        return this;
    }

    /** On return {@code primary} is primary and the other host protects it. */
    void awaitProtected(Host primary) {
        primary.awaitRole("primary", "protected");
        primary.other().awaitRole("secondary", "protected");
    }

    private @Nullable Path unreadLog;

    private Process unwrite(String log, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.unwrite.cli.Main"));
        command.addAll(arguments);
        Path unread = unreadLog;
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(unread == null)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        dir.resolve(log + ".log").toFile()));
        if (unread != null) {
            builder.redirectError(unread.toFile());
        }
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /** What processes that are started from now on say goes into a pipe that is full, and that nobody reads. */
    void nobodyReadsLogs() throws IOException, InterruptedException {
        Path pipe = dir.resolve("unread");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        AtomicLong written = new AtomicLong();
        Thread.ofPlatform().daemon().name("fills-a-pipe").start(() -> {
            try (RandomAccessFile both = new RandomAccessFile(pipe.toFile(), "rw")) {
                while (true) {
                    both.write('x');
                    written.incrementAndGet();
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
        long[] before = {-1};
        await("the pipe is full", () -> {
            long now = written.get();
            boolean full = now > 0 && now == before[0];
            before[0] = now;
            return full ? pipe : null;
        });
        unreadLog = pipe;
    }

    /** Waits, within bounds, for something that is not null. */
    <T> T await(String what, Callable<@Nullable T> wanted) {
        return Awaitility.await(what)
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(wanted, found -> found != null);
    }

    static byte[] image(NbdClient client) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(client.size()));
        while (all.position() < all.capacity()) {
            client.read(all.position(), all.limit(Math.min(all.capacity(), all.position() + (1 << 20))));
        }
        return all.array();
    }

    /** Writes bytes of one value. */
    static void fill(NbdClient client, long offset, int length, int value) throws IOException {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        client.write(offset, ByteBuffer.wrap(bytes), false);
    }

    /** Writes a block whose every byte follows from its number and the round. */
    static void stamp(NbdClient client, int block, int round) throws IOException {
        client.write((long) block * BLOCK, ByteBuffer.wrap(stamped(block, round)), false);
    }

    static byte[] stamped(int block, int round) {
        ByteBuffer bytes = ByteBuffer.allocate(BLOCK);
        while (bytes.hasRemaining()) {
            bytes.putInt(block).putInt(round);
        }
        return bytes.array();
    }

    /** What all processes have said. */
    String logs() {
        StringBuilder all = new StringBuilder();
        for (Process process : processes) {
            all.append(process.info().commandLine().isPresent() ? "runs: " : "ended: ")
                    .append(process)
                    .append('\n');
        }
        for (String log : List.of("storage", "A", "B", "A-again", "B-again")) {
            Path file = dir.resolve(log + ".log");
            try {
                all.append("---- ").append(log).append('\n').append(Files.exists(file) ? Files.readString(file) : "");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return all.toString();
    }

    @Override
    public void close() {
        // A stopped process dies of SIGKILL too.
        processes.forEach(Process::destroyForcibly);
        for (Process process : processes) {
            process.onExit().join();
        }
        http.close();
    }
}
