package dev.unwrite.node;

import static dev.unwrite.node.CommandLine.tell;
import static dev.unwrite.node.TestPair.BLOCK;
import static dev.unwrite.node.TestPair.fill;
import static dev.unwrite.node.TestPair.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Real processes and what they say of themselves: what is said is what was done, and what waits says for what. */
@Timeout(120)
class AnswersIT {
    private static final String MANUAL = "--failover-after=manual";
    private static final int MIB = 1 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

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

    // ---- Checkpoints.

    @Test
    void aCheckpointIsToldWithItsOwnFigures() throws Exception {
        pair.options(MANUAL);
        pair.start();
        for (int size = 1; size <= 60; size++) {
            JsonNode told = pair.a.order("checkpoint", "s".repeat(size));
            assertThat(told.path("stateBytes").asInt())
                    .as("of checkpoint " + told.path("epoch"))
                    .isEqualTo(size);
        }
    }

    // ---- Failover.

    @Test
    void aHostWithoutACheckpointDoesNotTakeOverByMistake() throws Exception {
        byte[] image = startAndOverwrite();
        pair.a.kill();
        startIdle(pair.a);
        tell(pair.a, "failover").refused("B", "--cold");
        assertThat(json(tell(pair.a, "failover", "--json")).path("error").asText())
                .contains("--cold");
        JsonNode done = json(tell(pair.b, "failover", "--json").done());
        assertThat(done.path("kind").asText()).isEqualTo("takeover");
        assertThat(done.path("stateFile").asText())
                .isEqualTo(pair.b.data.resolve("state").toString());
        assertThat(pair.b.state()).isEqualTo("eleven");
        assertThat(Files.readAllBytes(pair.disk())).isEqualTo(image);
    }

    @Test
    void aColdStartIsSaidToBeOne() throws Exception {
        startAndOverwrite();
        pair.a.kill();
        pair.b.kill();
        byte[] left = Files.readAllBytes(pair.disk());
        startIdle(pair.a);
        String said = tell(pair.a, "failover", "--cold").done().text();
        assertThat(said).contains("started from its disk").doesNotContain("at checkpoint", "the state is in");
        assertThat(pair.a.data.resolve("state")).doesNotExist();
        pair.a.awaitRole("primary", "solo");
        assertThat(pair.a.image()).isEqualTo(left);
        pair.b.start();
        pair.awaitProtected(pair.a);
    }

    @Test
    void aColdStartIsOneForProgramsToo() throws Exception {
        startAndOverwrite();
        pair.a.kill();
        pair.b.kill();
        startIdle(pair.a);
        JsonNode done = pair.a.order("failover?cold=true");
        assertThat(done.path("kind").asText()).isEqualTo("cold");
        assertThat(done.path("stateFile").isNull()).isTrue();
    }

    @Test
    void aPrimaryHasNothingToTakeOver() throws Exception {
        startAndOverwrite();
        long term = pair.a.status().path("term").asLong();
        assertThat(tell(pair.a, "failover").done().text())
                .contains("is primary", "already")
                .doesNotContain("the state is in");
        JsonNode done = pair.a.order("failover");
        assertThat(done.path("kind").asText()).isEqualTo("already");
        assertThat(done.path("stateFile").isNull()).isTrue();
        assertThat(pair.a.status().path("term").asLong()).isEqualTo(term);
        pair.awaitProtected(pair.a);
    }

    // ---- States.

