package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.RoleLog;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Kills the primary of a pair, lets the other host find out and take over, and hands back, for undo logs of several sizes. */
final class TakeoverRun {
    private static final Duration MOST = Duration.ofMinutes(2);
    private static final int DEPTH = 16;
    private static final double NANOS = 1e6;
    /** How long a client waits between two tries to connect. */
    private static final long TRY_MILLIS = 2;

    private static final String ROLLED_BACK = " rolled back: ";
    private static final Pattern BLOCKS = Pattern.compile(", ([0-9]+) blocks written back");

    private final NodeSetup pair;
    private final FioRun fio;
    private final DirectWrites disk;

    /** The pair has been started; {@code disk} is in the folder of its volume. */
    TakeoverRun(NodeSetup pair, FioRun fio, DirectWrites disk) {
        this.pair = pair;
        this.fio = fio;
        this.disk = disk;
    }

    /** One, after so many bytes were overwritten; then dd has its turn. */
    Takeover takeover(long bytes) throws IOException, InterruptedException {
        pair.freshen();
        fio.run(pair.uri(), List.of("--rw=write", "--bs=64k", "--size=" + bytes), DEPTH);
        Path log = pair.log(HostId.B);
        int before = Files.readAllLines(log).size();
        Instant killed = Instant.now();
        pair.kill(HostId.A);
        firstWrite();
        Instant served = Instant.now();
        List<String> said = Await.until(
                "node B to say that it rolled back",
                MOST,
                () -> saidSince(log, before),
                () -> "it did not, and serves all the same");
        Instant detected = when(said, RoleLog.DETECTED);
        Instant fenced = when(said, RoleLog.TOOK_OVER);
        Instant rolledBack = when(said, ROLLED_BACK);
        pair.startAgain(HostId.A);
        pair.post(HostId.B, "switchover", MOST);
        pair.awaitPrimary(HostId.A);
        return new Takeover(
                bytes,
                blocks(said),
                millis(killed, detected),
                millis(detected, fenced),
                millis(fenced, rolledBack),
                millis(rolledBack, served),
                disk.mibPerSecond(bytes));
    }

    /** Does what a client does that has lost its server. */
    private void firstWrite() throws InterruptedException {
        long deadline = System.nanoTime() + MOST.toNanos();
        while (true) {
            try (NbdClient client = NbdClient.connect(NbdUri.parse(pair.uriOf(HostId.B)))) {
                client.write(0, ByteBuffer.allocate(4096), true);
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline) {
                    throw new BenchException("node B did not take over: " + e.getMessage(), e);
                }
                Thread.sleep(TRY_MILLIS);
            }
        }
    }

    /** The new lines of a log, once the one that comes last is among them. */
    private static Optional<List<String>> saidSince(Path log, int before) {
        try {
            List<String> lines = Files.readAllLines(log);
            List<String> said = lines.subList(Math.min(before, lines.size()), lines.size());
            return said.stream().anyMatch(line -> line.contains(ROLLED_BACK)) ? Optional.of(said) : Optional.empty();
        } catch (IOException e) {
            throw new BenchException("cannot read " + log + ": " + e.getMessage(), e);
        }
    }

    /** When the node said that, to the millisecond. */
    private static Instant when(List<String> lines, String what) {
        return RoleLog.when(line(lines, what));
    }

    private static long blocks(List<String> lines) {
        Matcher matcher = BLOCKS.matcher(line(lines, ROLLED_BACK));
        if (!matcher.find()) {
            throw new BenchException("the node that took over did not say how much it wrote back");
        }
        return Long.parseLong(matcher.group(1));
    }

    private static String line(List<String> lines, String what) {
        return lines.stream()
                .filter(line -> line.contains(what))
                .findFirst()
                .orElseThrow(() -> new BenchException("the node that took over did not say \"" + what.strip() + "\""));
    }

    /** None less than none: one of the two may have been cut down to a millisecond. */
    private static double millis(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toNanos() / NANOS);
    }

    /** The sizes for which there is room in a folder; {@code lacking} is told of the others. */
    static List<Long> withRoom(List<Long> sizes, long usableBytes, List<String> lacking) {
        List<Long> fitting = new ArrayList<>();
        for (long bytes : sizes) {
            // The volume, the copies of all of it, and the file for dd.
            long needed = 7 * bytes / 2;
            if (needed <= usableBytes) {
                fitting.add(bytes);
            } else {
                lacking.add("takeover with " + (bytes >> 20) + " MiB overwritten: less than " + (needed >> 20)
                        + " MiB are free");
            }
        }
        return fitting;
    }
}
