package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.trace.TraceMutantCounts;
import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is known of mutants that are not of the code: those of the specification, and those of traces. */
final class Beyond {
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
        Path file = root.resolve(TraceMutantCounts.FILE);
        if (Files.exists(file)) {
            lines.add("Mutants of traces: " + TraceMutantCounts.read(file));
        }
        return lines;
    }
}
