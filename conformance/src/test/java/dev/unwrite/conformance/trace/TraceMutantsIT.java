package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.conformance.trace.TraceMutants.Mutant;
import dev.unwrite.conformance.trace.TraceMutants.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces with one mistake are rejected, but for those that are as right as the original. */
class TraceMutantsIT {
    /** How many runs are mutated, and at how many places each kind of mutation is made in each. */
    private static final int RUNS = Integer.getInteger("unwrite.mutatedRuns", 3);

    private static final int PLACES = Integer.getInteger("unwrite.mutatedPlaces", 1);

    private static final int MUTANTS_AT_ONCE = 1500;

    @TempDir
    private Path dir;

    @Test
    void allThatAreWrongAreRejected() throws Exception {
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
        assertThat(alive(outcomes)).isEmpty();
    }

    /** A refusal is rare, so runs are looked for that have one; every change of it must be found or explained. */
    @Test
    void whatIsSaidOfRefusalsIsHeldAgainstTheRest() throws Exception {
        List<Outcome> outcomes =
                outcomes(runsWith(6, event -> event.path("action").asText().equals("Refused")));
        assertThat(outcomes.size()).isGreaterThan(6 * 7);
        assertThat(outcomes.stream().filter(Outcome::rejected).count()).isGreaterThan(6 * 5);
        assertThat(alive(outcomes)).isEmpty();
    }

    /** So is a block that a storage makes durable of its own accord, or comes back without. */
    @Test
    void whatIsSaidOfLossesIsHeldAgainstTheRest() throws Exception {
        List<Outcome> lost = outcomes(runsWith(12, event -> event.has("lost")));
        List<Outcome> destaged =
                outcomes(runsWith(12, event -> event.path("action").asText().equals("Destage")));
        assertThat(alive(lost)).isEmpty();
        assertThat(alive(destaged)).isEmpty();
        assertThat(lost.stream().filter(outcome -> outcome.mutant().mutation().equals("lost")))
                .anyMatch(outcome -> outcome.rejected() && outcome.reason().contains("was durable, and is lost"));
        assertThat(destaged.stream()
                        .filter(outcome -> outcome.mutant().mutation().equals("double")))
                .hasSizeGreaterThan(6)
                .allMatch(Outcome::rejected);
    }

    private static List<String> alive(List<Outcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> !outcome.rejected() && !outcome.equivalent())
                .map(outcome -> outcome.mutant().name() + ": " + outcome.reason())
                .toList();
    }

    /** Mutants of such events in so many runs of the simulator that have one, all of one clock. */
    private List<List<Mutant>> runsWith(int wanted, Predicate<JsonNode> such) throws IOException {
        RunSource source = new SimulatedRuns(dir);
        List<List<Mutant>> runs = new ArrayList<>();
        for (int seed = 0; runs.size() < wanted && seed < 1800; seed += 3) {
            List<Mutant> mutants = TraceMutants.of(source.run(seed), 3, such);
            if (!mutants.isEmpty()) {
                runs.add(mutants);
            }
        }
        assertThat(runs).hasSize(wanted);
        return runs;
    }

    private List<Outcome> outcomes() throws IOException, InterruptedException {
        RunSource source = new SimulatedRuns(dir);
        List<Outcome> outcomes = new ArrayList<>();
        List<List<Mutant>> runs = new ArrayList<>();
        for (int seed = 0; seed < RUNS; seed++) {
            runs.add(TraceMutants.of(source.run(100 + 3L * seed), PLACES));
            // Each mutant is a whole trace in memory.
            if (seed == RUNS - 1 || runs.stream().mapToInt(List::size).sum() > MUTANTS_AT_ONCE) {
                outcomes(runs).forEach(outcome -> outcomes.add(outcome.withoutTraces()));
                runs.clear();
            }
        }
        return outcomes;
    }

    /** All together: the fewer processes of TLC, the better. */
    private static List<Outcome> outcomes(List<List<Mutant>> runs) throws IOException, InterruptedException {
        List<Outcome> outcomes = new ArrayList<>();
        List<TraceFolder> folders = new ArrayList<>();
        List<Mutant> readable = new ArrayList<>();
        for (Mutant mutant : runs.stream().flatMap(List::stream).toList()) {
            try {
                folders.add(TraceFolder.of(mutant.files()));
                readable.add(mutant);
            } catch (TraceFormatException e) {
                outcomes.add(new Outcome(mutant, true, "no trace: " + e.getMessage(), false));
            }
        }
        List<TraceJudgment> verdicts = new TraceBatch().validate(folders);
        for (int i = 0; i < verdicts.size(); i++) {
            outcomes.add(EquivalentTraces.judge(readable.get(i), verdicts.get(i)));
        }
        return outcomes;
    }
}
