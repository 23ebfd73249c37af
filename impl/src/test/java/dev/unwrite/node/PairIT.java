package dev.unwrite.node;

import static dev.unwrite.node.TestPair.BLOCK;
import static dev.unwrite.node.TestPair.fill;
import static dev.unwrite.node.TestPair.stamp;
import static dev.unwrite.node.TestPair.stamped;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.unwrite.cli.Main;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.NameTakenException;
import dev.unwrite.storage.Sparse;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.StorageSession;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A pair of real processes beside a real storage: what a user sees when hosts and storage die. */
@Timeout(240)
class PairIT {
    private static final String MANUAL = "--failover-after=manual";

    @TempDir
    Path dir = Path.of("unset");

    private TestPair pair;

    @RegisterExtension
    final AfterTestExecutionCallback showLogs =
            context -> context.getExecutionException().ifPresent(e -> System.err.println(pair.logs()));

    @BeforeEach
    void prepare() throws IOException {
        pair = new TestPair(dir, List.of());
    }

    @AfterEach
    void end() {
        pair.close();
    }

    // ---- Failover by command.

    @Test
    void diskAndStateGoBackTogetherTenTimesInARow() throws Exception {
        pair.options(MANUAL);
        pair.start();
        TestPair.Host primary = pair.a;
        for (int round = 1; round <= 10; round++) {
            byte[] image = writeAndCheckpoint(primary, round);
            overwrite(primary, round);
            primary.kill();
            TestPair.Host secondary = primary.other();
            assertThat(Main.run("failover", "--control", secondary.control())).isZero();
            assertSame(secondary.image(), image, "round " + round);
            assertThat(secondary.state()).isEqualTo("state of round " + round);
            primary.start();
            primary = secondary;
            assertThat(Main.run("protect", "--control", primary.control())).isZero();
        }
    }

    // ---- Trim.

