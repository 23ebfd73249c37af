package dev.unwrite.host;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The contents of blocks that were written and not flushed, so that they can be written again when the storage comes back
 * without them (rule ReplayUnflushed). They are copied to memory outside of the heap, which is used again: kept on the heap
 * for as long as a flush takes, they would be what garbage collection spends its time on.
 */
final class Unflushed {
    /** The limit, in bytes: at half of it the host begins a flush, at the limit no write begins before that flush. */
    static final long LIMIT_BYTES = 64L << 20;

    private static final int BLOCK = Extent.BLOCK_BYTES;
    /** What is taken at once: as much as there is, between these. Most hosts are secondaries, or start and end, and need little. */
    private static final int SLAB_BLOCKS_MIN = 16;

    private static final int SLAB_BLOCKS_MAX = 1024;

    private record Key(int volume, long block) {}

    private final Map<Key, ByteBuffer> contents = new HashMap<>();
    /** Room for a block each; what is in {@link #contents} is not in here. */
    private final List<ByteBuffer> free = new ArrayList<>();

    /** Remembers the contents. */
    void put(Extent extent, ByteBuffer data) {
        for (int i = 0; i < extent.count(); i++) {
            ByteBuffer room = contents.computeIfAbsent(new Key(extent.volume(), extent.first() + i), key -> room());
            room.put(0, data, data.position() + i * BLOCK, BLOCK);
        }
    }

    private ByteBuffer room() {
        if (free.isEmpty()) {
            int blocks = Math.clamp(contents.size(), SLAB_BLOCKS_MIN, SLAB_BLOCKS_MAX);
            ByteBuffer slab = ByteBuffer.allocateDirect(blocks * BLOCK);
            for (int i = 0; i < blocks; i++) {
                free.add(slab.slice(i * BLOCK, BLOCK));
            }
        }
        return free.removeLast();
    }

    /** The contents of an extent of which every block is remembered, else null. */
    @Nullable
    ByteBuffer get(Extent extent) {
        ByteBuffer result = ByteBuffer.allocate(Math.toIntExact(extent.lengthBytes()));
        for (int i = 0; i < extent.count(); i++) {
            ByteBuffer block = contents.get(new Key(extent.volume(), extent.first() + i));
            if (block == null) {
                return null;
            }
            result.put(block.duplicate());
        }
        return result.flip();
    }

    /** Forgets all that is not in the set. */
    void keepOnly(Blocks wanted) {
        contents.entrySet().removeIf(entry -> {
            Key key = entry.getKey();
            boolean forget = !wanted.volume(key.volume).contains(key.block);
            if (forget) {
                free.add(entry.getValue());
            }
            return forget;
        });
    }

    long bytes() {
        return (long) contents.size() * BLOCK;
    }

    /** Forgets everything, and gives the memory back. */
    void clear() {
        contents.clear();
        free.clear();
    }
}
