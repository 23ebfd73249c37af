package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the processes of a group did, in one order in which each line comes after what it needs: what a replay follows. Other
 * than for a validation, lines that can have no such place are kept; the clocks place them.
 *
 * @param events all lines, in that order
 * @param hosts the number of each host by its name: 0 for the one that claimed the group
 * @param displaced null, or the first line that has no place in any order, and why
 */
public record RecordedRun(
        List<RecordedEvent> events,
        Map<String, Integer> hosts,
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
        TraceFolder folder = TraceFolder.read(paths);
        if (folder.events() > EVENTS_MAX) {
            throw new TraceFormatException(
                    folder.events() + " lines of traces are too many for a replay: at most " + EVENTS_MAX);
        }
        Merger.Order order = new Merger(folder).order();
        Map<String, Integer> hosts = hosts(folder);
        List<RecordedEvent> events = new ArrayList<>(order.events().size());
        long[] until = nextOfStorage(order.events());
        long micros =
                folder.storage().isEmpty() ? 0 : folder.storage().getFirst().time();
        for (int i = 0; i < until.length; i++) {
            TraceEvent event = order.events().get(i);
            boolean storage = isOfStorage(event);
            micros = storage ? event.time() : Math.max(micros, Math.min(event.time(), until[i]));
            events.add(event(event, storage, hosts, micros));
        }
        return new RecordedRun(List.copyOf(events), hosts, order.displaced());
    }

    private static boolean isOfStorage(TraceEvent event) {
        return event.json().has("group");
    }

    /** For each event, the time of the storage's next line: a host's clock may be wrong, and counts only up to there. */
    private static long[] nextOfStorage(List<TraceEvent> events) {
        long[] next = new long[events.size()];
        long time = Long.MAX_VALUE;
        for (int i = next.length - 1; i >= 0; i--) {
            time = isOfStorage(events.get(i)) ? events.get(i).time() : time;
            next[i] = time;
        }
        return next;
    }

    private static Map<String, Integer> hosts(TraceFolder folder) {
        Map<String, Integer> hosts = new LinkedHashMap<>();
        for (TraceEvent event : folder.storage()) {
            String owner = event.record().path("owner").asText();
            if (!owner.isEmpty() && hosts.isEmpty()) {
                hosts.put(owner, 0);
            }
        }
        folder.nodes().keySet().forEach(name -> hosts.putIfAbsent(name, hosts.size()));
        return hosts;
    }

    private static RecordedEvent event(TraceEvent e, boolean storage, Map<String, Integer> hosts, long micros) {
        List<BlockId> blocks = e.blocks();
        return new RecordedEvent(
                storage,
                hosts.getOrDefault(e.text(storage ? "host" : "node"), -1),
                e.start(),
                e.action().intern(),
                micros,
                e.place(),
                blocks.isEmpty() ? -1 : blocks.getFirst().volume(),
                blocks.isEmpty() ? 0 : blocks.getFirst().number(),
                e.text("change").intern(),
                e.text("folder"),
                e.lost().size());
    }
}
