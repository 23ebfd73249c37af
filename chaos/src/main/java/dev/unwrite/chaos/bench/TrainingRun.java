package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.Trees;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs a pair for some seconds so that the JVMs under it can keep what they learn (ahead-of-time cache, JEP 483 and 515): a
 * storage, and a node that is primary first, and then, after a switchover, secondary. The launcher starts it after a build, and
 * tells each JVM where to keep it.
 */
final class TrainingRun {
    private static final Duration LOAD = Duration.ofSeconds(4);
    private static final Duration SWITCHOVER_MAX = Duration.ofSeconds(30);
    /** A JVM writes its cache when it ends, which takes seconds, and many of them on a machine that does other things. */
    private static final long END_MAX_SECONDS = 180;

    private static final long DISK_BYTES = 256 << 20;
    private static final int WRITERS = 16;
    private static final int SMALL = 4 << 10;
    private static final int LARGE = 64 << 10;
    /** Of so many writes, one is large, one is read back, and one is flushed. */
    private static final int EVERY = 32;

    private TrainingRun() {}

    /** The folder where the launcher has each JVM keep what it learns, by number of its process; the folder for what counts. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path lessons = Path.of(args[0]);
        Path target = Path.of(args[1]);
        Path folder = Files.createTempDirectory("unwrite-training");
        try (Processes processes = new Processes(folder.resolve("logs"))) {
            Path image = folder.resolve("disk.img");
            Images.fill(List.of(image), DISK_BYTES);
            Path own = Files.createDirectories(folder.resolve("n"));
            NodeSetup pair = new NodeSetup(processes, image, own, new ClusterPorts(), NodeSetup.Kind.PROTECTED);
            pair.start();
            write(pair, HostId.A);
            pair.post(HostId.A, "switchover", SWITCHOVER_MAX);
            pair.awaitPrimary(HostId.B);
            write(pair, HostId.B);
            keep(pair.processes(), HostId.A.name(), lessons, target.resolve("unwrite-node.aot"));
            keep(pair.processes(), "storage", lessons, target.resolve("unwrite-storage.aot"));
        } finally {
            Trees.delete(folder);
        }
    }

    private static void keep(Map<String, Process> running, String role, Path lessons, Path to)
            throws IOException, InterruptedException {
        Process process = Objects.requireNonNull(running.get(role));
        process.destroy();
        if (!process.waitFor(END_MAX_SECONDS, TimeUnit.SECONDS)) {
            throw new BenchException(role + " does not end");
        }
        Files.move(lessons.resolve(process.pid() + ".aot"), to, StandardCopyOption.REPLACE_EXISTING);
    }

    /** First overwrites and others, small and large, as a guest mixes them, with a checkpoint in the middle. */
    private static void write(NodeSetup pair, HostId primary) throws IOException, InterruptedException {
        try (NbdClient disk = NbdClient.connect(NbdUri.parse(pair.uriOf(primary)))) {
            for (int half = 0; half < 2; half++) {
                pair.post(primary, "checkpoint", SWITCHOVER_MAX);
                writeFor(disk, LOAD.dividedBy(2));
            }
        }
    }

    private static void writeFor(NbdClient disk, Duration time) throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        AtomicLong next = new AtomicLong();
        List<Thread> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            writers.add(Thread.ofVirtual().start(() -> {
                ByteBuffer large = ByteBuffer.allocateDirect(LARGE);
                try {
                    while (System.nanoTime() < until) {
                        long number = next.getAndIncrement();
                        long offset = number * LARGE % DISK_BYTES;
                        int length = number % EVERY == 0 ? LARGE : SMALL;
                        disk.write(offset, large.clear().limit(length), false);
                        if (number % EVERY == 1) {
                            disk.read(offset, large.clear());
                        }
                        if (number % EVERY == 2) {
                            disk.flush();
                        }
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }));
        }
        for (Thread writer : writers) {
            writer.join();
        }
    }
}
