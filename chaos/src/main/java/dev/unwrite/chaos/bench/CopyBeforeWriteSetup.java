package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's filter {@code copy-before-write}: before a cluster of 64 KiB is overwritten for the first time it is copied to a second
 * server. The disk, which is that of {@link RawSetup}, and the target are both reached over NBD, as in a pair that shares a
 * storage; a copy is durable, or at least in the target's memory, before its cluster is overwritten.
 */
final class CopyBeforeWriteSetup implements Setup {
    private static final String DAEMON = "qemu-storage-daemon";

    private final Processes processes;
    private final RawSetup disk;
    private final Path targetImage;
    private final boolean durable;
    private final Path target;
    private final Path socket;
    private @Nullable Process daemon;
    private @Nullable Process copies;

    /** {@code folder} has room for its sockets. */
    CopyBeforeWriteSetup(Processes processes, RawSetup disk, Path targetImage, Path folder, boolean durable) {
        this.processes = processes;
        this.disk = disk;
        this.targetImage = targetImage;
        this.durable = durable;
        this.target = folder.resolve(id() + "-target.sock");
        this.socket = folder.resolve(id() + ".sock");
    }

    @Override
    public String id() {
        return durable ? "cbw" : "cbw-memory";
    }

    @Override
    public String title() {
        return "QEMU copy-before-write" + (durable ? "" : ", target in memory");
    }

    @Override
    public void start() throws IOException {
        List<String> words = List.of(
                "qemu-nbd",
                "--persistent",
                "--shared=8",
                "--format=raw",
                durable ? "--cache=writethrough" : "--cache=writeback",
                "--aio=threads",
                "--socket=" + target,
                targetImage.toString());
        String name = "qemu-nbd-target-" + id();
        Process started = processes.program(name, words);
        copies = started;
        Sockets.await(name, started, target, processes);
        freshen();
    }

    @Override
    public Map<String, Process> processes() {
        Map<String, Process> all = new LinkedHashMap<>(disk.processes());
        Process filter = daemon;
        Process second = copies;
        if (filter != null) {
            all.put("filter", filter);
        }
        if (second != null) {
            all.put("copies", second);
        }
        return all;
    }

    @Override
    public void freshen() throws IOException {
        rest();
        List<String> words = List.of(
                DAEMON,
                "--blockdev",
                "driver=nbd,node-name=src,export=,server.type=unix,server.path=" + disk.socket(),
                "--blockdev",
                "driver=nbd,node-name=tgt,export=,server.type=unix,server.path=" + target,
                "--blockdev",
                "driver=copy-before-write,node-name=cbw,file=src,target=tgt",
                "--nbd-server",
                "addr.type=unix,addr.path=" + socket,
                "--export",
                "type=nbd,id=e,node-name=cbw,name=disk,writable=on");
        Process started = processes.program(DAEMON, words);
        daemon = started;
        Sockets.await(DAEMON, started, socket, processes);
    }

    @Override
    public String uri() {
        return Sockets.uri(socket, "disk");
    }

    @Override
    public boolean warmsUp() {
        return false;
    }

    @Override
    public long copies() {
        return -1;
    }

    /** What it knows of its copies ends with it. */
    @Override
    public void rest() {
        Process running = daemon;
        if (running != null) {
            Processes.end(running);
            daemon = null;
        }
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new BenchException("cannot remove " + socket + ": " + e.getMessage(), e);
        }
    }
}
