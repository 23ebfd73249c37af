package dev.unwrite.cli;

import dev.unwrite.nbd.NbdUri;
import dev.unwrite.storage.StorageObserver;
import dev.unwrite.storage.StorageServer;
import dev.unwrite.storage.StorageSetupException;
import dev.unwrite.storage.VolumeSpec;
import dev.unwrite.trace.StorageTrace;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unwrite storage}: serves volumes until it is told to stop. */
@Command(
        name = "storage",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Serves volumes over NBD to both hosts of a pair, and keeps the record of who owns them."
                + " Any NBD client may read; only the group's owner in its current term may write.",
        footerHeading = "%n",
        footer = {
            "A group is the set of volumes of one machine. Its exports are named GROUP/NAME.",
            "BACKEND is",
            "  a file          disk.img,size=1G: created, sparse, if absent (K, M, G, T),",
            "  a block device  /dev/vg0/disk, or",
            "  an NBD URI      an export of another server (qemu-nbd, nbdkit). It must be",
            "                  able to flush, and serve one client at a time. When it was",
            "                  lost, the owner writes again what was not flushed.",
            "What was served once is remembered by name, in any order. A volume that is left",
            "out, another file in its place, or one that became shorter is refused; one that",
            "became longer (or shall: ,size=) has grown, and the nodes follow.",
            "A trim frees space where the backend can. A write without the right to it gets EPERM,",
            "a fenced host gets ESHUTDOWN.",
            "",
            "Prints \"listening on URI\" when ready, then a line for each event to the error",
            "output. SIGTERM or ^C: stops serving, flushes, exits with 0.",
            "The folder --data holds the ownership records, whose the names of hosts are, and",
            "what tells the volumes again. Keep it: a storage that forgets cannot fence, and",
            "one with an empty --data is another storage, which the nodes refuse.",
            "Exit codes: 2 what was asked for cannot be done (the message says why),",
            "3 this machine lacks something, 1 any other failure.",
            "",
            "Example:",
            "  unwrite storage --listen nbd://127.0.0.1:10809 --data storage \\",
            "      --volume vm1/disk=disk.img,size=1G"
        })
final class StorageCommand implements Callable<Integer> {
    @Option(
            names = "--listen",
            required = true,
            paramLabel = "NBD-URI",
            description = "Where to listen: nbd://127.0.0.1:10809 (port 0: any that is free) or"
                    + " nbd+unix:///?socket=/run/x.sock.")
    private String listen = "";

    @Option(
            names = "--volume",
            required = true,
            paramLabel = "GROUP/NAME=BACKEND[,size=1G]",
            description = "A volume; may be given many times.")
    private List<String> volumes = new ArrayList<>();

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the ownership records; created if it is absent.")
    private Path data = Path.of("");

    @Option(
            names = "--moved",
            paramLabel = "GROUP/NAME",
            description =
                    "This volume's backend was moved or copied, with its contents as they were while nobody wrote, to"
                            + " what --volume names now. Not for contents put back from a backup: they are a new life, which"
                            + " begins with an empty --data. For one start; may be given many times.")
    private Set<String> moved = new TreeSet<>();

    @Option(
            names = "--forget",
            paramLabel = "GROUP/NAME",
            description =
                    "This volume was served before and is gone for good. Refused while the group is protected. For"
                            + " one start; may be given many times.")
    private Set<String> forgotten = new TreeSet<>();

    @Option(
            names = "--trace",
            paramLabel = "DIR",
            description = "Write what takes effect to DIR, a file for each group, for \"unwrite validate\".")
    private @Nullable Path trace;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        CommandSpec commandSpec = java.util.Objects.requireNonNull(spec);
        PrintWriter err = commandSpec.commandLine().getErr();
        try (LogLines lines = LogLines.withStandardError(err::println)) {
            Consumer<String> log = line -> lines.accept(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + line);
            StorageServer server = start(log);
            // Whoever has read that it listens may end it at once, and in good order.
            stopOnSignal(server, log, lines);
            commandSpec.commandLine().getOut().println("listening on " + server.uri());
            commandSpec.commandLine().getOut().flush();
            return awaitForever();
        }
    }

    private StorageServer start(Consumer<String> log) {
        try {
            NbdUri uri = NbdUri.parse(listen);
            List<VolumeSpec> specs = volumes.stream().map(VolumeSpec::parse).toList();
            return StorageServer.start(new StorageServer.Settings(uri, specs, data, observer(), log, moved, forgotten));
        } catch (IllegalArgumentException | StorageSetupException | UncheckedIOException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new ExitException(
                    Exit.USAGE, "cannot serve at " + listen + " with --data " + data + ": " + Reason.of(e), e);
        }
    }

    /** Its files need no closing: what was written is there even after a kill. */
    private StorageObserver observer() {
        Path dir = trace;
        return dir == null ? StorageObserver.NONE : StorageTrace.open(dir);
    }

    /** Ends the process from within the hook, so that an orderly end is told by exit code 0. */
    private static void stopOnSignal(StorageServer server, Consumer<String> log, LogLines lines) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            int status = Exit.OK;
                            try {
                                server.close();
                                log.accept("stopped, everything is flushed");
                            } catch (IOException e) {
                                log.accept("stopped, but not everything is flushed: " + e.getMessage());
                                status = Exit.FAILED;
                            }
                            lines.close();
                            Runtime.getRuntime().halt(status);
                        },
                        "stop"));
    }

    private static int awaitForever() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Exit.FAILED;
    }
}
