package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.trace.BlockHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What stands on the storage and what of it is durable, as its own lines say: hashes of contents. */
final class StorageContents {
    private final Map<BlockId, Integer> durable = new HashMap<>();
    /** By volume: what would be lost if the storage crashed now and lost all that it may. */
    private final Map<Integer, Map<BlockId, Integer>> unflushed = new HashMap<>();

    private final Set<BlockId> uncertain = new HashSet<>();

    /** A line of the storage. A start says what it lost. */
    void take(TraceEvent event) {
        switch (event.action()) {
            case "Apply" -> {
                if (event.isUncertain()) {
                    event.blocks().forEach(this::failed);
                } else {
                    event.eachValue(this::applied);
                }
            }
            case "Read" -> event.eachValue(this::seen);
            case "Flushed" -> flushed((int) event.number("volume"));
            case "Destage" -> event.blocks().forEach(this::destaged);
            case "Boot" -> booted(event.lost());
            default -> {
                // Says nothing of contents.
            }
        }
    }

    /** The block holds this now, and may lose it. */
    void applied(BlockId block, int hash) {
        uncertain.remove(block);
        unflushed.computeIfAbsent(block.volume(), v -> new LinkedHashMap<>()).put(block, hash);
    }

    /** A write failed: until the next one nobody knows what the block holds. */
    void failed(BlockId block) {
        uncertain.add(block);
    }

    /** Somebody read this: from now on it is known. */
    void seen(BlockId block, int hash) {
        if (uncertain.contains(block)) {
            applied(block, hash);
        } else if (held(block) == null) {
            durable.put(block, hash);
        }
    }

    /** What the block holds, or null if that is what was there at first, or not certain. */
    @Nullable
    Integer held(BlockId block) {
        if (uncertain.contains(block)) {
            return null;
        }
        Integer hash = unflushed.getOrDefault(block.volume(), Map.of()).get(block);
        return hash == null ? durable.get(block) : hash;
    }

    /** Whether the block holds what was there at first. */
    boolean isAsAtFirst(BlockId block) {
        return held(block) == null && !uncertain.contains(block);
    }

    /** All of the volume is durable; returns the blocks that were not before. */
    List<BlockId> flushed(int volume) {
        Map<BlockId, Integer> those = unflushed.remove(volume);
        if (those == null) {
            return List.of();
        }
        durable.putAll(those);
        return List.copyOf(those.keySet());
    }

    /** The block is durable now; false if it was. */
    boolean destaged(BlockId block) {
        Map<BlockId, Integer> those = unflushed.get(block.volume());
        Integer hash = those == null ? null : those.remove(block);
        if (hash != null) {
            durable.put(block, hash);
        }
        return hash != null;
    }

    /** The block came back with this when the storage started. */
    void cameBack(BlockId block, int hash) {
        durable.put(block, hash);
    }

    /** All blocks that could be lost, and what they hold. */
    Map<BlockId, Integer> unflushed() {
        Map<BlockId, Integer> all = new LinkedHashMap<>();
        unflushed.values().forEach(all::putAll);
        return all;
    }

    /** Whether the block could be lost. */
    boolean isUnflushed(BlockId block) {
        return unflushed.getOrDefault(block.volume(), Map.of()).containsKey(block);
    }

    /** What a block comes back with if it is lost; a new volume reads as zeroes. */
    int durable(BlockId block) {
        return durable.getOrDefault(block, BlockHash.ZERO);
    }

    /** The storage has started again: what it did not lose is durable. */
    void booted(List<BlockId> lost) {
        Set<BlockId> gone = new LinkedHashSet<>(lost);
        unflushed.values().forEach(those -> those.keySet().removeAll(gone));
        for (int volume : new ArrayList<>(unflushed.keySet())) {
            flushed(volume);
        }
    }
}
