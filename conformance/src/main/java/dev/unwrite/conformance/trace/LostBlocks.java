package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Says of each start of a real storage which blocks it came back without, as far as that shows. The storage cannot know; but who
 * copies a block in a later term, before anybody in that term has written it, sees what it came back with. If that is what was
 * durable, and not what was written last, the write is lost. The specification allows the loss of whatever was not flushed, so
 * to assume one too many accepts nothing that it forbids.
 */
final class LostBlocks {
    private final List<TraceEvent> storage;
    private final Map<BlockId, List<Copy>> copies = new HashMap<>();
    private final Map<Long, Long> terms = new HashMap<>();

    /** What was found in a block that was copied. */
    private record Copy(long term, int value) {}

    private LostBlocks(List<TraceEvent> storage, Collection<List<TraceEvent>> nodes) {
        this.storage = storage;
        for (List<TraceEvent> events : nodes) {
            events.stream()
                    .filter(event -> event.action().equals("StoreCopy") && event.hasValues())
                    .forEach(this::copied);
        }
        for (TraceEvent event : storage) {
            if (event.action().equals("Session")) {
                terms.put(event.number("session"), event.number("term"));
            }
        }
    }

    /** The events of the storage; each start that does not say what it lost says so. */
    static List<TraceEvent> told(List<TraceEvent> storage, Collection<List<TraceEvent>> nodes) {
        return new LostBlocks(storage, nodes).told();
    }

    private void copied(TraceEvent event) {
        int index = 0;
        for (BlockId block : event.blocks()) {
            copies.computeIfAbsent(block, key -> new ArrayList<>())
                    .add(new Copy(event.number("term"), event.value(index++)));
        }
    }

    private List<TraceEvent> told() {
        List<TraceEvent> told = new ArrayList<>(storage.size());
        StorageContents contents = new StorageContents();
        for (int at = 0; at < storage.size(); at++) {
            TraceEvent event = storage.get(at);
            if (event.action().equals("Boot") && !event.json().has("lost")) {
                List<BlockId> lost = lost(at, contents);
                event = lost.isEmpty() ? event : with(event, lost);
            }
            contents.take(event);
            told.add(event);
        }
        return told;
    }

    private List<BlockId> lost(int boot, StorageContents contents) {
        Map<BlockId, Integer> unflushed = contents.unflushed();
        if (unflushed.isEmpty()) {
            return List.of();
        }
        long before = storage.get(boot).record().path("term").asLong();
        long last = before;
        // By block: the least term in which it was given the contents that it had before.
        Map<BlockId, Long> again = new HashMap<>();
        for (int at = boot + 1; at < storage.size() && !storage.get(at).action().equals("Boot"); at++) {
            TraceEvent event = storage.get(at);
            last = Math.max(last, event.record().path("term").asLong());
            if (event.action().equals("Apply")) {
                long term = terms.getOrDefault(event.number("session"), 0L);
                int index = 0;
                for (BlockId block : event.blocks()) {
                    if (event.value(index++) == contents.durable(block)) {
                        again.merge(block, term, Math::min);
                    }
                }
            }
        }
        Set<BlockId> lost = new HashSet<>();
        for (Map.Entry<BlockId, Integer> entry : unflushed.entrySet()) {
            BlockId block = entry.getKey();
            int durable = contents.durable(block);
            long until = Math.min(last, again.getOrDefault(block, Long.MAX_VALUE) - 1);
            boolean seen = copies.getOrDefault(block, List.of()).stream()
                    .anyMatch(copy -> copy.value() == durable && copy.term() > before && copy.term() <= until);
            if (seen && entry.getValue() != durable) {
                lost.add(block);
            }
        }
        return List.copyOf(lost);
    }

    private static TraceEvent with(TraceEvent event, List<BlockId> lost) {
        ObjectNode json = event.json().deepCopy();
        ArrayNode extents = json.putArray("lost");
        for (BlockId block : lost) {
            extents.addArray().add(block.volume()).add(block.number()).add(1);
        }
        return new TraceEvent(event.file(), event.line(), json);
    }
}
