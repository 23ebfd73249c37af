package dev.unwrite.chaos.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.check.SpecTraceJudge;
import dev.unwrite.chaos.check.TraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.stage.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guest that is not run by its node: another tool, which here is the example script, mirrors its memory through the control
 * interface of a node with {@code --machine none}, in deltas, and resumes it at the other host.
 */
@Timeout(300)
class ElsewhereIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Path SCRIPT = Path.of("../impl/examples/qemu-elsewhere.py");
    private static final long DISK_BYTES = 32 << 20;
    private static final int DELTAS = 5;
    private static final Pattern DELTA = Pattern.compile("epoch [1-9].*, [0-9]{1,4} KiB");

    @TempDir
    Path dir = Path.of("unset");

    @Test
    void anotherToolMirrorsItsGuestAndGoesOnWithIt() throws Exception {
        Path file = guest().arguments(
                        dir.resolve("guest.args"), new ClusterPorts().next().getPort());
        try (Processes processes = new Processes(dir.resolve("log"));
                VmPair pair = new VmPair(dir, processes, "none", "manual", "manual", VmPair.Use.CHECKED)) {
            goesOn(pair, processes, file);
        }
        TraceJudge.Judgement judgement = new SpecTraceJudge(SOON).judge(dir.resolve("trace"));
        assertThat(judgement.verdict()).as("%s", judgement.evidence()).isEqualTo(Verdict.VALID);
    }

    private void goesOn(VmPair pair, Processes processes, Path file) throws IOException {
        TickGuest.disk(pair.disk(), DISK_BYTES);
        pair.startStorage();
        pair.start(HostId.A, true);
        pair.start(HostId.B, false);
        pair.awaitProtected(HostId.A);
        Process qemu = qemu(pair, processes, file, HostId.A);
        awaitTick(processes, HostId.A, 1);
        Process mirror =
                script(processes, HostId.A, List.of("mirror", "--control", pair.control(HostId.A), "--every", "0.2"));
        Await.untilTrue(
                "some deltas",
                SOON,
                () -> said(processes, HostId.A).stream()
                                .filter(line -> DELTA.matcher(line).matches())
                                .count()
                        >= DELTAS,
                () -> "it said: " + said(processes, HostId.A) + "; " + pair.said());

        pair.kill(HostId.A);
        Processes.kill(mirror);
        Processes.kill(qemu);
        long last = console(processes, HostId.A).lastTick().orElseThrow();
        pair.client(HostId.B).post("failover", SOON);
        qemu(pair, processes, file, HostId.B);
        Process resume = script(
                processes,
                HostId.B,
                List.of(
                        "resume",
                        "--state",
                        pair.data(HostId.B).resolve("state").toString()));
        Await.untilTrue(
                "the guest to be resumed",
                SOON,
                () -> !resume.isAlive(),
                () -> "it said: " + said(processes, HostId.B));
        assertThat(resume.exitValue()).as("%s", said(processes, HostId.B)).isZero();

        long first = awaitTick(processes, HostId.B, 5);
        assertThat(first).as("goes on from a checkpoint, after %s at A", last).isBetween(2L, last + 2);
        assertThat(console(processes, HostId.B).lines("START", "MISMATCH", "ERROR"))
                .as("it did not boot, and its disk is that of its memory")
                .isEmpty();
    }

    /** As its own tool would start it: memory that is a file, the disk of the node beside it, a monitor. */
    private Process qemu(VmPair pair, Processes processes, Path file, HostId host) throws IOException {
        List<String> words = new ArrayList<>(List.of("qemu-system-x86_64"));
        words.addAll(Files.readAllLines(file).stream()
                .filter(line -> !line.startsWith("#"))
                .toList());
        words.addAll(List.of(
                "-object",
                "memory-backend-file,id=ram,size=96M,mem-path=" + ram(host) + ",share=on",
                "-machine",
                "memory-backend=ram",
                "-blockdev",
                "driver=nbd,node-name=disk,server.type=unix,server.path=" + pair.served(host) + ",export=disk",
                "-device",
                "virtio-blk-pci,drive=disk,write-cache=on,werror=stop,rerror=stop",
                "-qmp",
                "unix:" + monitor(host) + ",server=on,wait=off"));
        if (host == HostId.B) {
            words.addAll(List.of("-incoming", "defer"));
        }
        Process qemu = processes.program("qemu-" + host, words);
        Await.untilTrue(
                "the monitor of QEMU",
                SOON,
                () -> Files.exists(monitor(host)),
                () -> "it said: " + console(processes, host).lines());
        return qemu;
    }

    private Process script(Processes processes, HostId host, List<String> args) {
        List<String> words = new ArrayList<>(List.of("python3", SCRIPT.toString()));
        words.addAll(args);
        words.addAll(
                List.of("--qmp", monitor(host).toString(), "--ram", ram(host).toString()));
        return processes.program("script-" + host, words);
    }

    private Path monitor(HostId host) {
        return dir.resolve("qmp-" + host);
    }

    private Path ram(HostId host) {
        return dir.resolve("ram-" + host);
    }

    /** Waits until the guest has counted so many times on that console, and returns the first number. */
    private static long awaitTick(Processes processes, HostId host, int count) {
        return Await.until(
                "the guest to count at " + host,
                SOON,
                () -> Optional.of(console(processes, host).ticks().limit(count).toArray())
                        .filter(all -> all.length == count)
                        .map(all -> all[0]),
                () -> "it said: " + console(processes, host).lines());
    }

    private static Console console(Processes processes, HostId host) {
        return new Console(processes.log("qemu-" + host));
    }

    /** What the script has said. */
    private static List<String> said(Processes processes, HostId host) {
        return new Console(processes.log("script-" + host)).lines();
    }

    private static TickGuest guest() throws IOException {
        if (!Tools.have("python3")) {
            String message =
                    "SKIPPED: a guest of QEMU that another tool runs: python3 is missing; apt-get install python3";
            System.err.println(message);
            Assumptions.abort(message);
        }
        return GuestProbe.guestOrSkip();
    }
}
