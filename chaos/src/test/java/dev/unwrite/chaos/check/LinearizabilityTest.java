package dev.unwrite.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.check.LedgerRun.Ask;
import dev.unwrite.chaos.check.LedgerRun.Loss;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;

/** The search for an order against the checker by numbers, against all orders that there are, and against planted errors. */
final class LinearizabilityTest {
    private static final int ACCOUNTS = 4;

    /** An error that a ledger could have. */
    enum Planted {
        /** Answered, and then undone. */
        LOST_TRANSFER,
        /** It moved the money twice. */
        DOUBLED_TRANSFER,
        /** A read of a moment that was over before it was asked. */
        STALE_READ,
        /** A read of half a transfer. */
        READ_OF_NO_STATE,
        /** A read that shows a transfer that is asked only after it. */
        ANSWER_FROM_THE_FUTURE
    }

    @Provide
    Arbitrary<List<Ask>> answered() {
        return asks(Arbitraries.just(Loss.ANSWERED)).list().ofMinSize(1).ofMaxSize(60);
    }

    @Provide
    Arbitrary<List<Ask>> some() {
        return asks(losses(20)).list().ofMinSize(1).ofMaxSize(60);
    }

    @Provide
    Arbitrary<List<Ask>> few() {
        return asks(losses(5)).list().ofMinSize(1).ofMaxSize(6);
    }

    /** One answer in so many is lost after the effect, one before. */
    private static Arbitrary<Loss> losses(int oneIn) {
        return Arbitraries.integers()
                .between(1, oneIn)
                .map(one -> one == 1 ? Loss.DONE_UNANSWERED : one == 2 ? Loss.NEVER_DONE : Loss.ANSWERED);
    }

