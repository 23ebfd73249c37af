package dev.unwrite.host;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The contents of blocks that were written and not flushed, so that they can be written again when the storage comes back
 * without them (rule ReplayUnflushed).
 */
final class Unflushed {
    /** The limit, in bytes: at half of it the host begins a flush, at the limit no write begins before that flush. */
    static final long LIMIT_BYTES = 64L << 20;

    private record Key(int volume, long block) {}

    private final Map<Key, ByteBuffer> contents = new HashMap<>();

    /** Remembers the contents; the buffer is not changed afterwards. */
    void put(Extent extent, ByteBuffer data) {
        for (int i = 0; i < extent.count(); i++) {
            contents.put(
                    new Key(extent.volume(), extent.first() + i),
                    data.slice(data.position() + i * Extent.BLOCK_BYTES, Extent.BLOCK_BYTES));
        }
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
        contents.keySet().removeIf(key -> !wanted.volume(key.volume).contains(key.block));
    }

    long bytes() {
        return (long) contents.size() * Extent.BLOCK_BYTES;
    }

    void clear() {
        contents.clear();
    }
}
