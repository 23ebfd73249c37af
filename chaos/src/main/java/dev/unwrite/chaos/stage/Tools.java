package dev.unwrite.chaos.stage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Commands of the system, each with a time after which it is given up. */
public final class Tools {
    private static final Duration USUAL_MAX = Duration.ofSeconds(20);
    private static final List<String> FOLDERS =
            List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin");

    private Tools() {}

    /** What a command printed, and how it ended. */
    public record Outcome(int code, String output) {
        /** Whether it ended with 0. */
        public boolean ok() {
            return code == 0;
        }

        /** What it printed, in one line. */
        public String oneLine() {
            return output.strip().replaceAll("\\s+", " ");
        }
    }

    /** Runs a command and returns what it printed; a {@link StageException} where it did not end with 0. */
    public static String run(List<String> command) {
        return run(USUAL_MAX, command);
    }

    /** As above, for what takes its time. */
    public static String run(Duration max, List<String> command) {
        Outcome outcome = attempt(max, command);
        if (!outcome.ok()) {
            throw new StageException(
                    String.join(" ", command) + " ended with " + outcome.code() + ": " + outcome.oneLine());
        }
        return outcome.output();
    }

    /** As above. */
    public static String run(String... command) {
        return run(List.of(command));
    }

    /** Runs a command, however it ends; one that takes too long is killed. */
    public static Outcome attempt(List<String> command) {
        return attempt(USUAL_MAX, command);
    }

    /** As above, for what takes its time. */
    public static Outcome attempt(Duration max, List<String> command) {
        Path output = null;
        try {
            // Into a file: a child that outlives the command may keep a pipe open for ever.
            output = Files.createTempFile("unwrite-tool", ".out");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
            if (!process.waitFor(max.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                return new Outcome(-1, "not done in " + max.toSeconds() + " s");
            }
            return new Outcome(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } catch (IOException e) {
            return new Outcome(-1, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StageException("interrupted", e);
        } finally {
            delete(output);
        }
    }

    private static void delete(@org.jspecify.annotations.Nullable Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // It lies in the folder for temporary files, where somebody will clean up.
        }
    }

    /** Whether all of these commands are installed. */
    public static boolean have(String... names) {
        return Stream.of(names).allMatch(name -> find(name).isPresent());
    }

    /** Where a command is installed. */
    static Optional<Path> find(String name) {
        return FOLDERS.stream()
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Whether this process is root. */
    public static boolean isRoot() {
        return attempt(List.of("id", "-u")).output().strip().equals("0");
    }
}
