package dev.unwrite.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.ledger.LedgerView;
import dev.unwrite.chaos.ledger.Operation;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LedgerCheckTest {
    private static final Operation FIRST = transfer("c0", 1, 0, 1, 10, 100, 200, 1, 90, 110);
    private static final Operation SECOND = transfer("c1", 1, 1, 0, 5, 300, 400, 2, 105, 95);

    @Test
    void whatWasAnsweredIsThere() {
        LedgerView end = new LedgerView(100, 2, List.of(95L, 105L), Map.of("c0", 1L, "c1", 1L), "OK");
        assertThat(LedgerCheck.answersHold(List.of(FIRST, SECOND), end).verdict())
                .isEqualTo(Verdict.VALID);
        assertThat(LedgerCheck.totalConserved(end).verdict()).isEqualTo(Verdict.VALID);
    }

    @Test
    void aLostTransferIsInvalid() {
        LedgerView end = new LedgerView(100, 1, List.of(90L, 110L), Map.of("c0", 1L, "c1", 0L), "OK");
        CheckResult result = LedgerCheck.answersHold(List.of(FIRST, SECOND), end);
        assertThat(result.verdict()).isEqualTo(Verdict.INVALID);
        assertThat(result.evidence()).anyMatch(line -> line.startsWith("lost: c1#1"));
    }

    @Test
    void moneyFromNowhereIsInvalid() {
        LedgerView end = new LedgerView(100, 2, List.of(95L, 106L), Map.of("c0", 1L, "c1", 1L), "OK");
        assertThat(LedgerCheck.totalConserved(end).verdict()).isEqualTo(Verdict.INVALID);
        assertThat(LedgerCheck.answersHold(List.of(FIRST, SECOND), end).verdict())
                .isEqualTo(Verdict.INVALID);
    }

    @Test
    void withoutTheEndItIsUnknown() {
        assertThat(LedgerCheck.answersHold(List.of(FIRST), null).verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(LedgerCheck.totalConserved(null).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    private static Operation transfer(
            String client,
            long reqno,
            int from,
            int to,
            long amount,
            long invoke,
            long complete,
            long seq,
            long balanceFrom,
            long balanceTo) {
        return new Operation(
                client,
                reqno,
                Operation.Kind.TRANSFER,
                from,
                to,
                amount,
                invoke,
                complete,
                Operation.Outcome.OK,
                seq,
                List.of(balanceFrom, balanceTo),
                null);
    }
}
