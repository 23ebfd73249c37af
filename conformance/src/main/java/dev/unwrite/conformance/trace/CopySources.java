package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.NodeLog.Tag;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.conformance.trace.TraceEvent.FoundCopy;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * At which line of the storage each copy was read. {@code StoreCopy} names session and epoch; a copy that only the next start
 * of its host shows comes from the last read for its block and epoch.
 */
final class CopySources {
    private final Map<Named, Source> named = new HashMap<>();
    private final Map<Found, Source> found = new HashMap<>();
    private final Set<Asked> unkept = new HashSet<>();
    /** By session: its term. */
    private final Map<Long, Long> terms = new HashMap<>();

    private record Named(long session, long epoch, BlockId block) {}

    private record Found(String node, Tag tag, BlockId block) {}

    /** By the number of the node's event. */
    private record Asked(String node, int event, BlockId block) {}

    private record Open(Tag tag, BlockId block) {}

    /** Where a block of a copy comes from. */
    static final class Source {
        final String node;
        final Tag tag;
        /** The number of the node's event ReadOld or ReadAround; -1 if there is none. */
        final int asked;
        /** The number of the storage's line Read; -1 if there is none. */
        private int line = -1;
        /** That of the last line before that changed the block; -1 for none. */
        private int changed = -1;

        private Source(String node, Tag tag, int asked) {
            this.node = node;
            this.tag = tag;
            this.asked = asked;
        }

        boolean isKnown() {
            return line >= 0;
        }

        /** Whether the block holds what was read, once so many lines of the storage were taken. */
        boolean isThere(int lines) {
            return changed < lines;
        }
    }

    CopySources(Map<String, List<TraceEvent>> nodes, List<TraceEvent> storage) {
        nodes.forEach(this::copies);
        reads(storage);
    }

    private void copies(String node, List<TraceEvent> events) {
        Map<Open, Integer> open = new HashMap<>();
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            switch (event.action()) {
                case "ReadOld", "ReadAround" -> asked(node, event, i, open);
                case "StoreCopy" -> stored(node, event, open);
                case "Restart" -> {
                    found(node, event, open);
                    forget(node, open);
                }
                case "StepDown" -> forget(node, open);
                default -> {
                    // Has to do with no copy.
                }
            }
        }
        forget(node, open);
    }

    private void asked(String node, TraceEvent event, int at, Map<Open, Integer> open) {
        for (BlockId block : event.blocks()) {
            Integer before = open.put(new Open(event.tag(), block), at);
            if (before != null) {
                unkept.add(new Asked(node, before, block));
            }
        }
    }

    private void stored(String node, TraceEvent event, Map<Open, Integer> open) {
        for (BlockId block : event.blocks()) {
            Integer at = open.remove(new Open(event.tag(), block));
            named.put(
                    new Named(event.number("session"), event.number("epoch"), block),
                    new Source(node, event.tag(), at == null ? -1 : at));
        }
    }

    private void found(String node, TraceEvent restart, Map<Open, Integer> open) {
        for (FoundCopy copy : restart.found()) {
            Integer at = open.remove(new Open(copy.tag(), copy.block()));
            if (at != null) {
                found.put(new Found(node, copy.tag(), copy.block()), new Source(node, copy.tag(), at));
            }
        }
    }

    private void forget(String node, Map<Open, Integer> open) {
        open.forEach((asked, at) -> unkept.add(new Asked(node, at, asked.block)));
        open.clear();
    }

    private void reads(List<TraceEvent> storage) {
        Map<BlockId, Integer> changed = new HashMap<>();
        for (int i = 0; i < storage.size(); i++) {
            TraceEvent event = storage.get(i);
            int line = i;
            switch (event.action()) {
                case "Session" -> terms.put(event.number("session"), event.number("term"));
                case "Apply" -> event.blocks().forEach(block -> changed.put(block, line));
                case "Boot" -> event.lost().forEach(block -> changed.put(block, line));
                case "Read" -> {
                    for (BlockId block : event.blocks()) {
                        Source source = source(event, block);
                        if (source != null) {
                            source.line = line;
                            source.changed = changed.getOrDefault(block, -1);
                        }
                    }
                }
                default -> {
                    // Leaves contents as they are.
                }
            }
        }
    }

    private @Nullable Source source(TraceEvent read, BlockId block) {
        String host = read.text("host");
        Source source = named.get(new Named(read.number("session"), read.number("epoch"), block));
        if (source != null) {
            return source.node.equals(host) ? source : null;
        }
        long term = terms.getOrDefault(read.number("session"), -1L);
        return found.get(new Found(host, new Tag(term, read.number("epoch")), block));
    }

    /** What was read at that line of the storage, if it was kept: a block may be read again before that. */
    @Nullable
    Source readAt(int line, TraceEvent read, BlockId block) {
        Source source = source(read, block);
        return source != null && source.line == line ? source : null;
    }

    /** Of a copy that was stored. */
    @Nullable
    Source ofStored(TraceEvent storeCopy, BlockId block) {
        return named.get(new Named(storeCopy.number("session"), storeCopy.number("epoch"), block));
    }

    /** Of a copy that a start of the host found, and that was asked for before; else null. */
    @Nullable
    Source ofFound(String node, FoundCopy copy) {
        return found.get(new Found(node, copy.tag(), copy.block()));
    }

    /** Whether a copy came of what the node's event of that number, a ReadOld or ReadAround, asked for. */
    boolean isKept(String node, int event, BlockId block) {
        return !unkept.contains(new Asked(node, event, block));
    }
}
