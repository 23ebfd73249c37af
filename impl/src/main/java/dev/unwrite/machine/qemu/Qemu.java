package dev.unwrite.machine.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One process of QEMU and its monitor. It dies with the thread that starts it, and so with this process, however that ends. */
final class Qemu implements Closeable, GuestRun.Guest {
    static final String PROGRAM = "qemu-system-x86_64";

    private static final Pattern VERSION = Pattern.compile("version (\\d+\\.\\d+\\.\\d+)");
    private static final int SAID_BYTES_MAX = 4096;
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(30);
    /** A guest whose disk does not answer stops when that does, however late; one that hangs is killed. */
    private static final Duration STOP_MAX = Duration.ofDays(365);

    /** How often it is asked whether it is alive, and how long it may take to say so. */
    private static final Duration WATCH_EVERY = Duration.ofSeconds(1);

    private static final Duration ALIVE_MAX = Duration.ofSeconds(1);

    private static final long POLL_NANOS = 500_000;
    private static final long END_MAX_SECONDS = 10;
    /** Bytes a second: no limit. */
    private static final long BANDWIDTH = 1L << 40;

    private final Process process;
    private final Qmp qmp;
    private final Path migration;
    private final ServerSocketChannel outgoing;
    private volatile boolean closed;

    private Qemu(Process process, Qmp qmp, Path migration, ServerSocketChannel outgoing) {
        this.process = process;
        this.qmp = qmp;
        this.migration = migration;
        this.outgoing = outgoing;
    }

    /**
     * Starts one that stands still. {@code folder} is for its sockets; {@code log} gets what it prints; {@code ended} is called,
     * on some thread, with the reason, when it ends without being asked to, or hangs; {@code hangs}, once, when only its main
     * loop hangs, which it may while {@code asks}: its disks have requests under way. For a platform thread that lives as long
     * as it.
     */
    static Qemu start(
            List<String> arguments,
            Path folder,
            Path log,
            BiConsumer<String, JsonNode> events,
            BooleanSupplier asks,
            Consumer<String> hangs,
            Consumer<String> ended)
            throws IOException {
        Path monitor = folder.resolve("qmp");
        Files.deleteIfExists(monitor);
        List<String> words = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", PROGRAM));
        words.addAll(arguments);
        words.addAll(List.of("-S", "-qmp", "unix:" + monitor + ",server=on,wait=off"));
        Process process;
        try {
            process = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new IOException(
                    "cannot start setpriv and " + PROGRAM + "; install util-linux and qemu-system-x86", e);
        }
        ServerSocketChannel outgoing = null;
        try {
            Qmp qmp = connect(process, monitor, log, events);
            Path migration = folder.resolve("migration");
            Files.deleteIfExists(migration);
            outgoing = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            outgoing.bind(UnixDomainSocketAddress.of(migration));
            outgoing.configureBlocking(false);
            Qemu qemu = new Qemu(process, qmp, migration, outgoing);
            qemu.ask(
                    "migrate-set-capabilities",
                    Map.of("capabilities", List.of(Map.of("capability", "x-ignore-shared", "state", true))));
            qemu.ask("migrate-set-parameters", Map.of("max-bandwidth", BANDWIDTH));
            process.onExit().thenAccept(dead -> {
                if (!qemu.closed) {
                    ended.accept("QEMU has ended, exit code " + dead.exitValue() + lastWords(log));
                }
            });
            Thread.ofVirtual().name("qemu-watch").start(() -> qemu.watch(asks, hangs, ended));
            return qemu;
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            if (outgoing != null) {
                outgoing.close();
            }
            throw e;
        }
    }