    /** The secondary was away, and the disk has moved on from the state that was handed over last. */
    private void startAndRejoin() throws Exception {
        pair.options(MANUAL);
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            pair.a.order("checkpoint", "eleven");
            pair.b.kill();
            fill(disk, 0, MIB, 0x22);
            pair.a.awaitRole("primary", "solo");
        }
        pair.b.start();
        pair.awaitProtected(pair.a);
    }

    @Test
    void aStateOfAnEarlierCutDoesNotGoWithTheDiskOfAJoin() throws Exception {
        startAndRejoin();
        pair.a.kill();
        assertThat(tell(pair.b, "failover").done().text())
                .contains("checkpoint", "no state")
                .doesNotContain("the state is in");
        assertThat(pair.b.data.resolve("state")).doesNotExist();
        assertThat(Files.readAllBytes(pair.disk())[0]).isEqualTo((byte) 0x22);
    }

    @Test
    void aStateThatIsHandedOverAfterAJoinGoesWithTheDisk() throws Exception {
        startAndRejoin();
        pair.a.order("checkpoint", "twenty-two");
        pair.a.order("checkpoint");
        pair.a.kill();
        JsonNode told = pair.b.order("failover");
        assertThat(told.path("stateFile").asText())
                .isEqualTo(pair.b.data.resolve("state").toString());
        assertThat(pair.b.state()).isEqualTo("twenty-two");
        assertThat(Files.readAllBytes(pair.disk())[0]).isEqualTo((byte) 0x22);
    }

    /** Another hypervisor's tool: it cuts, lets its machine go on, and hands over what changed since the cut before. */
    @Test
    void aMachineElsewhereHandsOverDeltas() throws Exception {
        pair.options(MANUAL);
        pair.start();
        byte[] first = new byte[3 * 4096 + 100];
        first[4096] = 1;
        byte[] second = first.clone();
        second[3 * 4096 + 99] = 2;
        long base = cut(first);
        byte[] delta = ByteBuffer.allocate(2 * 12 + 100)
                .putLong(3 * 4096)
                .putInt(100)
                .put(second, 3 * 4096, 100)
                .putLong(second.length)
                .putInt(0)
                .array();
        tell(pair.a, "checkpoint", "--state", file(delta), "--base", Long.toString(base + 7))
                .refused("a delta on checkpoint " + (base + 7), "hand over all of it");
        tell(pair.a, "checkpoint", "--state", file(new byte[5]), "--base", Long.toString(base))
                .refused("no delta in pieces");
        long last = cut(delta, "--base", Long.toString(base));
        // Nothing was written since: the state goes with this one, too.
        JsonNode unchanged = pair.a.order("checkpoint");
        assertThat(unchanged.path("epoch").asLong()).isGreaterThan(last);
        assertThat(unchanged.path("committed").asBoolean()).isTrue();
        pair.a.kill();
        JsonNode told = pair.b.order("failover");
        assertThat(told.path("epoch").asLong())
                .isEqualTo(unchanged.path("epoch").asLong());
        assertThat(Files.readAllBytes(pair.b.data.resolve("state"))).isEqualTo(second);
    }

    private String file(byte[] bytes) throws IOException {
        return Files.write(dir.resolve("handed-over"), bytes).toString();
    }

    /** Returns the epoch, once it is committed. */
    private long cut(byte[] state, String... more) throws Exception {
        List<String> words = new ArrayList<>(List.of("--until-cut", "--state", file(state)));
        words.addAll(List.of(more));
        String told =
                tell(pair.a, "checkpoint", words.toArray(String[]::new)).done().text();
        long epoch = Long.parseLong(told.replaceFirst("(?s)^checkpoint (\\d+) is cut.*", "$1"));
        pair.a.awaitStatus("committed", status -> status.path("committed").asLong() >= epoch);
        return epoch;
    }

    @Test
    void aStateDoesNotGoWithACheckpointOfADiskThatHasMovedOn() throws Exception {
        pair.options(MANUAL);
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            pair.a.order("checkpoint", "eleven");
            fill(disk, 0, MIB, 0x22);
            pair.a.order("checkpoint");
        }
        pair.a.kill();
        JsonNode told = pair.b.order("failover");
        assertThat(told.path("stateFile").isNull()).as(told.toString()).isTrue();
        assertThat(pair.b.data.resolve("state")).doesNotExist();
        assertThat(Files.readAllBytes(pair.disk())[0]).isEqualTo((byte) 0x22);
    }

    // ---- The undo log is full.

    @Test
    void aPrimaryAtTheUndoLimitSaysSo() throws Exception {
        pair.diskIsFull(16);
        pair.options(MANUAL, "--undo-limit=4");
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            CompletableFuture<Void> writes = overwrite(disk, 8 * MIB);
            JsonNode undo = pair.a
                    .awaitStatus(
                            "has a write that waits, and copies",
                            s -> s.path("undo").path("waitingWrites").asInt() > 0
                                    && s.path("undo").path("bytes").asLong() > 0)
                    .path("undo");
            assertThat(undo.path("limitBytes").asLong()).isEqualTo(4L * MIB);
            assertThat(undo.path("bytes").asLong()).isPositive().isLessThanOrEqualTo(4L * MIB);
            pair.await("the log says so", () -> pair.a.said().contains("writes wait") ? pair : null);
            assertThat(tell(pair.a, "status").done().text()).contains("writes wait", "unwrite checkpoint");
            assertThat(pair.a.metrics()).containsPattern("(?m)^unwrite_undo_waiting_writes(\\{.*})? [1-9]");
            assertThat(pair.a.said().lines().filter(line -> line.contains("writes wait")))
                    .singleElement(STRING)
                    .contains("undo log", "unwrite checkpoint");
            while (!writes.isDone()) {
                pair.a.order("checkpoint", "room");
            }
            writes.get();
            assertThat(pair.a.status().path("undo").path("waitingWrites").asInt(-1))
                    .isZero();
        }
        pair.awaitProtected(pair.a);
    }

    @Test
    void aPrimaryAtTheUndoLimitGoesOnAloneIfThatWasChosen() throws Exception {
        pair.diskIsFull(16);
        pair.options(MANUAL, "--undo-limit=4", "--at-undo-limit=alone:1s");
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            overwrite(disk, 8 * MIB).get(30, TimeUnit.SECONDS);
        }
        assertThat(pair.a.said()).contains("limit", "alone");
        assertThat(pair.a.process().isAlive()).isTrue();
    }

    /** In small requests, for which each block has a copy of its own. */
    private static CompletableFuture<Void> overwrite(NbdClient disk, int bytes) {
        return CompletableFuture.runAsync(() -> {
            try {
                for (int at = 0; at < bytes; at += 8 * BLOCK) {
                    fill(disk, at, 8 * BLOCK, 0x33);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void aBurstWaitsForCheckpointsAndStaysProtected() throws Exception {
        pair.diskIsFull(96);
        pair.options(MANUAL, "--undo-limit=16", "--checkpoint-every=100ms");
        pair.start();
        List<Thread> writers = new ArrayList<>();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        try (NbdClient disk = pair.a.connect()) {
            for (int writer = 0; writer < 64; writer++) {
                int first = writer;
                writers.add(Thread.ofVirtual()
                        .uncaughtExceptionHandler((thread, e) -> failures.add(e))
                        .start(() -> {
                            for (int i = 0; i < 6; i++) {
                                try {
                                    fill(disk, (first * 37L + i * 31L) % 96 * MIB, MIB, i + 1);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            }
                        }));
            }
            for (Thread writer : writers) {
                assertThat(writer.join(Duration.ofSeconds(90)))
                        .as("a write ends")
                        .isTrue();
            }
        }
        assertThat(failures).isEmpty();
        assertThat(pair.a.said()).doesNotContain("asks to go on alone");
        assertThat(pair.a.status().path("mode").asText()).isEqualTo("protected");
    }

    // ---- Nobody reads what they say.

    @Test
    void aLogThatNobodyReadsHoldsNothingUp() throws Exception {
        pair.nobodyReadsLogs();
        pair.options("--failover-after=1s");
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.a.order("checkpoint", "kept");
        }
        pair.a.kill();
        pair.b.awaitRole("primary", "solo");
        assertThat(pair.b.stop().status()).isZero();
    }

    // ---- An orderly stop.

    @Test
    void aPrimaryThatIsStoppedHandsOver() throws Exception {
        pair.options(MANUAL);
        pair.start();
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            pair.a.order("checkpoint", "eleven");
            fill(disk, 0, MIB, 0x22);
            disk.flush();
            image = TestPair.image(disk);
        }
        assertThat(pair.a.stop().status()).isZero();
        pair.b.awaitStatus("is primary", s -> s.path("role").asText().equals("primary"));
        assertThat(pair.b.image()).isEqualTo(image);
    }

    @Test
    void aLonelyPrimaryThatIsStoppedFlushes() throws Exception {
        NbdUri backend = NbdUri.unix(dir.resolve("disk.sock"), "disk");
        ForgetfulDisk power = new ForgetfulDisk(backend, 16 * MIB);
        try {
            pair.volumes(TestPair.GROUP + "/" + TestPair.VOLUME + "=" + backend);
            pair.options(MANUAL);
            pair.startStorage();
            pair.a.start("--bootstrap");
            pair.a.awaitRole("primary", "solo");
            byte[] image;
            try (NbdClient disk = pair.a.connect()) {
                stamp(disk, 1, 1);
                stamp(disk, 7, 7);
                image = TestPair.image(disk);
            }
            TestPair.Ended ended = pair.a.stop();
            assertThat(ended.status()).isZero();
            assertThat(ended.said()).contains("flush");
            pair.killStorage();
            power.losePower();
            assertThat(power.content()).isEqualTo(image);
        } finally {
            power.stop();
        }
    }

    /** A client that is told of no write cache does not flush: what was answered is durable all the same. */
    @Test
    void withoutAWriteCacheWhatIsAnsweredSurvivesALossOfPower() throws Exception {
        NbdUri backend = NbdUri.unix(dir.resolve("disk.sock"), "disk");
        ForgetfulDisk power = new ForgetfulDisk(backend, 16 * MIB);
        try {
            pair.volumes(TestPair.GROUP + "/" + TestPair.VOLUME + "=" + backend);
            pair.options(MANUAL, "--write-cache=off");
            pair.startStorage();
            pair.a.start("--bootstrap");
            pair.a.awaitRole("primary", "solo");
            byte[] image;
            try (NbdClient disk = pair.a.connect()) {
                assertThat(disk.info().canFlush()).isFalse();
                assertThat(disk.info().canFua()).isFalse();
                stamp(disk, 1, 1);
                stamp(disk, 7, 7);
                disk.trim(BLOCK, BLOCK, false);
                image = TestPair.image(disk);
            }
            pair.a.kill();
            pair.killStorage();
            power.losePower();
            assertThat(power.content()).isEqualTo(image);
        } finally {
            power.stop();
        }
    }

    /** Without being told, the primary would hold its writes for most of the minute. */
    @Test
    void aSecondaryThatIsStoppedTellsThePrimary() throws Exception {
        pair.options("--failover-after=60s");
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            assertThat(pair.b.stop().status()).isZero();
            Instant stopped = Instant.now();
            stamp(disk, 2, 2);
            pair.a.awaitRole("primary", "solo");
            assertThat(Duration.between(stopped, Instant.now())).isLessThan(Duration.ofSeconds(10));
        }
    }

    @Test
    void bothHostsAreStoppedAndStartedAgain() throws Exception {
        pair.options(MANUAL);
        pair.start();
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            disk.flush();
            image = TestPair.image(disk);
        }
        assertThat(pair.b.stop().status()).isZero();
        pair.a.awaitRole("primary", "solo");
        assertThat(pair.a.stop().status()).isZero();
        pair.a.start();
        pair.b.start();
        pair.awaitProtected(pair.a);
        assertThat(pair.a.image()).isEqualTo(image);
    }

    // ---- A hand-over.

    @Test
    void aHandOverThatWasGivenUpDoesNotComeAboutLater() throws Exception {
        pair.options("--failover-after=60s");
        pair.start();
        long term = pair.a.status().path("term").asLong();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.b.signal("STOP");
            tell(pair.a, "switchover", "--timeout", "3s").refused();
            pair.b.signal("CONT");
            pair.b.awaitStatus(
                    "hears the primary again",
                    s -> s.path("peer").path("lastHeardMillis").asLong(Long.MAX_VALUE) < 500);
        }
        // It may have been taken in anew; and whatever was on its way to it has arrived before a checkpoint.
        pair.awaitProtected(pair.a);
        pair.a.order("checkpoint", "after");
        assertThat(pair.a.status().path("role").asText()).isEqualTo("primary");
        assertThat(pair.b.status().path("role").asText()).isEqualTo("secondary");
        assertThat(pair.a.status().path("term").asLong()).isEqualTo(term);
    }

    /** A checkpoint of elevens, whose image is returned, and then thirty-threes over it: the other host has to hold copies. */
    private byte[] startAndOverwrite() throws Exception {
        pair.options(MANUAL);
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            pair.a.order("checkpoint", "eleven");
            byte[] image = TestPair.image(disk);
            assertThat(pair.a.status().at("/lastCheckpoint/ageMillis").asLong(-1))
                    .isBetween(0L, 60_000L);
            fill(disk, 0, MIB, 0x33);
            disk.flush();
            return image;
        }
    }

    /** The owner of a protected machine, who has lost his memory: only the other host has it. */
    private static void startIdle(TestPair.Host owner) throws IOException {
        owner.start();
        owner.awaitStatus(
                "knows that it cannot go on",
                s -> s.path("role").asText().equals("idle") && s.path("record").isObject());
    }

    private static JsonNode json(CommandLine.Answer answer) throws IOException {
        return JSON.readTree(answer.text());
    }
}
