package dev.unwrite.chaos.fault;

import dev.unwrite.chaos.cluster.HostId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether a host died between the end of its rollback and the going on of its machine; its trace says so. */
final class Resume {
    private static final String FINISHED = "\"FinishRollback\"";
    private static final String RESUMED = "\"Resume\"";

    private Resume() {}

    /** What the newest trace of a dead host ends with, if that is a finished rollback whose machine never ran; else empty. */
    static String leftOpen(Path traces, HostId host) {
        try (Stream<Path> files = Files.list(traces)) {
            Optional<Path> newest = files.filter(
                            file -> file.getFileName().toString().matches(host + "-\\d+\\.ndjson"))
                    .max(Comparator.comparingLong(Resume::start));
            return newest.isEmpty() ? "" : leftOpen(Files.readAllLines(newest.get(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return "";
        }
    }

    private static long start(Path file) {
        return Long.parseLong(file.getFileName().toString().replaceAll("\\D", ""));
    }

    /** The same of the lines of a trace. */
    static String leftOpen(List<String> lines) {
        boolean open = false;
        for (String line : lines) {
            open = line.contains(FINISHED) || (open && !line.contains(RESUMED));
        }
        return open ? "killed between FinishRollback and Resume" : "";
    }
}
