package dev.unwrite.conformance;

import dev.unwrite.cli.SubcommandProvider;
import dev.unwrite.conformance.cluster.SimulateCommand;
import java.util.List;

/** The subcommands of this module. */
public final class ConformanceCommands implements SubcommandProvider {
    /** Called by {@link java.util.ServiceLoader}. */
    public ConformanceCommands() {}

    @Override
    public List<Object> subcommands() {
        return List.of(new CheckCommand(), new ValidateCommand(), new SimulateCommand());
    }
}
