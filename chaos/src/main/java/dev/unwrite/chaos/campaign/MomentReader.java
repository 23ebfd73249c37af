package dev.unwrite.chaos.campaign;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads from the traces what happened around some moments. Most lines are far from all of them, and not taken apart. */
final class MomentReader {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String TIME = "\"t\":";
    /** Bounds what one moment can hold in memory. */
    private static final int LINES_MAX = 20_000;

    private MomentReader() {}

    /**
     * What was read for one moment.
     *
     * @param skipped lines for which there was no room
     * @param moved traces whose clock was wrong
     */
    record Span(MomentWindows.Window window, List<MomentLine> lines, Set<String> moved, int[] skipped) {
        Span(MomentWindows.Window window) {
            this(window, new ArrayList<>(), new TreeSet<>(), new int[1]);
        }
    }

    /** Reads all traces of the folder once. */
    static List<Span> read(List<MomentWindows.Window> windows, Path traces) throws IOException {
        List<Span> spans = windows.stream().map(Span::new).toList();
        if (windows.isEmpty() || !Files.isDirectory(traces)) {
            return spans;
        }
        List<Path> files;
        try (Stream<Path> all = Files.list(traces)) {
            files = all.filter(file -> file.toString().endsWith(".ndjson"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            readFile(file, spans);
        }
        spans.forEach(span -> span.lines().sort(Comparator.comparingLong(MomentLine::at)));
        return spans;
    }

    private static void readFile(Path file, List<Span> spans) throws IOException {
        long ahead = TraceClocks.aheadMicros(file);
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                long at = (micros(line) - ahead) * 1_000;
                for (Span span : spans) {
                    if (at >= span.window().from() && at <= span.window().to()) {
                        add(span, line, at, ahead != 0);
                    }
                }
            }
        }
    }

    private static void add(Span span, String line, long at, boolean moved) {
        if (span.lines().size() >= LINES_MAX) {
            span.skipped()[0]++;
            return;
        }
        JsonNode json = parse(line);
        if (json != null && json.hasNonNull("action")) {
            span.lines().add(MomentLine.of(json, at));
            if (moved) {
                span.moved().add(json.path("node").asText());
            }
        }
    }

    /** When a line of a trace was written, in nanoseconds since 1970; {@code number} counts from 1, or is its {@code seq}. */
    static OptionalLong when(Path file, boolean sequence, long number) throws IOException {
        if (!Files.exists(file)) {
            return OptionalLong.empty();
        }
        long ahead = TraceClocks.aheadMicros(file);
        long count = 0;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                count++;
                boolean found = sequence ? line.startsWith("{\"seq\":" + number + ",") : count == number;
                if (found && micros(line) > 0) {
                    return OptionalLong.of((micros(line) - ahead) * 1_000);
                }
            }
        }
        return OptionalLong.empty();
    }

    /** The time of a line without taking it apart; 0 where there is none. */
    private static long micros(String line) {
        int at = line.indexOf(TIME);
        if (at < 0) {
            return 0;
        }
        long number = 0;
        for (int i = at + TIME.length(); i < line.length() && Character.isDigit(line.charAt(i)); i++) {
            number = number * 10 + (line.charAt(i) - '0');
        }
        return number;
    }

    private static @Nullable JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            // A program that was killed in the middle of a line leaves half of it.
            return null;
        }
    }
}
