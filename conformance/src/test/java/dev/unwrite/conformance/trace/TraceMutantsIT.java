package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.trace.TraceMutants.Mutant;
import dev.unwrite.conformance.trace.TraceMutants.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces with one mistake are rejected, but for those that are as right as the original. */
class TraceMutantsIT {
    /** How many runs are mutated, and at how many places each kind of mutation is made in each. */
    private static final int RUNS = Integer.getInteger("unwrite.mutatedRuns", 3);

    private static final int PLACES = Integer.getInteger("unwrite.mutatedPlaces", 1);

    @TempDir
    private Path dir;

    @Test
    void nearlyAllThatAreWrongAreRejected() throws Exception {
        List<Outcome> outcomes = outcomes();
        TraceMutantCounts counts = TraceMutantCounts.of(outcomes);
        // Maven runs the tests in the folder of the module.
        counts.write(Path.of("..", TraceMutantCounts.FILE));
        Map<String, Integer> survivors = new TreeMap<>();
        for (Outcome outcome : outcomes) {
            if (!outcome.rejected()) {
                survivors.merge(
                        (outcome.equivalent() ? "equivalent: " : "ALIVE: ")
                                + outcome.mutant().name() + ": " + outcome.reason(),
                        1,
                        Integer::sum);
            }
        }
        System.out.println(counts);
        survivors.forEach((name, count) -> System.out.println("  " + count + " " + name));
        assertThat(outcomes).hasSizeGreaterThan(RUNS * 200);
        assertThat(counts.rejected() * 100L).isGreaterThanOrEqualTo((counts.mutants() - counts.equivalent()) * 99L);
    }

    /** A refusal is rare, so runs are looked for that have one; every change of it must be found or explained. */
    @Test
    void whatIsSaidOfRefusalsIsHeldAgainstTheRest() throws Exception {
        RunSource source = new SimulatedRuns(dir);
        List<List<Mutant>> runs = new ArrayList<>();
        for (int seed = 0; runs.size() < 6 && seed < 300; seed++) {
            List<Mutant> mutants = TraceMutants.of(source.run(seed), 3, "Refused"::equals);
            if (!mutants.isEmpty()) {
                runs.add(mutants);
            }
        }
        List<Outcome> outcomes = outcomes(runs);
        assertThat(outcomes.size()).isGreaterThan(6 * 7);
        assertThat(outcomes.stream().filter(Outcome::rejected).count()).isGreaterThan(6 * 5);
        assertThat(outcomes.stream()
                        .filter(outcome -> !outcome.rejected() && !outcome.equivalent())
                        .map(outcome -> outcome.mutant().name() + ": " + outcome.reason()))
                .isEmpty();
    }

    private List<Outcome> outcomes() throws IOException, InterruptedException {
        RunSource source = new PairRuns(dir, 120, 2);
        List<List<Mutant>> runs = new ArrayList<>();
        for (int seed = 0; seed < RUNS; seed++) {
            runs.add(TraceMutants.of(source.run(100 + seed), PLACES));
        }
        return outcomes(runs);
    }

    private static List<Outcome> outcomes(List<List<Mutant>> runs) throws IOException, InterruptedException {
        List<Outcome> outcomes = new ArrayList<>();
        TraceBatch batch = new TraceBatch();
        for (List<Mutant> mutants : runs) {
            List<TraceFolder> folders = new ArrayList<>();
            List<Mutant> readable = new ArrayList<>();
            for (Mutant mutant : mutants) {
                try {
                    folders.add(TraceFolder.of(mutant.files()));
                    readable.add(mutant);
                } catch (TraceFormatException e) {
                    outcomes.add(new Outcome(mutant, true, "no trace: " + e.getMessage(), false));
                }
            }
            List<Verdict> verdicts = batch.validate(folders);
            for (int i = 0; i < verdicts.size(); i++) {
                outcomes.add(EquivalentTraces.judge(readable.get(i), verdicts.get(i)));
            }
        }
        return outcomes;
    }
}
