package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.Processes;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The unix sockets of a run. */
final class Sockets {
    private static final Duration START_MAX = Duration.ofSeconds(20);

    private Sockets() {}

    /** The URI of an export there. */
    static String uri(Path socket, String export) {
        return "nbd+unix:///" + export + "?socket=" + socket;
    }

    /** Waits until somebody answers there. */
    static void await(String name, Process process, Path socket, Processes processes) {
        Await.until(
                name + " to listen",
                START_MAX,
                () -> {
                    if (!process.isAlive()) {
                        throw new BenchException(
                                name + " ended with " + process.exitValue() + ": " + processes.lastLine(name));
                    }
                    return answers(socket) ? Optional.of(true) : Optional.empty();
                },
                () -> "it said: " + processes.lastLine(name));
    }

    private static boolean answers(Path socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false;
        }
    }
}
