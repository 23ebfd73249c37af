package dev.unwrite.conformance.matrix;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The command behind {@code matrix.sh}. Exit codes: 0 all caught, 1 not, 2 wrong usage. */
final class MatrixMain {
    private final Path root = Workspace.findRoot();
    private final Path target = root.resolve("conformance/target");
    private final List<Mutant> all =
            Stream.concat(Stream.of(Mutant.CANARY), Mutants.all().stream()).toList();
    private List<Mutant> mutants = all;
    private List<Layer> layers = Layers.all();
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
        List<Mutant> chosen = new ArrayList<>();
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (arg.equals("--layers") && i + 1 < args.size()) {
                layers = Layers.named(List.of(args.get(++i).split(",")));
            } else if (arg.equals("--compile") && i + 1 < args.size()) {
                compileInto = Path.of(args.get(++i));
            } else if (arg.equals("--show")) {
                show = true;
            } else {
                chosen.add(all.stream()
                        .filter(mutant -> mutant.name().equals(arg))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("there is no mutant " + arg
                                + "; the mutants are: "
                                + String.join(
                                        ", ", all.stream().map(Mutant::name).toList()))));
            }
        }
        mutants = chosen.isEmpty() ? all : chosen;
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
            return compile(root, mutants, into);
        }
        KillMatrix engine = new KillMatrix(root, target.resolve("matrix"), System.out);
        List<Row> ran = show ? engine.known(mutants, layers) : engine.run(mutants, layers);
        Matrix matrix = new Matrix(
                Layers.all().stream().map(Layer::name).toList(), engine.known(all, Layers.all()), Beyond.lines(root));
        Files.writeString(target.resolve("matrix.json"), json(matrix));
        Files.writeString(target.resolve("matrix.html"), MatrixPage.of(matrix));
        System.out.println("written: " + target.resolve("matrix.html"));
        if (matrix.bad().isEmpty()) {
            Path page = root.resolve("conformance/MATRIX.md");
            Files.writeString(page, MatrixTable.page(matrix));
            System.out.println("written: " + page);
        } else {
            System.out.println("MATRIX.md stays as it is, as not every mutant is caught by " + Matrix.WANTED
                    + " layers yet, and shortly: "
                    + String.join(
                            ", ",
                            matrix.bad().stream()
                                    .map(row -> row.mutant().name())
                                    .toList()));
        }
        boolean whole = layers.size() == Layers.all().size();
        List<Row> bad = ran.stream()
                .filter(row -> row.isLong() || (whole && !row.isGood()))
                .toList();
        bad.forEach(row -> System.out.println(row.mutant().name() + why(row)));
        return bad.isEmpty();
    }

    private static String why(Row row) {
        if (row.isLong()) {
            return ": the run that notices it has more than " + Matrix.MOVES_MAX + " moves";
        }
        return row.isBroken() ? ": a layer is broken" : ": caught by " + row.caught() + " layers";
    }

    private static String json(Matrix matrix) {
        ObjectNode all = new ObjectMapper().createObjectNode();
        ArrayNode rows = all.putArray("mutants");
        for (Row row : matrix.rows()) {
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
        matrix.beyond().forEach(beyond::add);
        return all.toPrettyString();
    }
}
