package dev.unwrite.chaos.ledger;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A load of many clients, each in a thread of its own, with requests from a seed; every end goes into a history. */
public final class ClientLoad implements Closeable {
    private static final Duration SLICE = Duration.ofMillis(100);
    private static final int TRANSFERS_PERCENT = 90;
    /** The rest, as many again, read all accounts at one moment: only those see transfers out of their order. */
    private static final int READS_PERCENT = 5;
    /** A tenth of what an account begins with by default, so that some transfers lack funds, but not most. */
    private static final int AMOUNT_MAX = 200;

    private final Settings settings;
    private final LedgerHistory history;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong ok = new AtomicLong();
    private final AtomicLong fail = new AtomicLong();
    private final AtomicLong info = new AtomicLong();
    private final AtomicLong retries = new AtomicLong();
    private volatile String problem = "";
    private volatile boolean stopping;
    private volatile long finishBy = Long.MAX_VALUE;

    /**
     * How to load.
     *
     * @param idPrefix the clients are called so, with 0, 1, 2 ... behind it
     * @param requestsPerSecond of all clients together; 0 is as many as get answered
     * @param pipeline requests of one client on the way at once
     */
    public record Settings(
            List<InetSocketAddress> servers,
            String idPrefix,
            int clients,
            long seed,
            int requestsPerSecond,
            int pipeline,
            Duration replyTimeout) {}

    /** What has ended so far, and how often a connection was lost or given up. */
    public record Progress(long ok, long fail, long info, long retries) {}

    /** Starts nothing yet; the history stays the caller's to close. */
    public ClientLoad(Settings settings, LedgerHistory history) {
        this.settings = settings;
        this.history = history;
    }

    /** The names of the clients. */
    public static List<String> clientIds(String prefix, int clients) {
        List<String> ids = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            ids.add(prefix + client);
        }
        return ids;
    }

    /** Starts all clients. */
    public void start() {
        List<String> ids = clientIds(settings.idPrefix(), settings.clients());
        for (int client = 0; client < ids.size(); client++) {
            String id = ids.get(client);
            Random chance = new Random(settings.seed() * 31 + client);
            threads.add(Thread.ofVirtual().name("load-" + id).start(() -> run(id, chance)));
        }
    }

    /** What has happened so far. */
    public Progress progress() {
        return new Progress(ok.get(), fail.get(), info.get(), retries.get());
    }

    /** Why a client has ended before its time; empty where none has. */
    public String problem() {
        return problem;
    }

    /** Begins no more requests; waits so long for the outstanding ones, then records them as not known. */
    public void finish(Duration within) throws InterruptedException {
        finishBy = System.nanoTime() + within.toNanos();
        stopping = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Override
    public void close() {
        finishBy = System.nanoTime();
        stopping = true;
    }

    private boolean outOfTime() {
        return stopping && System.nanoTime() - finishBy >= 0;
    }

    private void run(String id, Random chance) {
        try (LedgerClient client = new LedgerClient(id, settings.servers(), settings.replyTimeout())) {
            while (!client.connect(SLICE)) {
                if (stopping) {
                    return;
                }
            }
            work(client, chance);
            for (Operation open : client.abandon()) {
                record(open);
            }
        } catch (IOException e) {
            problem = "the history cannot be written: " + e.getMessage();
        }
    }

    private void work(LedgerClient client, Random chance) throws IOException {
        long gapNanos = settings.requestsPerSecond() == 0
                ? 0
                : TimeUnit.SECONDS.toNanos(settings.clients()) / settings.requestsPerSecond();
        long due = System.nanoTime();
        long lost = 0;
        while (!outOfTime() && !(stopping && client.outstanding() == 0)) {
            while (!stopping && client.outstanding() < settings.pipeline() && System.nanoTime() - due >= 0) {
                client.invoke(ask(client.accounts(), chance));
                due = Math.max(due + gapNanos, System.nanoTime() - gapNanos);
            }
            if (client.outstanding() == 0) {
                rest(due);
                continue;
            }
            Operation ended = client.complete(SLICE);
            if (ended != null) {
                record(ended);
            }
            retries.addAndGet(client.retries() - lost);
            lost = client.retries();
            Operation forgotten = client.forgotten();
            if (forgotten != null) {
                history.add(forgotten);
                return;
            }
        }
    }

    private static Ask ask(int accounts, Random chance) {
        int kind = chance.nextInt(100);
        int from = chance.nextInt(accounts);
        if (kind < TRANSFERS_PERCENT) {
            int to = (from + 1 + chance.nextInt(accounts - 1)) % accounts;
            return new Ask.Transfer(from, to, 1 + chance.nextInt(AMOUNT_MAX));
        }
        return kind < TRANSFERS_PERCENT + READS_PERCENT ? new Ask.Read(from) : new Ask.Balances();
    }

    /** Waits for the time of the next request, and looks up now and then whether to stop. */
    private static void rest(long due) {
        long nanos = Math.min(due - System.nanoTime(), SLICE.toNanos());
        try {
            TimeUnit.NANOSECONDS.sleep(Math.max(nanos, 0));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void record(Operation operation) throws IOException {
        switch (operation.outcome()) {
            case OK -> ok.incrementAndGet();
            case FAIL -> fail.incrementAndGet();
            case INFO -> info.incrementAndGet();
        }
        history.add(operation);
    }
}
