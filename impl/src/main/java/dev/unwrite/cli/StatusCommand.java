package dev.unwrite.cli;

import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unwrite status}. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "Shows how a node is: its role, whether the pair is protected, and what it holds.",
        footer = {"", "Exit codes: 0 the node answered, 1 it did not, 2 bad usage."})
final class StatusCommand implements Callable<Integer> {
    @Mixin
    private final ControlOptions options = new ControlOptions();

    @Override
    public Integer call() {
        return options.print(options.client().status(), status -> StatusTable.of(status, Instant.now()));
    }
}
