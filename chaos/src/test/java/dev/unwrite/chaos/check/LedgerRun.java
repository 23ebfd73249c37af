package dev.unwrite.chaos.check;

import dev.unwrite.chaos.ledger.LedgerView;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A ledger in memory, and what clients whose requests overlap would write down of it; open to tampering. */
final class LedgerRun {
    static final long INITIAL = 100;
    /** From one moment at which something takes effect to the next. */
    private static final long BEAT = 10;

    final List<Operation> history = new ArrayList<>();
    final long[] balances;
    private final Map<String, Long> lastRequest = new TreeMap<>();
    private final Map<String, Long> lastAsked = new TreeMap<>();
    private final Map<String, Long> applied = new TreeMap<>();
    private long seq;
    private long now;

    /**
     * A request.
     *
     * @param early how long before its effect it is asked
     * @param late how long after its effect it is answered
     * @param loss how its answer is lost: not at all, after its effect, or before; nothing more comes of that client then
     */
    record Ask(int client, Kind kind, int from, int to, long amount, int early, int late, Loss loss) {}

    /** Whether there is an answer. */
    enum Loss {
        ANSWERED,
        DONE_UNANSWERED,
        NEVER_DONE
    }

    LedgerRun(int accounts) {
        balances = new long[accounts];
        Arrays.fill(balances, INITIAL);
    }

    void run(List<Ask> asks) {
        asks.forEach(this::run);
    }

    private void run(Ask ask) {
        String client = "c" + ask.client();
        if (lastAsked.getOrDefault(client, 0L) == Long.MAX_VALUE) {
            return;
        }
        now += BEAT;
        // What a client asks later, it asks later, and it takes effect later.
        long invoke = Math.max(lastAsked.getOrDefault(client, 0L) + 1, now - ask.early());
        long complete = now + ask.late();
        int from = ask.from() % balances.length;
        int to = ask.from() % balances.length == ask.to() % balances.length
                ? (from + 1) % balances.length
                : ask.to() % balances.length;
        boolean effective = ask.loss() != Loss.NEVER_DONE;
        boolean done = true;
        List<Long> values = List.of();
        if (ask.kind() == Kind.TRANSFER && effective) {
            done = balances[from] >= ask.amount();
            transfer(from, to, done ? ask.amount() : 0);
            values = done ? List.of(balances[from], balances[to]) : List.of(balances[from]);
        } else if (ask.kind() != Kind.TRANSFER) {
            values = ask.kind() == Kind.READ ? List.of(balances[from]) : all();
        }
        boolean answered = ask.loss() == Loss.ANSWERED;
        add(
                client,
                ask.kind(),
                from,
                to,
                ask.amount(),
                invoke,
                complete,
                !answered ? Outcome.INFO : done ? Outcome.OK : Outcome.FAIL,
                answered ? seq : Operation.NO_SEQ,
                answered ? values : List.of(),
                effective);
        lastAsked.put(client, answered ? invoke : Long.MAX_VALUE);
    }

    /** Decides the next transfer. */
    void transfer(int from, int to, long amount) {
        seq++;
        move(from, to, amount);
    }

    /** Moves money that no transfer moved. */
    void move(int from, int to, long amount) {
        balances[from] -= amount;
        balances[to] += amount;
    }

    /** Waits until all is answered, reads all balances, as {@code values} says, and goes on only after that. */
    void readAlone(String client, long number, List<Long> values) {
        now = quiet() + BEAT;
        add(client, Kind.BALANCES, 0, 0, 0, now, now + 1, Outcome.OK, number, values, true);
        now += 100 * BEAT;
    }

    /** When everything that was asked is answered. */
    long quiet() {
        return history.stream().mapToLong(Operation::complete).max().orElse(now);
    }

    private void add(
            String client,
            Kind kind,
            int from,
            int to,
            long amount,
            long invoke,
            long complete,
            Outcome outcome,
            long number,
            List<Long> values,
            boolean effective) {
        long reqno = lastRequest.merge(client, 1L, Long::sum);
        if (effective) {
            applied.put(client, reqno);
        }
        boolean two = kind == Kind.TRANSFER;
        history.add(new Operation(
                client,
                reqno,
                kind,
                kind == Kind.BALANCES ? 0 : from,
                two ? to : 0,
                two ? amount : 0,
                invoke,
                complete,
                outcome,
                number,
                values,
                null));
    }

    long seq() {
        return seq;
    }

    List<Long> all() {
        return Arrays.stream(balances).boxed().toList();
    }

    LedgerView view() {
        return new LedgerView(INITIAL, seq, all(), applied, "OK");
    }

    Verdict byNumbers() {
        return LedgerCheck.answersHold(history, view()).verdict();
    }

    Verdict bySearch() {
        return LedgerCheck.linearizable(history, view()).verdict();
    }
}
