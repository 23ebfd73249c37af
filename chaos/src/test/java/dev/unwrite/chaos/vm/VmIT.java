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
import dev.unwrite.chaos.stage.Tools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
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

    private final GuestProbe probe = new GuestProbe(new ClusterPorts().next().getPort());
    private final Set<Long> pids = new HashSet<>();

    @Test
    void aGuestGoesOnAtTheOtherHost() throws Exception {
        Path file = GuestProbe.guestOrSkip().arguments(dir.resolve("guest.args"), probe.port());
        try (Processes processes = new Processes(dir.resolve("log"));
                VmPair pair = new VmPair(dir, processes, "qemu:" + file, "500ms", "1s", VmPair.Use.CHECKED)) {
            goesOn(pair);
        }
        TraceJudge.Judgement judgement = new SpecTraceJudge(SOON).judge(dir.resolve("trace"));
        assertThat(judgement.verdict()).as("%s", judgement.evidence()).isEqualTo(Verdict.VALID);
    }

    private void goesOn(VmPair pair) throws IOException {
        TickGuest.disk(pair.disk(), DISK_BYTES);
        pair.startStorage();
        start(pair, HostId.A, true);
        start(pair, HostId.B, false);
        pair.awaitProtected(HostId.A);
        tick(pair, HostId.A);
        for (int i = 0; i < CHECKPOINTS; i++) {
            long epoch = checkpoint(pair, HostId.A);
            everyPageIsThere(pair, HostId.A, epoch);
        }

        GuestProbe.Answer before = probe.ask("before");
        long said = pair.console(HostId.A).lastTick().orElseThrow();
        checkpoint(pair, HostId.A);
        kill(pair, HostId.A);
        long last = pair.console(HostId.A).lastTick().orElseThrow();
        assertThat(pair.console(HostId.A).lines("MISMATCH", "ERROR")).isEmpty();

        pair.await(HostId.B, "primary", SeenStatus::isPrimary);
        // A line that the checkpoint cut in two is whole on neither console.
        assertThat(tick(pair, HostId.B))
                .as("the first number at B, after %s that the checkpoint had for sure and %s at A", said, last)
                .isGreaterThan(said)
                .isLessThanOrEqualTo(last + 2);
        assertThat(pair.pages(HostId.B).resumedFrom(pair.pages(HostId.A)))
                .as("the cut with whose memory, page by page, it goes on")
                .isPresent();
        GuestProbe.Answer after = probe.ask("after");
        assertThat(after.tick()).isGreaterThanOrEqualTo(before.tick());
        assertThat(after.boot()).isEqualTo(before.boot());

        start(pair, HostId.A, false);
        pair.awaitProtected(HostId.B);
        ProcessHandle atB = GuestProbe.qemu(pair, HostId.B);
        pair.client(HostId.B).post("switchover", SOON);
        pair.await(HostId.A, "primary", SeenStatus::isPrimary);
        GuestProbe.awaitGone(atB);
        assertThat(pair.pages(HostId.A).resumedFrom(pair.pages(HostId.B))).isPresent();
        goesOnWell(pair.console(HostId.B));
        long left = pair.console(HostId.B).lastTick().orElseThrow();
        assertThat(tick(pair, HostId.A))
                .as("the first number at A, after %s at B", left)
                .isBetween(left + 1, left + 2);
        GuestProbe.Answer back = probe.ask("back");
        assertThat(back.tick()).isGreaterThanOrEqualTo(left);
        assertThat(back.boot()).isEqualTo(before.boot());
        pair.awaitProtected(HostId.A);

        ProcessHandle atA = GuestProbe.qemu(pair, HostId.A);
        pair.stop(HostId.B);
        assertThat(pair.node(HostId.B).isAlive()).isFalse();
        assertThat(pair.node(HostId.A).isAlive()).isFalse();
        GuestProbe.awaitGone(atA);
        goesOnWell(pair.console(HostId.A));
        nothingIsLeft();
        diskIsWell(pair, pair.console(HostId.A).lastTick().orElseThrow());
    }

    /** Returns its epoch. */
    private static long checkpoint(VmPair pair, HostId host) throws IOException {
        return Long.parseLong(
                pair.client(host).post("checkpoint", SOON).path("epoch").asText());
    }

    /** The other host applies what it has committed, so what it has of a checkpoint is seen a little later. */
    private static void everyPageIsThere(VmPair pair, HostId host, long epoch) {
        Await.until(
                "the other host to have every page of checkpoint " + epoch + ", or of a later one",
                SOON,
                () -> Optional.of(imageOf(pair, host, epoch)).filter(OptionalLong::isPresent),
                pair::said);
    }

    private static OptionalLong imageOf(VmPair pair, HostId host, long epoch) {
        try {
            return pair.pages(host).imageOf(pair.image(host.other()), epoch);
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    private void start(VmPair pair, HostId host, boolean bootstrap) throws IOException {
        pair.start(host, bootstrap);
        pids.add(pair.node(host).pid());
    }

    /** The first number on a console, once there is one. */
    private static long tick(VmPair pair, HostId host) {
        return Await.until(
                        "the guest to count at " + host,
                        SOON,
                        () -> Optional.of(pair.console(host).firstTick()).filter(OptionalLong::isPresent),
                        () -> pair.console(host).lines() + "; " + pair.said())
                .orElseThrow();
    }

    /** The node alone; QEMU dies of it. */
    private static void kill(VmPair pair, HostId host) {
        ProcessHandle qemu = GuestProbe.qemu(pair, host);
        pair.kill(host);
        GuestProbe.awaitGone(qemu);
    }

    /** It did not boot, it found its disk to be that of its memory, and it left out no number. */
    private static void goesOnWell(Console console) {
        assertThat(console.lines(BAD)).isEmpty();
        List<Long> ticks = console.ticks().boxed().toList();
        assertThat(ticks).hasSizeGreaterThan(1);
        assertThat(ticks.getLast() - ticks.getFirst()).isEqualTo(ticks.size() - 1L);
    }

    private void nothingIsLeft() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            assertThat(all.filter(each -> each.getFileName().toString().matches("\\d+"))
                            .filter(GuestProbe::isRunning)
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

    private void diskIsWell(VmPair pair, long last) throws IOException {
        Path copy = dir.resolve("copy.img");
        Files.copy(pair.disk(), copy);
        Tools.Outcome check = TickGuest.check(copy);
        assertThat(check.ok()).as(check.output()).isTrue();
        String counter = Tools.run("debugfs", "-R", "cat /counter", copy.toString());
        assertThat(Long.parseLong(counter.strip().lines().reduce("", (earlier, later) -> later)))
                .as("on the disk, where it is before it is said")
                .isBetween(last, last + 2);
    }
}
