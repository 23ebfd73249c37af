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

/** The load by fio as a process of its own: it runs until it gets SIGTERM, and leaves no fio behind. */
@Command(
        name = "fio-load",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = {
            "Lets fio write a volume pass after pass, takes a checkpoint after each, and verifies after each takeover.",
            "At SIGTERM it verifies the volume a last time, and ends."
        })
public final class FioLoad implements Callable<Integer> {
    private static final int BLOCKS_MAX = 1 << 16;
    private static final long END_MAX_MILLIS = 10_000;

    @Option(names = "--volumes", required = true, split = ",", paramLabel = "HOST=URI", description = "Of each host.")
    private Map<Host, String> volumes = Map.of();

    @Option(
            names = "--controls",
            required = true,
            split = ",",
            paramLabel = "HOST=ADDRESS:PORT",
            description = "The same.")
    private Map<Host, String> controls = Map.of();

    @Option(
            names = "--states",
            required = true,
            split = ",",
            paramLabel = "HOST=FILE",
            description = "Where each host hands a state back.")
    private Map<Host, Path> states = Map.of();

    @Option(names = "--history", required = true, paramLabel = "FILE", description = "Where the history goes.")
    private Path history = Path.of("");

    @Option(names = "--blocks", required = true, description = "Blocks of 4096 bytes that the volume has.")
    private int blocks;

    @Option(names = "--seed", defaultValue = "1", description = "Decides rates and looks (default ${DEFAULT-VALUE}).")
    private long seed;

    private final CompletableFuture<FioClient> running = new CompletableFuture<>();
    /** With which code this process is to end, once that is known. */
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** For picocli. */
    public FioLoad() {}

    /** What this machine lacks for it, as one line; empty where nothing is lacking. */
    public static String lacking() {
        return Fio.lacking();
    }

    /** Runs the load and exits with a code of {@link Exit}. */
    public static void main(String[] args) {
        FioLoad load = new FioLoad();
        CommandLine command = new CommandLine(load);
        command.setExecutionExceptionHandler((error, line, parsed) -> {
            line.getErr().println("fio-load: " + error.getMessage());
            return error instanceof ExitException exit ? exit.code() : Exit.FAILED;
        });
        int code = command.execute(args);
        load.exitCode.complete(code);
        System.exit(code);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (blocks < 1 || blocks > BLOCKS_MAX) {
            throw new ExitException(Exit.USAGE, "--blocks must be 1 to " + BLOCKS_MAX);
        }
        if (states.size() != Host.values().length) {
            throw new ExitException(Exit.USAGE, "--states must name a file for each host");
        }
        FioClient.Settings settings = new FioClient.Settings(
                Addresses.volumes(volumes), volumes, Addresses.controls(controls), states, blocks, seed);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::stopAndWait));
        try (Recorder recorder = new Recorder(history);
                FioClient client = new FioClient(settings, recorder)) {
            recorder.keep();
            running.complete(client);
            client.run(Duration.ofMillis(END_MAX_MILLIS));
            System.out.println(recorder.events() + " events");
        }
        return Exit.OK;
    }

    /** On SIGTERM: the process ends when the history is whole, with the code that it would have ended with. */
    private void stopAndWait() {
        try {
            running.get(1, TimeUnit.SECONDS).stop();
            Runtime.getRuntime().halt(exitCode.get(END_MAX_MILLIS + 10_000L, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            System.err.println("fio-load: the history is not whole: the load did not end in time");
        }
    }
}
