package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.chaos.campaign.Harness;
import dev.unwrite.cli.Exit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bench that is as small as it gets: it shows that all is measured, not how fast anything is. */
final class BenchIT {
    private static final long BENCH_MAX_MINUTES = 5;
    private static final Duration END_MAX = Duration.ofSeconds(30);
    private static final int MILLIS = 60;

    @TempDir
    Path dir;

    @Test
    void everyCellIsMeasured() throws Exception {
        Process bench = start("run");
        assertThat(bench.waitFor(BENCH_MAX_MINUTES, TimeUnit.MINUTES)).isTrue();
        String output = Harness.text(dir.resolve("run.out"));
        Assumptions.assumeFalse(bench.exitValue() == Exit.LACKING, "SKIPPED: bench: " + output.strip());
        assertThat(bench.exitValue()).as(output).isEqualTo(Exit.OK);

        JsonNode json = JsonMapper.builder()
                .build()
                .readTree(dir.resolve("run/bench.json").toFile());
        List<String> setups = new ArrayList<>(List.of("raw", "unprotected", "protected", "checkpoints", "memory"));
        if (Needs.lackingForCopyBeforeWrite().isEmpty()) {
            setups.addAll(List.of("cbw", "cbw-memory"));
            assertThat(json.path("skipped")).isEmpty();
        } else {
            System.out.println("SKIPPED: bench: " + json.path("skipped").path(0).asText());
        }
        Map<String, JsonNode> cells = new HashMap<>();
        json.path("cells")
                .forEach(cell -> cells.put(
                        cell.path("setup").asText() + " "
                                + cell.path("workload").asText()
                                + (cell.path("cold").asBoolean() ? " cold" : ""),
                        cell));
        List<String> expected = new ArrayList<>();
        for (String setup : setups) {
            expected.add(setup + " " + BenchPlan.afterStart().id() + " cold");
            BenchPlan.whole().workloads().forEach(workload -> expected.add(setup + " " + workload.id()));
        }
        assertThat(cells.keySet()).as(output).containsExactlyInAnyOrderElementsOf(expected);
        cells.forEach((name, cell) -> {
            assertThat(cell.path("iops").path("median").asDouble()).as(name).isPositive();
            assertThat(cell.path("p99Micros").path("median").asDouble())
                    .as(name)
                    .isPositive();
            isFinite(name, cell.path("ratioToRaw"));
            if (setups.contains("cbw")) {
                isFinite(name, cell.path("ratioToCbw"));
            }
        });
        thereWasACopyOfEachBlock(cells);
        cells.forEach((name, cell) -> assertThat(
                        cell.path("samples").path(0).path("cpuMicros").size())
                .as(name)
                .isPositive());
        assertThat(json.path("pauses")).hasSize(3).allSatisfy(pauses -> {
            assertThat(pauses.path("checkpoints").asLong()).isPositive();
            assertThat(pauses.path("p50Millis").asDouble())
                    .isPositive()
                    .isLessThanOrEqualTo(pauses.path("p99Millis").asDouble());
        });
        assertThat(json.path("takeovers")).isNotEmpty().allSatisfy(takeover -> {
            assertThat(takeover.path("restoredBlocks").asLong() * 4096)
                    .isEqualTo(takeover.path("copiedBytes").asLong());
            assertThat(takeover.path("detectedMillis").asDouble()).isGreaterThan(1_000);
            assertThat(takeover.path("rolledBackMillis").asDouble()).isPositive();
            assertThat(takeover.path("resumedMillis").asDouble()).isPositive();
            isFinite("rollback to dd", takeover.path("ratioToDisk"));
        });
        assertThat(json.path("footprints"))
                .hasSize(BenchPlan.whole().volumeBytes().size())
                .allSatisfy(footprint -> {
                    // Some writes may have met the same block.
                    assertThat(footprint.path("copies").asDouble())
                            .isGreaterThanOrEqualTo(footprint.path("writes").asDouble() * 0.9);
                    assertThat(footprint.path("residentBytes"))
                            .hasSize(3)
                            .allSatisfy(bytes -> assertThat(bytes.asLong()).isGreaterThan(1 << 20));
                });
        isFinite("traces", json.path("traces").path("eventsPerSecond"));
        isFinite("simulator", json.path("simulator").path("failoversPerSecond"));
        assertThat(json.path("targets"))
                .isNotEmpty()
                .allSatisfy(target -> assertThat(target.path("verdict").asText())
                        .isIn(
                                setups.contains("cbw")
                                        ? List.of("met", "missed")
                                        : List.of("met", "missed", "not measured")));
        assertThat(json.path("residentBytes").path("protected").path("A").asLong())
                .isGreaterThan(1 << 20);
        assertThat(dir.resolve("run/bench.html")).content().contains("const B = {\"command\":\"unwrite bench");
        assertThat(output)
                .contains(
                        "stride, depth 64: ",
                        "protected / raw  stride ",
                        "takeover after a SIGKILL",
                        "stands still for a checkpoint",
                        "memory after some writes",
                        "trace validation: ",
                        "simulator: ",
                        "targets",
                        " missed, ");
        assertThat(dir.resolve("run/w")).as("the disks").doesNotExist();
    }

    @Test
    void whoStopsItHasNothingToTidyUp() throws Exception {
        Process bench = start("stopped");
        await().atMost(Duration.ofMinutes(1))
                .until(() -> !bench.isAlive()
                        || Harness.text(dir.resolve("stopped.out")).contains("cold      protected"));
        String output = Harness.text(dir.resolve("stopped.out"));
        Assumptions.assumeFalse(
                !bench.isAlive() && bench.exitValue() == Exit.LACKING, "SKIPPED: bench: " + output.strip());
        List<ProcessHandle> children = bench.descendants().toList();
        assertThat(children).as(output).hasSizeGreaterThanOrEqualTo(6);

        bench.destroy();

        assertThat(bench.waitFor(END_MAX.toSeconds(), TimeUnit.SECONDS)).isTrue();
        await().atMost(END_MAX).until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
        assertThat(Files.exists(dir.resolve("stopped/w"))).as("the disks").isFalse();
    }

    /** The second host says how many copies it holds: one for each block that was written, at least. */
    private static void thereWasACopyOfEachBlock(Map<String, JsonNode> cells) {
        for (Workload workload : BenchPlan.whole().workloads()) {
            JsonNode cell = Objects.requireNonNull(cells.get("protected " + workload.id()));
            JsonNode sample = cell.path("samples").path(0);
            long blocks = sample.path("writes").asLong() * workload.pattern().blockBytes() / 4096;
            assertThat(sample.path("copies").asLong()).as(workload.id()).isGreaterThanOrEqualTo(blocks);
        }
    }

    private static void isFinite(String name, JsonNode ratio) {
        assertThat(ratio.isNumber()).as(name).isTrue();
        assertThat(ratio.asDouble()).as(name).isPositive().isFinite();
    }

    private Process start(String name) throws Exception {
        return Harness.unwrite(
                dir,
                name,
                List.of(
                        "bench",
                        "--dir",
                        dir.resolve(name).toString(),
                        "--disk-mib",
                        "64",
                        "--rounds",
                        "1",
                        "--warm",
                        "0",
                        "--cell",
                        Integer.toString(MILLIS)));
    }
}
