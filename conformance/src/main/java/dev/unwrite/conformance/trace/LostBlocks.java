package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Says of each start of a real storage which blocks it came back without, as far as that shows. The storage cannot know; but who
 * copies a block before anybody has written it again sees what it came back with. If that is what was durable, and not what
 * was written last, the write is lost.
 */
final class LostBlocks {
    private final List<TraceEvent> told;
    private final StorageContents contents = new StorageContents();
    /** What may have been lost, and nobody has seen or written since. */
    private final Map<BlockId, Doubt> doubts = new HashMap<>();
    /** By the number of the line of the start. */
    private final Map<Integer, List<BlockId>> lost = new HashMap<>();

    private record Doubt(int boot, int durable) {}

    private LostBlocks(List<TraceEvent> storage) {
        told = new ArrayList<>(storage);
        for (int at = 0; at < told.size(); at++) {
            take(at, told.get(at));
        }
        lost.forEach((at, blocks) -> told.set(at, with(told.get(at), blocks)));
    }

    /** The events of the storage; each start that does not say what it lost says so. */
    static List<TraceEvent> told(List<TraceEvent> storage) {
        return new LostBlocks(storage).told;
    }

    private void take(int at, TraceEvent event) {
        switch (event.action()) {
            case "Boot" -> {
                if (!event.json().has("lost")) {
                    contents.unflushed().forEach((block, hash) -> doubt(at, block, hash));
                }
            }
            case "Apply" -> event.blocks().forEach(doubts::remove);
            case "Read" -> event.eachValue(this::seen);
            default -> {
                // Says nothing of what is there.
            }
        }
        contents.take(event);
    }

    private void doubt(int boot, BlockId block, int hash) {
        int durable = contents.durable(block);
        if (contents.held(block) != null && hash != durable) {
            doubts.putIfAbsent(block, new Doubt(boot, durable));
        }
    }

    private void seen(BlockId block, int value) {
        Doubt doubt = doubts.remove(block);
        if (doubt != null && value == doubt.durable) {
            lost.computeIfAbsent(doubt.boot, boot -> new ArrayList<>()).add(block);
            contents.cameBack(block, value);
        }
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
