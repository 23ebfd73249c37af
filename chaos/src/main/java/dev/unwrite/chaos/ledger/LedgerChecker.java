package dev.unwrite.chaos.ledger;

import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Decides from a history and a last look at the ledger whether it kept its word: no answered transfer is missing, none
 * took effect twice, nothing was invented, every value that was ever answered is the one that the transfers before it
 * make, and nothing seems to have happened before it was asked or after it was answered (that is, the history is
 * linearizable in the order of the transfer numbers). Requests without an answer may have taken effect or not.
 */
public final class LedgerChecker {
    /** Findings of one kind that are listed; more are counted. */
    private static final int FINDINGS_MAX = 20;

    private final LedgerView start;
    private final List<Operation> history;
    private final @Nullable LedgerView end;
    private final List<String> findings = new ArrayList<>();
    private final List<String> undecided = new ArrayList<>();
    private int unlisted;

    /** The three verdicts. */
    public enum Verdict {
        /** Nothing is wrong. */
        VALID,
        /** Something is wrong. */
        INVALID,
        /** It could not be decided; the findings say why. */
        UNKNOWN
    }

    /**
     * What came out.
     *
     * @param answered requests with an answer, reads included
     * @param open requests without one
     */
    public record Result(Verdict verdict, List<String> findings, int answered, int open) {}

    private LedgerChecker(LedgerView start, List<Operation> history, @Nullable LedgerView end) {
        this.start = start;
        this.history = history;
        this.end = end;
    }

    /** Checks a ledger that began with the first request of the history; {@code end} is null where it could not be read. */
    public static Result check(List<Operation> history, @Nullable LedgerView end) {
        LedgerView start = end == null
                ? LedgerView.initial(0, 0)
                : LedgerView.initial(end.balances().size(), end.initialBalance());
        return check(start, history, end);
    }

    /** Checks a ledger that was as {@code start} says before the first request of the history. */
    public static Result check(LedgerView start, List<Operation> history, @Nullable LedgerView end) {
        return new LedgerChecker(start, history, end).run();
    }

    private Result run() {
        reportEvidence();
        eachRequestOnce();
        eachNumberOnce();
        readsAreAnswered();
        clientsInOrder();
        realTimeInOrder();
        if (end == null) {
            undecided.add("the ledger could not be read at the end");
        } else {
            againstTheEnd(end);
            // With wrong numbers a replay can only repeat what was found.
            if (findings.isEmpty()) {
                replay(end);
            }
        }
        if (history.isEmpty()) {
            undecided.add("the history is empty");
        }
        if (unlisted > 0) {
            findings.add("and " + unlisted + " more");
        }
        return new Result(verdict(), all(), count(false), count(true));
    }

    private Verdict verdict() {
        if (!findings.isEmpty()) {
            return Verdict.INVALID;
        }
        return undecided.isEmpty() ? Verdict.VALID : Verdict.UNKNOWN;
    }

    private List<String> all() {
        List<String> all = new ArrayList<>(findings);
        all.addAll(undecided);
        return List.copyOf(all);
    }

    private int count(boolean open) {
        return (int) history.stream()
                .filter(op -> op.op() != Kind.HELLO && (op.outcome() == Outcome.INFO) == open)
                .count();
    }

    private void find(String what) {
        if (findings.size() < FINDINGS_MAX) {
            findings.add(what);
        } else {
            unlisted++;
        }
    }

    private void reportEvidence() {
        for (Operation op : history) {
            if (op.op() == Kind.HELLO) {
                find("lost: " + op.name() + " was answered, but later " + op.error());
            } else if (op.error() != null && op.error().startsWith("ERR ")) {
                find("the ledger refused " + op.name() + ": " + op.error());
            }
        }
    }

    private void eachRequestOnce() {
        Set<String> names = new HashSet<>();
        for (Operation op : history) {
            if (op.op() != Kind.HELLO && !names.add(op.name())) {
                find("the history has " + op.name() + " twice");
            }
        }
    }

    private void eachNumberOnce() {
        Map<Long, Operation> byNumber = new HashMap<>();
        for (Operation op : history) {
            if (op.isDecidedTransfer()) {
                Operation other = byNumber.putIfAbsent(op.seq(), op);
                if (other != null) {
                    find("lost: " + other.name() + " and " + op.name() + " were both answered as transfer " + op.seq()
                            + ", so one of them is undone");
                }
                if (op.seq() <= start.seq()) {
                    find(op.name() + " was answered as transfer " + op.seq() + ", but the history begins after "
                            + start.seq());
                }
            }
        }
    }

