package dev.unwrite.chaos.vm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code unwrite bench --vm --quick} measures all that it says; how fast anything is, is no matter of a test. */
@Timeout(300)
class VmBenchIT {
    @TempDir
    Path dir = Path.of("unset");

    @Test
    void everythingIsMeasured() throws Exception {
        Path folder = Files.createDirectories(dir.resolve("w").toAbsolutePath());
        try {
            assertThat(VmRun.bench(folder, Path.of("target", "vm"), true)).isEqualTo(Exit.OK);
        } catch (ExitException e) {
            String message = "SKIPPED: to measure a guest of QEMU: " + e.getMessage();
            System.err.println(message);
            Assumptions.abort(message);
        }
        JsonNode json =
                new JsonMapper().readTree(folder.resolve(VmBench.SAMPLES).toFile());
        for (String phase : new String[] {"alone", "guarded"}) {
            assertThat(json.path(phase))
                    .as(phase)
                    .isNotEmpty()
                    .allSatisfy(speed -> assertThat(speed)
                            .hasSize(3)
                            .allSatisfy(figure -> assertThat(figure.asDouble()).isPositive()));
        }
        for (String phase : new String[] {"idle", "atWork"}) {
            assertThat(json.path(phase)).as(phase).isNotEmpty().allSatisfy(checkpoint -> {
                assertThat(checkpoint.path("bytes").asLong()).isPositive();
                assertThat(checkpoint.path("durationMillis").asLong())
                        .isGreaterThanOrEqualTo(checkpoint.path("pauseMillis").asLong());
            });
        }
        assertThat(json.path("takeovers")).hasSize(1).allSatisfy(down -> {
            assertThat(down.path("detected").asDouble()).isPositive();
            assertThat(down.path("heard").asDouble()).isPositive();
            assertThat(down.path("answered").asDouble())
                    .isGreaterThan(down.path("detected").asDouble());
        });
        assertThat(json.path("targets")).hasSize(4);
    }
}
