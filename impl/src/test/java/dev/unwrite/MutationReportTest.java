package dev.unwrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check of the mutation reports fails when it should. */
class MutationReportTest {
    private static final String KILLED = "<mutation detected='true' status='KILLED'/>";
    private static final String TIMED_OUT = "<mutation detected='true' status='TIMED_OUT'/>";
    private static final String SURVIVED = "<mutation detected='false' status='SURVIVED'/>";

    @TempDir
    Path folder;

    private MutationReport report(String mutations) throws IOException {
        Path file = folder.resolve("mutations.xml");
        Files.writeString(
                file,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><mutations partial=\"true\">" + mutations + "</mutations>");
        return MutationReport.read(file);
    }

    @Test
    void countsWhatWasDetected() throws IOException {
        MutationReport report = report(KILLED.repeat(16) + TIMED_OUT + SURVIVED.repeat(3));
        assertThat(report).isEqualTo(new MutationReport(20, 17, 16));
        assertThat(report.complaint(85)).isEmpty();
        assertThat(report.complaint(86)).contains("17 of 20").contains("86 %");
    }

    @Test
    void aRunThatDidNothingIsNoSuccess() throws IOException {
        assertThat(report("").complaint(0)).contains("no mutants were made");
        assertThat(report(SURVIVED).complaint(0)).contains("no test ran");
        assertThat(report(TIMED_OUT).complaint(0)).contains("no test ran");
    }

    @Test
    void aMissingOrCutReportIsNoSuccess() {
        assertThatThrownBy(() -> MutationReport.read(folder.resolve("none.xml")))
                .hasMessageContaining("no mutation report");
        assertThatThrownBy(() -> report("<mutation")).hasMessageContaining("is cut off");
    }
}
