package dev.unwrite.conformance.matrix;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The command behind {@code matrix.sh}. Exit codes: 0 all caught, 1 not, 2 wrong usage. */
final class MatrixMain {
    private final Path root = Workspace.findRoot();
    private final Path target = root.resolve("conformance/target");
    private List<Part> chosen = Part.all();
    private boolean show;
    private @Nullable Path compileInto;

    private MatrixMain() {}

    static void main(String[] args) throws Exception {
        MatrixMain main = new MatrixMain();
        try {
            main.read(List.of(args));
        } catch (IllegalArgumentException e) {
            System.err.println("matrix.sh: " + e.getMessage());
            System.exit(2);
        }
        System.exit(main.run() ? 0 : 1);
    }

    private void read(List<String> args) {
        List<String> mutants = new ArrayList<>();
        List<String> layers = new ArrayList<>();
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (arg.equals("--layers") && i + 1 < args.size()) {
                layers.addAll(List.of(args.get(++i).split(",")));
            } else if (arg.equals("--compile") && i + 1 < args.size()) {
                compileInto = Path.of(args.get(++i));
            } else if (arg.equals("--show")) {
                show = true;
            } else {
                mutants.add(arg);
            }
        }
        List<String> allMutants = named("mutant", mutants, Part::mutantNames);
        List<String> allLayers = named("layer", layers, Part::layerNames);
        chosen = Part.all().stream()
                .map(part -> part.only(mutants.isEmpty() ? allMutants : mutants, layers.isEmpty() ? allLayers : layers))
                .filter(part -> !part.mutants().isEmpty())
                .toList();
    }

    /** All there are; those that are wanted must be among them. */
    private static List<String> named(String what, List<String> wanted, Function<Part, List<String>> names) {
        List<String> all = Part.all().stream()
                .flatMap(part -> names.apply(part).stream())
                .distinct()
                .toList();
        for (String name : wanted) {
            if (!all.contains(name)) {
                throw new IllegalArgumentException(
                        "there is no " + what + " " + name + "; there are: " + String.join(", ", all));
            }
        }
        return all;
    }

    /** For others that run mutants: {@code DIR/NAME/classes} of each goes before the real classes. */
    private static boolean compile(Path root, List<Mutant> mutants, Path into) throws IOException {
        MutantCompiler compiler = new MutantCompiler(root, System.getProperty("java.class.path"));
        for (Mutant mutant : mutants) {
            System.out.println(mutant.name() + " "
                    + compiler.compile(mutant, Files.createDirectories(into.resolve(mutant.name()))));
        }
        return true;
    }

    private boolean run() throws IOException, InterruptedException {
        Path into = compileInto;
        if (into != null) {
            return compile(
                    root,
                    chosen.stream()
                            .flatMap(part -> part.mutants().stream())
                            .distinct()
                            .toList(),
                    into);
        }
        KillMatrix engine = new KillMatrix(root, target.resolve("matrix"), System.out);
        boolean good = true;
        for (Part part : chosen) {
            List<Row> ran =
                    show ? engine.known(part.mutants(), part.layers()) : engine.run(part.mutants(), part.layers());
            good &= isGood(part, ran);
        }
        write(engine);
        return good;
    }

    /** Whether what has just been run is as it should be; says what is not. */
    private static boolean isGood(Part part, List<Row> ran) {
        boolean whole = Part.all().stream()
                .anyMatch(one ->
                        one.title().equals(part.title()) && one.layerNames().equals(part.layerNames()));
        List<Row> bad = ran.stream()
                .filter(row -> row.isLong() || (whole && !row.isGood()))
                .toList();
        bad.forEach(row -> System.out.println(row.mutant().name() + why(row)));
        return bad.isEmpty();
    }

    /** Each part of the page of which everything is known is written anew; the others stay as they are. */
    private void write(KillMatrix engine) throws IOException {
        Path page = root.resolve("conformance/MATRIX.md");
        Map<String, Matrix> whole = new LinkedHashMap<>();
        List<Matrix> all = new ArrayList<>();
        for (Part part : Part.all()) {
            boolean first = all.isEmpty();
            Matrix matrix = new Matrix(
                    part.layerNames(),
                    engine.known(part.mutants(), part.layers()),
                    first ? Beyond.lines(root) : List.of());
            all.add(matrix);
            if (matrix.bad().isEmpty()) {
                whole.put(part.title(), matrix);
            } else {
                System.out.println(
                        "\"" + part.title() + "\" in MATRIX.md stays as it is, as not every mutant is caught by "
                                + Matrix.WANTED + " layers yet, and shortly: "
                                + String.join(
                                        ", ",
                                        matrix.bad().stream()
                                                .map(row -> row.mutant().name())
                                                .toList()));
            }
        }
        Files.writeString(target.resolve("matrix.json"), json(all));
        Files.writeString(target.resolve("matrix.html"), MatrixPage.of(all));
        System.out.println("written: " + target.resolve("matrix.html"));
        if (!whole.isEmpty()) {
            Files.writeString(page, MatrixTable.page(whole, Files.readString(page)));
            System.out.println("written: " + page + ": " + String.join(", ", whole.keySet()));
        }
    }

    private static String why(Row row) {
        if (row.isLong()) {
            return ": the run that notices it has more than " + Matrix.MOVES_MAX + " moves";
        }
        return row.isBroken() ? ": a layer is broken" : ": caught by " + row.caught() + " layers";
    }

    private static String json(List<Matrix> parts) {
        ObjectNode all = new ObjectMapper().createObjectNode();
        ArrayNode rows = all.putArray("mutants");
        List<Row> mutants =
                parts.stream().flatMap(matrix -> matrix.rows().stream()).toList();
        for (Row row : mutants) {
            ObjectNode one = rows.addObject()
                    .put("name", row.mutant().name())
                    .put("rule", row.mutant().rule())
                    .put("wrong", row.mutant().wrong())
                    .put("caughtBy", row.caught());
            ObjectNode layers = one.putObject("layers");
            row.findings()
                    .forEach((layer, finding) -> layers.putObject(layer)
                            .put("verdict", finding.verdict().name())
                            .put("by", finding.by())
                            .put("millis", finding.millis()));
        }
        ArrayNode beyond = all.putArray("beyond");
        parts.forEach(matrix -> matrix.beyond().forEach(beyond::add));
        return all.toPrettyString();
    }
}
