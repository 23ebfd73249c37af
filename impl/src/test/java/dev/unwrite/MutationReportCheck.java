package dev.unwrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs after PIT, in the profile {@code pit} only: each group of classes was really tested. */
class MutationReportCheck {
    @ParameterizedTest
    @ValueSource(strings = {"protocol", "host", "nbd", "undo", "ownership"})
    void enoughMutantsWereDetected(String group) throws IOException {
        Path file = Path.of(System.getProperty("pit.reports", "target/pit"), group, "mutations.xml");
        int percentMin = Integer.getInteger("pit.percentMin", 85);
        assertThat(MutationReport.read(file).complaint(percentMin)).as(group).isEmpty();
    }
}
