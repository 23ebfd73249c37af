package dev.unwrite.conformance.matrix;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What every layer made of every mutant.
 *
 * @param layers the names of the layers
 * @param rows the mutants, the canary among them
 * @param beyond what is known of mutants of the specification and of traces: one line each
 */
record Matrix(List<String> layers, List<Row> rows, List<String> beyond) {
    /** So many layers have to catch each mutant. */
    static final int WANTED = 2;

    /** A person can follow a run of so many moves; what takes more was not made short enough. */
    static final int MOVES_MAX = 20;

    /**
     * Mutants that only one layer catches. {@code flushed-too-much}: a write that returns while a flush runs is neither an
     * edge of the state graph, whose flushes cover everything, nor compared with the storage's order by the traces.
     */
    static final Set<String> ONE_LAYER_ONLY = Set.of("flushed-too-much");

    static int wanted(Mutant mutant) {
        return ONE_LAYER_ONLY.contains(mutant.name()) ? 1 : WANTED;
    }

    /** One mutant; a layer that has not run yet has no finding. */
    record Row(Mutant mutant, Map<String, Finding> findings) {
        Row {
            findings = new LinkedHashMap<>(findings);
        }

        long caught() {
            return findings.values().stream().filter(Finding::isCaught).count();
        }

        boolean isBroken() {
            return findings.values().stream().anyMatch(f -> f.verdict() == Finding.Verdict.BROKEN);
        }

        /** Whether a layer found it by a run that nobody can follow. */
        boolean isLong() {
            return findings.values().stream().anyMatch(f -> f.moves() > MOVES_MAX);
        }

        boolean isCanary() {
            return mutant.equals(Mutant.CANARY);
        }

        /** Whether it is as it should be. */
        boolean isGood() {
            return !isBroken() && !isLong() && (isCanary() ? caught() == 0 : caught() >= wanted(mutant));
        }
    }

    List<Row> bad() {
        return rows.stream().filter(row -> !row.isGood()).toList();
    }
}