    /** A guest that hangs with its QEMU is lost to everybody as long as this host holds on to it. */
    private void watch(BooleanSupplier asks, Consumer<String> hangs, Consumer<String> ended) {
        Silence silence = new Silence(WATCH_EVERY.plus(ALIVE_MAX));
        CompletableFuture<JsonNode> sign = null;
        try {
            while (!silence.isOfAll()) {
                TimeUnit.NANOSECONDS.sleep(WATCH_EVERY.toNanos());
                if (closed || !process.isAlive()) {
                    return;
                }
                sign = sign == null ? qmp.sign() : sign;
                boolean alive = qmp.isAlive(ALIVE_MAX);
                boolean answers = isThere(sign, alive ? ALIVE_MAX : Duration.ZERO);
                sign = answers ? null : sign;
                if (silence.goesOn(alive, answers, asks.getAsBoolean())) {
                    hangs.accept(silence.words());
                }
            }
            ended.accept(silence.words() + ", and is killed (process " + process.pid() + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isThere(CompletableFuture<JsonNode> answer, Duration most) throws InterruptedException {
        try {
            return answer.get(most.toMillis(), TimeUnit.MILLISECONDS) != null;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    /** Of the program that is installed here, such as 7.2.22. */
    static String installedVersion() throws IOException {
        Process process;
        try {
            process = new ProcessBuilder(PROGRAM, "--version")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new IOException(PROGRAM + " is not installed here; install qemu-system-x86", e);
        }
        try (InputStream in = process.getInputStream()) {
            String said = new String(in.readNBytes(SAID_BYTES_MAX), StandardCharsets.UTF_8);
            Matcher version = VERSION.matcher(said);
            if (!version.find()) {
                throw new IOException(PROGRAM + " does not say which version it is: "
                        + said.lines().findFirst().orElse("it says nothing"));
            }
            return version.group(1);
        } finally {
            process.destroyForcibly();
        }
    }

    private static Qmp connect(Process process, Path monitor, Path log, BiConsumer<String, JsonNode> events)
            throws IOException {
        long deadline = System.nanoTime() + START_MAX.toNanos();
        while (true) {
            if (!process.isAlive()) {
                throw new IOException("QEMU does not start" + lastLine(log));
            }
            if (Files.exists(monitor)) {
                try {
                    return Qmp.connect(monitor, ANSWER_MAX, events);
                } catch (ConnectException e) {
                    // It is bound, and not listened at yet.
                }
            }
            pause(deadline, "QEMU to start");
        }
    }

    private static String lastLine(Path log) {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
            return lines.isEmpty() ? "" : ": " + lines.getLast();
        } catch (IOException e) {
            return "";
        }
    }

    /** The guest's console may be in the same log. */
    private static String lastWords(Path log) {
        String last = lastLine(log);
        return last.startsWith(": " + PROGRAM) ? last : "";
    }

    private static void pause(long deadline, String what) throws IOException {
        if (System.nanoTime() > deadline) {
            throw new IOException("waited too long for " + what);
        }
        try {
            TimeUnit.NANOSECONDS.sleep(POLL_NANOS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + what, e);
        }
    }

    String version() {
        return qmp.version();
    }

    private JsonNode ask(String command, Map<String, ?> arguments) throws IOException {
        return qmp.ask(command, arguments, ANSWER_MAX);
    }

    @Override
    public void stop() throws IOException {
        qmp.ask("stop", Map.of(), STOP_MAX);
    }

    @Override
    public void cont() throws IOException {
        ask("cont", Map.of());
    }

    @Override
    public boolean runs() throws IOException {
        return ask("query-status", Map.of()).path("running").asBoolean();
    }

    /** Why this guest cannot be mirrored, in QEMU's words; empty if it can. */
    List<String> blockers() throws IOException {
        List<String> reasons = new ArrayList<>();
        ask("query-migrate", Map.of()).path("blocked-reasons").forEach(reason -> reasons.add(reason.asText()));
        return reasons;
    }

    /** The state of the devices of a guest that stands still. */
    byte[] devices() throws IOException {
        long deadline = System.nanoTime() + ANSWER_MAX.toNanos();
        dropLate();
        ask("migrate", Map.of("uri", "unix:" + migration));
        byte[] devices;
        try (SocketChannel channel = saving(deadline);
                Closeable _ = limit(channel, deadline);
                InputStream in = Channels.newInputStream(channel)) {
            devices = in.readAllBytes();
        }
        while (!hasSaved()) {
            pause(deadline, "QEMU to save its devices");
        }
        return devices;
    }

    /** One that came when nobody waited for it any more keeps QEMU from saving again. */
    private void dropLate() throws IOException {
        for (SocketChannel late = outgoing.accept(); late != null; late = outgoing.accept()) {
            late.close();
        }
    }

    /** Asks QEMU nothing meanwhile: it saves its devices under its lock, and may wait for somebody to read them. */
    private SocketChannel saving(long deadline) throws IOException {
        while (true) {
            SocketChannel channel = outgoing.accept();
            if (channel != null) {
                return channel;
            }
            if (!process.isAlive()) {
                throw new IOException("QEMU has ended");
            }
            pause(deadline, "QEMU to save its devices");
        }
    }

    private boolean hasSaved() throws IOException {
        JsonNode now = ask("query-migrate", Map.of());
        return switch (now.path("status").asText()) {
            case "completed" -> true;
            case "failed", "cancelled" ->
                throw new IOException("QEMU cannot save its devices: "
                        + now.path("error-desc").asText("no reason given"));
            default -> false;
        };
    }

    /** Closes the channel when it is time, so that nobody waits for it any longer, unless what it returns is closed before. */
    private static Closeable limit(SocketChannel channel, long deadline) {
        Thread thread = Thread.ofVirtual().name("qemu-limit").start(() -> {
            try {
                TimeUnit.NANOSECONDS.sleep(deadline - System.nanoTime());
                channel.close();
            } catch (InterruptedException | IOException e) {
                // There is nothing to end any more.
            }
        });
        return thread::interrupt;
    }

    /** Gives a QEMU that was started to take it (argument {@code -incoming defer}) the state of the devices; it stands still. */
    void take(byte[] devices, Path folder) throws IOException {
        Path incoming = folder.resolve("incoming");
        Files.deleteIfExists(incoming);
        long deadline = System.nanoTime() + ANSWER_MAX.toNanos();
        ask("migrate-incoming", Map.of("uri", "unix:" + incoming));
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(incoming));
                Closeable _ = limit(channel, deadline);
                OutputStream out = Channels.newOutputStream(channel)) {
            out.write(devices);
        }
        while (ask("query-status", Map.of()).path("status").asText().equals("inmigrate")) {
            pause(deadline, "QEMU to take the state of its devices");
        }
        Files.deleteIfExists(incoming);
    }

    /** Kills it; on return it is gone. */
    @Override
    public void close() throws IOException {
        closed = true;
        process.destroyForcibly();
        outgoing.close();
        qmp.close();
        try {
            if (!process.waitFor(END_MAX_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("QEMU (process " + process.pid() + ") does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
