package dev.unwrite.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.report.Browser;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a campaign in a real browser. */
class ChaosPageIT {
    @TempDir
    private Path dir = Path.of("");

    @Test
    void theBrowserHasNothingToComplainAboutAndShowsTheNumbersOfTheResults() throws Exception {
        String page = open(SampleCampaign.valid());
        assertThat(page)
                .contains("Valid: ")
                .contains("Takeover 1: B, term 2, at 4.00 s")
                .contains("3 blocks went back to what the checkpoint has")
                .contains("B takes over, term 2; rollback 25 ms")
                .contains("What fenced hosts tried")
                .contains("≥ 512")
                .contains("was its last line");
        assertThat(Browser.numbersEqual(page, dir.resolve("results.json")))
                .contains(
                        "valid",
                        "seed",
                        "commit",
                        "operations",
                        "faults",
                        "failovers",
                        "durationMs",
                        "counts.takeovers",
                        "counts.joins",
                        "counts.blocksRestored",
                        "counts.unanswered",
                        "counts.slowestRecoveryMs");
    }

    @Test
    void theFirstViolationStandsBeforeTheTakeovers() throws Exception {
        String evidence = "storage-" + SampleCampaign.START / 1_000 + ".ndjson, line seq 5: a write of A was applied";
        String page = open(SampleCampaign.with(
                List.of(new CheckResult("one-owner", "One owner", Verdict.INVALID, List.of(evidence)))));
        assertThat(page)
                .contains("Invalid: something is wrong")
                .contains("First violation, at 4.01 s")
                .contains("The first thing that a check found wrong");
    }

    @Test
    void aCampaignInWhichNothingHappenedHasAPageToo() throws Exception {
        Campaign.Outcome run = SampleCampaign.with(
                List.of(new CheckResult("x", "Nothing", Verdict.UNKNOWN, List.of("nothing"))), List.of(), List.of());
        assertThat(open(run)).contains("Unknown: not decided").contains("Nobody took over");
    }

    private String open(Campaign.Outcome run) throws Exception {
        SampleCampaign.traces().write(dir.resolve("trace"));
        ChaosReport.write(dir, SampleCampaign.results(run), SampleCampaign.settings(), run);
        return Browser.open(dir.resolve("report.html"), dir);
    }
}
