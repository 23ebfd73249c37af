package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.cluster.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs fio against an NBD export, one at a time. */
final class FioRun {
    private static final long MAX_SECONDS = 300;

    private final Processes processes;
    private final Path output;

    /** {@code output} is the file that fio writes; it is replaced each time. */
    FioRun(Processes processes, Path output) {
        this.processes = processes;
        this.output = output;
    }

    /** Does the work and returns what fio says of it. */
    JsonNode run(String uri, List<String> work, int depth) throws IOException, InterruptedException {
        Files.deleteIfExists(output);
        Files.deleteIfExists(processes.log("fio"));
        // As a thread, since what it forks would outlive it.
        List<String> words = new ArrayList<>(List.of("fio", "--name=bench", "--thread", "--ioengine=nbd"));
        words.addAll(List.of("--uri=" + uri, "--iodepth=" + depth, "--end_fsync=1", "--eta=never"));
        words.addAll(List.of("--output-format=json", "--output=" + output));
        words.addAll(work);
        Process fio = processes.program("fio", words);
        if (!fio.waitFor(MAX_SECONDS, TimeUnit.SECONDS)) {
            Processes.kill(fio);
            throw new BenchException("fio was not done in " + MAX_SECONDS + " s");
        }
        if (fio.exitValue() != 0 || !Files.exists(output)) {
            throw new BenchException("fio ended with " + fio.exitValue() + ": " + processes.lastLine("fio"));
        }
        return FioJson.job(Files.readString(output));
    }
}
