package dev.unwrite.chaos.ledger;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The whole ledger at one moment.
 *
 * @param seq transfers decided so far
 * @param last for each client that was asked for, the number of its last request that took effect
 * @param check the answer to {@code CHECK}, empty where it was not asked
 */
public record LedgerView(long initialBalance, long seq, List<Long> balances, Map<String, Long> last, String check) {
    private static final String READER = "reader";

    /** Copies. */
    public LedgerView {
        balances = List.copyOf(balances);
        last = Map.copyOf(last);
    }

    /** A ledger before its first request. */
    public static LedgerView initial(int accounts, long initialBalance) {
        return new LedgerView(initialBalance, 0, Collections.nCopies(accounts, initialBalance), Map.of(), "");
    }

    /**
     * Reads the ledger at whichever server answers. Meant for a ledger that no client loads any more; late requests are
     * noticed and the reading begins again. Throws where no ledger has answered whole in time.
     */
    public static LedgerView read(List<InetSocketAddress> servers, List<String> clients, Duration within)
            throws IOException {
        long deadline = System.nanoTime() + within.toNanos();
        String problem = "no server was tried";
        for (int attempt = 0; System.nanoTime() - deadline < 0; attempt++) {
            InetSocketAddress server = servers.get(attempt % servers.size());
            Duration left = Duration.ofNanos(deadline - System.nanoTime());
            // One that is silent must leave time to ask another.
            Duration each = left.dividedBy(2);
            try (Link link = Link.open(server, each)) {
                LedgerView view = read(new Asker(link, System.nanoTime() + each.toNanos()), clients);
                if (view != null) {
                    return view;
                }
                problem = "requests still arrive";
            } catch (IOException e) {
                problem = server + ": " + e.getMessage();
            }
            pause();
        }
        throw new IOException("no ledger could be read in " + within.toSeconds() + " s; " + problem);
    }

    /** A moment, so that a ledger that is away is not stormed. */
    private static void pause() throws IOException {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while reading the ledger", e);
        }
    }

    /** Null where something has changed meanwhile. */
    private static @Nullable LedgerView read(Asker ask, List<String> clients) throws IOException {
        Map<String, Long> before = lasts(ask, clients);
        Greeting greeting = Greeting.parse(ask.ask("HELLO " + READER));
        String line = ask.ask("B " + (greeting.last() + 1));
        LedgerReply reply = line.startsWith("OK ") ? LedgerReply.parse(line) : null;
        if (reply == null) {
            throw new IOException("the balances were not answered: " + line);
        }
        String check = ask.ask("CHECK");
        if (!lasts(ask, clients).equals(before)) {
            return null;
        }
        return new LedgerView(greeting.initialBalance(), reply.seq(), new ArrayList<>(reply.values()), before, check);
    }

    private static Map<String, Long> lasts(Asker ask, List<String> clients) throws IOException {
        for (String client : clients) {
            ask.send("HELLO " + client);
        }
        Map<String, Long> lasts = new TreeMap<>();
        for (String client : clients) {
            lasts.put(client, Greeting.parse(ask.next()).last());
        }
        return lasts;
    }

    private record Asker(Link link, long deadline) {
        void send(String line) throws IOException {
            link.send(line);
        }

        String next() throws IOException {
            String line = link.receive(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            if (line == null) {
                throw new IOException("no reply in time");
            }
            return line;
        }

        String ask(String line) throws IOException {
            send(line);
            return next();
        }
    }
}
