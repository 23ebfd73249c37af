package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.Processes;
import java.nio.file.Path;
import java.util.List;

/** The bare disk: qemu-nbd on an image. */
final class RawSetup implements Setup {
    private final Processes processes;
    private final Path image;
    private final Path socket;

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
        Sockets.await("qemu-nbd", processes.program("qemu-nbd", words), socket, processes);
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
