package dev.unwrite.chaos.volume;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.cli.UntilTerm;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The load of a raw volume as a process of its own: it runs until it gets SIGTERM. */
@Command(
        name = "volume-load",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = {
            "Writes pieces that describe themselves to a volume, takes checkpoints, and records a history, until SIGTERM.",
            "Then it reads the volume a last time, and ends."
        })
public final class VolumeLoad implements Callable<Integer> {
    private static final Duration LAST_LOOK_MAX = Duration.ofSeconds(10);
    private static final int WRITERS_MAX = 64;

    @Mixin
    private VolumeOptions volume = new VolumeOptions();

    @Option(names = "--writers", defaultValue = "8", description = "Who write at once (default ${DEFAULT-VALUE}).")
    private int writers;

    @Option(names = "--rate", defaultValue = "60", description = "Writes a second (default ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--checkpoint-every",
            defaultValue = "200",
            paramLabel = "MS",
            description = "On average (default ${DEFAULT-VALUE}).")
    private int checkpointMillis;

    private final UntilTerm process = new UntilTerm();

    /** For picocli. */
    public VolumeLoad() {}

    /** Runs the load and exits with a code of {@link Exit}. */
    public static void main(String[] args) {
        VolumeLoad load = new VolumeLoad();
        load.process.main(load, args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        VolumeClient.Settings settings = settings();
        try (Recorder recorder = Recorder.start(volume.history())) {
            try (VolumeClient client = new VolumeClient(settings, recorder)) {
                process.onTerm(client::stop, LAST_LOOK_MAX.multipliedBy(2));
                client.run(LAST_LOOK_MAX);
            }
            System.out.println(recorder.events() + " events");
        }
        return Exit.OK;
    }

    private VolumeClient.Settings settings() {
        int most = Math.min(WRITERS_MAX, volume.blocks());
        if (writers < 1 || writers > most) {
            throw new ExitException(Exit.USAGE, "--writers must be 1 to " + most);
        }
        if (rate < 1 || checkpointMillis < 1) {
            throw new ExitException(Exit.USAGE, "--rate and --checkpoint-every must be positive");
        }
        return new VolumeClient.Settings(
                volume.volumes(),
                volume.controls(),
                volume.blocks(),
                writers,
                rate,
                Duration.ofMillis(checkpointMillis),
                volume.seed());
    }
}
