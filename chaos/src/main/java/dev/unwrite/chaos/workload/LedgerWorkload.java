package dev.unwrite.chaos.workload;

import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.ledger.ClientLoad;
import dev.unwrite.chaos.ledger.LedgerLoad;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The clients of the ledger: a process of its own that moves money until it is told to stop. */
public final class LedgerWorkload {
    private static final long FINISH_MAX_MILLIS = 10_000;
    private static final String PREFIX = "c";

    private final Settings settings;
    private final Process process;

    /**
     * How to load.
     *
     * @param rate requests a second of all clients together; 0 is as many as get answered
     * @param pipeline requests of one client on the way at once
     */
    public record Settings(
            List<InetSocketAddress> servers, Path history, int clients, int rate, int pipeline, long seed) {
        /** The names of the clients. */
        public List<String> clientIds() {
            return ClientLoad.clientIds(PREFIX, clients);
        }

        /** The arguments of {@link LedgerLoad}. */
        public List<String> words() {
            String where = servers.stream()
                    .map(server -> server.getHostString() + ":" + server.getPort())
                    .collect(Collectors.joining(","));
            List<String> words = new ArrayList<>(List.of("--servers", where, "--history", history.toString()));
            words.addAll(List.of("--clients", Integer.toString(clients), "--id-prefix", PREFIX));
            words.addAll(List.of("--rate", Integer.toString(rate), "--pipeline", Integer.toString(pipeline)));
            words.addAll(List.of("--seed", Long.toString(seed)));
            words.addAll(List.of("--finish-within", Long.toString(FINISH_MAX_MILLIS)));
            return words;
        }
    }

    private LedgerWorkload(Settings settings, Process process) {
        this.settings = settings;
        this.process = process;
    }

    /** Starts the clients; they try until a ledger answers. */
    public static LedgerWorkload start(Processes processes, Settings settings) {
        return new LedgerWorkload(settings, processes.java("clients", LedgerLoad.class, settings.words()));
    }

    /** Whether it still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** How it ended; only where it did. */
    public int exitCode() {
        return process.exitValue();
    }

    /** Begins nothing new, waits for what is on the way, and writes the history; false where it had to be killed. */
    public boolean finish() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (process.waitFor(2 * FINISH_MAX_MILLIS, TimeUnit.MILLISECONDS)) {
            return process.exitValue() == 0;
        }
        Processes.kill(process);
        return false;
    }

    /** How it was started. */
    public Settings settings() {
        return settings;
    }
}