    /** A trim of all of a volume that holds next to nothing costs next to nothing, and is taken back like any write. */
    @Test
    void aTrimOfAnEmptyVolumeAllocatesNothing() throws Exception {
        int size = 256 << 20;
        pair.volumes(TestPair.GROUP + "/" + TestPair.VOLUME + "=" + pair.disk() + ",size=256M");
        pair.options(MANUAL);
        pair.start();
        Path state = Files.writeString(dir.resolve("machine.state"), "before the trim");
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 3, 1);
            stamp(disk, 40_000, 1);
            assertThat(Main.run("checkpoint", "--control", pair.a.control(), "--state", state.toString()))
                    .isZero();
            disk.trim(0, size, true);
            assertThat(read(disk, 3)).containsOnly(0);
            assertThat(Sparse.allocatedBytes(pair.disk())).isLessThan(1 << 20);
            JsonNode undo = pair.b.status().path("undo");
            assertThat(undo.path("blocks").asLong()).isEqualTo(size / BLOCK);
            assertThat(undo.path("bytes").asLong()).isLessThanOrEqualTo((size / (1 << 20) + 2L) * BLOCK);
            disk.writeZeroes(8 << 20, 1 << 20, true, true);
            assertThat(Sparse.allocatedBytes(pair.disk())).isBetween(1L << 20, 2L << 20);
        }
        pair.a.kill();
        assertThat(Main.run("failover", "--control", pair.b.control())).isZero();
        try (NbdClient disk = pair.b.connect()) {
            assertThat(read(disk, 3)).isEqualTo(stamped(3, 1));
            assertThat(read(disk, 40_000)).isEqualTo(stamped(40_000, 1));
            assertThat(read(disk, 2048)).containsOnly(0);
            disk.flush();
        }
        // To take zeroes back to zeroes allocates nothing, either.
        assertThat(Sparse.allocatedBytes(pair.disk())).isLessThan(1 << 20);
    }

    private byte[] writeAndCheckpoint(TestPair.Host primary, int round) throws IOException {
        Path state = dir.resolve("machine.state");
        Files.writeString(state, "state of round " + round);
        try (NbdClient disk = primary.connect()) {
            fill(disk, 0, 64 * BLOCK, round);
            fill(disk, 1 << 20, 16 * BLOCK, round + 100);
            fill(disk, 5000, 3000, round + 50);
            assertThat(Main.run("checkpoint", "--control", primary.control(), "--state", state.toString()))
                    .isZero();
            return TestPair.image(disk);
        }
    }

    /** Over the same and other blocks, by every way to overwrite. */
    private static void overwrite(TestPair.Host primary, int round) throws IOException {
        try (NbdClient disk = primary.connect()) {
            fill(disk, 0, 32 * BLOCK, 250);
            fill(disk, 2 << 20, 32 * BLOCK, 251);
            disk.trim(1 << 20, 8 * BLOCK, false);
            disk.writeZeroes(200_000, 100_000, false, false);
            fill(disk, 5100, 100, round);
            disk.flush();
            fill(disk, 3 << 20, 4 * BLOCK, 252);
        }
    }

    @Test
    void switchoverLosesNothing() throws Exception {
        pair.options(MANUAL);
        pair.start();
        TestPair.Host primary = pair.a;
        for (int round = 1; round <= 4; round++) {
            try (NbdClient disk = primary.connect()) {
                stamp(disk, round, round);
                disk.trim(10L * BLOCK, BLOCK, false);
            }
            byte[] image = primary.image();
            JsonNode result = primary.order("switchover");
            TestPair.Host next = primary.other();
            assertThat(result.path("newPrimary").asText()).isEqualTo(next.name);
            pair.awaitProtected(next);
            assertSame(next.image(), image, "round " + round);
            primary = next;
        }
    }

    // ---- Programs that others wrote.

    @Test
    void otherProgramsUseAProtectedVolume() throws Exception {
        pair.options(MANUAL);
        pair.start();
        String uri = pair.a.uri();
        need("nbdinfo", "libnbd-bin");
        need("nbdcopy", "libnbd-bin");
        need("qemu-io", "qemu-utils");
        assertThat(tool("nbdinfo", "--size", uri).strip()).isEqualTo("16777216");
        assertThat(tool("nbdinfo", "--can", "trim", uri)).isEmpty();
        assertThat(tool("nbdinfo", "--can", "flush", uri)).isEmpty();
        byte[] random = new byte[16 << 20];
        new Random(7).nextBytes(random);
        Path wanted = dir.resolve("wanted.img");
        Files.write(wanted, random);
        tool("nbdcopy", wanted.toString(), uri);
        tool("nbdcopy", uri, dir.resolve("copied.img").toString());
        assertSame(Files.readAllBytes(dir.resolve("copied.img")), random, "copied there and back");
        pair.a.order("checkpoint", "copied");
        qemu("write -P 17 0 64k", "write -P 18 4095 3", "discard 1M 64k", "write -z 2M 100k", "write -f -P 19 3M 4k");
        qemu("read -P 17 0 4095", "read -P 18 4095 3", "read -P 17 4098 1k", "read -P 0 1M 64k");
        qemu("read -P 0 2M 100k", "read -P 19 3M 4k", "flush");
        pair.a.kill();
        pair.b.order("failover");
        tool("nbdcopy", pair.b.uri(), dir.resolve("back.img").toString());
        assertSame(Files.readAllBytes(dir.resolve("back.img")), random, "taken back");
    }

    @Test
    void fioVerifiesWhatItWrote() throws Exception {
        need("fio", "fio");
        pair.options(MANUAL);
        pair.start();
        String engines = tool("fio", "--enghelp");
        Assumptions.assumeTrue(engines.contains("nbd"), "SKIPPED: fio has no nbd engine; apt-get install fio");
        tool(
                "fio",
                "--name=verify",
                "--ioengine=nbd",
                "--uri=" + pair.a.uri(),
                "--rw=randwrite",
                "--bs=4k",
                "--iodepth=8",
                "--size=16m",
                "--io_size=4m",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--randseed=5");
        byte[] image = pair.a.image();
        pair.a.order("switchover");
        assertSame(pair.b.image(), image, "after a switchover");
    }

    private void qemu(String... commands) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
        for (String command : commands) {
            all.addAll(List.of("-c", command));
        }
        all.add(pair.a.uri());
        assertThat(tool(all.toArray(String[]::new))).doesNotContain("Pattern verification failed");
    }

    private static void need(String tool, String packageName) {
        boolean there = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, tool)));
        String message = "SKIPPED: " + tool + " is missing; apt-get install " + packageName;
        if (!there) {
            System.err.println(message);
        }
        Assumptions.assumeTrue(there, message);
    }

    /** Runs a program that must succeed; returns what it said. */
    private String tool(String... command) throws IOException, InterruptedException {
        Path output = dir.resolve("tool.out");
        Process process = new ProcessBuilder(command)
                .directory(dir.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS))
                    .as(String.join(" ", command))
                    .isTrue();
            assertThat(process.exitValue()).as(() -> textOf(output)).isZero();
            return Files.readString(output);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    // ---- One of them goes and comes back.

    @Test
    void primaryGoesOnAloneAndTakesTheSecondaryInAgain() throws Exception {
        pair.options("--failover-after=3s");
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            Instant before = Instant.now().minusSeconds(1);
            pair.b.kill();
            stamp(disk, 1, 2);
            stamp(disk, 2, 2);
            JsonNode solo = pair.a.awaitRole("primary", "solo");
            assertThat(Instant.parse(solo.path("unprotectedSince").asText())).isAfter(before);
            stamp(disk, 3, 3);
            pair.b.start();
            pair.awaitProtected(pair.a);
            assertThat(pair.a.status().path("unprotectedSince").isNull()).isTrue();
            stamp(disk, 3, 4);
        }
        byte[] image = pair.a.image();
        pair.a.order("switchover");
        assertSame(pair.b.image(), image, "the joined host has it all");
    }

    @Test
    void secondaryWithAnEmptyFolderJoinsAgain() throws Exception {
        pair.options("--failover-after=2s");
        pair.start();
        pair.b.kill();
        Folders.remove(pair.b.data);
        pair.b.start("--replace");
        pair.a.awaitStatus(
                "has taken it in", s -> s.path("counters").path("joins").asInt() == 2);
        pair.awaitProtected(pair.a);
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.a.order("checkpoint", "one");
            stamp(disk, 1, 2);
        }
        pair.a.kill();
        pair.b.awaitRole("primary", "solo");
        try (NbdClient disk = pair.b.connect()) {
            assertThat(read(disk, 1)).isEqualTo(stamped(1, 1));
        }
        assertThat(pair.b.state()).isEqualTo("one");
    }

    /** Or a host whose folder is empty would come to own a group that another one runs. */
    @Test
    void whatAFormerLifeAskedForDoesNotComeAboutAfterAStart() throws Exception {
        pair.options(MANUAL);
        pair.start();
        pair.a.kill();
        pair.b.kill();
        String folder = new ObjectMapper()
                .readTree(pair.b.data.resolve("node.json").toFile())
                .path("folder")
                .asText();
        StorageClient.Identity own = new StorageClient.Identity(folder, 1, "", false);
        try (StorageClient reader = StorageClient.connect(pair.storageUri(), TestPair.GROUP, "C");
                StorageClient wire =
                        StorageClient.of(pair.storageUri(), TestPair.GROUP, "B", own, StorageClient.Timeouts.DEFAULT);
                StorageSession former = wire.openSession(2)) {
            OwnershipRecord now = former.record();
            assertThat(now.mode()).isEqualTo(OwnershipRecord.Mode.PROTECTED);
            Folders.remove(pair.b.data);
            pair.b.start("--replace");
            pair.await("B knows the record", () -> {
                if (!pair.b.process().isAlive()) {
                    // The former life counts as alive until it has been silent for a while.
                    pair.b.start("--replace");
                }
                try {
                    return pair.b.status().path("record").path("version").asLong() == now.version() ? pair.b : null;
                } catch (IOException e) {
                    return null;
                }
            });
            OwnershipRecord takeover =
                    new OwnershipRecord(now.version() + 1, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", now.base());
            assertThatThrownBy(() -> former.cas(now.version(), takeover)).isInstanceOf(NameTakenException.class);
            assertThat(reader.readRecord()).isEqualTo(now);
        }
    }

    @Test
    void stoppedPrimaryFindsThatItOwnsNothing() throws Exception {
        pair.options("--failover-after=2s");
        pair.start();
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.a.order("checkpoint");
            image = TestPair.image(disk);
            Load load = new Load(disk, 1, 64);
            load.awaitWrites(20);
            pair.a.signal("STOP");
            pair.b.awaitRole("primary", "solo");
            assertSame(pair.b.image(), image, "rolled back");
            pair.a.signal("CONT");
            load.awaitFailure();
        }
        pair.awaitProtected(pair.b);
        assertSame(pair.b.image(), image, "nothing came late");
        assertSame(Files.readAllBytes(pair.disk()), image, "not at the storage either");
    }

    // ---- Both of them go.

    @Test
    void bothHostsKilledSecondaryTakesOver() throws Exception {
        pair.options("--failover-after=2s");
        pair.start();
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.a.order("checkpoint", "both");
            image = TestPair.image(disk);
            stamp(disk, 1, 2);
            stamp(disk, 7, 2);
        }
        pair.a.kill();
        pair.b.kill();
        pair.a.start();
        pair.b.start();
        pair.awaitProtected(pair.b);
        assertSame(pair.b.image(), image, "of the checkpoint");
        assertThat(pair.b.state()).isEqualTo("both");
    }

    @Test
    void onlyThePrimaryComesBackAndWaitsForAPerson() throws Exception {
        pair.options(MANUAL);
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            disk.flush();
        }
        // In this order, and with takeover by command only, the record still says protected.
        pair.a.kill();
        pair.b.kill();
        pair.a.start();
        pair.a.awaitStatus(
                "waits",
                s -> s.path("role").asText().equals("idle")
                        && s.path("machine").path("detail").asText().contains("waits for B"));
        pair.a.order("failover?cold=true");
        pair.a.awaitRole("primary", "solo");
        try (NbdClient disk = pair.a.connect()) {
            assertThat(read(disk, 1)).isEqualTo(stamped(1, 1));
        }
        pair.b.start();
        pair.awaitProtected(pair.a);
    }

    private static String textOf(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void rollbackThatWasKilledStartsAgain() throws Exception {
        pair.options(MANUAL);
        pair.start();
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            for (int block = 0; block < 2048; block += 2) {
                stamp(disk, block, 1);
            }
            pair.a.order("checkpoint", "whole");
            image = TestPair.image(disk);
            for (int block = 0; block < 2048; block += 2) {
                stamp(disk, block, 2);
            }
        }
        pair.a.kill();
        CompletableFuture<Void> ordered = CompletableFuture.runAsync(() -> ignoreFailure("failover"));
        int caught = 0;
        boolean finished = false;
        for (int kills = 0; kills < 3 && !finished; kills++) {
            JsonNode now = pair.b.awaitStatus(
                    "restores",
                    s -> s.path("role").asText().equals("restoring")
                            || s.path("role").asText().equals("primary"));
            finished = now.path("role").asText().equals("primary");
            if (!finished) {
                caught++;
                pair.b.kill();
                pair.b.start();
            }
        }
        System.out.println("the rollback was caught " + caught + " times");
        pair.b.awaitRole("primary", "solo");
        ordered.get(60, TimeUnit.SECONDS);
        assertSame(pair.b.image(), image, "after " + caught + " kills");
        assertThat(pair.b.state()).isEqualTo("whole");
    }

    /** Else a restart would roll back what the machine has written since the takeover. */
    @Test
    void machineDoesNotRunBeforeOldCopiesAreGone() throws Exception {
        pair.options(MANUAL);
        pair.start();
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.a.order("checkpoint", "kept");
            image = TestPair.image(disk);
            stamp(disk, 1, 2);
        }
        Path folder = pair.b.data.resolve("checkpoint");
        Assumptions.assumeTrue(
                chattr("+i", folder),
                "SKIPPED: this file system, or this user, cannot make a folder immutable (chattr +i)");
        try {
            pair.a.kill();
            CompletableFuture.runAsync(() -> ignoreFailure("failover"));
            pair.b.awaitStatus("restores", s -> s.path("role").asText().equals("restoring"));
            pair.b.awaitStatus(
                    "says why",
                    s -> textOf(pair.dir.resolve(pair.b.name + ".log"))
                            .contains("cannot run the machine while old copies cannot be discarded"));
            assertThat(pair.b.status().path("role").asText()).isEqualTo("restoring");
        } finally {
            chattr("-i", folder);
        }
        pair.b.awaitRole("primary", "solo");
        assertSame(pair.b.image(), image, "of the checkpoint");
        assertThat(pair.b.state()).isEqualTo("kept");
    }

    private static boolean chattr(String how, Path folder) throws IOException, InterruptedException {
        return new ProcessBuilder("chattr", how, folder.toString()).start().waitFor() == 0;
    }

    private void ignoreFailure(String what) {
        try {
            pair.b.post(what, null);
        } catch (IOException e) {
            // The host is killed while it answers; the test looks at the outcome.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- The storage.

    @Test
    void storageKilledUnderLoadLosesNoWrite() throws Exception {
        pair.options(MANUAL);
        pair.start();
        long session = pair.a.status().path("session").asLong();
        int blocks = 256;
        try (NbdClient disk = pair.a.connect()) {
            Load load = new Load(disk, 1, blocks);
            for (int kill = 0; kill < 3; kill++) {
                load.awaitWrites(100);
                pair.killStorage();
                pair.startStorage();
            }
            load.awaitWrites(100);
            assertThat(load.end()).as("no write failed").isNull();
            for (int block = 0; block < blocks; block++) {
                if (load.rounds[block] > 0) {
                    assertThat(read(disk, block)).as("block " + block).isEqualTo(stamped(block, load.rounds[block]));
                }
            }
            assertThat(pair.a.status().path("session").asLong()).isGreaterThan(session);
            pair.awaitProtected(pair.a);
            byte[] image = TestPair.image(disk);
            pair.a.order("checkpoint", "after");
            stamp(disk, 3, 1_000_000);
            pair.a.kill();
            pair.b.order("failover");
            assertSame(pair.b.image(), image, "the copies are right too");
        }
    }

    @Test
    void storageKilledDuringARollback() throws Exception {
        pair.options(MANUAL);
        pair.start();
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            pair.a.order("checkpoint", "x");
            image = TestPair.image(disk);
            for (int block = 0; block < 2048; block += 2) {
                stamp(disk, block, 2);
            }
        }
        pair.a.kill();
        FutureTask<HttpResponse<String>> ordered = new FutureTask<>(() -> pair.b.post("failover", null));
        Thread.ofVirtual().start(ordered);
        pair.b.awaitStatus("restores", s -> !s.path("role").asText().equals("secondary"));
        pair.killStorage();
        if (pair.b.status().path("role").asText().equals("restoring")) {
            // What was decided cannot be taken back, and is said.
            HttpResponse<String> tooSoon = pair.b.post("failover?timeout=500ms", null);
            assertThat(tooSoon.statusCode()).isEqualTo(504);
            assertThat(tooSoon.body()).contains("took over in term 2").contains("the former primary can write no more");
        }
        pair.startStorage();
        pair.b.awaitRole("primary", "solo");
        HttpResponse<String> answer = ordered.get(60, TimeUnit.SECONDS);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).contains("\"kind\":\"takeover\"");
        assertSame(pair.b.image(), image, "of the checkpoint");
    }

    // ---- Limits and bad input.

    @Test
    void writesWaitForACheckpointWhereTheUndoLogIsFull() throws Exception {
        pair.diskIsFull(16);
        pair.options(MANUAL, "--undo-limit=4");
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            Load load = new Load(disk, 1, 4096);
            // 4 MiB hold fewer than 1024 copies.
            long before = pair.await("writes stand still", () -> {
                long now = load.writes.get();
                return now > 0
                                && pair.b.status().path("undo").path("blocks").asLong() > 100
                                && load.waits(Duration.ofSeconds(2))
                        ? load.writes.get()
                        : null;
            });
            assertThat(before).isLessThan(1024);
            assertThat(pair.b.status().path("undo").path("bytes").asLong()).isLessThanOrEqualTo(4 << 20);
            pair.a.order("checkpoint", "room");
            load.awaitWrites(50);
            pair.a.kill();
            load.awaitFailure();
        }
        pair.b.order("failover");
        assertThat(pair.b.state()).isEqualTo("room");
    }

    @Test
    void garbageAtItsPortsDoesNotHarmANode() throws Exception {
        pair.options("--failover-after=3s");
        pair.start();
        Random random = new Random(1);
        for (TestPair.Host host : List.of(pair.a, pair.b)) {
            for (int port : List.of(host.peerPort, host.controlPort)) {
                for (int i = 0; i < 20; i++) {
                    byte[] garbage = new byte[random.nextInt(5000)];
                    random.nextBytes(garbage);
                    throwAt(port, garbage);
                    throwAt(
                            port,
                            "GET /status HTTP/1.1\r\nContent-Length: -5\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                    throwAt(port, new byte[1 + i]);
                }
            }
        }
        pair.awaitProtected(pair.a);
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.a.order("checkpoint");
            assertThat(read(disk, 1)).isEqualTo(stamped(1, 1));
        }
        assertThat(pair.a.process().isAlive()).isTrue();
        assertThat(pair.b.process().isAlive()).isTrue();
    }

    private static void throwAt(int port, byte[] garbage) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            OutputStream out = socket.getOutputStream();
            out.write(garbage);
        } catch (java.net.SocketException e) {
            // It may hang up on us.
            assertThat(e.getMessage()).doesNotContain("refused");
        }
    }

    // ---- Help.

    /** One writer that goes around and around; remembers what it wrote last where. */
    private static final class Load {
        final int[] rounds;
        final AtomicInteger writes = new AtomicInteger();
        private final AtomicBoolean stop = new AtomicBoolean();
        private final Thread thread;
        private volatile @Nullable Exception failure;

        Load(NbdClient disk, int first, int blocks) {
            rounds = new int[blocks];
            thread = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = first; !stop.get(); i++) {
                        int block = i % blocks;
                        stamp(disk, block, i);
                        rounds[block] = i;
                        writes.incrementAndGet();
                    }
                } catch (IOException e) {
                    failure = e;
                }
            });
        }

        void awaitWrites(int more) {
            int until = writes.get() + more;
            org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> writes.get() >= until);
        }

        /** Whether no write ends for so long. */
        boolean waits(Duration time) {
            int before = writes.get();
            try {
                org.awaitility.Awaitility.await().atMost(time).until(() -> writes.get() > before);
                return false;
            } catch (org.awaitility.core.ConditionTimeoutException e) {
                return true;
            }
        }

        /** Goes on until a write fails: the one under way may be answered though its host was killed or fenced. */
        void awaitFailure() throws InterruptedException {
            assertThat(thread.join(Duration.ofSeconds(60))).as("a write fails").isTrue();
        }

        /** Stops; null, or why a write failed. */
        @Nullable
        Exception end() throws InterruptedException {
            stop.set(true);
            assertThat(thread.join(Duration.ofSeconds(60))).isTrue();
            return failure;
        }
    }

    private static byte[] read(NbdClient disk, int block) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(BLOCK);
        disk.read((long) block * BLOCK, target);
        return target.array();
    }

    /** Of large arrays only the first difference is told. */
    private static void assertSame(byte[] found, byte[] wanted, String what) {
        int at = Arrays.mismatch(found, wanted);
        assertThat(at < 0 ? -1 : at / BLOCK)
                .as("first block that differs, " + what)
                .isEqualTo(-1);
    }
}
