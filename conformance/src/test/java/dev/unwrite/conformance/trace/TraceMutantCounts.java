package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.unwrite.conformance.trace.TraceMutants.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What became of changed traces: the kill matrix tells of it, so it is kept as a file.
 *
 * @param mutants how many traces were changed
 * @param rejected how many of them were rejected
 * @param equivalent how many were accepted and are as right as the original
 * @param kinds the same for each kind of change: drop, double, swap, alter
 */
public record TraceMutantCounts(int mutants, int rejected, int equivalent, Map<String, Kind> kinds) {
    /** Where it is kept, from the root of the repository. */
    public static final String FILE = "conformance/target/trace-mutants.json";

    private static final List<String> WHOLE_EVENTS = List.of("drop", "double", "swap");
    private static final String FIELDS = "alter";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of one kind: how many, how many of them rejected, and how many equivalent. */
    public record Kind(int mutants, int rejected, int equivalent) {
        Kind plus(Outcome outcome) {
            return new Kind(
                    mutants + 1,
                    rejected + (outcome.rejected() ? 1 : 0),
                    equivalent + (!outcome.rejected() && outcome.equivalent() ? 1 : 0));
        }
    }

    static TraceMutantCounts of(List<Outcome> outcomes) {
        Map<String, Kind> kinds = new TreeMap<>();
        Kind all = new Kind(0, 0, 0);
        for (Outcome outcome : outcomes) {
            String mutation = outcome.mutant().mutation();
            String name = WHOLE_EVENTS.contains(mutation) ? mutation : FIELDS;
            kinds.put(name, kinds.getOrDefault(name, new Kind(0, 0, 0)).plus(outcome));
            all = all.plus(outcome);
        }
        return new TraceMutantCounts(all.mutants, all.rejected, all.equivalent, kinds);
    }

    /** Those that were accepted and should not have been. */
    public int alive() {
        return mutants - rejected - equivalent;
    }

    void write(Path file) throws IOException {
        Files.createDirectories(
                java.util.Objects.requireNonNull(file.toAbsolutePath().getParent()));
        Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this));
    }

    /** Reads what the test left. */
    public static TraceMutantCounts read(Path file) throws IOException {
        return JSON.readValue(file.toFile(), new TypeReference<>() {});
    }

    /** One sentence, for people. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        kinds.forEach((name, kind) -> parts.add(name + " " + kind.rejected + " of " + kind.mutants));
        return "of " + mutants + " changed traces, " + rejected + " are rejected (" + String.join(", ", parts) + "), "
                + equivalent + " are as right as the original, " + alive() + " are accepted though wrong.";
    }
}
