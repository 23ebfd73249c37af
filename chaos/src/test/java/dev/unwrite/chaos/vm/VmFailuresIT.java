package dev.unwrite.chaos.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.check.SpecTraceJudge;
import dev.unwrite.chaos.check.TraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.stage.FailingFiles;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.cli.Exit;
import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guest or its QEMU fails, not its host. Where the guest only boots anew, or its disk fails for a moment, it stays; where there
 * is no QEMU that answers any more, the node says so in one line and ends, and the guest goes on at the other host. What was
 * heard of it is never undone.
 */
@Timeout(300)
class VmFailuresIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long DISK_BYTES = 32 << 20;

    @TempDir
    Path dir = Path.of("unset");

    private final GuestProbe probe = new GuestProbe(new ClusterPorts().next().getPort());

    @Test
    void aGuestOutlivesItsQemuAndMayBootAnew() throws Exception {
        Path file = GuestProbe.guestOrSkip().arguments(dir.resolve("guest.args"), probe.port());
        Path errors = dir.resolve("errors");
        try (SerialLine line = new SerialLine(dir.resolve("line"));
                Processes processes = new Processes(dir.resolve("log"));
                VmPair pair = new VmPair(dir, processes, "qemu:" + file, "500ms", "1s", VmPair.Use.CHECKED)) {
            Files.write(file, line.arguments(), StandardOpenOption.APPEND);
            TickGuest.disk(pair.disk(), DISK_BYTES);
            pair.startStorage(FailingFiles.option(dir.resolve("agent.jar"), errors));
            pair.start(HostId.A, true);
            pair.start(HostId.B, false);
            pair.awaitProtected(HostId.A);

            leavesItsHost(
                    pair, HostId.A, "is gone: QEMU has ended, exit code 137", () -> signal(pair, HostId.A, "KILL"));
            pair.start(HostId.A, false);
            pair.awaitProtected(HostId.B);
            bootsAnew(pair, HostId.B, "reboot");
            bootsAnew(pair, HostId.B, "panic");
            leavesItsHost(
                    pair, HostId.B, "is gone: QEMU does not answer for 10 s", () -> signal(pair, HostId.B, "STOP"));
            pair.start(HostId.B, false);
            pair.awaitProtected(HostId.A);
            leavesItsHost(pair, HostId.A, "cannot go on: QEMU's main loop does not answer for 14 s", () -> flood(line));
            pair.start(HostId.A, false);
            pair.awaitProtected(HostId.B);
            outlivesItsDisk(pair, HostId.B, errors);
            leavesItsHost(pair, HostId.B, "is gone: QEMU has ended, exit code 0", () -> probe.order("poweroff"));
        }
        TraceJudge.Judgement judgement = new SpecTraceJudge(SOON).judge(dir.resolve("trace"));
        assertThat(judgement.verdict()).as("%s", judgement.evidence()).isEqualTo(Verdict.VALID);
    }

    /** What it returns is closed once its effect is seen. */
    private interface Failure {
        Closeable strike() throws IOException;
    }

    private static Closeable signal(VmPair pair, HostId host, String signal) {
        Tools.run(
                "kill", "-" + signal, Long.toString(GuestProbe.qemu(pair, host).pid()));
        return () -> {};
    }

    /** QEMU's main loop waits until somebody reads, and cannot be stopped. */
    private Closeable flood(SerialLine line) throws IOException {
        line.mayBeRead.acquireUninterruptibly();
        try (Socket _ = probe.order("flood")) {
            return line.mayBeRead::release;
        }
    }

    /** A serial line of the guest, the same on both hosts, that somebody reads or not. */
    private static final class SerialLine implements Closeable {
        private final Path fifo;
        final Semaphore mayBeRead = new Semaphore(1);
        private final FileChannel channel;
        private final Thread reader = Thread.ofPlatform().daemon().unstarted(this::read);

        SerialLine(Path fifo) throws IOException {
            this.fifo = fifo;
            Tools.run("mkfifo", fifo.toString());
            // So it can be opened before there is somebody at the other end.
            channel = FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE);
            reader.start();
        }

        /** QEMU writes what is logged of a line while it holds its lock, for as long as it takes. */
        List<String> arguments() {
            return List.of("-chardev", "null,id=line,logfile=" + fifo, "-serial", "chardev:line");
        }

        private void read() {
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            try {
                while (true) {
                    mayBeRead.acquire();
                    mayBeRead.release();
                    channel.read(buffer.clear());
                }
            } catch (IOException | InterruptedException e) {
                // It is closed.
            }
        }

        @Override
        public void close() throws IOException {
            reader.interrupt();
            channel.close();
        }
    }

    /** It stands still while its disk cannot be read, and never hears of it. */
    private void outlivesItsDisk(VmPair pair, HostId host, Path errors) throws IOException {
        GuestProbe.Answer before = probe.ask("before");
        ProcessHandle qemu = GuestProbe.qemu(pair, host);
        Files.writeString(errors, FailingFiles.READ);
        awaitMachine(pair, host, "failed", "a disk of the guest fails, and it stands still until that is over: ");
        long last = pair.console(host).lastTick().orElseThrow();
        long failures = FailingFiles.failures(errors).toFile().length();
        Await.until(
                "the disk to be tried again",
                SOON,
                () -> Optional.of(FailingFiles.failures(errors).toFile().length())
                        .filter(now -> now >= failures + 2),
                pair::said);
        assertThat(pair.console(host).lastTick().orElseThrow()).isLessThanOrEqualTo(last + 1);
        Files.delete(errors);
        awaitMachine(pair, host, "running", "");
        GuestProbe.Answer after = probe.ask("after");
        assertThat(after.boot()).isEqualTo(before.boot());
        assertThat(after.tick()).isGreaterThan(before.tick());
        assertThat(GuestProbe.qemu(pair, host)).isEqualTo(qemu);
        assertThat(pair.client(host).status().isProtectedPrimary()).isTrue();
        isWell(pair, host);
    }

    private static void awaitMachine(VmPair pair, HostId host, String state, String note) {
        Await.until(
                "the machine to be " + state,
                SOON,
                () -> {
                    try {
                        return Optional.of(pair.client(host).wholeStatus().path("machine"))
                                .filter(machine -> machine.path("state")
                                                .asText()
                                                .equals(state)
                                        && machine.path("detail").asText().startsWith(note));
                    } catch (IOException e) {
                        return Optional.empty();
                    }
                },
                pair::said);
    }

    /** One line and an exit code say that the node cannot go on; the guest does, elsewhere, and without booting. */
    private void leavesItsHost(VmPair pair, HostId host, String why, Failure failure) throws IOException {
        GuestProbe.Answer before = probe.ask("before");
        ProcessHandle qemu = GuestProbe.qemu(pair, host);
        Process node = pair.node(host);
        try (Closeable _ = failure.strike()) {
            Await.until(
                    "node " + host + " to end",
                    SOON,
                    () -> Optional.of(node).filter(each -> !each.isAlive()),
                    pair::said);
        }
        assertThat(node.exitValue()).isEqualTo(Exit.USAGE);
        assertThat(Processes.lastLine(dir.resolve("log/node-" + host + ".log"), line -> true))
                .contains("node " + host + " ends: the machine " + why);
        // It is killed, also where it stands still: nobody can wake it while the guest runs elsewhere.
        GuestProbe.awaitGone(qemu);
        pair.await(host.other(), "primary", SeenStatus::isPrimary);
        GuestProbe.Answer after = probe.ask("after");
        assertThat(after.boot()).isEqualTo(before.boot());
        assertThat(after.tick()).isGreaterThanOrEqualTo(before.tick());
        isWell(pair, host.other());
    }

    /** It stays where it is, protected. */
    private void bootsAnew(VmPair pair, HostId host, String word) throws IOException {
        GuestProbe.Answer before = probe.ask("before");
        ProcessHandle qemu = GuestProbe.qemu(pair, host);
        int starts = pair.console(host).lines("START").size();
        try (Socket _ = probe.order(word)) {
            Await.until(
                    "the guest to boot at " + host,
                    SOON,
                    () -> Optional.of(pair.console(host).lines("START")).filter(lines -> lines.size() > starts),
                    () -> pair.console(host).lines() + "; " + pair.said());
        }
        // It leaves the guest once a checkpoint covers it.
        GuestProbe.Answer after = probe.ask("after");
        assertThat(after.boot()).isNotEqualTo(before.boot());
        assertThat(after.tick()).as("what was heard is on its disk").isGreaterThanOrEqualTo(before.tick());
        assertThat(GuestProbe.qemu(pair, host)).isEqualTo(qemu);
        assertThat(pair.client(host).status().isProtectedPrimary()).isTrue();
        isWell(pair, host);
    }

    private static void isWell(VmPair pair, HostId host) {
        List<String> bad = pair.console(host).lines("MISMATCH", "ERROR");
        assertThat(bad).isEmpty();
    }
}
