package dev.unwrite.conformance.matrix;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a layer runs one mutant.
 *
 * @param root of the repository
 * @param classes the mutated classes
 * @param folder to write in; removed afterwards
 */
record Workspace(Path root, Path classes, Path folder) {
    /** The classpath of this JVM, which has the real classes. */
    static String realClasspath() {
        return System.getProperty("java.class.path");
    }

    /** The mutated classes, then the tests of impl, then the real classes. */
    String mutatedClasspath() {
        return String.join(File.pathSeparator, classes.toString(), implTests().toString(), realClasspath());
    }

    ChildJvm mutated() {
        return new ChildJvm(mutatedClasspath(), folder);
    }

    ChildJvm real() {
        return new ChildJvm(realClasspath(), folder);
    }

    private Path implTests() {
        return root.resolve("impl/target/test-classes");
    }

    /** The root of the repository, as {@code matrix.sh} says or from where Maven runs the tests. */
    static Path findRoot() {
        String home = System.getProperty("unwrite.home");
        Path here = Path.of(home == null ? "" : home).toAbsolutePath();
        Path root = here.endsWith("conformance") ? here.resolveSibling("") : here;
        if (!Files.isDirectory(root.resolve("impl/src/main/java"))) {
            throw new IllegalStateException(root + " is not the repository of Unwrite");
        }
        return root.normalize();
    }
}
