package dev.unwrite.node;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The contents of blocks that were written and not flushed, so that they can be written again when the storage comes back
 * without them (rule ReplayUnflushed). Thread-safe. The node flushes before it grows beyond {@link #LIMIT_BYTES}.
 */
final class Unflushed {
    /** From here on writes wait until the node has flushed, which it begins to do at half of it. */
    static final long LIMIT_BYTES = 64L << 20;

    private record Key(int volume, long block) {}

    private final Map<Key, ByteBuffer> contents = new HashMap<>();

    /** Remembers the contents; the buffer is not changed afterwards. */
    synchronized void put(Extent extent, ByteBuffer data) {
        for (int i = 0; i < extent.count(); i++) {
            contents.put(
                    new Key(extent.volume(), extent.first() + i),
                    data.slice(data.position() + i * Extent.BLOCK_BYTES, Extent.BLOCK_BYTES));
        }
    }

    /** The contents of an extent of which every block is remembered, else null. */
    synchronized @Nullable ByteBuffer get(Extent extent) {
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

    /**
     * Forgets all that is not in the set. It is asked for while nothing can be put: a write that remembers its contents
     * before it is in the set would lose them to a flush if the set were an older one.
     */
    synchronized void keepOnly(Supplier<Blocks> wanted) {
        Blocks kept = wanted.get();
        contents.keySet().removeIf(key -> !kept.volume(key.volume).contains(key.block));
    }

    synchronized long bytes() {
        return (long) contents.size() * Extent.BLOCK_BYTES;
    }

    synchronized void clear() {
        contents.clear();
    }
}
