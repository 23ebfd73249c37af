package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.Processes;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The bare disk: qemu-nbd on an image. */
final class RawSetup implements Setup {
    private final Processes processes;
    private final Path image;
    private final Path socket;
    private @Nullable Process server;

    RawSetup(Processes processes, Path image, Path socket) {
        this.processes = processes;
        this.image = image;
        this.socket = socket;
    }

    @Override
    public String id() {
        return "raw";
    }

    @Override
    public String title() {
        return "raw (qemu-nbd)";
    }

    @Override
    public void start() {
        List<String> words = List.of(
                "qemu-nbd",
                "--persistent",
                "--shared=8",
                "--format=raw",
                "--cache=none",
                "--aio=native",
                "--socket=" + socket,
                image.toString());
        Process started = processes.program("qemu-nbd", words);
        server = started;
        Sockets.await("qemu-nbd", started, socket, processes);
    }

    @Override
    public Map<String, Process> processes() {
        Process running = server;
        return running == null ? Map.of() : Map.of("disk", running);
    }

    @Override
    public void freshen() {
        // It keeps nothing.
    }

    @Override
    public String uri() {
        return Sockets.uri(socket, "");
    }

    Path socket() {
        return socket;
    }

    @Override
    public boolean warmsUp() {
        return false;
    }

    @Override
    public long copies() {
        return -1;
    }

    @Override
    public void rest() {
        // It does nothing unless it is asked.
    }
}
