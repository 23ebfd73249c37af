package dev.unwrite.chaos.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.chaos.ledger.LedgerChecker.Result;
import dev.unwrite.chaos.ledger.LedgerChecker.Verdict;
import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each planted error must be found, and nothing must be found where nothing was planted. */
@Timeout(60)
class LedgerCheckerTest {
    private static final int ACCOUNTS = 5;
    private static final long INITIAL = 100;

    private final Model model = new Model();

    @Test
    void aCorrectRunIsValid() {
        model.run(500, new Random(1));
        assertThat(model.check()).isEqualTo(new Result(Verdict.VALID, List.of(), 500, 0));
    }

    @Test
    void unansweredTransfersMayHaveHappenedOrNot() {
        for (int seed = 0; seed < 50; seed++) {
            Model each = new Model();
            Random chance = new Random(seed);
            each.run(60, chance);
            each.hide("c0", chance.nextInt(4));
            each.hide("c1", chance.nextInt(4));
            each.unasked("c2", 3);
            assertThat(each.check())
                    .as("seed " + seed)
                    .extracting(Result::verdict)
                    .isEqualTo(Verdict.VALID);
            assertThat(each.checkWithoutClientTable().verdict()).isEqualTo(Verdict.VALID);
        }
    }

    @Test
    void anAnsweredTransferThatIsUndoneIsFound() {
        model.run(100, new Random(2));
        Operation last = model.transfers().getLast();
        model.takeBack(last);
        assertInvalid(model.check(), "wrong: at the end account ");
    }

    @Test
    void aRollbackBehindAnAnswerIsFound() {
        model.run(100, new Random(3));
        LedgerView before = model.view();
        model.run(20, new Random(4));
        assertInvalid(LedgerChecker.check(model.history, before), "lost: ");
    }

    @Test
    void aNumberGivenTwiceIsFound() {
        model.run(50, new Random(5));
        model.seq -= 3;
        model.run(10, new Random(6));
        assertInvalid(model.check(), "so one of them is undone");
    }

    @Test
    void aTransferDoneTwiceIsFound() {
        model.run(50, new Random(7));
        Operation last = model.transfers().getLast();
        model.apply(last.from(), last.to(), 1);
        model.run(50, new Random(8));
        assertInvalid(model.check(), "doubled or invented: 1 transfers took effect that answer no request");
    }

    @Test
    void aTransferDoneTwiceUnderOneNumberIsFound() {
        model.run(50, new Random(7));
        model.balances[0] -= 1;
        model.balances[1] += 1;
        model.run(50, new Random(8));
        assertInvalid(model.check(), "wrong: ");
    }

    @Test
    void anInventedRequestIsFound() {
        model.run(50, new Random(9));
        model.last.merge("c0", 1L, Long::sum);
        assertInvalid(model.check(), "invented: at the end the ledger knows request");
    }

    @Test
    void moneyFromNowhereIsFound() {
        model.run(50, new Random(10));
        model.balances[3] += 1;
        assertInvalid(model.check(), "the balances add up to 501 at the end, not 500");
    }

    @Test
    void aStaleReadIsFound() {
        model.run(20, new Random(11));
        long old = model.seq;
        List<Long> oldBalances = model.view().balances();
        model.run(20, new Random(12));
        model.add("c9", Kind.READ, 0, 0, 0, Outcome.OK, old, List.of(oldBalances.getFirst()));
        assertInvalid(model.check(), "before c9#1 was asked");
    }

    @Test
    void aWrongReadIsFound() {
        model.run(20, new Random(13));
        model.add("c9", Kind.READ, 2, 0, 0, Outcome.OK, model.seq, List.of(model.balances[2] + 1));
        model.run(20, new Random(14));
        assertInvalid(model.check(), "wrong: c9#1 read after transfer");
    }

    @Test
    void aClientWhoseOrderIsTurnedRoundIsFound() {
        model.run(20, new Random(15));
        List<Operation> own = model.transfers().stream()
                .filter(op -> op.client().equals("c0"))
                .toList();
        model.replace(own.get(0), withSeq(own.get(0), own.get(1).seq()));
        model.replace(own.get(1), withSeq(own.get(1), own.get(0).seq()));
        assertInvalid(model.check(), "c0#");
    }

    @Test
    void aForgottenClientIsFound() {
        model.run(20, new Random(16));
        model.last.put("c0", 1L);
        assertInvalid(model.check(), "the ledger knows its client only up to request 1");
    }

    @Test
    void anUnansweredTransferThatWasTakenButHasNoEffectIsFound() {
        model.run(20, new Random(17));
        model.unasked("c0", 1);
        model.last.merge("c0", 1L, Long::sum);
        assertInvalid(model.check(), "lost: c0#");
    }

    @Test
    void evidenceOfTheClientsCounts() {
        model.run(20, new Random(18));
        model.history.add(new Operation(
                "c0", 5, Kind.HELLO, 0, 0, 0, 0, 0, Outcome.FAIL, Operation.NO_SEQ, List.of(4L), "the ledger forgot"));
        assertInvalid(model.check(), "lost: c0#5 was answered, but later the ledger forgot");
    }

