package dev.unwrite.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    @TempDir
    private Path dir = Path.of("");

    @Test
    void anEarlierRunMakesRoom() throws IOException {
        Path run = RunFolder.prepare(dir.resolve("run"));
        Files.createDirectories(run.resolve("trace"));
        Files.writeString(run.resolve("trace/A.ndjson"), "old");
        RunFolder.prepare(run);
        assertThat(run.resolve("trace")).doesNotExist();
    }

    @Test
    void theFilesOfOthersStay() throws IOException {
        Path letter = Files.writeString(dir.resolve("letter"), "dear");
        assertThatThrownBy(() -> RunFolder.prepare(dir))
                .isInstanceOf(ExitException.class)
                .hasMessageContaining("--dir");
        assertThat(letter).exists();
        assertThatThrownBy(() -> RunFolder.prepare(letter)).isInstanceOf(ExitException.class);
    }
}
