package dev.unwrite.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unwrite switchover}. */
@Command(
        name = "switchover",
        mixinStandardHelpOptions = true,
        description = "Asks the primary to hand over to its secondary at a checkpoint, so that nothing is lost.",
        footer = {"", "Exit codes: 0 handed over, 1 not handed over (the reason is printed), 2 bad usage."})
final class SwitchoverCommand implements Callable<Integer> {
    @Mixin
    private final ControlOptions options = new ControlOptions();

    @Override
    public Integer call() {
        return options.print(
                options.client().post("/switchover"),
                json -> json.path("newPrimary").asText() + " is primary in term "
                        + json.path("term").asText() + " from checkpoint "
                        + json.path("epoch").asText() + ": machine paused for "
                        + json.path("pauseMillis").asLong() + " ms, "
                        + json.path("durationMillis").asLong() + " ms in all");
    }
}
