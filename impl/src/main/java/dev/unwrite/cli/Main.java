package dev.unwrite.cli;

import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code unwrite} command. Subcommands of other modules come through {@link SubcommandProvider}. */
@Command(
        name = "unwrite",
        mixinStandardHelpOptions = true,
        version = "unwrite 0.1.0",
        description = "Failover that takes the disk back with it.",
        synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
    /** The libraries' log in lines like our own, instead of two lines for each message. */
    private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

    @Spec
    private @Nullable CommandSpec spec;

    private Main() {}

    /** Runs the command line and exits with one of the codes of {@link Exit}. */
    public static void main(String[] args) {
        if (System.getProperty(LOG_FORMAT) == null) {
            System.setProperty(LOG_FORMAT, "%1$tFT%1$tT.%1$tL%1$tz %5$s%6$s%n");
        }
        System.exit(run(args));
    }

    /** Runs the command line and returns its exit code. */
    public static int run(String... args) {
        CommandLine root = new CommandLine(new Main());
        root.addSubcommand(new StorageCommand());
        root.addSubcommand(new NodeCommand());
        root.addSubcommand(new StatusCommand());
        root.addSubcommand(new CheckpointCommand());
        root.addSubcommand(new FailoverCommand());
        root.addSubcommand(new SwitchoverCommand());
        root.addSubcommand(new ProtectCommand());
        for (SubcommandProvider provider : ServiceLoader.load(SubcommandProvider.class)) {
            provider.subcommands().forEach(root::addSubcommand);
        }
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setParameterExceptionHandler(Failures::onUsageError);
        root.setExecutionExceptionHandler(Failures::onError);
        return root.execute(args);
    }

    @Override
    public void run() {
        CommandSpec commandSpec = spec;
        if (commandSpec != null) {
            throw new ParameterException(
                    commandSpec.commandLine(),
                    "a command is missing; there are "
                            + String.join(", ", commandSpec.subcommands().keySet()));
        }
    }
}
