package dev.unwrite.chaos.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Searches for one order of the steps that keeps their real time (a step that was answered before another was asked comes
 * before it) and in which every answer is the one that a ledger gives. It is the search of J. Wing and C. Gong, <i>Testing
 * and verifying concurrent objects</i> (1993), as G. Lowe made it practical in <i>Testing for linearizability</i> (2017):
 * depth first, with a memory of the configurations (which steps took effect; they decide the balances) from which it
 * does not work, and just in time. Four things make it small; none of them loses an order:
 *
 * <ul>
 *   <li><b>Just in time.</b> The next that has to take effect is the <i>goal</i>: of those that have not, the one that was
 *       answered first. All that may come before it was asked before that, so it is concurrent with everything that is
 *       left. Of an order that works, move what does not share an account, directly or through others, with the goal behind
 *       it: it works still. So only steps that are connected with the goal are tried.
 *   <li><b>Reads at once.</b> A read (a refused transfer is one) whose answer fits now takes effect now: it changes nothing, and
 *       what works after it came later works after it came now.
 *   <li><b>Looking ahead.</b> A step that needs another balance than there is must come after one that leaves that
 *       balance there. If none is left that can still come before it, this is a dead end.
 *   <li>What a waiting read needs is tried first, what takes it away last; that is the order of trying only.
 * </ul>
 *
 * Steps without an answer may take effect at any time after they were asked, or never. Not thread-safe; runs once.
 */
final class LinearizationSearch {
    /** Configurations that are remembered: some 100 MB. */
    private static final int MEMORY_MAX = 400_000;

    private static final int LOOK_AT_CLOCK_EVERY = 256;
    private static final int[] NOWHERE = {};

    private final List<LedgerStep> must;
    private final List<LedgerStep> maybe;
    private final long[] balances;
    private final long stepsMax;
    private final long deadlineNanos;

    /** For each account, the steps that change it: of {@link #must} by number, of {@link #maybe} behind those. */
    private final int[][] writers;

    private final BitSet done = new BitSet();
    private final List<Integer> trail = new ArrayList<>();
    private final Set<Configuration> failed = new HashSet<>();
    /** Steps that may be the next, in the order of their asking; the first {@link #enabledCount} count. */
    private final int[] enabled;

    private int enabledCount;
    private boolean finished;
    private boolean full;
    private long steps;
    private int furthest = -1;
    private String stuck = "nothing was tried";
    private Found found = Found.GAVE_UP;

    /** What came out. */
    enum Found {
        /** There is such an order; the balances are now those at its end. */
        ORDER,
        /** There is none. */
        NONE,
        /** A limit was reached first. */
        GAVE_UP
    }

    /** Steps that took effect, without the long row of those at the beginning. */
    private record Configuration(int first, BitSet later) {}

    /** What is still to be tried, and how long the trail was before the step that led here. */
    private static final class Choice {
        private final int mark;
        private final int[] steps;
        private int next;

        Choice(int mark, int[] steps) {
            this.mark = mark;
            this.steps = steps;
        }
    }

    /**
     * Begins on {@code balances}, which it changes.
     *
     * @param stepsMax steps that are tried at most
     * @param deadlineNanos of {@link System#nanoTime}
     */
    LinearizationSearch(List<LedgerStep> all, long[] balances, long stepsMax, long deadlineNanos) {
        Comparator<LedgerStep> byAsking = Comparator.comparingLong(LedgerStep::invoke);
        this.must = all.stream().filter(LedgerStep::isAnswered).sorted(byAsking).toList();
        this.maybe =
                all.stream().filter(step -> !step.isAnswered()).sorted(byAsking).toList();
        this.balances = balances;
        this.stepsMax = stepsMax;
        this.deadlineNanos = deadlineNanos;
        this.enabled = new int[all.size()];
        this.writers = writers();
    }

