package dev.unwrite.chaos.volume;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.UntilTerm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
    private static final Duration LAST_LOOK_MAX = Duration.ofSeconds(10);

    @Mixin
    private VolumeOptions volume = new VolumeOptions();

    @Option(
            names = "--states",
            required = true,
            paramLabel = "DIR",
            description = "Where the line of the state that was handed back appears, as a file whose name is the term.")
    private Path states = Path.of("states");

    private final UntilTerm process = new UntilTerm();

    /** For picocli. */
    public FioLoad() {}

    /** What this machine lacks for it, as one line; empty where nothing is lacking. */
    public static String lacking() {
        return Fio.lacking();
    }

    /** The programs that it runs. */
    public static List<String> programs() {
        return Fio.PROGRAMS;
    }

    /** Runs the load and exits with a code of {@link Exit}. */
    public static void main(String[] args) {
        FioLoad load = new FioLoad();
        load.process.main(load, args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        FioClient.Settings settings =
                new FioClient.Settings(volume.volumes(), volume.controls(), states, volume.blocks(), volume.seed());
        try (Recorder recorder = Recorder.start(volume.history());
                FioClient client = new FioClient(settings, recorder)) {
            process.onTerm(client::stop, LAST_LOOK_MAX.multipliedBy(2));
            client.run(LAST_LOOK_MAX);
            System.out.println(recorder.events() + " events");
        }
        return Exit.OK;
    }
}
