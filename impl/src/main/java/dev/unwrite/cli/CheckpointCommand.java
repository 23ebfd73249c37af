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
        footer = {"", "Exit codes: 0 committed, 1 not committed (the reason is printed), 2 bad usage."})
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

    @Override
    public Integer call() {
        ControlClient client = options.client();
        JsonNode answer = state == null ? client.post("/checkpoint") : client.post("/checkpoint", state);
        return options.print(
                answer,
                json -> "checkpoint " + json.path("epoch").asText() + " is committed: "
                        + Sizes.format(json.path("stateBytes").asLong()) + " of state, machine paused for "
                        + json.path("pauseMillis").asLong() + " ms, "
                        + json.path("durationMillis").asLong() + " ms in all");
    }
}
