package dev.unwrite.chaos.check;

import dev.unwrite.chaos.check.LinearizationSearch.Found;
import dev.unwrite.chaos.ledger.LedgerView;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether a history of the ledger is linearizable (M. Herlihy and J. Wing, 1990), decided without the transfer numbers: a
 * cross-check of {@link dev.unwrite.chaos.ledger.LedgerChecker}, which goes by these. The balances at the end are
 * one more read, asked after everything. The search is {@link LinearizationSearch}; this class makes it small.
 *
 * <p><b>Windows.</b> Where everything that was asked is answered before anything else is asked, any order has all steps of before
 * ahead of all of after, and transfers that took effect only add up: the balances there are known. So the parts can be
 * judged one by one. There is no cut behind a transfer without an answer, which may take effect at any later time.
 *
 * <p><b>Accounts.</b> Linearizability is local: a history of independent objects is linearizable if that of each is (A. Horn and
 * D. Kroening, <i>Faster linearizability checking via P-compositionality</i>, 2015). Transfers tie accounts together,
 * so only half of that holds here: what is no history of one account is none of the ledger, but not the other way round. It is
 * used where the search of a whole window finds no order soon, to see that there is none; never to see that there is one.
 */
final class Linearizability {
    private static final String INITIAL = "the ledger could not be read at the end, so nobody knows how it began";

    /** Tries for each step of a window before its accounts are looked at one by one. */
    private static final int EASY = 10;

    private final Limits limits;
    private final long deadlineNanos;
    private final long[] balances;
    private final List<String> undecided = new ArrayList<>();
    private long steps;

    /**
     * Where a search ends without a result.
     *
     * @param stepsMax of one window, and of one account of it
     * @param timeMax of all together
     */
    record Limits(long stepsMax, Duration timeMax) {
        /** A good campaign of a minute takes some thousands of steps and less than a second. */
        static final Limits USUAL = new Limits(2_000_000, Duration.ofSeconds(60));
    }

    /** What came out. */
    record Result(Verdict verdict, List<String> evidence) {}

    private Linearizability(long[] balances, Limits limits) {
        this.balances = balances;
        this.limits = limits;
        this.deadlineNanos = System.nanoTime() + limits.timeMax().toNanos();
    }

    /** Searches the history of a ledger that began with it; {@code end} is null where it could not be read at the end. */
    static Result search(List<Operation> history, @Nullable LedgerView end, Limits limits) {
        if (end == null || end.balances().isEmpty() || history.isEmpty()) {
            return new Result(
                    Verdict.UNKNOWN,
                    List.of(end == null || end.balances().isEmpty() ? INITIAL : "the history is empty"));
        }
        long[] balances = new long[end.balances().size()];
        Arrays.fill(balances, end.initialBalance());
        return new Linearizability(balances, limits).search(withEnd(history, end));
    }

    /** What claims anything, and the balances at the end as a read after it. */
    private static List<Operation> withEnd(List<Operation> history, LedgerView end) {
        List<Operation> claims = new ArrayList<>(history.stream()
                .filter(op -> op.op() != Kind.HELLO && (op.op() == Kind.TRANSFER || op.outcome() != Outcome.INFO))
                .toList());
        long last = history.stream()
                .mapToLong(op -> Math.max(op.invoke(), op.complete()))
                .max()
                .orElse(0);
        claims.add(new Operation(
                "the end",
                1,
                Kind.BALANCES,
                0,
                0,
                0,
                last + 1,
                last + 2,
                Outcome.OK,
                Operation.NO_SEQ,
                end.balances(),
                null));
        return claims;
    }

