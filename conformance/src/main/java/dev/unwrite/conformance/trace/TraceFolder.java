package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The traces of one group: of its nodes, and of the storage.
 *
 * @param nodes the events of each node, process after process
 * @param storage the events of the storage, process after process
 * @param torn how many lines were cut off by a kill
 */
record TraceFolder(Map<String, List<TraceEvent>> nodes, List<TraceEvent> storage, int torn) {
    /** The specification has two hosts. */
    private static final int NODES_MAX = 2;

    private static final JsonMapper MAPPER = new JsonMapper();

    /** Reads files, and all {@code *.ndjson} in folders and in their folders {@code trace}. */
    static TraceFolder read(List<Path> paths) throws IOException, TraceFormatException {
        List<Path> files = new ArrayList<>();
        for (Path path : paths) {
            files.addAll(files(path));
        }
        if (files.isEmpty()) {
            throw new TraceFormatException("no traces (*.ndjson) in " + paths);
        }
        Reader reader = new Reader();
        for (Path file : files) {
            reader.read(file);
        }
        return reader.folder(paths);
    }

    private static List<Path> files(Path path) throws IOException, TraceFormatException {
        if (!Files.exists(path)) {
            throw new TraceFormatException(path + " does not exist");
        }
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        Path inner = path.resolve("trace");
        try (Stream<Path> found = Files.list(Files.isDirectory(inner) ? inner : path)) {
            return found.filter(file -> file.toString().endsWith(".ndjson"))
                    .sorted()
                    .toList();
        }
    }

    int events() {
        return storage.size() + nodes.values().stream().mapToInt(List::size).sum();
    }

    private static final class Reader {
        private final Map<String, List<TraceEvent>> nodes = new TreeMap<>();
        private final Map<String, List<TraceEvent>> groups = new TreeMap<>();
        private int torn;

        void read(Path file) throws IOException, TraceFormatException {
            List<String> lines = Files.readAllLines(file);
            while (!lines.isEmpty() && lines.getLast().isBlank()) {
                lines.removeLast();
            }
            for (int i = 0; i < lines.size(); i++) {
                read(file, lines.get(i), i + 1, i + 1 == lines.size());
            }
        }

        private void read(Path file, String text, int line, boolean last) throws TraceFormatException {
            JsonNode json;
            try {
                json = MAPPER.readTree(text);
            } catch (JsonProcessingException e) {
                if (last && line > 1) {
                    torn++;
                    return;
                }
                throw new TraceFormatException(file + ", line " + line + " is not JSON");
            }
            TraceEvent event = new TraceEvent(file, line, json);
            String action = event.action();
            if (action.equals("TraceLimit")) {
                throw new TraceFormatException(file + " grew to its limit and ends before its process did");
            }
            if (action.isEmpty() || !json.path("t").isIntegralNumber() || !json.has("node")) {
                throw new TraceFormatException(file + ", line " + line + " is no event of a trace");
            }
            boolean storage = json.has("group");
            (storage ? groups : nodes)
                    .computeIfAbsent(event.text(storage ? "group" : "node"), name -> new ArrayList<>())
                    .add(event);
        }

        TraceFolder folder(List<Path> paths) throws TraceFormatException {
            if (nodes.isEmpty()) {
                throw new TraceFormatException("no trace of a node in " + paths);
            }
            if (nodes.size() > NODES_MAX) {
                throw new TraceFormatException("traces of more than two nodes: " + nodes.keySet());
            }
            nodes.values().forEach(Reader::sort);
            return new TraceFolder(nodes, storage(paths), torn);
        }

        /** The group with which these nodes had sessions. */
        private List<TraceEvent> storage(List<Path> paths) throws TraceFormatException {
            List<String> used = new ArrayList<>();
            groups.forEach((group, events) -> {
                if (events.stream().anyMatch(this::isOfNode)) {
                    used.add(group);
                }
            });
            if (used.size() != 1) {
                throw new TraceFormatException(
                        used.isEmpty()
                                ? "no trace of the storage in " + paths
                                : "traces of several groups, give one at a time: " + used);
            }
            List<TraceEvent> events = groups.getOrDefault(used.getFirst(), List.of());
            sort(events);
            return events;
        }

        private boolean isOfNode(TraceEvent event) {
            return event.action().equals("Session") && nodes.containsKey(event.text("host"));
        }

        private static void sort(List<TraceEvent> events) {
            events.sort(Comparator.comparingLong(TraceEvent::start).thenComparingLong(event -> event.number("seq")));
        }
    }
}
