package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Compiles mutants for others: {@code DIR NAME ...} leaves {@code DIR/NAME/classes}, to go before the real classes. */
public final class MutantClasses {
    private MutantClasses() {}

    /** Ends with 2 where there is no such mutant. */
    public static void main(String[] args) throws IOException {
        Map<String, Mutant> all = Mutants.all().stream().collect(Collectors.toMap(Mutant::name, Function.identity()));
        Path root = Path.of(System.getProperty("unwrite.home", "."));
        MutantCompiler compiler = new MutantCompiler(root, System.getProperty("java.class.path"));
        List<String> names = List.of(args).subList(1, args.length);
        for (String name : names) {
            Mutant mutant = all.get(name);
            if (mutant == null) {
                System.err.println("no mutant is called " + name + "; mutants.txt has them all");
                System.exit(2);
                return;
            }
            Path classes = compiler.compile(
                    mutant, Files.createDirectories(Path.of(args[0]).resolve(name)));
            System.out.println(name + " " + classes);
        }
    }
}
