package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Runs mutants against layers, one after the other, and keeps what comes out. */
final class KillMatrix {
    private final Path root;
    private final Results results;
    private final SourceHash hash;
    private final PrintStream out;

    /** Findings are kept in {@code results}; progress goes to {@code out}, one line for each mutant. */
    KillMatrix(Path root, Path results, PrintStream out) throws IOException {
        this.root = root;
        this.results = new Results(results);
        this.hash = new SourceHash(root);
        this.out = out;
    }

    /** Runs what has not been run with these sources; returns what is known of these mutants in these layers. */
    List<Row> run(List<Mutant> mutants, List<Layer> layers) throws IOException, InterruptedException {
        List<Row> rows = new ArrayList<>();
        int number = 0;
        for (Mutant mutant : mutants) {
            out.printf("%2d/%d %-26s", ++number, mutants.size(), mutant.name());
            out.flush();
            Row row = run(mutant, layers);
            rows.add(row);
            boolean unexpected = row.isCanary() == (row.caught() > 0);
            out.println(
                    row.isLong()
                            ? "  LONG"
                            : row.isBroken() ? "  BROKEN" : unexpected ? row.isCanary() ? "  CAUGHT" : "  LIVES" : "");
        }
        return rows;
    }

    /** What is known, without running anything. */
    List<Row> known(List<Mutant> mutants, List<Layer> layers) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Mutant mutant : mutants) {
            Map<String, Finding> findings = new LinkedHashMap<>();
            for (Layer layer : layers) {
                find(mutant, layer).ifPresent(finding -> findings.put(layer.name(), finding));
            }
            rows.add(new Row(mutant, findings));
        }
        return rows;
    }

    private Optional<Finding> find(Mutant mutant, Layer layer) throws IOException {
        return layer.appliesTo(mutant)
                ? results.get(mutant, layer, hash.of(layer, mutant))
                : Optional.of(Finding.notApplicable());
    }

    private Row run(Mutant mutant, List<Layer> layers) throws IOException, InterruptedException {
        Map<String, Finding> findings = new LinkedHashMap<>();
        Path folder = Files.createTempDirectory("unwrite-mutant-");
        try {
            Path classes = new MutantCompiler(root, Workspace.realClasspath()).compile(mutant, folder);
            for (Layer layer : layers) {
                Optional<Finding> known = find(mutant, layer);
                Finding finding;
                if (known.isPresent()) {
                    finding = known.get();
                } else {
                    Path own = Files.createDirectories(folder.resolve(layer.name()));
                    finding = layer.run(mutant, new Workspace(root, classes, own));
                    results.put(mutant, layer, hash.of(layer, mutant), finding);
                }
                findings.put(layer.name(), finding);
                show(layer, finding);
            }
        } finally {
            delete(folder);
        }
        return new Row(mutant, findings);
    }

    private void show(Layer layer, Finding finding) {
        if (finding.verdict() != Verdict.NONE) {
            String word = switch (finding.verdict()) {
                case CAUGHT -> "caught";
                case MISSED -> "passes";
                default -> "broken (" + finding.by() + ")";
            };
            out.print("  " + layer.name() + " " + word + " " + MatrixTable.seconds(finding.millis()));
            out.flush();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> found = Files.walk(folder)) {
            for (Path path : found.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
