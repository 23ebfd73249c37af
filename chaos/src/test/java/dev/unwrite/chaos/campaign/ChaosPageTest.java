package dev.unwrite.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChaosPageTest {
    @TempDir
    private Path dir = Path.of("");

    private PageData page(Campaign.Outcome run) throws IOException {
        return PageDataOf.run(SampleCampaign.results(run), SampleCampaign.settings(), run, dir.resolve("trace"));
    }

    @Test
    void bandsHaveNoHolesAndAHostThatWasSlowOnceWasNotDown() throws IOException {
        for (PageData.Lane lane : page(SampleCampaign.valid()).lanes()) {
            List<PageData.Band> bands = lane.bands();
            for (int i = 1; i < bands.size(); i++) {
                assertThat(bands.get(i).from()).isEqualTo(bands.get(i - 1).to());
            }
            assertThat(bands.getFirst().role()).isEqualTo("idle");
            assertThat(bands.getLast().to()).isEqualTo(12_000);
            assertThat(bands.stream().filter(band -> band.role().equals("down")))
                    .hasSize(1);
        }
    }

    @Test
    void eachHostHasTheCurveOfItsUndoLog() throws IOException {
        PageData.Undo undo = page(SampleCampaign.valid()).lanes().getFirst().undo();
        assertThat(undo.at()).hasSize(110).startsWith(1_000, 1_100);
        assertThat(undo.blocks()).hasSameSizeAs(undo.at()).startsWith(50, 75, 0, 25);
        assertThat(undo.epoch()).hasSameSizeAs(undo.at()).startsWith(2, 2, 3, 3);
    }

    @Test
    void aStepHasItsFaultsAndWhatCameOfThem() throws IOException {
        List<PageData.Step> steps = page(SampleCampaign.valid()).steps();
        assertThat(steps).hasSize(2);
        PageData.Step first = steps.getFirst();
        assertThat(first.faults()).as("in the order in which they struck").containsExactly(1, 0);
        assertThat(first.from()).isEqualTo(3_280);
        assertThat(first.to()).isEqualTo(7_000);
        assertThat(first.changes()).as("takeover, restored, join").containsExactly(3, 4, 5);
        assertThat(first.silenceMs()).isBetween(780.0, 850.0);
        assertThat(first.recoveryMs()).isEqualTo(900);
        assertThat(steps.getLast().changes()).containsExactly(6, 7, 8);
        assertThat(steps.getLast().recoveryMs()).isEqualTo(1_200);
    }

    @Test
    void whatFencedHostsTriedIsThere() throws IOException {
        assertThat(page(SampleCampaign.valid()).results().fenced())
                .containsExactly(
                        new ChaosResults.Fenced(5_200, 5_230, "A", "1.1", 1, 2, 3, 1, 0, false),
                        new ChaosResults.Fenced(9_010, 9_400, "B", "1.2", 2, 3, 512, 0, 1, true));
    }

    @Test
    void optionsAreAllThere() throws IOException {
        PageData.Setup setup = page(SampleCampaign.valid()).setup();
        assertThat(setup.checkpointEveryMs()).isEqualTo(100);
        assertThat(setup.failoverAfterMs()).isEqualTo(700);
        assertThat(setup.mostMs()).isEqualTo(30_000);
        assertThat(setup.faults()).extracting(PageData.FaultName::name).containsExactly("kill", "loss", "flip");
    }

    @Test
    void thePageLoadsNothingFromElsewhereAndTextInTheDataCannotEndTheScript() throws IOException {
        Campaign.Outcome run = SampleCampaign.valid();
        ChaosReport.write(dir, SampleCampaign.results(run), SampleCampaign.settings(), run);
        assertThat(Files.readString(dir.resolve("report.html")))
                .doesNotContainPattern("(src|href)=[\"']?(https?:|//)")
                .doesNotContain("@import")
                .doesNotContain("</script> was");
    }
}
