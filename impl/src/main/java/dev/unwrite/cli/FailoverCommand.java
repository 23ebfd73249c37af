package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unwrite failover}. */
@Command(
        name = "failover",
        mixinStandardHelpOptions = true,
        description = {
            "Tells a secondary that the primary has failed; returns when the node is primary and rolled back.",
            "The old primary, dead or not, can write no more."
        },
        footer = {"", "Exit codes: 0 taken over, 1 not taken over (the reason is printed), 2 bad usage."})
final class FailoverCommand implements Callable<Integer> {
    @Mixin
    private final ControlOptions options = new ControlOptions();

    @Override
    public Integer call() {
        return options.print(options.client().post("/failover"), FailoverCommand::tell);
    }

    private static String tell(JsonNode json) {
        String text =
                "this node is primary in term " + json.path("term").asText() + ": machine and disk are at checkpoint "
                        + json.path("epoch").asText() + ", "
                        + json.path("restoredBlocks").asText() + " blocks ("
                        + Sizes.format(json.path("restoredBytes").asLong()) + ") written back, "
                        + json.path("durationMillis").asLong() + " ms";
        String state = json.path("stateFile").asText("");
        return json.path("stateFile").isTextual() ? text + System.lineSeparator() + "the state is in " + state : text;
    }
}
