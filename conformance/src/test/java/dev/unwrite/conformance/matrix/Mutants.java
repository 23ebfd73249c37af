package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Mutant.Hunk;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads lists of mutants, {@code mutants.txt} and {@code host-mutants.txt}; the former says how they are written. */
final class Mutants {
    private static final String FILE = "mutants.txt";
    private static final String HOST_FILE = "host-mutants.txt";

    private final List<Mutant> mutants = new ArrayList<>();
    private @Nullable String name;
    private String rule = "";
    private String wrong = "";
    private String file = "";
    private final List<Hunk> hunks = new ArrayList<>();
    private final List<String> before = new ArrayList<>();
    private final List<String> after = new ArrayList<>();

    private Mutants() {}

    /** All code mutants, in the order of the file. */
    static List<Mutant> all() {
        return read(FILE);
    }

    /** Slips in the host and in what it keeps on its disk, chosen before anybody looked at what catches them. */
    static List<Mutant> inHost() {
        return read(HOST_FILE);
    }

    private static List<Mutant> read(String file) {
        try (InputStream in = Mutants.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException(file + " is missing");
            }
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Mutant> parse(String text) {
        Mutants reader = new Mutants();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (!reader.take(line)) {
                throw new IllegalArgumentException(FILE + " line " + number + " is not understood: " + line);
            }
        }
        reader.endMutant();
        return List.copyOf(reader.mutants);
    }

    private boolean take(String line) {
        if (line.startsWith("-")) {
            if (!after.isEmpty()) {
                endHunk();
            }
            before.add(line.substring(1));
        } else if (line.startsWith("+")) {
            after.add(line.substring(1));
        } else if (line.startsWith("file ")) {
            endHunk();
            file = rest(line);
        } else if (line.startsWith("rule ")) {
            rule = rest(line);
        } else if (line.startsWith("wrong ")) {
            wrong = rest(line);
        } else if (line.startsWith("mutant ")) {
            endMutant();
            name = rest(line);
        } else {
            return line.isBlank() || line.startsWith("#");
        }
        return true;
    }

    private static String rest(String line) {
        return line.substring(line.indexOf(' ') + 1).strip();
    }

    private void endHunk() {
        if (before.isEmpty() != after.isEmpty()) {
            throw new IllegalArgumentException(FILE + ": a change of " + name + " has only one side");
        }
        if (!before.isEmpty()) {
            hunks.add(new Hunk(file, String.join("\n", before), String.join("\n", after)));
        }
        before.clear();
        after.clear();
    }

    private void endMutant() {
        endHunk();
        if (name != null) {
            if (rule.isEmpty() || wrong.isEmpty() || hunks.isEmpty()) {
                throw new IllegalArgumentException(FILE + ": " + name + " lacks its rule, its sentence or its change");
            }
            mutants.add(new Mutant(name, rule, wrong, hunks));
        }
        name = null;
        rule = "";
        wrong = "";
        file = "";
        hunks.clear();
    }
}
