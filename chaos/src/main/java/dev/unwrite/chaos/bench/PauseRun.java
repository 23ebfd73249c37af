package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.workload.LedgerWorkload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Lets machines run under load, and reads from their nodes how long they stood still for each checkpoint. */
final class PauseRun {
    private static final int CLIENTS = 8;
    private static final int PIPELINE = 4;
    private static final long SEED = 1;

    private final Processes processes;
    private final Duration warmUp;
    private final Duration measured;

    /** {@code warmUp} does not count. */
    PauseRun(Processes processes, Duration warmUp, Duration measured) {
        this.processes = processes;
        this.warmUp = warmUp;
        this.measured = measured;
    }

    /**
     * A ledger whose clients send as much as is answered; it is started here, and still runs on return. It sleeps, as the time
     * between two readings is what is measured: there is nothing to wait for.
     */
    Pauses ofLedger(NodeSetup pair, Path history) throws IOException, InterruptedException {
        pair.start();
        LedgerWorkload clients = LedgerWorkload.start(
                processes, new LedgerWorkload.Settings(List.of(pair.ledger()), history, CLIENTS, 0, PIPELINE, SEED));
        Thread.sleep(warmUp.toMillis());
        String before = pair.metrics(HostId.A);
        Thread.sleep(measured.toMillis());
        String after = pair.metrics(HostId.A);
        if (!clients.finish()) {
            throw new BenchException("the clients of the ledger failed: " + processes.lastLine("clients"));
        }
        return Pauses.between(pair.title(), before, after);
    }

    /** A disk that is written meanwhile, {@code words} again and again. */
    Pauses ofDisk(NodeSetup pair, FioRun fio, List<String> words, Workload workload)
            throws IOException, InterruptedException {
        String before = pair.metrics(HostId.A);
        long began = System.nanoTime();
        do {
            fio.run(pair.uri(), words, workload.depth());
        } while (System.nanoTime() - began < measured.toNanos());
        return Pauses.between(pair.title() + ", " + workload.id(), before, pair.metrics(HostId.A));
    }
}
