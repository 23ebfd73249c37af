package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.cluster.HostId;
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

/** Kills the primary of a pair, lets the other host take over, and hands back, for logs of several sizes. */
final class TakeoverRun {
    private static final List<Long> SIZES = List.of(1L << 20, 16L << 20, 128L << 20, 512L << 20);
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final int DEPTH = 16;
    private static final double NANOS = 1e6;

    private final NodeSetup pair;
    private final FioRun fio;
    private final long diskBytes;

    TakeoverRun(NodeSetup pair, FioRun fio, long diskBytes) {
        this.pair = pair;
        this.fio = fio;
        this.diskBytes = diskBytes;
    }

    /** One for each size that the disk has room for, the smallest first. */
    List<Takeover> run() throws IOException, InterruptedException {
        List<Takeover> all = new ArrayList<>();
        for (long bytes : SIZES) {
            if (bytes <= diskBytes) {
                all.add(takeover(bytes));
            }
        }
        return all;
    }

    private Takeover takeover(long bytes) throws IOException, InterruptedException {
        pair.freshen();
        fio.run(pair.uri(), List.of("--rw=write", "--bs=64k", "--size=" + bytes), DEPTH);
        Path log = pair.log(HostId.B);
        int before = Files.readAllLines(log).size();
        pair.kill(HostId.A);
        Instant killed = Instant.now();
        JsonNode answer = pair.post(HostId.B, "failover", MOST);
        long began = System.nanoTime();
        try (NbdClient disk = NbdClient.connect(NbdUri.parse(pair.uriOf(HostId.B)))) {
            disk.write(0, ByteBuffer.allocate(4096), true);
        }
        double served = (System.nanoTime() - began) / NANOS;
        List<String> said = Files.readAllLines(log);
        Instant fenced = when(said.subList(before, said.size()), " took over: ");
        Instant runs = when(said.subList(before, said.size()), " is primary, alone: ");
        pair.startAgain(HostId.A);
        pair.post(HostId.B, "switchover", MOST);
        pair.awaitPrimary(HostId.A);
        return new Takeover(
                bytes,
                answer.path("restoredBlocks").asLong(),
                Duration.between(killed, fenced).toNanos() / NANOS,
                Duration.between(fenced, runs).toNanos() / NANOS,
                served);
    }

    /** When the node said that, to the millisecond. */
    private static Instant when(List<String> lines, String what) {
        for (String line : lines) {
            if (line.contains(what)) {
                return Instant.parse(line.substring(0, line.indexOf(' ')));
            }
        }
        throw new BenchException("the node that took over did not say \"" + what.strip() + "\"");
    }
}
