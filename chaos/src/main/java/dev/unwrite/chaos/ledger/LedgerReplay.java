package dev.unwrite.chaos.ledger;

import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Replays all transfers in the order of their numbers and compares every value that was answered. Where a number
 * belongs to no answered transfer, one of the unanswered ones must have it: a search with backtracking over which one.
 * What a client asked takes effect in its order, so at each number only the next unanswered transfer of each client is
 * to be tried.
 */
final class LedgerReplay {
    /** Transfers tried in all, so that the search ends. */
    private static final long STEPS_MAX = 20_000_000;

    private final LedgerView end;
    private final long[] balances;
    private final long first;
    private final Map<Long, Operation> answered = new HashMap<>();
    private final Map<Long, List<Operation>> reads = new HashMap<>();
    private final Map<String, List<Open>> open = new TreeMap<>();
    private final Map<String, Integer> used = new HashMap<>();
    private long steps;
    private long furthest = -1;
    private String contradiction = "";

    /** An unanswered transfer and the numbers that it can have, both inclusive. */
    private record Open(Operation op, long from, long to, boolean required) {}

    /** What came out. */
    enum Outcomes {
        EXPLAINED,
        CONTRADICTED,
        GAVE_UP
    }

    LedgerReplay(LedgerView start, List<Operation> history, LedgerView end) {
        this.end = end;
        this.balances = start.balances().stream().mapToLong(Long::longValue).toArray();
        this.first = start.seq() + 1;
        for (Operation op : history) {
            if (op.isDecidedTransfer()) {
                answered.put(op.seq(), op);
            } else if (op.outcome() == Outcome.OK) {
                reads.computeIfAbsent(op.seq(), seq -> new ArrayList<>()).add(op);
            }
        }
        collectOpen(history);
    }

    /** The contradiction that was met at the highest number. */
    String contradiction() {
        return contradiction;
    }

    Outcomes run() {
        long missing = end.seq() - first + 1 - answered.size();
        long possible = open.values().stream().mapToLong(List::size).sum();
        if (missing > possible) {
            contradiction =
                    "doubled or invented: " + missing + " transfers took effect that answer no request, but only "
                            + possible + " requests are unanswered and can have";
            return Outcomes.CONTRADICTED;
        }
        if (readsAgree(first - 1) && explain(first)) {
            return Outcomes.EXPLAINED;
        }
        return steps > STEPS_MAX ? Outcomes.GAVE_UP : Outcomes.CONTRADICTED;
    }

    private void collectOpen(List<Operation> history) {
        List<Operation> transfers = new ArrayList<>();
        for (Operation op : history) {
            Long last = end.last().get(op.client());
            if (op.isOpenTransfer() && (last == null || op.reqno() <= last)) {
                transfers.add(op);
            }
        }
        transfers.sort(Comparator.comparingLong(Operation::reqno));
        for (Operation op : transfers) {
            open.computeIfAbsent(op.client(), client -> new ArrayList<>()).add(bounded(op, history));
        }
    }

    /** After what its client asked earlier and what had an answer before it was asked; before what its client asked later. */
    private Open bounded(Operation op, List<Operation> history) {
        long from = first;
        long to = end.seq();
        boolean required = end.last().containsKey(op.client());
        for (Operation other : history) {
            if (other.outcome() == Outcome.INFO || other.op() == Kind.HELLO) {
                continue;
            }
            boolean own = other.client().equals(op.client());
            if ((own && other.reqno() < op.reqno()) || other.complete() < op.invoke()) {
                from = Math.max(from, other.seq() + 1);
            } else if (own && other.reqno() > op.reqno()) {
                required = true;
                to = Math.min(to, other.op() == Kind.TRANSFER ? other.seq() - 1 : other.seq());
            }
        }
        return new Open(op, from, to, required);
    }

    private boolean explain(long from) {
        long seq = from;
        for (Operation op = answered.get(seq); op != null; op = answered.get(seq)) {
            if (!applyAnswered(op)) {
                undoDownTo(from, seq - 1);
                return false;
            }
            seq++;
        }
        boolean explained = seq > end.seq() ? endAgrees() : choose(seq);
        if (!explained) {
            undoDownTo(from, seq - 1);
        }
        return explained;
    }