    /** A read is never refused, and shows no moment before the history begins. */
    private void readsAreAnswered() {
        for (Operation op : answered()) {
            if (op.op() != Kind.TRANSFER && op.outcome() == Outcome.FAIL) {
                find("wrong: " + op.name() + " is a read, but was refused");
            } else if (op.op() != Kind.TRANSFER && op.seq() < start.seq()) {
                find(op.name() + " read after transfer " + op.seq() + ", but the history begins after " + start.seq());
            }
        }
    }

    private void clientsInOrder() {
        Map<String, List<Operation>> byClient = new TreeMap<>();
        for (Operation op : history) {
            if (op.isDecidedTransfer()) {
                byClient.computeIfAbsent(op.client(), client -> new ArrayList<>())
                        .add(op);
            }
        }
        for (List<Operation> own : byClient.values()) {
            own.sort(Comparator.comparingLong(Operation::reqno));
            for (int i = 1; i < own.size(); i++) {
                Operation earlier = own.get(i - 1);
                Operation later = own.get(i);
                if (later.seq() <= earlier.seq()) {
                    find(later.name() + " was answered as transfer " + later.seq() + ", but " + earlier.name() + " as "
                            + earlier.seq());
                }
            }
        }
    }

    /** What is asked after an answer must not come before it. */
    private void realTimeInOrder() {
        List<Operation> byInvoke = new ArrayList<>(answered());
        byInvoke.sort(Comparator.comparingLong(Operation::invoke));
        PriorityQueue<Operation> running = new PriorityQueue<>(Comparator.comparingLong(Operation::complete));
        Operation newest = null;
        for (Operation op : byInvoke) {
            for (Operation over = running.peek();
                    over != null && over.complete() < op.invoke();
                    over = running.peek()) {
                running.remove();
                newest = newest == null || over.seq() > newest.seq() ? over : newest;
            }
            if (newest != null && (op.seq() < newest.seq() || (op.isDecidedTransfer() && op.seq() == newest.seq()))) {
                find("lost: " + newest.name() + " was answered with transfer number " + newest.seq() + " before "
                        + op.name() + " was asked, which was answered with " + op.seq());
            }
            running.add(op);
        }
    }

    private List<Operation> answered() {
        return history.stream()
                .filter(op -> op.outcome() != Outcome.INFO && op.op() != Kind.HELLO)
                .toList();
    }

    private void againstTheEnd(LedgerView view) {
        long total = view.balances().size() * view.initialBalance();
        long sum = view.balances().stream().mapToLong(Long::longValue).sum();
        if (sum != total) {
            find("the balances add up to " + sum + " at the end, not " + total);
        }
        if (view.check().startsWith("BAD ")) {
            find("the ledger's own check failed: " + view.check());
        }
        Map<String, Long> highestSent = new HashMap<>();
        for (Operation op : history) {
            highestSent.merge(op.client(), op.reqno(), Math::max);
            Long last = view.last().get(op.client());
            if (op.outcome() != Outcome.INFO && last != null && last < op.reqno()) {
                find("lost: " + op.name()
                        + " was answered, but at the end the ledger knows its client only up to request " + last);
            }
            if (op.outcome() != Outcome.INFO && op.seq() > view.seq()) {
                find("lost: " + op.name() + " was answered with transfer number " + op.seq()
                        + ", but at the end there were only " + view.seq());
            }
        }
        view.last().forEach((client, last) -> {
            long sent = highestSent.getOrDefault(client, start.last().getOrDefault(client, 0L));
            if (last > sent) {
                find("invented: at the end the ledger knows request " + last + " of " + client + ", which only sent "
                        + sent);
            }
        });
    }

    private void replay(LedgerView view) {
        LedgerReplay replay = new LedgerReplay(start, history, view);
        switch (replay.run()) {
            case EXPLAINED -> {}
            case CONTRADICTED -> find(replay.contradiction());
            case GAVE_UP ->
                undecided.add("the unanswered transfers can be placed in too many ways to try all; so far: "
                        + replay.contradiction());
        }
    }
}
