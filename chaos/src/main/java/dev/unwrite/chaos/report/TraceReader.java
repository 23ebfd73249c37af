package dev.unwrite.chaos.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.chaos.cluster.HostId;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads from the traces of a run what the picture shows. Lines that it does not know are none of its business. */
public final class TraceReader {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** The actions of the specification that the picture shows. */
    private static final Set<String> SHOWN = Set.of(
            "Cut",
            "StartJoin",
            "LearnCommitted",
            "Commit",
            "StoreCopy",
            "TakeOver",
            "FinishRollback",
            "Resume",
            "Protect",
            "GoAlone");

    private static final String ACTION = "\"action\":\"";
    /** A picture with more is not readable, and a longer run is not a demo. */
    private static final int EVENTS_MAX = 2_000_000;

    private TraceReader() {}

    /** The events of all {@code *.ndjson} in the folder, in the order of their time. */
    public static List<ReportedEvent> read(Path folder) throws IOException {
        List<ReportedEvent> events = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.ndjson")) {
                for (Path file : files) {
                    readFile(file, events);
                }
            }
        }
        events.sort(Comparator.comparingLong(ReportedEvent::at));
        return events;
    }

    private static void readFile(Path file, List<ReportedEvent> events) throws IOException {
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null && events.size() < EVENTS_MAX; line = lines.readLine()) {
                ReportedEvent event = parse(line);
                if (event != null) {
                    events.add(event);
                }
            }
        }
    }

    private static @Nullable ReportedEvent parse(String line) {
        if (!isShown(line)) {
            return null;
        }
        try {
            JsonNode json = JSON.readTree(line);
            String action = json.path("action").asText();
            HostId host = host(json.path("node").asText());
            if (host == null || !json.path("t").isNumber()) {
                return null;
            }
            return new ReportedEvent(
                    nanos(json.path("t").asLong()),
                    host,
                    action,
                    json.path("epoch").asLong(-1));
        } catch (JsonProcessingException e) {
            // A node that was killed in the middle of a line leaves half of it.
            return null;
        }
    }

    /** Most lines are not shown; they need not be taken apart. */
    private static boolean isShown(String line) {
        int from = line.indexOf(ACTION);
        int to = from < 0 ? -1 : line.indexOf('"', from + ACTION.length());
        return to > 0 && SHOWN.contains(line.substring(from + ACTION.length(), to));
    }

    private static @Nullable HostId host(String name) {
        return switch (name) {
            case "A" -> HostId.A;
            case "B" -> HostId.B;
            default -> null;
        };
    }

    /** Nanoseconds, microseconds and milliseconds since 1970 differ by their size. */
    private static long nanos(long time) {
        long nanos = time;
        while (nanos > 0 && nanos < 100_000_000_000_000_000L) {
            nanos *= 1_000;
        }
        return nanos;
    }
}
