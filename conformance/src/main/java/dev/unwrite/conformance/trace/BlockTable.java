package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.NodeLog.Tag;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.trace.BlockHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Numbers the blocks of a trace from 1, and maps contents: 1 is what was in a block at first. */
final class BlockTable {
    private final Map<BlockId, Integer> numbers = new HashMap<>();
    private final List<BlockId> blocks = new ArrayList<>();
    /** The first copy of a block, by number, and when it was taken: it shows what was there. Clocks do not say which is first. */
    private final Map<Integer, Seen> copies = new HashMap<>();

    private final Map<Integer, Long> writes = new HashMap<>();
    /** Every content that was written to a block, and every one that was copied from it, in the order of the traces. */
    private final Map<Integer, Set<Integer>> written = new HashMap<>();

    private final Map<Integer, Set<Integer>> copied = new HashMap<>();
    private final Map<Integer, Integer> initial = new HashMap<>();

    private record Seen(Tag tag, long time, int value) {
        Seen first(Seen other) {
            int order = tag.compareTo(other.tag);
            return order < 0 || (order == 0 && time <= other.time) ? this : other;
        }
    }

    BlockTable(TraceFolder folder) {
        folder.nodes().values().forEach(events -> events.forEach(this::scan));
        folder.storage().forEach(this::scan);
    }

    private void scan(TraceEvent event) {
        event.found().forEach(block -> numbers.computeIfAbsent(block, this::add));
        int index = 0;
        for (BlockId block : event.blocks()) {
            int number = numbers.computeIfAbsent(block, this::add);
            switch (event.action()) {
                case "StoreCopy" -> {
                    Tag tag = new Tag(event.number("term"), event.number("epoch"));
                    copies.merge(number, new Seen(tag, event.time(), event.value(index)), Seen::first);
                    copied.computeIfAbsent(number, n -> new LinkedHashSet<>()).add(event.value(index));
                }
                case "Apply" -> {
                    writes.merge(number, event.time(), Math::min);
                    written.computeIfAbsent(number, n -> new HashSet<>()).add(event.value(index));
                }
                default -> {
                    // Says nothing about contents.
                }
            }
            index++;
        }
    }

    private int add(BlockId block) {
        blocks.add(block);
        return blocks.size();
    }

    int number(BlockId block) {
        Integer number = numbers.get(block);
        if (number == null) {
            throw new IllegalArgumentException("a block that no event names: " + block);
        }
        return number;
    }

    /** The block that has the number, for people. */
    BlockId block(int number) {
        return blocks.get(number - 1);
    }

    int size() {
        return blocks.size();
    }

    /** What stands for the content in the specification. */
    int value(int number, int hash) {
        return hash == initial.computeIfAbsent(number, this::first) ? 1 : Math.max(hash, 2);
    }

    /** What was copied and never written was there at first; else the clocks say whether the first copy came before all writes. */
    private int first(int number) {
        Set<Integer> known = written.getOrDefault(number, Set.of());
        for (int copy : copied.getOrDefault(number, Set.of())) {
            if (!known.contains(copy)) {
                return copy;
            }
        }
        Seen seen = copies.get(number);
        long firstWrite = writes.getOrDefault(number, Long.MAX_VALUE);
        return seen != null && seen.time < firstWrite ? seen.value : BlockHash.ZERO;
    }
}
