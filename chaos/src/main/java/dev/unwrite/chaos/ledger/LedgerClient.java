package dev.unwrite.chaos.ledger;

import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.machine.ledger.LedgerLimits;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client identity. It talks to whichever of its servers answers as the ledger and sends a request again, under the
 * same number, until it has the answer: each request takes effect once. Not thread-safe.
 *
 * <p>Either {@link #call} one request after the other, or keep several on the way with {@link #invoke} and {@link
 * #complete}.
 */
public final class LedgerClient implements Closeable {
    private static final Duration RETRY_AFTER = Duration.ofMillis(20);
    private static final Duration CONNECT_MAX = Duration.ofSeconds(1);

    private final String id;
    private final List<InetSocketAddress> servers;
    private final Duration replyTimeout;

    private final Deque<Pending> pending = new ArrayDeque<>();
    private int server;
    private @Nullable Link link;
    private boolean greeted;
    private @Nullable Greeting greeting;
    private long next;
    private long acknowledged;
    private long retries;
    private @Nullable Operation forgotten;
    private String lastProblem = "no server was tried yet";

    /**
     * Connects to nothing yet. {@code servers} is not empty; {@code replyTimeout} is how long a server may be silent
     * before the next one is tried: longer than a checkpoint takes.
     */
    public LedgerClient(String id, List<InetSocketAddress> servers, Duration replyTimeout) {
        if (servers.isEmpty()) {
            throw new IllegalArgumentException("a ledger client needs at least one server");
        }
        this.id = id;
        this.servers = List.copyOf(servers);
        this.replyTimeout = replyTimeout;
    }

    /** Finds the ledger for the first time; false where none has answered in time. */
    public boolean connect(Duration within) {
        long deadline = System.nanoTime() + within.toNanos();
        while (greeting == null && mayGoOn(deadline)) {
            step(deadline);
        }
        return greeting != null;
    }

    /** How many accounts there are; after {@link #connect}. */
    public int accounts() {
        return known().accounts();
    }

    /** What each account began with; after {@link #connect}. */
    public long initialBalance() {
        return known().initialBalance();
    }

    /** Requests without an answer. */
    public int outstanding() {
        return pending.size();
    }

    /** How often a connection was lost or given up. */
    public long retries() {
        return retries;
    }

    /** Why the last connection was lost or not made. */
    public String lastProblem() {
        return lastProblem;
    }

    /** Sends a request; after {@link #connect} and with less than {@link LedgerLimits#WINDOW} outstanding. */
    public void invoke(Ask ask) {
        known();
        if (pending.size() >= LedgerLimits.WINDOW) {
            throw new IllegalStateException(id + " has " + pending.size() + " requests on the way already");
        }
        Pending request = new Pending(id, next++, ask, Ticks.now());
        Link open = link;
        if (open != null && pending.isEmpty()) {
            open.expectFromNow();
        }
        pending.add(request);
        if (open != null && greeted) {
            try {
                open.send(request.line());
            } catch (IOException e) {
                drop(String.valueOf(e.getMessage()));
            }
        }
    }

    /** The end of the oldest outstanding request; null where it has none in time. */
    public @Nullable Operation complete(Duration within) {
        long deadline = System.nanoTime() + within.toNanos();
        while (!pending.isEmpty() && mayGoOn(deadline)) {
            Operation operation = step(deadline);
            if (operation != null) {
                return operation;
            }
        }
        return null;
    }

    /** One request from its start to its end; {@link Outcome#INFO} where there was no answer in time (it is still sent on). */
    public Operation call(Ask ask, Duration within) {
        long deadline = System.nanoTime() + within.toNanos();
        invoke(ask);
        Pending mine = pending.getLast();
        while (true) {
            Operation operation = complete(Duration.ofNanos(deadline - System.nanoTime()));
            if (operation == null) {
                return mine.unknown("no answer in time; " + lastProblem);
            }
            // An earlier call that got no answer in time is answered first.
            if (operation.reqno() == mine.reqno()) {
                return operation;
            }
        }
    }

    /** Gives up: the outstanding requests as {@link Outcome#INFO}. The client can only be closed after that. */
    public List<Operation> abandon() {
        List<Operation> open = new ArrayList<>();
        pending.forEach(request -> open.add(request.unknown("no answer in time; " + lastProblem)));
        pending.clear();
        close();
        return open;
    }

    /** The evidence that the ledger has forgotten a request that it had answered, or null. It ends the client. */
    public @Nullable Operation forgotten() {
        return forgotten;
    }

    @Override
    public void close() {
        Link open = link;
        link = null;
        if (open != null) {
            open.close();
        }
    }

    private static boolean mayGoOn(long deadline) {
        return System.nanoTime() - deadline < 0 && !Thread.currentThread().isInterrupted();
    }

    /** One line from the ledger, or one attempt to reach it. */
    private @Nullable Operation step(long deadline) {
        Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
        try {
            Link open = link;
            if (open == null) {
                reach(left);
                return null;
            }
            String line = open.receive(min(left, replyTimeout));
            if (line != null) {
                return heard(open, line);
            }
            if (open.silence().compareTo(replyTimeout) >= 0) {
                drop("no reply from " + servers.get(server) + " in " + replyTimeout.toMillis() + " ms");
            }
        } catch (IOException e) {
            drop(servers.get(server) + ": " + e.getMessage());
        }
        return null;
    }

    private void reach(Duration left) throws IOException {
        Link open = Link.open(servers.get(server), min(left, CONNECT_MAX));
        link = open;
        greeted = false;
        open.send("HELLO " + id);
    }

    private @Nullable Operation heard(Link open, String line) throws IOException {
        if (!greeted) {
            greet(open, Greeting.parse(line));
            return null;
        }
        Pending oldest = pending.peek();
        Operation operation = oldest == null ? null : oldest.answered(line);
        if (operation == null) {
            throw new IOException("a reply to no request: " + line);
        }
        pending.remove();
        if (operation.outcome() != Outcome.INFO) {
            acknowledged = operation.reqno();
        }
        return operation;
    }

    private void greet(Link open, Greeting hello) throws IOException {
        if (hello.last() < acknowledged) {
            forgotten = forgot(hello.last());
            throw new IOException("it has forgotten " + id + "#" + acknowledged);
        }
        if (greeting == null) {
            next = hello.last() + 1;
            acknowledged = hello.last();
        }
        greeting = hello;
        greeted = true;
        for (Pending request : pending) {
            open.send(request.line());
        }
    }

    private Operation forgot(long last) {
        long now = Ticks.now();
        return new Operation(
                id,
                acknowledged,
                Kind.HELLO,
                0,
                0,
                0,
                now,
                now,
                Outcome.FAIL,
                Operation.NO_SEQ,
                List.of(last),
                "the ledger at " + servers.get(server) + " knows " + id + " only up to request " + last);
    }

    /** Goes on to the next server, after a moment, so that a ledger that is away is not stormed. */
    private void drop(String why) {
        close();
        lastProblem = why;
        retries++;
        server = (server + 1) % servers.size();
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_AFTER.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Greeting known() {
        Greeting hello = greeting;
        if (hello == null) {
            throw new IllegalStateException("not connected: " + lastProblem);
        }
        return hello;
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