    private static Arbitrary<Ask> asks(Arbitrary<Loss> loss) {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 5),
                        Arbitraries.of(Kind.TRANSFER, Kind.TRANSFER, Kind.TRANSFER, Kind.READ, Kind.BALANCES),
                        Arbitraries.integers().between(0, ACCOUNTS - 1),
                        Arbitraries.integers().between(0, ACCOUNTS - 1),
                        Arbitraries.longs().between(1, 60),
                        Arbitraries.integers().between(1, 80),
                        Arbitraries.integers().between(1, 80),
                        loss)
                .as(Ask::new);
    }

    @Property(tries = 500)
    void aLedgerThatKeepsItsWordIsValidToBoth(@ForAll("some") List<Ask> asks) {
        LedgerRun run = new LedgerRun(ACCOUNTS);
        run.run(asks);
        assertThat(run.byNumbers()).isEqualTo(Verdict.VALID);
        assertThat(run.bySearch()).isEqualTo(Verdict.VALID);
    }

    @Property(tries = 300)
    void aPlantedErrorIsInvalidToBoth(
            @ForAll("answered") List<Ask> before, @ForAll("answered") List<Ask> after, @ForAll Planted planted) {
        LedgerRun run = new LedgerRun(ACCOUNTS);
        run.run(before);
        plant(planted, run, after);
        assertThat(run.byNumbers()).as("by numbers").isEqualTo(Verdict.INVALID);
        assertThat(run.bySearch()).as("by search").isEqualTo(Verdict.INVALID);
    }

    private static void plant(Planted planted, LedgerRun run, List<Ask> after) {
        int rich = LongStream.range(0, ACCOUNTS)
                .mapToInt(Math::toIntExact)
                .filter(a -> run.balances[a] > 0)
                .findFirst()
                .orElseThrow();
        int other = (rich + 1) % ACCOUNTS;
        List<Long> was = run.all();
        Ask one = new Ask(9, Kind.TRANSFER, rich, other, 1, 1, 1, Loss.ANSWERED);
        switch (planted) {
            case LOST_TRANSFER -> {
                run.run(List.of(one));
                run.move(rich, other, -1);
                run.run(after);
            }
            case DOUBLED_TRANSFER -> {
                run.run(List.of(one));
                run.move(rich, other, 1);
                run.run(after);
            }
            case STALE_READ -> {
                long number = run.seq();
                run.run(List.of(one));
                run.readAlone("reader", number, was);
                run.run(after);
            }
            case READ_OF_NO_STATE -> {
                List<Long> half = new ArrayList<>(was);
                half.set(rich, was.get(rich) - 1);
                run.readAlone("reader", run.seq(), half);
                run.run(after);
            }
            case ANSWER_FROM_THE_FUTURE -> {
                List<Long> next = new ArrayList<>(was);
                next.set(rich, was.get(rich) - 1);
                next.set(other, was.get(other) + 1);
                run.readAlone("reader", run.seq() + 1, next);
                run.run(List.of(one));
                run.run(after);
            }
        }
    }

    /** Few operations, with one answer changed or exchanged for another's: the search says what trying all orders says. */
    @Property(tries = 1_000)
    void theSearchSaysWhatAllOrdersSay(
            @ForAll("few") List<Ask> asks,
            @ForAll @IntRange(max = 5) int which,
            @ForAll @IntRange(max = 5) int otherwise,
            @ForAll @IntRange(min = -2, max = 2) int by) {
        LedgerRun run = new LedgerRun(3);
        run.run(asks);
        List<Operation> history = new ArrayList<>(run.history);
        Operation changed = history.get(which % history.size());
        Operation other = history.get(otherwise % history.size());
        List<Long> values = new ArrayList<>(
                changed.op() == other.op() && changed.outcome() == other.outcome() ? other.values() : changed.values());
        if (!values.isEmpty()) {
            values.set(0, values.getFirst() + by);
        }
        history.set(which % history.size(), with(changed, values));
        boolean fits = AllOrders.anyFits(history, run.view());
        Statistics.collect(fits ? "linearizable" : "not");
        assertThat(LedgerCheck.linearizable(history, run.view()).verdict())
                .isEqualTo(fits ? Verdict.VALID : Verdict.INVALID);
    }

    /** What keeps the order of its numbers is linearizable; what has no order at all has none by numbers. */
    @Property(tries = 500)
    void theTwoNeverContradict(
            @ForAll("some") List<Ask> asks,
            @ForAll @IntRange(max = 59) int which,
            @ForAll @IntRange(max = 59) int other) {
        LedgerRun run = new LedgerRun(ACCOUNTS);
        run.run(asks);
        Operation one = run.history.get(which % run.history.size());
        Operation two = run.history.get(other % run.history.size());
        if (one.op() == two.op() && one.outcome() == two.outcome()) {
            run.history.set(which % run.history.size(), with(one, two.values()));
        }
        Verdict byNumbers = run.byNumbers();
        Statistics.collect(byNumbers.word() + " by numbers, " + run.bySearch().word() + " by search");
        if (byNumbers == Verdict.VALID) {
            assertThat(run.bySearch()).isEqualTo(Verdict.VALID);
        }
    }

    @Example
    void readsThatSeeTwoTransfersInDifferentOrdersAreFound() {
        LedgerRun run = new LedgerRun(4);
        run.history.add(operation("c0", Kind.TRANSFER, 0, 1, 10, 0, 100, 90L, 110L));
        run.history.add(operation("c1", Kind.TRANSFER, 2, 3, 10, 0, 100, 90L, 110L));
        run.history.add(operation("c2", Kind.BALANCES, 0, 0, 0, 10, 90, 90L, 110L, 100L, 100L));
        run.move(0, 1, 10);
        run.move(2, 3, 10);
        assertThat(run.bySearch()).isEqualTo(Verdict.VALID);
        run.history.add(operation("c3", Kind.BALANCES, 0, 0, 0, 10, 90, 100L, 100L, 90L, 110L));
        assertThat(run.bySearch()).isEqualTo(Verdict.INVALID);
    }

    @Example
    void anUnansweredTransferMayTakeEffectMuchLaterOrNever() {
        LedgerRun run = new LedgerRun(2);
        Operation open = with(operation("c0", Kind.TRANSFER, 0, 1, 10, 0, 5), Outcome.INFO);
        run.history.add(open);
        run.history.add(operation("c1", Kind.BALANCES, 0, 0, 0, 10, 20, 100L, 100L));
        assertThat(run.bySearch()).isEqualTo(Verdict.VALID);
        run.history.add(operation("c1", Kind.BALANCES, 0, 0, 0, 30, 40, 90L, 110L));
        run.move(0, 1, 10);
        assertThat(run.bySearch()).isEqualTo(Verdict.VALID);
        run.history.add(operation("c1", Kind.BALANCES, 0, 0, 0, 50, 60, 100L, 100L));
        assertThat(run.bySearch()).isEqualTo(Verdict.INVALID);
    }

    @Example
    void whereItGivesUpItIsUnknownUnlessOneAccountAloneShowsIt() {
        Linearizability.Limits none = new Linearizability.Limits(2, Duration.ofMinutes(1));
        LedgerRun run = new LedgerRun(4);
        List<Ask> asks = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            asks.add(new Ask(i, Kind.TRANSFER, i, i + 1, 5, 80, 80, Loss.ANSWERED));
        }
        run.run(asks);
        Linearizability.Result gaveUp = Linearizability.search(run.history, run.view(), none);
        assertThat(gaveUp.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(gaveUp.evidence()).anyMatch(line -> line.contains("given up after"));
        run.history.add(operation("c9", Kind.READ, 3, 0, 0, 135, 150, 55L));
        assertThat(Linearizability.search(run.history, run.view(), none)
                        .evidence()
                        .getFirst())
                .contains("already on account 3 alone");
        assertThat(Linearizability.search(List.of(), run.view(), none).verdict())
                .isEqualTo(Verdict.UNKNOWN);
        assertThat(Linearizability.search(run.history, null, none).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Example
    void checkersThatDisagreeAreInvalidWithBothEvidences() {
        CheckResult good = new CheckResult("x", "x", Verdict.VALID, List.of("all fits"));
        CheckResult bad = new CheckResult("y", "y", Verdict.INVALID, List.of("nothing fits"));
        CheckResult open = new CheckResult("z", "z", Verdict.UNKNOWN, List.of("no idea"));
        CheckResult disagree = LedgerCheck.checkersAgree(good, bad);
        assertThat(disagree.verdict()).isEqualTo(Verdict.INVALID);
        assertThat(disagree.evidence()).contains("by the transfer numbers: all fits", "by the search: nothing fits");
        assertThat(LedgerCheck.checkersAgree(good, good).verdict()).isEqualTo(Verdict.VALID);
        assertThat(LedgerCheck.checkersAgree(bad, bad).verdict()).isEqualTo(Verdict.VALID);
        assertThat(LedgerCheck.checkersAgree(good, open).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    private static Operation operation(
            String client, Kind kind, int from, int to, long amount, long invoke, long complete, Long... values) {
        return new Operation(
                client, invoke, kind, from, to, amount, invoke, complete, Outcome.OK, 1, List.of(values), null);
    }

    private static Operation with(Operation op, Outcome outcome) {
        return new Operation(
                op.client(),
                op.reqno(),
                op.op(),
                op.from(),
                op.to(),
                op.amount(),
                op.invoke(),
                op.complete(),
                outcome,
                Operation.NO_SEQ,
                List.of(),
                null);
    }

    private static Operation with(Operation op, List<Long> values) {
        return new Operation(
                op.client(),
                op.reqno(),
                op.op(),
                op.from(),
                op.to(),
                op.amount(),
                op.invoke(),
                op.complete(),
                op.outcome(),
                op.seq(),
                values,
                op.error());
    }
}
