package dev.unwrite.chaos.check;

import dev.unwrite.chaos.ledger.LedgerView;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Tries every order of a few operations, with no cleverness at all: what linearizable means, to compare a search with. */
final class AllOrders {
    private AllOrders() {}

    /** Whether any order explains the answers, and the balances at the end. */
    static boolean anyFits(List<Operation> history, LedgerView end) {
        long[] balances = new long[end.balances().size()];
        Arrays.fill(balances, end.initialBalance());
        return anyFits(new ArrayList<>(history), balances, end.balances());
    }

    private static boolean anyFits(List<Operation> left, long[] balances, List<Long> end) {
        if (left.stream().allMatch(op -> op.outcome() == Outcome.INFO)
                && Arrays.stream(balances).boxed().toList().equals(end)) {
            return true;
        }
        for (Operation next : List.copyOf(left)) {
            boolean tooEarly =
                    left.stream().anyMatch(op -> op.outcome() != Outcome.INFO && op.complete() < next.invoke());
            long[] after = balances.clone();
            if (!tooEarly && answers(next, after)) {
                List<Operation> rest = new ArrayList<>(left);
                rest.remove(next);
                if (anyFits(rest, after, end)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Executes it; whether the answer is the one that was given. */
    private static boolean answers(Operation op, long[] balances) {
        boolean done = true;
        if (op.op() == Kind.TRANSFER) {
            done = balances[op.from()] >= op.amount();
            balances[op.from()] -= done ? op.amount() : 0;
            balances[op.to()] += done ? op.amount() : 0;
        }
        if (op.outcome() == Outcome.INFO) {
            return true;
        }
        List<Long> values = switch (op.op()) {
            case TRANSFER -> done ? List.of(balances[op.from()], balances[op.to()]) : List.of(balances[op.from()]);
            case READ -> List.of(balances[op.from()]);
            case BALANCES, HELLO -> Arrays.stream(balances).boxed().toList();
        };
        return values.equals(op.values()) && op.outcome() == (done ? Outcome.OK : Outcome.FAIL);
    }
}
