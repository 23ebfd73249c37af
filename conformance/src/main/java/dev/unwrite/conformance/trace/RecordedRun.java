package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the processes of a group did, in one order in which each line comes after what it needs: what a replay follows. Other
 * than for a validation, lines that can have no such place are kept; the clocks place them.
 *
 * @param events all lines, in that order
 * @param blocks how many blocks they name
 * @param torn how many lines a kill cut off
 * @param displaced null, or the first line that has no place in any order, and why
 */
public record RecordedRun(
        List<RecordedEvent> events,
        int blocks,
        int torn,
        @Nullable String displaced) {
    /** More lines than this are not read: they would not fit into memory. */
    public static final int EVENTS_MAX = 2_000_000;

    /**
     * Reads what {@link TraceFolder#read} reads.
     *
     * @throws TraceFormatException if these are no traces, not those of a whole group, or too many
     * @throws IOException if they cannot be read
     */
    public static RecordedRun read(List<Path> paths) throws IOException, TraceFormatException {
        return of(TraceFolder.read(paths));
    }

    /**
     * The same of traces that were read.
     *
     * @throws TraceFormatException if there are too many, or they do not begin with a new group
     */
    public static RecordedRun of(TraceFolder folder) throws TraceFormatException {
        if (folder.events() > EVENTS_MAX) {
            throw new TraceFormatException(
                    folder.events() + " lines of traces are too many for a replay: at most " + EVENTS_MAX);
        }
        Merger merger = new Merger(folder);
        Merger.Order order = merger.order();
        Builder builder = new Builder(folder, order.events());
        List<RecordedEvent> events = new ArrayList<>(order.events().size());
        order.events().forEach(event -> events.add(builder.event(event)));
        return new RecordedRun(List.copyOf(events), builder.numbers.size(), folder.torn(), order.displaced());
    }

    private static final class Builder {
        private final Map<BlockId, Integer> numbers = new HashMap<>();
        private final Map<String, Integer> hosts = new HashMap<>();
        private final Map<Path, String> names = new HashMap<>();
        private long micros;

        /** Blocks that are neighbours stay neighbours; who claimed the group is the first host. */
        Builder(TraceFolder folder, List<TraceEvent> order) {
            TreeSet<BlockId> blocks = new TreeSet<>(
                    java.util.Comparator.comparingInt(BlockId::volume).thenComparingLong(BlockId::number));
            order.forEach(event -> {
                blocks.addAll(event.blocks());
                blocks.addAll(event.found());
                blocks.addAll(event.lost());
            });
            blocks.forEach(block -> numbers.put(block, numbers.size()));
            for (TraceEvent event : folder.storage()) {
                String owner = event.record().path("owner").asText();
                if (!owner.isEmpty() && hosts.isEmpty()) {
                    hosts.put(owner, 0);
                }
            }
            folder.nodes().keySet().forEach(name -> hosts.putIfAbsent(name, hosts.size()));
            if (!folder.storage().isEmpty()) {
                micros = folder.storage().getFirst().time();
            }
        }

        RecordedEvent event(TraceEvent e) {
            boolean storage = e.json().has("group");
            micros = storage ? e.time() : micros;
            return new RecordedEvent(
                    storage,
                    hosts.getOrDefault(e.text(storage ? "host" : "node"), -1),
                    e.action().intern(),
                    micros,
                    names.computeIfAbsent(e.file(), file -> String.valueOf(file.getFileName())) + ", line " + e.line(),
                    e.number("id"),
                    e.number("term"),
                    e.number("epoch"),
                    storage ? e.number("session") : e.after("session"),
                    (e.action().equals("Boot") ? e.lost() : e.blocks())
                            .stream().map(this::number).toList(),
                    values(e),
                    e.text("change"),
                    record(e.record()),
                    storage
                            ? null
                            : new RecordedEvent.After(
                                    e.after("term"), e.after("epoch"), e.after("ckptTerm"), e.after("ckptEpoch")),
                    copies(e));
        }

        private int number(BlockId block) {
            return java.util.Objects.requireNonNull(numbers.get(block));
        }

        private static List<Integer> values(TraceEvent e) {
            List<Integer> values = new ArrayList<>();
            e.json().path("values").forEach(value -> values.add(value.asInt()));
            return List.copyOf(values);
        }

        private RecordedEvent.@Nullable Ownership record(JsonNode record) {
            return record.isMissingNode()
                    ? null
                    : new RecordedEvent.Ownership(
                            record.path("version").asLong(),
                            record.path("term").asLong(),
                            hosts.getOrDefault(record.path("owner").asText(), -1),
                            record.path("mode").asText().intern());
        }

        private List<RecordedEvent.Copy> copies(TraceEvent e) {
            List<RecordedEvent.Copy> copies = new ArrayList<>();
            for (JsonNode copy : e.json().path("log")) {
                for (int i = 0; i < copy.path(4).asInt(); i++) {
                    BlockId block =
                            new BlockId(copy.path(2).asInt(), copy.path(3).asLong() + i);
                    copies.add(new RecordedEvent.Copy(
                            copy.path(0).asLong(), copy.path(1).asLong(), number(block)));
                }
            }
            return List.copyOf(copies);
        }
    }
}
