package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.node.HostPort;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of all commands that talk to a node. */
final class ControlOptions {
    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(
            names = "--control",
            required = true,
            paramLabel = "HOST:PORT",
            converter = HostPortConverter.class,
            description = "The --control address of the node.")
    private @Nullable HostPort control;

    @Option(
            names = "--json",
            description =
                    "Print the answer as JSON, for programs; a failure is {\"error\": \"one line\", \"exit\": N}.")
    private boolean json;

    @Option(
            names = "--timeout",
            defaultValue = "30s",
            paramLabel = "DURATION",
            converter = Durations.Converter.class,
            description = "How long to wait (default: ${DEFAULT-VALUE}). What has begun may still come about.")
    private Duration timeout = Duration.ofSeconds(30);

    ControlClient client() {
        return new ControlClient(control(), timeout);
    }

    HostPort control() {
        HostPort node = control;
        if (node == null) {
            throw new IllegalStateException("called without picocli");
        }
        return node;
    }

    /** Prints the answer as it is, or what the function makes of it; without a line end. */
    int print(JsonNode answer, Function<JsonNode, String> human) {
        CommandSpec commandSpec = spec;
        if (commandSpec == null) {
            throw new IllegalStateException("called without picocli");
        }
        PrintWriter out = commandSpec.commandLine().getOut();
        out.println(json ? answer.toPrettyString() : human.apply(answer));
        out.flush();
        return Exit.OK;
    }
}
