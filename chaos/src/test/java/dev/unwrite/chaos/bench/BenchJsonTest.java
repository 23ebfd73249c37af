package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.chaos.bench.Workload.Pattern;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BenchJsonTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path dir;

    @Test
    void whatWasMeasuredIsInTheFileAndOnThePage() throws Exception {
        BenchResults results = new BenchResults();
        Workload stride = new Workload(Pattern.STRIDE, 16);
        results.add("protected", stride, false, sample(14_000, 2.5));
        results.add("cbw", stride, false, sample(2_000, null));
        results.takeover(new Takeover(64 * MIB, 16_384, 2_000, 100, 800, 101, 100));
        results.takeover(new Takeover(64 * MIB, 16_384, 2_000, 100, 500, 101, 100));
        results.footprint(new Footprint(1024 * MIB, 16_384, 20_000, Map.of("A", 120 * MIB)));
        results.traces(new TraceSpeed(51, 20_000, 8));
        results.simulator(new SimulatorSpeed(1_000, 5_000, 10));
        MachineInfo machine = new MachineInfo(2, "CPU", 1 << 30, "Linux", "JDK", "fio", "qemu", "ext4", 0, "abc");

        BenchJson.write(
                dir.resolve("bench.json"),
                new BenchJson.Head(
                        "unwrite bench", Instant.EPOCH, 60, BenchPlan.quick(), 2, machine, List.of("something")),
                results);

        JsonNode json =
                JsonMapper.builder().build().readTree(dir.resolve("bench.json").toFile());
        assertThat(json.path("cells").path(0).path("diskBytes").path("median").asDouble())
                .isEqualTo(2.5);
        assertThat(json.path("cells")
                        .path(0)
                        .path("samples")
                        .path(0)
                        .path("chargedBytes")
                        .path("B")
                        .asDouble())
                .isEqualTo(1.25);
        assertThat(json.path("cells").path(1).has("diskBytes")).isFalse();
        assertThat(json.path("takeovers").path(0).path("ratioToDisk").asDouble())
                .isEqualTo(0.8);
        assertThat(json.path("takeovers").path(0).path("middle").asBoolean()).isTrue();
        assertThat(json.path("takeovers").path(1).path("middle").asBoolean()).isFalse();
        assertThat(json.path("footprints")
                        .path(0)
                        .path("residentBytes")
                        .path("A")
                        .asLong())
                .isEqualTo(120 * MIB);
        assertThat(json.path("traces").path("eventsPerSecond").asDouble()).isEqualTo(2_500);
        assertThat(json.path("simulator").path("failoversPerSecond").asDouble()).isEqualTo(500);
        assertThat(json.path("skipped").path(0).asText()).isEqualTo("something");
        assertThat(verdicts(json, "stride-16: protected / cbw")).containsExactly("7.0 at least 7 7.0 7.000 met");
        assertThat(verdicts(json, "simulator: failovers a second of processor time"))
                .containsExactly("1000.0 at least 1,000 500.0 500.0 missed");
        assertThat(verdicts(json, "read-64: protected / raw"))
                .containsExactly("0.95 at least 0.95 null - not measured");
        assertThat(dir.resolve("bench.html")).content().contains("\"verdict\":\"missed\"");
    }

    private static List<String> verdicts(JsonNode json, String what) {
        List<String> all = new ArrayList<>();
        for (JsonNode target : json.path("targets")) {
            if (target.path("what").asText().equals(what)) {
                all.add(target.path("target").asText() + " "
                        + target.path("targetWords").asText() + " "
                        + target.path("figure").asText() + " "
                        + target.path("figureWords").asText() + " "
                        + target.path("verdict").asText());
            }
        }
        return all;
    }

    private static Sample sample(double iops, @Nullable Double diskBytes) {
        return Samples.sample(iops, 990, diskBytes, 0);
    }
}
