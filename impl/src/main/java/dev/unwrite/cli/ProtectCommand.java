package dev.unwrite.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unwrite protect}. */
@Command(
        name = "protect",
        mixinStandardHelpOptions = true,
        description = "Makes a pair of a primary and the node beside it; returns when the pair is protected.",
        footer = {"", "Exit codes: 0 protected, 1 not protected (the reason is printed), 2 bad usage."})
final class ProtectCommand implements Callable<Integer> {
    @Mixin
    private final ControlOptions options = new ControlOptions();

    @Override
    public Integer call() {
        return options.print(
                options.client().post("/protect"),
                json -> "protected"
                        + (json.path("already").asBoolean() ? " already" : "") + ": primary "
                        + json.path("primary").asText() + ", secondary "
                        + json.path("secondary").asText() + ", term "
                        + json.path("term").asText() + ", checkpoint "
                        + json.path("epoch").asText() + ", "
                        + json.path("durationMillis").asLong() + " ms");
    }
}
