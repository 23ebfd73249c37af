package dev.unwrite.chaos.check;

import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operation of the ledger as a step of a search: which accounts it touches, what they must hold for the answer that was
 * given, and by how much it changes them. Nothing here knows of transfer numbers.
 */
final class LedgerStep {
    private static final long[] UNKNOWN = {};

    private final Operation operation;
    private final long complete;
    private final int[] accounts;
    /** What people call the accounts. */
    private final int[] labels;

    private final long[] before;
    private final long[] change;

    private LedgerStep(Operation operation, long complete, int[] accounts, int[] labels, long[] before, long[] change) {
        this.operation = operation;
        this.complete = complete;
        this.accounts = accounts;
        this.labels = labels;
        this.before = before;
        this.change = change;
    }

    /**
     * The step of an operation on a ledger of {@code size} accounts; null where no ledger can have given that answer. Not
     * for reads without an answer, which change nothing and claim nothing.
     */
    static @Nullable LedgerStep of(Operation op, int size) {
        return switch (op.op()) {
            case TRANSFER -> transfer(op, size);
            case READ ->
                op.outcome() == Outcome.OK
                                && inside(op.from(), size)
                                && op.values().size() == 1
                        ? reading(op, new int[] {op.from()})
                        : null;
            case BALANCES ->
                op.outcome() == Outcome.OK && op.values().size() == size ? reading(op, accounts(size)) : null;
            case HELLO -> null;
        };
    }

    private static @Nullable LedgerStep transfer(Operation op, int size) {
        if (!inside(op.from(), size) || !inside(op.to(), size) || op.from() == op.to() || op.amount() < 1) {
            return null;
        }
        int[] both = {op.from(), op.to()};
        long[] change = {-op.amount(), op.amount()};
        List<Long> values = op.values();
        return switch (op.outcome()) {
            case INFO -> new LedgerStep(op, Long.MAX_VALUE, both, both, UNKNOWN, change);
            case FAIL ->
                values.size() == 1 && values.getFirst() < op.amount() ? reading(op, new int[] {op.from()}) : null;
            case OK ->
                values.size() == 2 && values.getFirst() >= 0
                        ? new LedgerStep(
                                op,
                                op.complete(),
                                both,
                                both,
                                new long[] {values.get(0) + op.amount(), values.get(1) - op.amount()},
                                change)
                        : null;
        };
    }

    private static boolean inside(int account, int size) {
        return account >= 0 && account < size;
    }

    private static int[] accounts(int size) {
        int[] all = new int[size];
        Arrays.setAll(all, account -> account);
        return all;
    }

    /** A refused transfer is one, too: it says what its account holds and changes nothing. */
    private static LedgerStep reading(Operation op, int[] accounts) {
        long[] values = op.values().stream().mapToLong(Long::longValue).toArray();
        return new LedgerStep(op, op.complete(), accounts, accounts, values, new long[accounts.length]);
    }

    /** What is left of it where only one account, then number 0, is looked at; null where nothing is. */
    @Nullable
    LedgerStep onlyOn(int account) {
        int at = positionOf(account);
        if (at < 0) {
            return null;
        }
        long[] held = isAnswered() ? new long[] {before[at]} : UNKNOWN;
        return new LedgerStep(operation, complete, new int[1], new int[] {account}, held, new long[] {change[at]});
    }

    /** Whether its effect is certain; one without an answer may take effect at any later time or never. */
    boolean isAnswered() {
        return before.length > 0;
    }

    /** Whether it changes anything, if it takes effect. */
    boolean moves() {
        return change[0] != 0;
    }

    /** Whether it looks at all accounts; its positions are then their numbers. */
    boolean isWide() {
        return accounts.length > 2;
    }

    long invoke() {
        return operation.invoke();
    }

    /** When it was answered; without an answer, after everything. */
    long complete() {
        return complete;
    }

    int width() {
        return accounts.length;
    }

    int account(int at) {
        return accounts[at];
    }

    /** The account there as the clients know it. */
    int label(int at) {
        return labels[at];
    }

    /** Where an account stands in this step, or -1. */
    int positionOf(int account) {
        if (isWide()) {
            return account;
        }
        for (int at = 0; at < accounts.length; at++) {
            if (accounts[at] == account) {
                return at;
            }
        }
        return -1;
    }

    /** What the account there must hold; only if answered. */
    long before(int at) {
        return before[at];
    }

    long change(int at) {
        return change[at];
    }

    /** Whether it can take effect on these balances with the answer that it got. */
    boolean fits(long[] balances) {
        for (int at = 0; at < accounts.length; at++) {
            long now = balances[accounts[at]];
            if (isAnswered() ? now != before[at] : now + change[at] < 0) {
                return false;
            }
        }
        return true;
    }

    /** Takes effect, {@code times} 1, or back, -1. */
    void move(long[] balances, int times) {
        if (moves()) {
            for (int at = 0; at < accounts.length; at++) {
                balances[accounts[at]] += times * change[at];
            }
        }
    }

    /** What was asked and answered, in short. */
    String words() {
        String asked = switch (operation.op()) {
            case TRANSFER ->
                "transfer of " + operation.amount() + " from " + operation.from() + " to " + operation.to();
            case READ -> "read of " + operation.from();
            case BALANCES, HELLO -> "read of all balances";
        };
        String answer = !isAnswered()
                ? "not answered"
                : (operation.outcome() == Outcome.FAIL ? "refused with " : "answered with ")
                        + (operation.values().size() <= 2 ? operation.values() : "all of them");
        return operation.client() + "#" + operation.reqno() + " (" + asked + ", " + answer + ")";
    }
}
