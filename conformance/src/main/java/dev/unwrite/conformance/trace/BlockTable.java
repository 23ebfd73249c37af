package dev.unwrite.conformance.trace;

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
    /** Every content that a machine wrote to a block before any rollback did, and every one that was copied from it. */
    private final Map<Integer, Set<Integer>> written = new HashMap<>();

    private final Map<Integer, Set<Integer>> restored = new HashMap<>();

    private final Map<Integer, Set<Integer>> copied = new HashMap<>();
    private final Map<Integer, Integer> initial = new HashMap<>();

    /** Whether the storage's record said rollback at the event that is looked at. */
    private boolean rollback;

    BlockTable(TraceFolder folder) {
        folder.nodes().values().forEach(events -> events.forEach(this::scan));
        folder.storage().forEach(this::scan);
    }

    private void scan(TraceEvent event) {
        if (event.action().equals("Record") || event.action().equals("Boot")) {
            rollback = event.record().path("mode").asText().equals("rollback");
        }
        event.found().forEach(block -> numbers.computeIfAbsent(block, this::add));
        event.lost().forEach(block -> numbers.computeIfAbsent(block, this::add));
        int index = 0;
        for (BlockId block : event.blocks()) {
            int number = numbers.computeIfAbsent(block, this::add);
            switch (event.action()) {
                case "StoreCopy" -> {
                    copied.computeIfAbsent(number, n -> new LinkedHashSet<>()).add(event.value(index));
                }
                case "Apply" -> {
                    int value = event.value(index);
                    if (!rollback) {
                        Set<Integer> back = restored.getOrDefault(number, Set.of());
                        if (!back.contains(value)) {
                            written.computeIfAbsent(number, n -> new HashSet<>())
                                    .add(value);
                        }
                    } else {
                        restored.computeIfAbsent(number, n -> new HashSet<>()).add(value);
                    }
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

    /**
     * What was copied, and written by nobody before a rollback put it back, was there at first. The order is that of the
     * storage alone: clocks of different hosts say nothing about what came first.
     */
    private int first(int number) {
        Set<Integer> known = written.getOrDefault(number, Set.of());
        for (int copy : copied.getOrDefault(number, Set.of())) {
            if (!known.contains(copy)) {
                return copy;
            }
        }
        return BlockHash.ZERO;
    }
}
