package dev.unwrite.chaos.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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
}
