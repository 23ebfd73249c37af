package dev.unwrite.chaos.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * What a test asks of a guest, and sees of its QEMU.
 *
 * @param port where the guest is reached, on loopback
 */
record GuestProbe(int port) {
    private static final Duration SOON = Duration.ofSeconds(90);

    /** What the guest answers over its network, which leaves it only when a checkpoint covers it. */
    record Answer(long tick, String boot) {}

    /** A guest, or the test is skipped, and says so. */
    static TickGuest guestOrSkip() throws IOException {
        try {
            return TickGuest.make(Path.of("target/vm"));
        } catch (ExitException e) {
            if (e.code() != Exit.LACKING) {
                throw e;
            }
            String message = "SKIPPED: a guest of QEMU: " + e.getMessage();
            System.err.println(message);
            Assumptions.abort(message);
            throw e;
        }
    }

    /** A connection that is lost on the way, as one is whose guest moves, is made again. */
    Answer ask(String word) {
        return Await.until("the guest to answer", SOON, () -> asked(word), () -> "nothing came");
    }

    /**
     * Says a word that it does not answer, just after a checkpoint is committed; to be closed when what it does is seen. What it
     * does at once is over before the next one.
     */
    Socket order(String word) throws IOException {
        Socket socket = connect();
        try {
            say(socket, "ready");
            assertThat(new BufferedReader(in(socket)).readLine()).startsWith("ready");
            say(socket, word);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout((int) SOON.toMillis() / 3);
        return socket;
    }

    private static InputStreamReader in(Socket socket) throws IOException {
        return new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8);
    }

    private static void say(Socket socket, String word) throws IOException {
        socket.getOutputStream().write((word + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private Optional<Answer> asked(String word) {
        try (Socket socket = connect()) {
            say(socket, word);
            String line = new BufferedReader(in(socket)).readLine();
            if (line == null) {
                return Optional.empty();
            }
            List<String> words = List.of(line.split(" "));
            assertThat(words).as(line).hasSize(3).startsWith(word);
            return Optional.of(new Answer(Long.parseLong(words.get(1)), words.get(2)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The only child of a node whose machine is a guest. */
    static ProcessHandle qemu(VmPair pair, HostId host) {
        List<ProcessHandle> children = pair.node(host).children().toList();
        assertThat(children).hasSize(1);
        return children.getFirst();
    }

    static void awaitGone(ProcessHandle process) {
        Await.until(
                "process " + process.pid() + " to be gone",
                Duration.ofSeconds(10),
                () -> Optional.of(process).filter(gone -> !isRunning(Path.of("/proc/" + gone.pid()))),
                () -> "QEMU did not end with its node");
    }

    /** One that has ended may wait for somebody to ask for its exit code. */
    static boolean isRunning(Path proc) {
        try {
            String stat = Files.readString(proc.resolve("stat"), StandardCharsets.ISO_8859_1);
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            return false;
        }
    }
}
