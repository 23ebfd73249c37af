package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Liveness, as far as it can be seen: whatever was broken and healed, the pair is protected again within a stated time. */
final class ProtectedAgain {
    private ProtectedAgain() {}

    static CheckResult check(Nemesis nemesis, Duration within, List<String> problems) {
        List<String> evidence = new ArrayList<>();
        LongStream waits = nemesis.recoveries().stream().mapToLong(Long::longValue);
        evidence.add(nemesis.recoveries().size() + " times protected again after a heal, at the latest after "
                + waits.max().orElse(0) + " ms; " + within.toSeconds() + " s are allowed");
        evidence.addAll(nemesis.late());
        evidence.addAll(problems);
        Verdict verdict = !nemesis.late().isEmpty()
                ? Verdict.INVALID
                : nemesis.recoveries().isEmpty() || !problems.isEmpty() ? Verdict.UNKNOWN : Verdict.VALID;
        return new CheckResult(
                "protected-again", "After each heal the pair is protected again in time", verdict, evidence);
    }
}
