package dev.unwrite.chaos.fault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.cluster.HostId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumeTest {
    private static final String TAKE_OVER = "{\"action\":\"TakeOver\"}";
    private static final String FINISHED = "{\"action\":\"FinishRollback\"}";
    private static final String RESUMED = "{\"action\":\"Resume\"}";

    @TempDir
    Path dir = Path.of("unset");

    @Test
    void aTraceThatEndsBetweenTheTwoIsLeftOpen() {
        assertThat(Resume.leftOpen(List.of(TAKE_OVER, FINISHED))).contains("between FinishRollback and Resume");
        assertThat(Resume.leftOpen(List.of(TAKE_OVER, FINISHED, RESUMED, TAKE_OVER, FINISHED, "{}")))
                .isNotEmpty();
    }

    @Test
    void anyOtherIsNot() {
        assertThat(Resume.leftOpen(List.of())).isEmpty();
        assertThat(Resume.leftOpen(List.of(TAKE_OVER))).isEmpty();
        assertThat(Resume.leftOpen(List.of(TAKE_OVER, FINISHED, RESUMED))).isEmpty();
    }

    @Test
    void theNewestTraceOfThatHostCounts() throws IOException {
        Files.write(dir.resolve("A-9.ndjson"), List.of(FINISHED, RESUMED));
        Files.write(dir.resolve("A-10.ndjson"), List.of(FINISHED));
        Files.write(dir.resolve("B-11.ndjson"), List.of(FINISHED, RESUMED));
        Files.write(dir.resolve("storage-bank-12.ndjson"), List.of());
        assertThat(Resume.leftOpen(dir, HostId.A)).isNotEmpty();
        assertThat(Resume.leftOpen(dir, HostId.B)).isEmpty();
        assertThat(Resume.leftOpen(dir.resolve("none"), HostId.A)).isEmpty();
    }
}
