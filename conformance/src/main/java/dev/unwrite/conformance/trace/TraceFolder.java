package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The traces of one group, as they were read: of its nodes, and of the storage. */
public final class TraceFolder {
    /** The specification has two hosts. */
    private static final int NODES_MAX = 2;

    private static final JsonMapper MAPPER = new JsonMapper();

    private final Map<String, List<TraceEvent>> nodes;
    private final List<TraceEvent> storage;
    private final int torn;

    private TraceFolder(Map<String, List<TraceEvent>> nodes, List<TraceEvent> storage, int torn) {
        this.nodes = nodes;
        this.storage = LostBlocks.told(storage);
        this.torn = torn;
    }

    /**
     * Reads files, and all {@code *.ndjson} in folders and in their folders {@code trace}.
     *
     * @throws TraceFormatException if these are no traces, or not those of a whole group
     * @throws IOException if they cannot be read
     */
    public static TraceFolder read(List<Path> paths) throws IOException, TraceFormatException {
        List<Path> files = new ArrayList<>();
        for (Path path : paths) {
            files.addAll(files(path));
        }
        if (files.isEmpty()) {
            throw new TraceFormatException("no traces (*.ndjson) in " + paths);
        }
        Reader reader = new Reader();
        for (Path file : files) {
            try (Stream<String> lines = Files.lines(file)) {
                reader.read(file, lines.iterator());
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }
        return reader.folder(paths);
    }

    /**
     * The same of files that are in memory: their lines by their names.
     *
     * @throws TraceFormatException if these are no traces, or not those of a whole group
     */
    public static TraceFolder of(Map<String, List<String>> files) throws TraceFormatException {
        Reader reader = new Reader();
        for (Map.Entry<String, List<String>> file : new TreeMap<>(files).entrySet()) {
            reader.read(Path.of(file.getKey()), file.getValue().iterator());
        }
        return reader.folder(files.keySet());
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

    /** The events of each node, process after process. */
    Map<String, List<TraceEvent>> nodes() {
        return nodes;
    }

    /** The events of the storage, process after process. */
    List<TraceEvent> storage() {
        return storage;
    }

    /** How many lines were cut off by a kill. */
    int torn() {
        return torn;
    }

    /** How many events there are. */
    public int events() {
        return storage.size() + nodes.values().stream().mapToInt(List::size).sum();
    }

    private static final class Reader {
        private final Map<String, List<TraceEvent>> nodes = new TreeMap<>();
        private final Map<String, List<TraceEvent>> groups = new TreeMap<>();
        private final ObjectReader parser = MAPPER.reader().with(new CompactNodes());
        private int torn;

        /** Empty lines at the end are no lines: a file is as long as its mapping was. */
        void read(Path file, Iterator<String> lines) throws TraceFormatException {
            String before = null;
            int number = 0;
            boolean blank = false;
            while (lines.hasNext()) {
                String text = lines.next();
                if (text.isBlank()) {
                    blank = true;
                    continue;
                }
                if (before != null) {
                    read(file, before, number, false);
                }
                if (blank) {
                    throw new TraceFormatException(file + ", line " + (number + 1) + " is not JSON");
                }
                before = text;
                number++;
            }
            if (before != null) {
                read(file, before, number, true);
            }
        }

        private void read(Path file, String text, int line, boolean last) throws TraceFormatException {
            JsonNode json;
            try {
                json = parser.readTree(text);
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
            String wrong = EventShape.complaint(json);
            if (wrong != null) {
                throw new TraceFormatException(file + ", line " + line + ": " + wrong);
            }
            boolean storage = json.has("group");
            (storage ? groups : nodes)
                    .computeIfAbsent(event.text(storage ? "group" : "node"), name -> new ArrayList<>())
                    .add(event);
        }

        TraceFolder folder(Object paths) throws TraceFormatException {
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
        private List<TraceEvent> storage(Object paths) throws TraceFormatException {
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
