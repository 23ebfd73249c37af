package dev.unwrite.chaos.ledger;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.cli.UntilTerm;
import dev.unwrite.machine.ledger.LedgerLimits;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The load as a process of its own: it runs until its standard input ends or it gets SIGTERM. */
@Command(
        name = "ledger-load",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = {
            "Loads a ledger with transfers and records a history, until standard input ends or SIGTERM.",
            "Then it begins nothing new, waits for the outstanding requests, and ends."
        })
public final class LedgerLoad implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--servers",
            required = true,
            split = ",",
            paramLabel = "HOST:PORT",
            description = "Where the ledger may be.")
    private List<String> servers = List.of();

    @Option(names = "--history", required = true, paramLabel = "FILE", description = "Where the history goes.")
    private Path history = Path.of("");

    @Option(names = "--clients", defaultValue = "8", description = "Client identities (default ${DEFAULT-VALUE}).")
    private int clients;

    @Option(names = "--id-prefix", defaultValue = "c", description = "Begins their names (default ${DEFAULT-VALUE}).")
    private String idPrefix = "c";

    @Option(names = "--seed", defaultValue = "1", description = "Decides the requests (default ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--rate",
            defaultValue = "0",
            description = "Requests a second of all clients together; 0 = no limit (default ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--pipeline",
            defaultValue = "4",
            description = "Requests of a client on the way at once (default ${DEFAULT-VALUE}).")
    private int pipeline;

    @Option(
            names = "--reply-timeout",
            defaultValue = "2000",
            paramLabel = "MS",
            description = "A server that is silent for so long is given up (default ${DEFAULT-VALUE}).")
    private int replyTimeoutMillis;

    @Option(
            names = "--finish-within",
            defaultValue = "10000",
            paramLabel = "MS",
            description = "How long outstanding requests may take at the end (default ${DEFAULT-VALUE}).")
    private int finishMillis;

    @Option(names = "--no-input", description = "Do not watch standard input: only SIGTERM ends the load.")
    private boolean noInput;

    private final CountDownLatch stop = new CountDownLatch(1);
    private final UntilTerm process = new UntilTerm();

    /** Runs the load and exits with a code of {@link Exit}. */
    public static void main(String[] args) {
        LedgerLoad load = new LedgerLoad();
        load.process.main(load, args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        ClientLoad.Settings settings = settings();
        process.onTerm(stop::countDown, Duration.ofMillis(finishMillis + 5_000L));
        if (!noInput) {
            Thread.ofVirtual().name("ledger-load-stdin").start(this::stopAtEndOfInput);
        }
        try (LedgerHistory out = new LedgerHistory(history);
                ClientLoad load = new ClientLoad(settings, out)) {
            load.start();
            long started = System.nanoTime();
            while (!stop.await(1, TimeUnit.SECONDS) && load.problem().isEmpty()) {
                out.flush();
                report(started, load.progress());
            }
            load.finish(Duration.ofMillis(finishMillis));
            report(started, load.progress());
            if (!load.problem().isEmpty()) {
                throw new ExitException(Exit.FAILED, load.problem());
            }
        }
        return Exit.OK;
    }

    private ClientLoad.Settings settings() {
        if (clients < 1 || clients > LedgerLimits.CLIENTS_MAX) {
            throw new ExitException(Exit.USAGE, "--clients must be 1 to " + LedgerLimits.CLIENTS_MAX);
        }
        if (pipeline < 1 || pipeline > LedgerLimits.WINDOW) {
            throw new ExitException(Exit.USAGE, "--pipeline must be 1 to " + LedgerLimits.WINDOW);
        }
        if (rate < 0 || replyTimeoutMillis < 1 || finishMillis < 0) {
            throw new ExitException(Exit.USAGE, "--rate, --reply-timeout and --finish-within cannot be negative");
        }
        return new ClientLoad.Settings(
                addresses(servers), idPrefix, clients, seed, rate, pipeline, Duration.ofMillis(replyTimeoutMillis));
    }

    private static List<InetSocketAddress> addresses(List<String> texts) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (String text : texts) {
            int colon = text.lastIndexOf(':');
            try {
                int port = Integer.parseInt(text.substring(colon + 1));
                // Looked up when it is used: a host may not be there yet.
                addresses.add(InetSocketAddress.createUnresolved(text.substring(0, Math.max(colon, 0)), port));
            } catch (IllegalArgumentException e) {
                throw new ExitException(Exit.USAGE, "--servers: " + text + " is not HOST:PORT", e);
            }
        }
        return addresses;
    }

    private void report(long started, ClientLoad.Progress progress) {
        CommandSpec command = spec;
        if (command != null) {
            PrintWriter out = command.commandLine().getOut();
            out.printf(
                    "%d s: ok %d, insufficient funds %d, unknown %d, retries %d%n",
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started),
                    progress.ok(),
                    progress.fail(),
                    progress.info(),
                    progress.retries());
            out.flush();
        }
    }

    private void stopAtEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                // What is typed does not matter.
            }
        } catch (IOException e) {
            // No input is the end of input.
        }
        stop.countDown();
    }
}
