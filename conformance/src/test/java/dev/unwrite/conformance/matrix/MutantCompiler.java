package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles the changed sources of a mutant into a folder that goes before the real classes on a classpath. */
final class MutantCompiler {
    private final Path sources;
    private final String classpath;

    /** {@code root} is the folder of the repository; {@code classpath} holds the real classes and their libraries. */
    MutantCompiler(Path root, String classpath) {
        this.sources = root.resolve("impl/src/main/java");
        this.classpath = classpath;
    }

    /** The changed sources by their path; fails where a text to be replaced is not there exactly once. */
    Map<String, String> patched(Mutant mutant) throws IOException {
        Map<String, String> changed = new LinkedHashMap<>();
        for (Mutant.Hunk hunk : mutant.hunks()) {
            String source = changed.get(hunk.file());
            if (source == null) {
                source = Files.readString(sources.resolve(hunk.file()));
            }
            changed.put(hunk.file(), hunk.apply(source));
        }
        return changed;
    }

    /** On return {@code folder/classes} holds the mutated classes; an exception says what does not compile. */
    Path compile(Mutant mutant, Path folder) throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        Map<String, String> changed = patched(mutant);
        if (changed.isEmpty()) {
            return classes;
        }
        Path patched = folder.resolve("src");
        for (Map.Entry<String, String> entry : changed.entrySet()) {
            Path file = patched.resolve(entry.getKey());
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.writeString(file, entry.getValue());
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new IllegalStateException("this Java has no compiler: a JDK is needed");
        }
        List<String> options = List.of(
                "-d", classes.toString(), "-cp", classpath, "-proc:none", "-nowarn", "-Xlint:none", "-parameters");
        StringWriter complaints = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<Path> paths = changed.keySet().stream().map(patched::resolve).toList();
            if (!compiler.getTask(complaints, files, null, options, null, files.getJavaFileObjectsFromPaths(paths))
                    .call()) {
                throw new IllegalStateException("mutant " + mutant.name() + " does not compile: " + complaints);
            }
        }
        return classes;
    }
}