    /** The number belongs to no answered transfer: tries the unanswered ones. */
    private boolean choose(long seq) {
        boolean any = false;
        for (List<Open> own : open.values()) {
            Open candidate = candidate(own, seq);
            if (candidate == null) {
                continue;
            }
            any = true;
            Operation op = candidate.op();
            boolean moves = balances[op.from()] >= op.amount();
            move(op, moves ? 1 : 0);
            used.merge(op.client(), 1, Integer::sum);
            if (readsAgree(seq) && explain(seq + 1)) {
                return true;
            }
            used.merge(op.client(), -1, Integer::sum);
            move(op, moves ? -1 : 0);
        }
        if (!any) {
            contradict(seq, "doubled or invented: transfer " + seq + " answers no request that can have that number");
        }
        return false;
    }

    /** The next unanswered transfer of a client, if it can have the number. */
    private @Nullable Open candidate(List<Open> own, long seq) {
        int next = used.getOrDefault(own.getFirst().op().client(), 0);
        if (next == own.size() || ++steps > STEPS_MAX) {
            return null;
        }
        Open candidate = own.get(next);
        return candidate.from() <= seq && seq <= candidate.to() ? candidate : null;
    }

    private boolean applyAnswered(Operation op) {
        boolean enough = balances[op.from()] >= op.amount();
        boolean done = op.outcome() == Outcome.OK;
        if (++steps > STEPS_MAX) {
            return false;
        }
        if (enough != done) {
            contradict(
                    op.seq(),
                    "wrong: transfer " + op.seq() + " (" + op.name() + ") of " + op.amount()
                            + (done ? " was done" : " was refused") + " with " + balances[op.from()] + " on account "
                            + op.from() + " by the replay, " + op.values() + " by the answer");
            return false;
        }
        move(op, done ? 1 : 0);
        List<Long> expected = done ? List.of(balances[op.from()], balances[op.to()]) : List.of(balances[op.from()]);
        if (expected.equals(op.values()) && readsAgree(op.seq())) {
            return true;
        }
        if (!expected.equals(op.values())) {
            contradict(
                    op.seq(),
                    "wrong: transfer " + op.seq() + " (" + op.name() + ") was answered with " + op.values()
                            + ", the replay gives " + expected);
        }
        move(op, done ? -1 : 0);
        return false;
    }

    private void undoDownTo(long from, long to) {
        for (long seq = to; seq >= from; seq--) {
            Operation op = answered.get(seq);
            if (op != null && op.outcome() == Outcome.OK) {
                move(op, -1);
            }
        }
    }

    private void move(Operation op, int times) {
        balances[op.from()] -= times * op.amount();
        balances[op.to()] += times * op.amount();
    }

    /** Whether what was read after the transfer {@code seq} is what the replay has there. */
    private boolean readsAgree(long seq) {
        for (Operation op : reads.getOrDefault(seq, List.of())) {
            boolean agrees = op.op() == Kind.READ
                    ? op.values().equals(List.of(balances[op.from()]))
                    : firstDifference(op.values()) < 0;
            if (!agrees) {
                contradict(seq, "wrong: " + op.name() + " read after transfer " + seq + ": " + difference(op));
                return false;
            }
        }
        return true;
    }

    private boolean endAgrees() {
        int account = firstDifference(end.balances());
        if (account >= 0) {
            contradict(
                    end.seq(),
                    "wrong: at the end account " + account + " has "
                            + end.balances().get(account) + ", the replay gives " + balances[account]);
            return false;
        }
        for (List<Open> own : open.values()) {
            Open next = own.get(Math.min(used.getOrDefault(own.getFirst().op().client(), 0), own.size() - 1));
            if (next.required() && used.getOrDefault(next.op().client(), 0) < own.size()) {
                contradict(
                        end.seq(),
                        "lost: " + next.op().name() + " took effect, says the client table, but no transfer"
                                + " number is left for it");
                return false;
            }
        }
        return true;
    }

    private String difference(Operation op) {
        if (op.op() == Kind.READ) {
            return "account " + op.from() + " has " + op.values() + ", the replay gives " + balances[op.from()];
        }
        int account = firstDifference(op.values());
        return account >= op.values().size() || account >= balances.length
                ? op.values().size() + " accounts, not " + balances.length
                : "account " + account + " has " + op.values().get(account) + ", the replay gives " + balances[account];
    }

    /** The first account whose balance is not the replay's, or -1. */
    private int firstDifference(List<Long> values) {
        for (int account = 0; account < Math.max(balances.length, values.size()); account++) {
            if (account >= balances.length || account >= values.size() || balances[account] != values.get(account)) {
                return account;
            }
        }
        return -1;
    }

    /** Keeps what contradicts at the highest number: that is as far as any placement gets. */
    private void contradict(long seq, String what) {
        if (seq > furthest) {
            furthest = seq;
            contradiction = what;
        }
    }
}