    private int[][] writers() {
        List<List<Integer>> lists = new ArrayList<>();
        for (int account = 0; account < balances.length; account++) {
            lists.add(new ArrayList<>());
        }
        for (int number = 0; number < must.size() + maybe.size(); number++) {
            LedgerStep step = step(number);
            for (int at = 0; step.moves() && at < step.width(); at++) {
                lists.get(step.account(at)).add(number);
            }
        }
        return lists.stream()
                .map(list -> list.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
    }

    private LedgerStep step(int number) {
        return number < must.size() ? must.get(number) : maybe.get(number - must.size());
    }

    /** Steps that were tried. */
    long steps() {
        return steps;
    }

    /** Where it got no further, in words; after {@link Found#NONE} or {@link Found#GAVE_UP}. */
    String stuck() {
        return stuck;
    }

    /** What came out; {@link Found#GAVE_UP} before {@link #run}. */
    Found found() {
        return found;
    }

    void run() {
        found = searched();
    }

    private Found searched() {
        List<Choice> path = new ArrayList<>();
        Choice top = new Choice(0, expand());
        while (!finished) {
            if (top.next < top.steps.length) {
                if (isOver()) {
                    return Found.GAVE_UP;
                }
                int mark = trail.size();
                take(top.steps[top.next++]);
                path.add(top);
                top = new Choice(mark, expand());
            } else if (path.isEmpty()) {
                return Found.NONE;
            } else {
                undoTo(top.mark);
                top = path.removeLast();
            }
        }
        return Found.ORDER;
    }

    private boolean isOver() {
        steps++;
        return full || steps > stepsMax || (steps % LOOK_AT_CLOCK_EVERY == 0 && System.nanoTime() - deadlineNanos > 0);
    }

    private void take(int number) {
        step(number).move(balances, 1);
        done.set(number);
        trail.add(number);
    }

    private void undoTo(int mark) {
        while (trail.size() > mark) {
            int number = trail.removeLast();
            done.clear(number);
            step(number).move(balances, -1);
        }
    }

    /** Lets reads that fit take effect; then the steps to be tried, none where this is the end, dead or not. */
    private int[] expand() {
        int goal = enable();
        while (goal >= 0 && takeReads()) {
            goal = enable();
        }
        if (goal < 0) {
            finished = true;
            return NOWHERE;
        }
        if (isDeadEnd(goal)) {
            return NOWHERE;
        }
        int[] candidates = candidates(goal);
        if (candidates.length == 0) {
            stuckAt(goal, -1);
        }
        return candidates.length > 1 && !isNew() ? NOWHERE : candidates;
    }

    /** Where there is nothing to choose, nothing needs to be remembered: the next choice is. */
    private boolean isNew() {
        int first = done.nextClearBit(0);
        boolean isNew = failed.add(new Configuration(first, done.get(first, Math.max(first, done.length()))));
        full = failed.size() >= MEMORY_MAX;
        return isNew;
    }

    /** Finds the goal, or -1 at the end, and what may come before it. */
    private int enable() {
        long bound = Long.MAX_VALUE;
        int goal = -1;
        enabledCount = 0;
        for (int number = done.nextClearBit(0);
                number < must.size() && must.get(number).invoke() <= bound;
                number = done.nextClearBit(number + 1)) {
            enabled[enabledCount++] = number;
            if (must.get(number).complete() < bound) {
                bound = must.get(number).complete();
                goal = number;
            }
        }
        while (enabledCount > 0 && must.get(enabled[enabledCount - 1]).invoke() > bound) {
            enabledCount--;
        }
        for (int number = done.nextClearBit(must.size());
                goal >= 0 && number < enabled.length && step(number).invoke() <= bound;
                number = done.nextClearBit(number + 1)) {
            enabled[enabledCount++] = number;
        }
        return goal;
    }

    private boolean takeReads() {
        boolean any = false;
        for (int i = 0; i < enabledCount; i++) {
            LedgerStep step = step(enabled[i]);
            if (!step.moves() && step.fits(balances)) {
                take(enabled[i]);
                any = true;
            }
        }
        return any;
    }

    private boolean isDeadEnd(int goal) {
        LedgerStep last = lastMove();
        for (int i = 0; i < enabledCount; i++) {
            int number = enabled[i];
            LedgerStep step = step(number);
            if (!step.isAnswered()) {
                continue;
            }
            // For a read of all balances, what has just changed is enough; all of it when its time has come.
            if (step.isWide() && number != goal) {
                for (int at = 0; last != null && at < last.width(); at++) {
                    if (isLost(number, last.account(at))) {
                        return true;
                    }
                }
            } else {
                for (int at = 0; at < step.width(); at++) {
                    if (isLost(number, at)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private @Nullable LedgerStep lastMove() {
        for (int i = trail.size() - 1; i >= 0; i--) {
            LedgerStep step = step(trail.get(i));
            if (step.moves()) {
                return step;
            }
        }
        return null;
    }

    /** Whether a step needs another balance than there is, and nothing can make it so any more. */
    private boolean isLost(int number, int at) {
        LedgerStep step = step(number);
        int account = step.account(at);
        if (balances[account] == step.before(at)) {
            return false;
        }
        int[] all = writers[account];
        int from = Arrays.binarySearch(all, done.nextClearBit(0));
        for (int i = from < 0 ? -from - 1 : from; i < all.length; i++) {
            LedgerStep other = step(all[i]);
            int where = other.positionOf(account);
            if (all[i] != number
                    && !done.get(all[i])
                    && other.invoke() <= step.complete()
                    && (!other.isAnswered() || other.before(where) + other.change(where) == step.before(at))) {
                return false;
            }
        }
        stuckAt(number, at);
        return true;
    }

    /** Remembers the place if no other search got as far; {@code at} is -1 where no single account is to blame. */
    private void stuckAt(int number, int at) {
        if (trail.size() < furthest) {
            return;
        }
        furthest = trail.size();
        LedgerStep step = step(number);
        if (at < 0) {
            stuck = step.words() + " fits at no moment between its request and its answer";
        } else {
            stuck = step.words() + " needs " + step.before(at) + " on account " + step.label(at) + ", where there is "
                    + balances[step.account(at)] + ", and nothing that can come before it leaves that there";
        }
    }

    /** What is connected with the goal and fits, best first. */
    private int[] candidates(int goal) {
        BitSet connected = connected(goal);
        List<Integer> fitting = new ArrayList<>();
        for (int i = 0; i < enabledCount; i++) {
            LedgerStep step = step(enabled[i]);
            if (connected.get(i) && step.moves() && step.fits(balances)) {
                fitting.add(enabled[i]);
            }
        }
        if (fitting.size() > 1) {
            List<Integer> unordered = List.copyOf(fitting);
            long[] harm = new long[must.size() + maybe.size()];
            unordered.forEach(number -> harm[number] = harm(step(number)));
            Collections.sort(
                    fitting,
                    Comparator.<Integer>comparingLong(number -> harm[number])
                            .thenComparingLong(number -> step(number).complete()));
        }
        return fitting.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Which of the enabled share an account with the goal, or with one that does, and so on. */
    private BitSet connected(int goal) {
        BitSet connected = new BitSet();
        BitSet accounts = new BitSet();
        boolean grew = add(step(goal), accounts);
        while (grew) {
            grew = false;
            for (int i = 0; i < enabledCount; i++) {
                if (!connected.get(i) && touches(step(enabled[i]), accounts)) {
                    connected.set(i);
                    grew |= add(step(enabled[i]), accounts);
                }
            }
        }
        return connected;
    }

    private boolean add(LedgerStep step, BitSet accounts) {
        int size = accounts.cardinality();
        if (step.isWide()) {
            accounts.set(0, balances.length);
        }
        for (int at = 0; !step.isWide() && at < step.width(); at++) {
            accounts.set(step.account(at));
        }
        return accounts.cardinality() > size;
    }

    private static boolean touches(LedgerStep step, BitSet accounts) {
        for (int at = 0; at < step.width(); at++) {
            if (accounts.get(step.account(at))) {
                return true;
            }
        }
        return false;
    }

    /** How many balances that waiting reads need it takes away, less those that it brings. */
    private long harm(LedgerStep step) {
        long harm = 0;
        for (int i = 0; i < enabledCount; i++) {
            LedgerStep read = step(enabled[i]);
            for (int at = 0; !read.moves() && at < step.width(); at++) {
                int where = read.positionOf(step.account(at));
                if (where >= 0) {
                    long now = balances[step.account(at)];
                    long next = now + step.change(at);
                    harm += now == read.before(where) ? 1 : next == read.before(where) ? -1 : 0;
                }
            }
        }
        return harm;
    }
}
