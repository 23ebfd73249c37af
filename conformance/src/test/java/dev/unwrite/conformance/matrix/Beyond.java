package dev.unwrite.conformance.matrix;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is known of mutants that are not of the code: those of the specification, and those of traces. */
final class Beyond {
    /** Where the test of trace mutants leaves its count. */
    static final String TRACE_MUTANTS = "conformance/target/trace-mutants.json";

    private Beyond() {}

    static List<String> lines(Path root) throws IOException {
        List<String> lines = new ArrayList<>();
        List<Model> failing = Models.bundled().all().stream()
                .filter(model -> !model.mustHold())
                .toList();
        long rules = failing.stream()
                .filter(model -> model.name().startsWith("without-"))
                .count();
        lines.add("Mutants of the specification: " + failing.size() + " models in `spec` must fail (" + rules
                + " without a rule); `unwrite check` runs them all, and each fails as it must or is an error.");
        Path file = root.resolve(TRACE_MUTANTS);
        if (Files.exists(file)) {
            JsonNode found = new ObjectMapper().readTree(file.toFile());
            lines.add("Mutants of traces: of " + found.path("mutants").asInt() + " changed traces, "
                    + found.path("rejected").asInt() + " are rejected.");
        }
        return lines;
    }
}
