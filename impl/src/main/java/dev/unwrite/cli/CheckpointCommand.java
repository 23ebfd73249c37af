package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unwrite checkpoint}. */
@Command(
        name = "checkpoint",
        mixinStandardHelpOptions = true,
        description = "Takes a checkpoint of machine and disk; returns when it is committed at the secondary.",
        footer = {"", "Exit codes: 0 committed (or cut), 1 not committed (the reason is printed), 2 bad usage."})
final class CheckpointCommand implements Callable<Integer> {
    @Mixin
    private final ControlOptions options = new ControlOptions();

    @Option(
            names = "--state",
            paramLabel = "FILE",
            description = {
                "The state of your machine at this moment, for a node with --machine none. After a failover it is"
                        + " the file 'state' in the data folder of the new primary.",
                "It goes with this checkpoint, and with later ones as long as nothing was written since."
            })
    private @Nullable Path state;

    @Option(
            names = "--base",
            paramLabel = "EPOCH",
            description = "The state is a delta on the one of checkpoint EPOCH, the last that was cut.")
    private @Nullable Long base;

    @Option(
            names = "--until-cut",
            description = {
                "Return when it is cut. Your machine may go on then; what it says to the outside must wait until"
                        + " 'committed' in the status of the node is that epoch."
            })
    private boolean untilCut;

    @Override
    public Integer call() {
        if (base != null && (base < 1 || state == null)) {
            throw new ExitException(
                    Exit.USAGE, "--base is the epoch of a checkpoint, and goes with --state, a delta on it");
        }
        String more = (untilCut ? "&until=cut" : "") + (base == null ? "" : "&base=" + base);
        ControlClient client = options.client();
        JsonNode answer = state == null
                ? client.post("/checkpoint", more.isEmpty() ? "" : more.substring(1))
                : client.post("/checkpoint", more, state);
        if (untilCut) {
            return options.print(
                    answer,
                    json -> "checkpoint " + json.path("epoch").asText() + " is cut, and on its way: "
                            + json.path("durationMillis").asLong() + " ms");
        }
        return options.print(
                answer,
                json -> "checkpoint " + json.path("epoch").asText() + " is committed: "
                        + Sizes.format(json.path("stateBytes").asLong()) + " of state, machine paused for "
                        + json.path("pauseMillis").asLong() + " ms, "
                        + json.path("durationMillis").asLong() + " ms in all");
    }
}