    @Test
    void withoutALookAtTheEndItIsUnknownUnlessSomethingIsWrong() {
        model.run(20, new Random(19));
        assertThat(LedgerChecker.check(model.history, null).verdict()).isEqualTo(Verdict.UNKNOWN);
        model.seq -= 2;
        model.run(2, new Random(20));
        assertThat(LedgerChecker.check(model.history, null).verdict()).isEqualTo(Verdict.INVALID);
        assertThat(LedgerChecker.check(List.of(), new Model().view()).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void aHistorySurvivesItsFile(@TempDir Path dir) throws IOException {
        model.run(50, new Random(21));
        model.hide("c0", 2);
        Path file = dir.resolve("history.jsonl");
        try (LedgerHistory out = new LedgerHistory(file)) {
            for (Operation op : model.history) {
                out.add(op);
            }
        }
        assertThat(LedgerHistory.read(file)).isEqualTo(model.history);
        Files.writeString(file, "{\"client\":\n", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> LedgerHistory.read(file)).hasMessageContaining("line 51");
    }

    private static void assertInvalid(Result result, String finding) {
        assertThat(result.verdict()).as(result.toString()).isEqualTo(Verdict.INVALID);
        assertThat(result.findings()).anySatisfy(text -> assertThat(text).contains(finding));
    }

    private static Operation withSeq(Operation op, long seq) {
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
                seq,
                op.values(),
                op.error());
    }

    /** A correct ledger and the history of its clients, open to tampering. */
    private static final class Model {
        private final List<Operation> history = new ArrayList<>();
        private final long[] balances = new long[ACCOUNTS];
        private final Map<String, Long> last = new TreeMap<>();
        private long seq;
        private long time;

        Model() {
            Arrays.fill(balances, INITIAL);
        }

        void run(int count, Random chance) {
            for (int i = 0; i < count; i++) {
                String client = "c" + chance.nextInt(3);
                int from = chance.nextInt(ACCOUNTS);
                switch (chance.nextInt(10)) {
                    case 0 -> add(client, Kind.READ, from, 0, 0, Outcome.OK, seq, List.of(balances[from]));
                    case 1 -> add(client, Kind.BALANCES, 0, 0, 0, Outcome.OK, seq, view().balances());
                    default -> transfer(client, from, (from + 1 + chance.nextInt(ACCOUNTS - 1)) % ACCOUNTS, chance);
                }
            }
        }

        private void transfer(String client, int from, int to, Random chance) {
            long amount = chance.nextLong(1, 81);
            boolean done = apply(from, to, amount);
            add(
                    client,
                    Kind.TRANSFER,
                    from,
                    to,
                    amount,
                    done ? Outcome.OK : Outcome.FAIL,
                    seq,
                    done ? List.of(balances[from], balances[to]) : List.of(balances[from]));
        }

        boolean apply(int from, int to, long amount) {
            seq++;
            if (balances[from] < amount) {
                return false;
            }
            balances[from] -= amount;
            balances[to] += amount;
            return true;
        }

        void add(
                String client,
                Kind kind,
                int from,
                int to,
                long amount,
                Outcome outcome,
                long number,
                List<Long> values) {
            long reqno = last.merge(client, 1L, Long::sum);
            long invoke = ++time;
            history.add(new Operation(
                    client, reqno, kind, from, to, amount, invoke, ++time, outcome, number, values, null));
        }

        /** The last requests of a client lose their answers, but not their effect. */
        void hide(String client, int count) {
            List<Operation> own = history.stream()
                    .filter(op -> op.client().equals(client) && op.outcome() != Outcome.INFO)
                    .toList();
            for (Operation op : own.subList(Math.max(0, own.size() - count), own.size())) {
                replace(op, unanswered(op));
            }
        }

        /** Requests of a client that never took effect. */
        void unasked(String client, int count) {
            long reqno = last.getOrDefault(client, 0L);
            for (int i = 1; i <= count; i++) {
                history.add(new Operation(
                        client,
                        reqno + i,
                        Kind.TRANSFER,
                        0,
                        1,
                        7,
                        ++time,
                        ++time,
                        Outcome.INFO,
                        Operation.NO_SEQ,
                        List.of(),
                        "no answer"));
            }
        }

        void takeBack(Operation op) {
            if (op.outcome() == Outcome.OK) {
                balances[op.from()] += op.amount();
                balances[op.to()] -= op.amount();
            }
        }

        void replace(Operation old, Operation now) {
            history.set(history.indexOf(old), now);
        }

        List<Operation> transfers() {
            return history.stream()
                    .filter(op -> op.op() == Kind.TRANSFER && op.outcome() == Outcome.OK)
                    .toList();
        }

        LedgerView view() {
            List<Long> all = new ArrayList<>();
            for (long balance : balances) {
                all.add(balance);
            }
            return new LedgerView(INITIAL, seq, all, last, "OK");
        }

        Result check() {
            return LedgerChecker.check(history, view());
        }

        Result checkWithoutClientTable() {
            LedgerView view = view();
            return LedgerChecker.check(
                    history, new LedgerView(INITIAL, view.seq(), view.balances(), Map.of(), view.check()));
        }

        private static Operation unanswered(Operation op) {
            return new Operation(
                    op.client(),
                    op.reqno(),
                    op.op(),
                    op.from(),
                    op.to(),
                    op.amount(),
                    op.invoke(),
                    op.complete(),
                    Outcome.INFO,
                    Operation.NO_SEQ,
                    List.of(),
                    "no answer");
        }
    }
}
