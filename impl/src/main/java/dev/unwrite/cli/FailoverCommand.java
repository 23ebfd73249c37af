package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unwrite failover}. */
@Command(
        name = "failover",
        mixinStandardHelpOptions = true,
        description = {
            "Tells a secondary that the primary has failed; returns when the node is primary and rolled back.",
            "The old primary, dead or not, can write no more.",
            "A node that is primary already says so, and nothing is done."
        },
        footer = {"", "Exit codes: 0 taken over, 1 not taken over (the reason is printed), 2 bad usage."})
final class FailoverCommand implements Callable<Integer> {
    @Mixin
    private final ControlOptions options = new ControlOptions();

    @Option(
            names = "--cold",
            description =
                    "Start the machine from its disk at a node that was the primary, although the other host holds its"
                            + " checkpoint: that checkpoint is given up. Only for a host that will never come back.")
    private boolean cold;

    @Override
    public Integer call() {
        return options.print(options.client().post("/failover", cold ? "cold=true" : ""), FailoverCommand::tell);
    }

    private static String tell(JsonNode json) {
        String primary = "this node is primary in term " + json.path("term").asText();
        return switch (json.path("kind").asText()) {
            case "already" -> primary + " already: nothing was done";
            case "cold" ->
                primary + ": the machine was started from its disk, without a checkpoint, "
                        + json.path("durationMillis").asLong() + " ms";
            default -> rolledBack(json);
        };
    }

    private static String rolledBack(JsonNode json) {
        String text =
                "this node is primary in term " + json.path("term").asText() + ": machine and disk are at checkpoint "
                        + json.path("epoch").asText() + ", "
                        + json.path("restoredBlocks").asText() + " blocks ("
                        + Sizes.format(json.path("restoredBytes").asLong()) + ") written back, "
                        + json.path("durationMillis").asLong() + " ms";
        String state = json.path("stateFile").asText("");
        if (json.path("stateless").asBoolean()) {
            return text + System.lineSeparator()
                    + "no state goes with the disk: none was handed over for this checkpoint, or something was written since";
        }
        return json.path("stateFile").isTextual() ? text + System.lineSeparator() + "the state is in " + state : text;
    }
}
