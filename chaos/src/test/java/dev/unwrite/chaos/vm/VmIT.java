package dev.unwrite.chaos.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.check.SpecTraceJudge;
import dev.unwrite.chaos.check.TraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.NodeClient;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real guest in an unmodified QEMU: its host is killed, and it goes on at the other one where the last checkpoint left it,
 * without booting; then it moves back. Its disk and its memory are of one moment all the time.
 */
@Timeout(300)
class VmIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final int CHECKPOINTS = 20;
    private static final long DISK_BYTES = 32 << 20;
    private static final String[] BAD = {"START", "MISMATCH", "ERROR"};

    @TempDir
    Path dir = Path.of("unset");

    private final ClusterPorts ports = new ClusterPorts();
    private final InetSocketAddress storageAddress = ports.next();
    private final int guestPort = ports.next().getPort();
    private final Map<HostId, InetSocketAddress> peers = new EnumMap<>(HostId.class);
    private final Map<HostId, InetSocketAddress> serves = new EnumMap<>(HostId.class);
    private final Map<HostId, InetSocketAddress> controls = new EnumMap<>(HostId.class);
    private final Map<HostId, NodeClient> clients = new EnumMap<>(HostId.class);
    private final Map<HostId, Process> nodes = new EnumMap<>(HostId.class);
    private final Set<Long> pids = new HashSet<>();
    private final List<Processes> started = new ArrayList<>();

    VmIT() {
        for (HostId host : HostId.values()) {
            peers.put(host, ports.next());
            serves.put(host, ports.next());
            InetSocketAddress control = ports.next();
            controls.put(host, control);
            clients.put(host, new NodeClient(control));
        }
    }

    @AfterEach
    void end() {
        clients.values().forEach(NodeClient::close);
        started.forEach(Processes::close);
    }

    /** What the guest answers over its network, which leaves it only when a checkpoint covers it. */
    private record Answer(long tick, String boot) {}

    @Test
    void aGuestGoesOnAtTheOtherHost() throws Exception {
        TickGuest guest = guest();
        Path file = guest.arguments(dir.resolve("guest.args"), guestPort);
        TickGuest.disk(disk(), DISK_BYTES);
        Processes processes = new Processes(dir.resolve("log"));
        started.add(processes);
        Process storage = startStorage(processes);
        start(processes, HostId.A, file, true);
        start(processes, HostId.B, file, false);
        await(processes, HostId.A, "protected", SeenStatus::isProtectedPrimary);
        tick(processes, HostId.A);
        long first = status(HostId.A).committed();
        await(processes, HostId.A, "20 checkpoints on", status -> status.committed() >= first + CHECKPOINTS);

        Answer before = ask("before");
        long said = console(HostId.A).lastTick().orElseThrow();
        long epoch = status(HostId.A).epoch();
        await(processes, HostId.A, "past epoch " + epoch, status -> status.committed() > epoch);
        kill(HostId.A);
        long last = console(HostId.A).lastTick().orElseThrow();
        assertThat(console(HostId.A).lines("MISMATCH", "ERROR")).isEmpty();

        await(processes, HostId.B, "primary", SeenStatus::isPrimary);
        // A line that the checkpoint cut in two is whole on neither console.
        assertThat(tick(processes, HostId.B))
                .as("the first number at B, after %s that the checkpoint had for sure and %s at A", said, last)
                .isGreaterThan(said)
                .isLessThanOrEqualTo(last + 2);
        Answer after = ask("after");
        assertThat(after.tick()).isGreaterThanOrEqualTo(before.tick());
        assertThat(after.boot()).isEqualTo(before.boot());

        start(processes, HostId.A, file, false);
        await(processes, HostId.B, "protected", SeenStatus::isProtectedPrimary);
        ProcessHandle atB = qemu(HostId.B);
        of(clients, HostId.B).post("switchover", SOON);
        await(processes, HostId.A, "primary", SeenStatus::isPrimary);
        awaitGone(atB);
        goesOnWell(HostId.B);
        long left = console(HostId.B).lastTick().orElseThrow();
        assertThat(tick(processes, HostId.A))
                .as("the first number at A, after %s at B", left)
                .isBetween(left + 1, left + 2);
        Answer back = ask("back");
        assertThat(back.tick()).isGreaterThanOrEqualTo(left);
        assertThat(back.boot()).isEqualTo(before.boot());
        await(processes, HostId.A, "protected", SeenStatus::isProtectedPrimary);

        ProcessHandle atA = qemu(HostId.A);
        stop(HostId.B);
        stop(HostId.A);
        awaitGone(atA);
        Processes.end(storage);
        goesOnWell(HostId.A);
        nothingIsLeft();
        diskIsWell(console(HostId.A).lastTick().orElseThrow());
        TraceJudge.Judgement judgement = new SpecTraceJudge(SOON).judge(dir.resolve("trace"));
        assertThat(judgement.verdict()).as("%s", judgement.evidence()).isEqualTo(Verdict.VALID);
    }

    private static TickGuest guest() throws IOException {
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

    private Path disk() {
        return dir.resolve("disk.img");
    }

    private Path data(HostId host) {
        return dir.resolve("data").resolve(host.name());
    }

    private Console console(HostId host) {
        return new Console(data(host));
    }

    private static String text(InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }

    private Process startStorage(Processes processes) {
        Process storage = processes.unwrite(
                "storage",
                List.of(
                        "storage",
                        "--listen",
                        "nbd://" + text(storageAddress),
                        "--data",
                        dir.resolve("data/storage").toString(),
                        "--volume",
                        "vm/disk=" + disk(),
                        "--trace",
                        trace()));
        Await.until(
                "the storage to listen",
                SOON,
                () -> {
                    try (Socket socket = new Socket(storageAddress.getHostString(), storageAddress.getPort())) {
                        return Optional.of(socket.isConnected());
                    } catch (IOException e) {
                        return Optional.empty();
                    }
                },
                () -> said(processes));
        return storage;
    }

    private String trace() {
        return dir.resolve("trace").toString();
    }

    private void start(Processes processes, HostId host, Path file, boolean bootstrap) {
        List<String> words = new ArrayList<>(List.of(
                "node",
                "--name",
                host.name(),
                "--data",
                data(host).toString(),
                "--storage",
                "nbd://" + text(storageAddress),
                "--group",
                "vm",
                "--listen",
                text(of(peers, host)),
                "--peer",
                text(of(peers, host.other())),
                "--serve",
                "nbd://" + text(of(serves, host)),
                "--control",
                text(of(controls, host)),
                "--machine",
                "qemu:" + file,
                "--checkpoint-every",
                "500ms",
                "--failover-after",
                "1s",
                "--trace",
                trace()));
        if (bootstrap) {
            words.add("--bootstrap");
        }
        Process node = processes.unwrite(host.name(), words);
        pids.add(node.pid());
        nodes.put(host, node);
    }

    private static <T> T of(Map<HostId, T> map, HostId host) {
        return Objects.requireNonNull(map.get(host));
    }

    private SeenStatus status(HostId host) {
        return of(clients, host).status();
    }

    private void await(Processes processes, HostId host, String what, Predicate<SeenStatus> wanted) {
        Await.until(
                host + " to be " + what,
                SOON,
                () -> Optional.of(status(host)).filter(wanted),
                () -> host + " is " + status(host).words() + "; " + said(processes));
    }

    private String said(Processes processes) {
        return Stream.of("storage", "A", "B")
                .map(name -> name + ": " + processes.lastLine(name))
                .reduce("", (all, each) -> all + each + "; ");
    }

    /** The first number on a console, once there is one. */
    private long tick(Processes processes, HostId host) {
        return Await.until(
                        "the guest to count at " + host,
                        SOON,
                        () -> Optional.of(console(host).firstTick()).filter(OptionalLong::isPresent),
                        () -> console(host).lines() + "; " + said(processes))
                .orElseThrow();
    }

    /** A connection that is lost on the way, as one is whose guest moves, is made again. */
    private Answer ask(String word) {
        return Await.until("the guest to answer", SOON, () -> asked(word), () -> "nothing came");
    }

    private Optional<Answer> asked(String word) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), guestPort)) {
            socket.setSoTimeout((int) SOON.toMillis() / 3);
            socket.getOutputStream().write((word + "\n").getBytes(StandardCharsets.UTF_8));
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            String line = in.readLine();
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
    private ProcessHandle qemu(HostId host) {
        List<ProcessHandle> children = of(nodes, host).children().toList();
        assertThat(children).hasSize(1);
        return children.getFirst();
    }

    /** The node alone; QEMU dies of it. */
    private void kill(HostId host) {
        ProcessHandle qemu = qemu(host);
        Processes.kill(of(nodes, host));
        awaitGone(qemu);
    }

    private void stop(HostId host) {
        Process node = of(nodes, host);
        Processes.end(node);
        assertThat(node.isAlive()).isFalse();
    }

    private static void awaitGone(ProcessHandle process) {
        Await.until(
                "process " + process.pid() + " to be gone",
                Duration.ofSeconds(10),
                () -> Optional.of(process).filter(gone -> !isRunning(Path.of("/proc/" + gone.pid()))),
                () -> "QEMU did not end with its node");
    }

    /** One that has ended may wait for somebody to ask for its exit code. */
    private static boolean isRunning(Path proc) {
        try {
            String stat = Files.readString(proc.resolve("stat"), StandardCharsets.ISO_8859_1);
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            return false;
        }
    }

    /** It did not boot, it found its disk to be that of its memory, and it left out no number. */
    private void goesOnWell(HostId host) {
        Console console = console(host);
        assertThat(console.lines(BAD)).isEmpty();
        List<Long> ticks = console.ticks().boxed().toList();
        assertThat(ticks).hasSizeGreaterThan(1);
        assertThat(ticks.getLast() - ticks.getFirst()).isEqualTo(ticks.size() - 1L);
    }

    private void nothingIsLeft() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            assertThat(all.filter(each -> each.getFileName().toString().matches("\\d+"))
                            .filter(VmIT::isRunning)
                            .map(VmIT::commandLine)
                            .filter(line -> line.contains("qemu-system") && line.contains(dir.toString())))
                    .isEmpty();
        }
        try (Stream<Path> all = Files.list(Path.of("/dev/shm"))) {
            assertThat(all.map(each -> each.getFileName().toString())
                            .filter(name -> pids.stream().anyMatch(pid -> name.startsWith("unwrite-" + pid + "-"))))
                    .isEmpty();
        }
    }

    private static String commandLine(Path proc) {
        try {
            return Files.readString(proc.resolve("cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** Nobody unmounted it: what its journal has is played back first, and nothing is to be repaired then. */
    private void diskIsWell(long last) throws IOException {
        Path copy = Files.copy(disk(), dir.resolve("copy.img"));
        Tools.run("e2fsck", "-y", "-E", "journal_only", copy.toString());
        Tools.Outcome check = Tools.attempt(List.of("e2fsck", "-fn", copy.toString()));
        assertThat(check.ok()).as(check.output()).isTrue();
        String counter = Tools.run("debugfs", "-R", "cat /counter", copy.toString());
        assertThat(Long.parseLong(counter.strip().lines().reduce("", (earlier, later) -> later)))
                .as("on the disk, where it is before it is said")
                .isBetween(last, last + 2);
    }
}