    private Result search(List<Operation> claims) {
        List<LedgerStep> all = new ArrayList<>();
        for (Operation op : claims) {
            LedgerStep step = LedgerStep.of(op, balances.length);
            if (step == null) {
                return invalid("no ledger answers " + op.client() + "#" + op.reqno() + " (" + op.op() + ") with "
                        + op.outcome() + " and " + op.values());
            }
            all.add(step);
        }
        List<List<LedgerStep>> windows = windows(all);
        for (List<LedgerStep> window : windows) {
            String contradiction = judge(window);
            if (contradiction != null) {
                return invalid(contradiction);
            }
            // An order that was found has this sum, too; where none was looked for to the end, it still must.
            window.stream().filter(LedgerStep::isAnswered).forEach(step -> step.move(balances, 1));
        }
        int longest = windows.stream().mapToInt(List::size).max().orElse(0);
        String looked = all.size() + " steps in " + windows.size() + " windows between quiet moments, the longest of "
                + longest + "; " + steps + " were tried";
        return undecided.isEmpty()
                ? new Result(Verdict.VALID, List.of("an order was found that explains all answers: " + looked))
                : new Result(Verdict.UNKNOWN, evidence(looked));
    }

    private List<String> evidence(String looked) {
        List<String> evidence = new ArrayList<>(undecided.subList(0, Math.min(5, undecided.size())));
        evidence.add(undecided.size() + " windows were given up; " + looked);
        return evidence;
    }

    private static Result invalid(String why) {
        return new Result(Verdict.INVALID, List.of("not linearizable: " + why));
    }

    /** Cuts at moments with nothing on the way. */
    private static List<List<LedgerStep>> windows(List<LedgerStep> all) {
        List<LedgerStep> byAsking = new ArrayList<>(all);
        byAsking.sort(Comparator.comparingLong(LedgerStep::invoke));
        List<List<LedgerStep>> windows = new ArrayList<>();
        List<LedgerStep> window = new ArrayList<>();
        long quietAfter = Long.MIN_VALUE;
        for (LedgerStep step : byAsking) {
            if (!window.isEmpty() && step.invoke() > quietAfter) {
                windows.add(window);
                window = new ArrayList<>();
            }
            window.add(step);
            quietAfter = Math.max(quietAfter, step.complete());
        }
        windows.add(window);
        return windows;
    }

    /** Why a window has no order, or null; adds to {@link #undecided} where that is not known. */
    private @Nullable String judge(List<LedgerStep> window) {
        // One that has an order shows it with hardly a wrong try. Else a single account often tells sooner, and in
        // fewer words.
        LinearizationSearch search = search(window, Math.min(limits.stepsMax(), EASY * (long) window.size()));
        if (search.found() == Found.ORDER) {
            return null;
        }
        String contradiction = judgeAccounts(window);
        if (contradiction != null) {
            return contradiction;
        }
        if (search.found() == Found.GAVE_UP) {
            search = search(window, limits.stepsMax());
        }
        switch (search.found()) {
            case ORDER -> {
                return null;
            }
            case NONE -> {
                return search.stuck();
            }
            case GAVE_UP ->
                undecided.add("given up after " + search.steps() + " tries in a window of " + window.size()
                        + " steps; it never got further than this: " + search.stuck());
        }
        return null;
    }

    private LinearizationSearch search(List<LedgerStep> window, long stepsMax) {
        LinearizationSearch search = new LinearizationSearch(window, balances.clone(), stepsMax, deadlineNanos);
        search.run();
        steps += search.steps();
        return search;
    }

    private @Nullable String judgeAccounts(List<LedgerStep> window) {
        for (int account = 0; account < balances.length; account++) {
            int only = account;
            List<LedgerStep> steps = window.stream()
                    .map(step -> step.onlyOn(only))
                    .filter(Objects::nonNull)
                    .toList();
            LinearizationSearch search =
                    new LinearizationSearch(steps, new long[] {balances[account]}, limits.stepsMax(), deadlineNanos);
            search.run();
            if (search.found() == Found.NONE) {
                return "already on account " + account + " alone: " + search.stuck();
            }
        }
        return null;
    }
}
