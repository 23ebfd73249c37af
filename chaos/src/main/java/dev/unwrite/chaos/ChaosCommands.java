package dev.unwrite.chaos;

import dev.unwrite.chaos.bench.BenchCommand;
import dev.unwrite.chaos.campaign.ChaosCommand;
import dev.unwrite.chaos.demo.DemoCommand;
import dev.unwrite.cli.SubcommandProvider;
import java.util.List;

/** The subcommands of this module. */
public final class ChaosCommands implements SubcommandProvider {
    /** Called by {@link java.util.ServiceLoader}. */
    public ChaosCommands() {}

    @Override
    public List<Object> subcommands() {
        return List.of(new DemoCommand(), new ChaosCommand(), new BenchCommand());
    }
}
