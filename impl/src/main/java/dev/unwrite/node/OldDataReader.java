package dev.unwrite.node;

import dev.unwrite.host.OldData;
import dev.unwrite.host.OldData.Part;
import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.protocol.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads what a volume holds in some blocks; zeroes that the storage tells of are not read. */
final class OldDataReader {
    /** From more blocks on (64 KiB) it pays to ask first what need not be read. */
    static final int ASKING_BLOCKS = 16;
    /** The largest part that is read at once: 1 MiB. */
    static final int PART_BLOCKS = 256;

    private static final int BLOCK = Extent.BLOCK_BYTES;

    private final BlockDevice volume;
    private final List<Part> parts = new ArrayList<>();
    /** From here on nothing is known yet. */
    private long unread;

    private OldDataReader(BlockDevice volume, long first) {
        this.volume = volume;
        this.unread = first;
    }

    /** All of the extent. */
    static OldData read(BlockDevice volume, Extent extent) throws IOException {
        OldDataReader reader = new OldDataReader(volume, extent.first());
        if (extent.count() > ASKING_BLOCKS && volume.tellsAllocation()) {
            reader.skipZeroes(extent.offsetBytes(), extent.end() * BLOCK);
        }
        reader.readUpTo(extent.end());
        return new OldData(extent, reader.parts);
    }

    private void skipZeroes(long from, long end) throws IOException {
        for (long at = from; at < end; ) {
            for (Allocation part : volume.allocation(at, end - at)) {
                // Only whole blocks of zeroes need not be read.
                long first = Math.ceilDiv(at, (long) BLOCK);
                at += part.length();
                long past = Math.min(at, end) / BLOCK;
                if (part.zero() && past - first >= ASKING_BLOCKS) {
                    readUpTo(first);
                    parts.add(new Part(first, (int) (past - first), null));
                    unread = past;
                }
            }
        }
    }

    private void readUpTo(long end) throws IOException {
        while (unread < end) {
            int count = (int) Math.min(PART_BLOCKS, end - unread);
            ByteBuffer data = ByteBuffer.allocate(count * BLOCK);
            volume.read(unread * BLOCK, data);
            parts.add(new Part(unread, count, data.flip()));
            unread += count;
        }
    }
}
