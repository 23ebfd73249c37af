package dev.unwrite.cli;

import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.node.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * Runs a storage and a pair in one process, with a load, a checkpoint and a takeover, so that the JVM can write down what it
 * loaded and which methods were hot ({@code -XX:AOTCacheOutput}, JEP 514 and 515). Later processes begin with that.
 */
@Command(name = "train", hidden = true, description = "Works as all roles at once for some seconds, for an AOT cache.")
final class TrainCommand implements Callable<Integer> {
    private static final Duration PHASE = Duration.ofMillis(1500);
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final int DEPTH = 32;
    private static final int BLOCK = 4096;
    private static final int LARGE = 16 * BLOCK;
    private static final long VOLUME_BYTES = 1L << 30;

    @Parameters(paramLabel = "DIR", description = "An empty folder, for data and sockets.")
    private Path dir = Path.of("");

    private interface Step {
        void run(NbdClient disk, long number) throws IOException;
    }

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(dir);
        HostPort control = address();
        HostPort otherControl = address();
        HostPort a = address();
        HostPort b = address();
        inBackground(
                "storage",
                "--listen",
                uri("storage", ""),
                "--data",
                path("storage"),
                "--volume",
                "train/disk=" + path("disk.img") + ",size=" + (VOLUME_BYTES >> 20) + "M");
        awaitFile("storage.sock");
        node("A", a, b, control, "--bootstrap");
        awaitFile("A.sock");
        node("B", b, a, otherControl);
        ControlClient first = new ControlClient(control, START_MAX);
        first.post("/protect");
        try (NbdClient disk = NbdClient.connect(NbdUri.parse(uri("A", "disk")))) {
            writes(disk);
            first.post("/checkpoint");
            load(disk, (client, number) -> client.read(random(BLOCK), ByteBuffer.allocate(BLOCK)));
            writes(disk);
        }
        new ControlClient(otherControl, START_MAX).post("/failover");
        try (NbdClient disk = NbdClient.connect(NbdUri.parse(uri("B", "disk")))) {
            load(disk, (client, number) -> client.write(random(BLOCK), data(BLOCK), number % 64 == 0));
        }
        return Exit.OK;
    }

    private static void writes(NbdClient disk) throws Exception {
        load(disk, (client, number) -> {
            client.write(number * LARGE % VOLUME_BYTES, data(BLOCK), false);
            if (number % 256 == 0) {
                client.flush();
            }
        });
        load(disk, (client, number) -> client.write(number * LARGE % VOLUME_BYTES, data(LARGE), false));
        load(disk, (client, number) -> client.write(random(512), data(1024), false));
    }

    /** Many at a time, for a while. */
    private static void load(NbdClient disk, Step step) throws Exception {
        long end = System.nanoTime() + PHASE.toNanos();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> all = new ArrayList<>();
            for (int i = 0; i < DEPTH; i++) {
                int client = i;
                all.add(clients.submit(() -> {
                    long number = client;
                    for (; System.nanoTime() < end; number += DEPTH) {
                        step.run(disk, number);
                    }
                    return number;
                }));
            }
            for (Future<Long> one : all) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IOException("the load failed: " + e.getCause(), e);
        }
    }

    private static ByteBuffer data(int bytes) {
        ByteBuffer data = ByteBuffer.allocate(bytes);
        data.putLong(0, ThreadLocalRandom.current().nextLong());
        return data;
    }

    private static long random(int step) {
        return ThreadLocalRandom.current().nextLong(VOLUME_BYTES / LARGE) * LARGE
                + ThreadLocalRandom.current().nextLong(LARGE / step - 1) * step;
    }

    private void node(String name, HostPort listen, HostPort peer, HostPort control, String... more) {
        List<String> args = new ArrayList<>(List.of("node", "--name", name, "--group", "train", "--data", path(name)));
        args.addAll(List.of("--storage", uri("storage", ""), "--listen", listen.toString(), "--peer", peer.toString()));
        args.addAll(List.of("--serve", uri(name, ""), "--control", control.toString(), "--failover-after", "manual"));
        args.addAll(List.of("--checkpoint-every", "manual"));
        args.addAll(List.of(more));
        inBackground(args.toArray(String[]::new));
    }

    /** It ends with this process. */
    private static void inBackground(String... args) {
        Thread.ofPlatform().daemon().name("train-" + args[0]).start(() -> Main.run(args));
    }

    private void awaitFile(String name) throws InterruptedException, IOException {
        long end = System.nanoTime() + START_MAX.toNanos();
        while (!Files.exists(dir.resolve(name))) {
            if (System.nanoTime() > end) {
                throw new IOException(dir.resolve(name) + " has not come");
            }
            Thread.sleep(20);
        }
    }

    private String path(String name) {
        return dir.resolve(name).toString();
    }

    private String uri(String socket, String export) {
        return "nbd+unix:///" + export + "?socket=" + path(socket + ".sock");
    }

    private static HostPort address() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return HostPort.parse("127.0.0.1:" + free.getLocalPort());
        }
    }
}
