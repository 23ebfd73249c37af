package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A JVM that says by how it ends what it found: 0 nothing, 1 with a line {@code caught: ...} something. Whatever else it
 * does is broken. It dies with all that it started when its time is over.
 */
final class ChildJvm {
    /** What a line begins with that says what was noticed. */
    static final String CAUGHT = "caught:";

    private static final int LINE_MAX = 240;
    private static final long OUTPUT_BYTES_MAX = 8L << 20;

    private final String classpath;
    private final Path folder;

    /** Runs in {@code folder}, where its output is kept as {@code NAME.log}. */
    ChildJvm(String classpath, Path folder) {
        this.classpath = classpath;
        this.folder = folder;
    }

    Finding run(String name, Duration limit, List<String> options, String main, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
        command.addAll(options);
        command.addAll(List.of("-cp", classpath, main));
        command.addAll(arguments);
        Path log = folder.resolve(name + ".log");
        long start = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectOutput(log.toFile())
                .start();
        // Whoever interrupts the matrix leaves no processes behind.
        Thread onExit = new Thread(() -> destroy(process));
        Runtime.getRuntime().addShutdownHook(onExit);
        boolean ended;
        try {
            ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            destroy(process);
            process.waitFor();
        }
        Runtime.getRuntime().removeShutdownHook(onExit);
        long millis = (System.nanoTime() - start) / 1_000_000;
        if (!ended) {
            return new Finding(Verdict.BROKEN, "no end within " + limit.toSeconds() + " s", millis);
        }
        return judge(process.exitValue(), lines(log), millis);
    }

    private static void destroy(Process process) {
        try (Stream<ProcessHandle> children = process.descendants()) {
            children.toList().forEach(ProcessHandle::destroyForcibly);
        }
        process.destroyForcibly();
    }

    private static List<String> lines(Path log) throws IOException {
        long size = Files.size(log);
        if (size > OUTPUT_BYTES_MAX) {
            throw new IOException(log + " has " + size + " bytes: more than a child should say");
        }
        return new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    static Finding judge(int exit, List<String> lines, long millis) {
        String caught = "";
        String last = "";
        for (String line : lines) {
            if (line.startsWith(CAUGHT)) {
                caught = shorten(line.substring(CAUGHT.length()).strip());
            }
            last = line.isBlank() ? last : line;
        }
        if (exit == 0 && caught.isEmpty()) {
            return new Finding(Verdict.MISSED, "", millis);
        }
        if (exit == 1 && !caught.isEmpty()) {
            return new Finding(Verdict.CAUGHT, caught, millis);
        }
        return new Finding(Verdict.BROKEN, "ended with " + exit + ": " + shorten(last.strip()), millis);
    }

    private static String shorten(String text) {
        return text.length() <= LINE_MAX ? text : text.substring(0, LINE_MAX - 3) + "...";
    }
}
