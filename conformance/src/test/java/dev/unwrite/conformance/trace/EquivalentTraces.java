package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.conformance.trace.TraceMutants.Mutant;
import dev.unwrite.conformance.trace.TraceMutants.Outcome;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** Says why a mutated trace is as right as the original, by rules that look at the mutation only. */
final class EquivalentTraces {
    private EquivalentTraces() {}

    static Outcome judge(Mutant mutant, Verdict verdict) {
        return switch (verdict) {
            case Verdict.Rejected r -> new Outcome(mutant, true, r.why(), false);
            case Verdict.Accepted a -> survivor(mutant);
        };
    }

    private static Outcome survivor(Mutant mutant) {
        return new Outcome(mutant, false, mutant.file() + " line " + mutant.line() + (mutant.mutation().equals("swap") ? " with " + mutant.second().path("action").asText() : ""), false);
    }
}
