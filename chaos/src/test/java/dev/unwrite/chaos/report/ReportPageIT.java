package dev.unwrite.chaos.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser. */
class ReportPageIT {
    @TempDir
    private Path dir = Path.of("");

    @Test
    void theBrowserHasNothingToComplainAboutAndShowsTheNumbersOfTheResults() throws Exception {
        Report.write(dir, SampleRun.valid());
        String page = Browser.open(dir.resolve("report.html"), dir);
        assertThat(page).contains("<svg").contains("takeover-2");
        assertThat(Browser.numbersEqual(page, dir.resolve("results.json")))
                .contains(
                        "valid", "seed", "operations", "faults", "numbers.restoredBlocks", "takeovers.1.firstReplyMs");
    }

    @Test
    void theRunOfAGuestShowsItsCheckpointsAndItsConsole() throws Exception {
        List<String> lines = IntStream.range(0, 100).mapToObj(n -> "TICK " + n).toList();
        GuestReport guest = new GuestReport(
                List.of(
                        new GuestReport.Checkpoint(3_000, "A", 7, 9, 24, 850_000),
                        new GuestReport.Checkpoint(8_000, "B", 8, 90, 240, 52_000_000)),
                List.of(
                        new GuestReport.Life("A", 0, 5_410, lines),
                        new GuestReport.Life("B", 6_510, 17_000, List.of("<b>TICK</b> 99"))));
        Report.write(dir, SampleRun.valid(), guest);
        String page = Browser.open(dir.resolve("report.html"), dir);
        assertThat(page)
                .contains("id=\"checkpoints\"", "median 90 ms", "id=\"console\"", "TICK 0\n", "... (84 lines)\nTICK 92")
                .contains("&lt;b&gt;TICK&lt;/b&gt; 99")
                .doesNotContain("TICK 50");
    }

    @Test
    void aRunWithoutAGuestShowsNone() throws Exception {
        Report.write(dir, SampleRun.valid());
        assertThat(Browser.open(dir.resolve("report.html"), dir)).doesNotContain("id=\"console\"");
    }
}
