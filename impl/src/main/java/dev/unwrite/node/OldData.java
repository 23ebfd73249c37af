package dev.unwrite.node;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.protocol.Extent;
import dev.unwrite.trace.BlockHash;
import dev.unwrite.undo.Copy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a volume held in some blocks: parts in their order, without a gap; those of zeroes were not read. */
record OldData(Extent extent, List<Part> parts) {
    /** From more blocks on (64 KiB) it pays to ask first what need not be read. */
    static final int ASKING_BLOCKS = 16;

    /** {@code data}: null for zeroes. */
    record Part(long first, int count, @Nullable ByteBuffer data) {}

    /**
     * Reads the extent, or a first piece of it: at most {@link VolumeFront#MAX_BLOCKS}, unless it begins with more zeroes
     * than that.
     */
    static OldData read(BlockDevice volume, Extent extent) throws IOException {
        long zeroes = 0;
        List<Allocation> told = List.of();
        if (extent.count() > ASKING_BLOCKS && volume.tellsAllocation()) {
            told = volume.allocation(extent.offsetBytes(), extent.lengthBytes());
            zeroes = told.getFirst().zero() ? told.getFirst().length() / Extent.BLOCK_BYTES : 0;
        }
        if (zeroes > VolumeFront.MAX_BLOCKS) {
            Extent piece = new Extent(extent.volume(), extent.first(), (int) zeroes);
            return new OldData(piece, List.of(new Part(piece.first(), piece.count(), null)));
        }
        Extent piece = new Extent(extent.volume(), extent.first(), Math.min(extent.count(), VolumeFront.MAX_BLOCKS));
        List<Part> parts = new ArrayList<>();
        long unread = piece.first();
        long at = piece.offsetBytes();
        for (Allocation part : told) {
            // Only whole blocks of zeroes need not be read.
            long zeroesFrom = Math.ceilDiv(at, (long) Extent.BLOCK_BYTES);
            at += part.length();
            long zeroesEnd = Math.min(piece.end(), at / Extent.BLOCK_BYTES);
            if (part.zero() && zeroesEnd - zeroesFrom >= ASKING_BLOCKS) {
                add(volume, unread, zeroesFrom, parts);
                parts.add(new Part(zeroesFrom, (int) (zeroesEnd - zeroesFrom), null));
                unread = zeroesEnd;
            }
        }
        add(volume, unread, piece.end(), parts);
        return new OldData(piece, parts);
    }

    private static void add(BlockDevice volume, long first, long end, List<Part> parts) throws IOException {
        if (first < end) {
            int count = (int) (end - first);
            ByteBuffer data = ByteBuffer.allocate(count * Extent.BLOCK_BYTES);
            volume.read(first * Extent.BLOCK_BYTES, data);
            parts.add(new Part(first, count, data.flip()));
        }
    }

    List<Copy> copies(long term, long epoch) {
        List<Copy> copies = new ArrayList<>();
        for (Part part : parts) {
            copies.add(new Copy(term, epoch, extent.volume(), part.first, part.count, part.data));
        }
        return copies;
    }

    /** What stands for each block in a trace. */
    int[] hashes() {
        int[] hashes = new int[extent.count()];
        for (Part part : parts) {
            int at = (int) (part.first - extent.first());
            if (part.data == null) {
                Arrays.fill(hashes, at, at + part.count, BlockHash.ZERO);
            } else {
                System.arraycopy(BlockHash.of(part.data), 0, hashes, at, part.count);
            }
        }
        return hashes;
    }

    /** What of {@code asked}, which begins as this does, comes after it; null if that is all. */
    @Nullable
    Extent after(Extent asked) {
        return asked.count() == extent.count()
                ? null
                : new Extent(asked.volume(), extent.end(), asked.count() - extent.count());
    }
}
