package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.cluster.Host;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The load of a raw volume as a process of its own: it runs until it gets SIGTERM. */
@Command(
        name = "volume-load",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = {
            "Writes blocks that describe themselves to a volume, takes checkpoints, and records a history, until SIGTERM.",
            "Then it reads the volume a last time, and ends."
        })
public final class VolumeLoad implements Callable<Integer> {
    private static final int BLOCKS_MAX = 1 << 16;
    private static final int WRITERS_MAX = 64;

    @Option(names = "--volumes", required = true, split = ",", paramLabel = "HOST=URI", description = "Of each host.")
    private Map<Host, String> volumes = Map.of();

    @Option(
            names = "--controls",
            required = true,
            split = ",",
            paramLabel = "HOST=ADDRESS:PORT",
            description = "The same.")
    private Map<Host, String> controls = Map.of();

    @Option(names = "--history", required = true, paramLabel = "FILE", description = "Where the history goes.")
    private Path history = Path.of("");

    @Option(names = "--blocks", required = true, description = "Blocks of 4096 bytes that the volume has.")
    private int blocks;

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

    @Option(names = "--seed", defaultValue = "1", description = "Decides the requests (default ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--finish-within",
            defaultValue = "10000",
            paramLabel = "MS",
            description = "How long the last read may take (default ${DEFAULT-VALUE}).")
    private int finishMillis;

    private final CompletableFuture<VolumeClient> running = new CompletableFuture<>();
    /** With which code this process is to end, once that is known. */
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** For picocli. */
    public VolumeLoad() {}

    /** Runs the load and exits with a code of {@link Exit}. */
    public static void main(String[] args) {
        VolumeLoad load = new VolumeLoad();
        CommandLine command = new CommandLine(load);
        command.setExecutionExceptionHandler((error, line, parsed) -> {
            line.getErr().println("volume-load: " + error.getMessage());
            return error instanceof ExitException exit ? exit.code() : Exit.FAILED;
        });
        int code = command.execute(args);
        load.exitCode.complete(code);
        System.exit(code);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        VolumeClient.Settings settings = settings();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::stopAndWait));
        try (Recorder recorder = new Recorder(history)) {
            recorder.keep();
            try (VolumeClient client = new VolumeClient(settings, recorder)) {
                running.complete(client);
                client.run(Duration.ofMillis(finishMillis));
            }
            System.out.println(recorder.events() + " events");
        }
        return Exit.OK;
    }

    private VolumeClient.Settings settings() {
        if (blocks < 1 || blocks > BLOCKS_MAX) {
            throw new ExitException(Exit.USAGE, "--blocks must be 1 to " + BLOCKS_MAX);
        }
        if (writers < 1 || writers > Math.min(WRITERS_MAX, blocks)) {
            throw new ExitException(Exit.USAGE, "--writers must be 1 to " + Math.min(WRITERS_MAX, blocks));
        }
        if (rate < 1 || checkpointMillis < 1 || finishMillis < 0) {
            throw new ExitException(Exit.USAGE, "--rate, --checkpoint-every and --finish-within must be positive");
        }
        return new VolumeClient.Settings(
                Addresses.volumes(volumes),
                Addresses.controls(controls),
                blocks,
                writers,
                rate,
                Duration.ofMillis(checkpointMillis),
                seed);
    }

    /** On SIGTERM: the process ends when the history is whole, with the code that it would have ended with. */
    private void stopAndWait() {
        try {
            running.get(1, TimeUnit.SECONDS).stop();
            Runtime.getRuntime().halt(exitCode.get(finishMillis + 10_000L, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            System.err.println("volume-load: the history is not whole: the load did not end in time");
        }
    }
}
