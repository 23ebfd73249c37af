package dev.unwrite.chaos.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.TraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.HostId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private Path dir = Path.of("");

    @Test
    void resultsHaveTheNamesThatProgramsRead() throws IOException {
        Report.write(dir, SampleRun.valid());
        JsonNode results = JSON.readTree(dir.resolve("results.json").toFile());
        assertThat(results.path("valid").isBoolean()).isTrue();
        assertThat(results.path("valid").asBoolean()).isTrue();
        assertThat(results.path("seed").asLong()).isEqualTo(42);
        assertThat(results.path("failovers").asInt()).isEqualTo(2);
        assertThat(results.path("operations").asLong())
                .isEqualTo(SampleRun.valid().history().size());
        assertThat(results.path("faults").asInt()).isEqualTo(2);
        assertThat(results.path("checks").path(0).path("verdict").asText()).isEqualTo("valid");
        assertThat(results.path("checks").path(0).path("evidence").isArray()).isTrue();
    }

    @Test
    void oneUnknownCheckMakesTheRunUnknownAndOneInvalidOneMakesItInvalid() throws IOException {
        CheckResult unknown = TraceJudge.missing().check(dir);
        CheckResult invalid = new CheckResult("x", "x", Verdict.INVALID, List.of("because"));
        assertThat(Report.write(dir, SampleRun.with(List.of(unknown))).valid()).isEqualTo("unknown");
        assertThat(Report.write(dir, SampleRun.with(List.of(unknown, invalid))).valid())
                .isEqualTo(false);
        assertThat(Report.write(dir, SampleRun.with(List.of())).valid()).isEqualTo("unknown");
    }

    @Test
    void aTakeoverIsMeasuredFromTheKill() {
        ReportResults.TakeoverNumbers first =
                ResultsOf.run(SampleRun.valid()).takeovers().getFirst();
        assertThat(first.detectedMs()).isEqualTo(1060.0);
        assertThat(first.rollbackMs()).isEqualTo(40.0);
        assertThat(first.rolledBackMs()).isEqualTo(1100.0);
        assertThat(first.firstReplyMs()).isBetween(1140.0, 1200.0);
        assertThat(first.restoredBlocks()).isEqualTo(37);
        assertThat(first.requestsInDoubt()).isPositive();
    }

    @Test
    void theRollbackIsABandOfItsOwnAndBandsHaveNoHoles() {
        Timeline timeline = TimelineOf.run(SampleRun.valid());
        for (Timeline.Lane lane : timeline.lanes()) {
            for (int i = 1; i < lane.bands().size(); i++) {
                assertThat(lane.bands().get(i).from())
                        .isEqualTo(lane.bands().get(i - 1).to());
            }
            assertThat(lane.bands()).anyMatch(band -> band.role().equals("restoring"));
        }
    }

    @Test
    void aCheckpointWhoseHostDiedIsNeverCommitted() {
        List<Checkpoints.Pair> pairs = Checkpoints.of(
                HostId.A,
                List.of(
                        new ReportedEvent(10, HostId.A, "Cut", 5),
                        new ReportedEvent(20, HostId.A, "Cut", 6),
                        new ReportedEvent(30, HostId.A, "LearnCommitted", 5),
                        new ReportedEvent(90, HostId.A, "Resume", -1)));
        assertThat(pairs)
                .containsExactly(
                        new Checkpoints.Pair(HostId.A, 5, 10, 30L), new Checkpoints.Pair(HostId.A, 6, 20, null));
    }

    @Test
    void aHalfLineOfATraceIsNoTrouble() throws IOException {
        Files.writeString(dir.resolve("A.ndjson"), """
                {"t":1780000000000000,"node":"A","seq":1,"action":"Cut","epoch":7}
                {"t":1780000000000001,"node":"A","seq":2,"action":"MachineWrite","block":7}
                {"t":17800000000""");
        assertThat(TraceReader.read(dir))
                .containsExactly(new ReportedEvent(1_780_000_000_000_000_000L, HostId.A, "Cut", 7));
    }

    @Test
    void textInTheDataCannotEndTheScript() throws IOException {
        Report.write(
                dir, SampleRun.with(List.of(new CheckResult("x", "</script><b>", Verdict.INVALID, List.of("<!--")))));
        assertThat(Files.readString(dir.resolve("report.html"))).doesNotContain("</script><b>");
    }

    @Test
    void thePageLoadsNothingFromElsewhere() throws IOException {
        Report.write(dir, SampleRun.valid());
        assertThat(Files.readString(dir.resolve("report.html")))
                .doesNotContainPattern("(src|href)=[\"']?(https?:|//)")
                .doesNotContain("@import");
    }
}
