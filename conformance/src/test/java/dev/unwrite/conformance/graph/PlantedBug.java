package dev.unwrite.conformance.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A bug in a copy of the protocol's code.
 *
 * @param file the class that has it
 * @param right what the source says
 * @param wrong what the copy says instead
 * @param model whose graph is replayed
 * @param caught what must be in the line that tells of it
 */
record PlantedBug(String file, String right, String wrong, String model, List<String> caught) {
    private static final Path SOURCES = Path.of(
            Path.of("").toAbsolutePath().getFileName().toString().equals("conformance") ? ".." : "",
            "impl/src/main/java/dev/unwrite/protocol");
    private static final long CHILD_SECONDS = 120;

    /** What a replay with the bug says: its lines, then the exit code. */
    record Replayed(List<String> lines, int exit) {}

    /** Compiles the copy into {@code work} and replays in a new JVM, in which the copy comes first. */
    Replayed replay(Path graphs, Path work) throws IOException, InterruptedException {
        Path classes = compile(work);
        Path log = work.resolve("log.txt");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp"));
        command.add(classes + File.pathSeparator + System.getProperty("java.class.path"));
        command.addAll(List.of(GraphReplay.class.getName(), "--graphs", graphs.toString(), model));
        Process child = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(child.waitFor(CHILD_SECONDS, TimeUnit.SECONDS))
                    .as("the replay ends")
                    .isTrue();
        } finally {
            child.destroyForcibly();
        }
        return new Replayed(Files.readAllLines(log), child.exitValue());
    }

    private Path compile(Path work) throws IOException {
        Path source = work.resolve("src/dev/unwrite/protocol").resolve(file + ".java");
        Files.createDirectories(source.getParent());
        String text = Files.readString(SOURCES.resolve(file + ".java"));
        assertThat(text).as("%s still says what the bug changes", file).containsOnlyOnce(right);
        Files.writeString(source, text.replace(right, wrong));
        Path classes = Files.createDirectories(work.resolve("classes"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            boolean compiled = compiler.getTask(
                            messages,
                            manager,
                            null,
                            List.of(
                                    "-proc:none",
                                    "-Xlint:none",
                                    "-d",
                                    classes.toString(),
                                    "-cp",
                                    System.getProperty("java.class.path")),
                            null,
                            manager.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as(messages::toString).isTrue();
        }
        try (Stream<Path> files = Files.walk(classes)) {
            assertThat(files.filter(path -> path.toString().endsWith(".class"))).isNotEmpty();
        }
        return classes;
    }

    @Override
    public String toString() {
        return file + ": " + wrong.strip() + " (" + model + ")";
    }
}
