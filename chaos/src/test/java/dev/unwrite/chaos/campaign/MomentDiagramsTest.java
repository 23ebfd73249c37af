package dev.unwrite.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.check.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MomentDiagramsTest {
    @TempDir
    private Path dir = Path.of("");

    private PageData page(Campaign.Outcome run) throws IOException {
        return PageDataOf.run(SampleCampaign.results(run), SampleCampaign.settings(), run, dir);
    }

    @Test
    void stepsAreInTheirOrderAndThoseThatAreManyAreCounted() throws IOException {
        SampleCampaign.traces().write(dir);
        List<MomentDiagram> diagrams = page(SampleCampaign.valid()).diagrams();
        assertThat(diagrams)
                .extracting(MomentDiagram::title)
                .containsExactly("Takeover 1: B, term 2", "Takeover 2: A, term 3");
        MomentDiagram first = diagrams.getFirst();
        assertThat(first.at()).isEqualTo(4_000);
        assertThat(first.leftOut()).isZero();
        assertThat(first.entries())
                .extracting(entry -> entry.lane() + " " + entry.count() + " " + entry.action())
                .containsExactly(
                        "A 1 Cut",
                        "B 1 StagePart",
                        "B 1 Commit",
                        "A 1 LearnCommitted",
                        "A 1 Speak",
                        "A 3 MachineWrite",
                        "B 3 StoreCopy",
                        "storage 3 Apply",
                        "B 1 Propose",
                        "storage 1 Record",
                        "B 1 TakeOver",
                        "storage 3 Apply",
                        "B 1 Propose",
                        "storage 1 Record",
                        "B 1 FinishRollback",
                        "B 1 Resume");
        assertThat(first.entries().get(11).blocks()).isEqualTo(3);
        assertThat(first.entries().get(9).text()).isEqualTo("B, term 2, rollback");
    }

    @Test
    void arrowsGoFromWhatCausedToWhatWasCaused() throws IOException {
        SampleCampaign.traces().write(dir);
        MomentDiagram first = page(SampleCampaign.valid()).diagrams().getFirst();
        List<String> arrows = first.arrows().stream()
                .map(arrow -> name(first, arrow[0]) + " > " + name(first, arrow[1]))
                .toList();
        assertThat(arrows)
                .containsExactlyInAnyOrder(
                        "A Cut > B StagePart",
                        "B Commit > A LearnCommitted",
                        "B Propose > storage Record",
                        "storage Record > B TakeOver",
                        "B Propose > storage Record",
                        "storage Record > B FinishRollback");
    }

    private static String name(MomentDiagram diagram, int entry) {
        return diagram.entries().get(entry).lane() + " "
                + diagram.entries().get(entry).action();
    }

    @Test
    void whatIsTooMuchIsLeftOutFarFromTheMomentAndCounted() throws IOException {
        SampleTrace trace = SampleCampaign.traces();
        for (int i = 0; i < 300; i++) {
            trace.line("A", 3_010 + i * 0.1, "Cut", ",\"term\":1,\"epoch\":3");
        }
        trace.write(dir);
        MomentDiagram first = page(SampleCampaign.valid()).diagrams().getFirst();
        assertThat(first.entries()).hasSize(MomentDiagram.ENTRIES_MAX);
        assertThat(first.leftOut()).isEqualTo(116);
        assertThat(first.entries().getLast().action()).isEqualTo("Resume");
    }

    @Test
    void ofManyTakeoversSomeAreShownFromAllOverTheRun() throws IOException {
        List<StorageHistory.Change> changes = new ArrayList<>(List.of(SampleCampaign.change(0, 1, "A", "protected")));
        for (int term = 2; term < 102; term++) {
            changes.add(SampleCampaign.change(term * 100, term, term % 2 == 0 ? "B" : "A", "rollback"));
        }
        PageData page = page(SampleCampaign.with(List.of(), List.of(), changes));
        assertThat(page.diagrams()).hasSize(MomentWindows.TAKEOVERS_MAX);
        assertThat(page.diagramsLeftOut()).isEqualTo(70);
        assertThat(page.diagrams().getLast().at()).isGreaterThan(9_500);
    }

    @Test
    void theFirstViolationIsFoundByWhatTheChecksSay() throws IOException {
        SampleCampaign.traces().write(dir);
        String trace = "A-" + SampleCampaign.START / 1_000 + ".ndjson, line 1: no step of the specification";
        List<CheckResult> checks = List.of(
                new CheckResult(
                        "disk", "d", Verdict.INVALID, List.of("term 3: after the rollback to checkpoint 7, 1 block")),
                new CheckResult("trace", "t", Verdict.INVALID, List.of(trace)));
        MomentDiagram first = page(SampleCampaign.with(checks)).diagrams().getFirst();
        assertThat(first.kind()).isEqualTo("violation");
        assertThat(first.title()).isEqualTo(trace);
        assertThat(first.at()).isEqualTo(3_240);
        ReplayCommand replay = page(SampleCampaign.with(checks)).replay();
        assertThat(replay.all()).isEqualTo("unwrite simulate --recorded " + dir.getParent());
        assertThat(replay.moment()).isEqualTo(replay.all() + " --from 2.94 --to 3.54");
        assertThat(page(SampleCampaign.valid()).replay().moment()).isNull();
    }

    @Test
    void aClockThatIsWrongByHoursIsPutRight() throws IOException {
        SampleCampaign.traces().write(dir);
        long start = SampleCampaign.START / 1_000;
        Path right = dir.resolve("B-" + start + ".ndjson");
        long ahead = 7_200_000_000L;
        Path wrong = Files.writeString(dir.resolve("B-" + (start + ahead) + ".ndjson"), Files.readString(right));
        Files.setLastModifiedTime(wrong, FileTime.fromMillis(System.currentTimeMillis() + 5_000));
        BasicFileAttributes attributes = Files.readAttributes(wrong, BasicFileAttributes.class);
        assumeTrue(
                !attributes.creationTime().equals(attributes.lastModifiedTime()),
                "SKIPPED: this file system does not know when a file was made");
        assertThat(TraceClocks.aheadMicros(wrong)).isBetween(ahead - 60_000_000, ahead);
        assertThat(TraceClocks.aheadMicros(right)).isZero();
    }
}
