package dev.unwrite.chaos.check;

import java.nio.file.Path;
import java.util.List;

/** Decides whether the specification accepts the traces of a run. */
@FunctionalInterface
public interface TraceJudge {
    /** Looks at every {@code *.ndjson} in the folder. */
    Judgement judge(Path traces);

    /** The verdict and what it rests on. */
    record Judgement(Verdict verdict, List<String> evidence) {}

    /** Where no validation is at hand: never a pass. */
    static TraceJudge missing() {
        return traces -> new Judgement(Verdict.UNKNOWN, List.of("not checked; the traces are in " + traces));
    }

    /** The check. */
    default CheckResult check(Path traces) {
        Judgement judgement = judge(traces);
        return new CheckResult(
                "trace-accepted",
                "Every step of both nodes is one that the specification allows",
                judgement.verdict(),
                judgement.evidence());
    }
}
