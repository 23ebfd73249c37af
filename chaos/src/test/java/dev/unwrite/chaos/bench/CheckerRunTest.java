package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckerRunTest {
    @TempDir
    Path dir;

    @Test
    void thereAreAsManyEventsAsWantedAndTheSpecificationAllowsThem() throws Exception {
        TraceSpeed speed = new CheckerRun(dir).traces(100);
        assertThat(speed.events()).isGreaterThanOrEqualTo(100);
        assertThat(speed.runs()).isPositive();
        assertThat(speed.eventsPerSecond()).isPositive().isFinite();
    }

    @Test
    void theSimulatorRunsUntilThereAreFailovers() {
        SimulatorSpeed speed = new CheckerRun(dir).simulator(Duration.ofMillis(1));
        assertThat(speed.failovers()).isPositive();
        assertThat(speed.failoversPerSecond()).isPositive().isFinite();
    }
}
