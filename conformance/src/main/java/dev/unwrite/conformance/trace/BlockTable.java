package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.trace.BlockHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Numbers the blocks of a trace from 1, and maps contents: 1 is what was in a block at first, as the first read found it; a block
 * that nobody read held zeroes.
 */
final class BlockTable {
    private final Map<BlockId, Integer> numbers = new HashMap<>();
    private final List<BlockId> blocks = new ArrayList<>();
    private final Map<Integer, Integer> initial = new HashMap<>();

    BlockTable(TraceFolder folder) {
        folder.nodes().values().forEach(events -> events.forEach(this::number));
        StorageContents contents = new StorageContents();
        for (TraceEvent event : folder.storage()) {
            number(event);
            if (event.action().equals("Read")) {
                event.eachValue((block, value) -> {
                    if (contents.isAsAtFirst(block)) {
                        initial.putIfAbsent(number(block), value);
                    }
                });
            }
            contents.take(event);
        }
    }

    private void number(TraceEvent event) {
        event.found().forEach(copy -> numbers.computeIfAbsent(copy.block(), this::add));
        event.lost().forEach(block -> numbers.computeIfAbsent(block, this::add));
        event.blocks().forEach(block -> numbers.computeIfAbsent(block, this::add));
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
        return hash == initial.getOrDefault(number, BlockHash.ZERO) ? 1 : Math.max(hash, 2);
    }
}
