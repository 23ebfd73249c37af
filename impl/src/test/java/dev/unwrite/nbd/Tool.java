package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** Runs third-party programs. */
final class Tool {
    private static final long LIMIT_SECONDS = 120;

    /** How a program ended and what it wrote to both its outputs. */
    record Result(int exitCode, String output) {
        Result succeeded() {
            assertThat(exitCode).as(output).isZero();
            return this;
        }

        Result failed() {
            assertThat(exitCode).as(output).isNotZero();
            return this;
        }
    }

    private Tool() {}

    /** Skips the test, loudly, if the program is missing. */
    static void require(String program, String debianPackage) {
        boolean there = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(dir -> Files.isExecutable(Path.of(dir, program)));
        String message = "SKIPPED: " + program + " is missing; apt-get install " + debianPackage;
        if (!there) {
            System.err.println(message);
        }
        Assumptions.assumeTrue(there, message);
    }

    static Result run(Path dir, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(dir, command[0], ".out");
        Process process = start(dir, output, command);
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(List.of(command) + " did not end: " + Files.readString(output));
        }
        return new Result(process.exitValue(), Files.readString(output));
    }

    /** Starts a server and waits until its socket is there. */
    static Process serve(Path dir, Path socket, String... command) throws IOException {
        Path output = Files.createTempFile(dir, command[0], ".out");
        Process process = start(dir, output, command);
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    assertThat(process.isAlive()).as(Files.readString(output)).isTrue();
                    return Files.exists(socket);
                });
        return process;
    }

    private static Process start(Path dir, Path output, String... command) throws IOException {
        return new ProcessBuilder(command)
                .directory(dir.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }
}
