package dev.unwrite.chaos.check;

import dev.unwrite.chaos.ledger.LedgerChecker;
import dev.unwrite.chaos.ledger.LedgerView;
import dev.unwrite.chaos.ledger.Operation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the clients of the ledger were told, against what is in the ledger at the end. */
public final class LedgerCheck {
    private LedgerCheck() {}

    /** No answered transfer is missing, none took effect twice, and all answers fit one order. */
    public static CheckResult answersHold(List<Operation> history, @Nullable LedgerView end) {
        LedgerChecker.Result result = LedgerChecker.check(history, end);
        List<String> evidence = new ArrayList<>();
        evidence.add(result.answered() + " requests answered, " + result.open() + " without an answer");
        evidence.addAll(result.findings());
        Verdict verdict = verdict(result.verdict());
        if (verdict == Verdict.VALID) {
            evidence.add(
                    "replayed in the order of their numbers, the transfers give every balance that was answered and"
                            + " every balance at the end");
        }
        return new CheckResult(
                "ledger-answers-hold", "No answered transfer is missing, none took effect twice", verdict, evidence);
    }

    /** One order explains all answers; found without a look at the numbers that the ledger gives. */
    public static CheckResult linearizable(List<Operation> history, @Nullable LedgerView end) {
        Linearizability.Result result = Linearizability.search(history, end, Linearizability.Limits.USUAL);
        return new CheckResult(
                "ledger-linearizable",
                "Transfers and reads are linearizable, by their times and answers alone",
                result.verdict(),
                result.evidence());
    }

    /** Two checkers that know nothing of each other must come to one verdict; else one of them is wrong, or the numbers are. */
    public static CheckResult checkersAgree(CheckResult byNumbers, CheckResult bySearch) {
        List<String> evidence = new ArrayList<>();
        evidence.add("by the transfer numbers: " + byNumbers.verdict().word() + "; by the search for an order: "
                + bySearch.verdict().word());
        Verdict verdict = Verdict.VALID;
        if (byNumbers.verdict() == Verdict.UNKNOWN || bySearch.verdict() == Verdict.UNKNOWN) {
            verdict = Verdict.UNKNOWN;
        } else if (byNumbers.verdict() != bySearch.verdict()) {
            verdict = Verdict.INVALID;
            byNumbers.evidence().forEach(line -> evidence.add("by the transfer numbers: " + line));
            bySearch.evidence().forEach(line -> evidence.add("by the search: " + line));
        }
        return new CheckResult(
                "ledger-checkers-agree", "Both checkers of the answers come to one verdict", verdict, evidence);
    }

    /** Transfers move money, they do not make or lose it. */
    public static CheckResult totalConserved(@Nullable LedgerView end) {
        String title = "The total of all accounts is what it was";
        String name = "ledger-total";
        if (end == null || end.balances().isEmpty()) {
            return new CheckResult(name, title, Verdict.UNKNOWN, List.of("the balances could not be read at the end"));
        }
        long expected =
                Math.multiplyExact(end.initialBalance(), (long) end.balances().size());
        long sum = end.balances().stream().mapToLong(Long::longValue).sum();
        String evidence = end.balances().size() + " accounts hold " + sum + "; they began with " + expected;
        return new CheckResult(name, title, sum == expected ? Verdict.VALID : Verdict.INVALID, List.of(evidence));
    }

    /** What the ledger's own check says: the accounts in memory are those on the disk's pages. */
    public static CheckResult memoryAgreesWithPages(@Nullable LedgerView end) {
        String title = "What the machine has in memory is what is on its disk";
        String name = "memory-agrees-with-pages";
        if (end == null || end.check().isBlank()) {
            return new CheckResult(
                    name, title, Verdict.UNKNOWN, List.of("the ledger was not asked, or did not answer"));
        }
        Verdict verdict = end.check().startsWith("OK") ? Verdict.VALID : Verdict.INVALID;
        return new CheckResult(name, title, verdict, List.of("the ledger says: " + end.check()));
    }

    private static Verdict verdict(LedgerChecker.Verdict verdict) {
        return switch (verdict) {
            case VALID -> Verdict.VALID;
            case INVALID -> Verdict.INVALID;
            case UNKNOWN -> Verdict.UNKNOWN;
        };
    }
}
