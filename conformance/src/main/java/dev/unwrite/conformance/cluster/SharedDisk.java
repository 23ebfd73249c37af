package dev.unwrite.conformance.cluster;

import dev.unwrite.host.OldData;
import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of the shared storage: what readers see, and what is durable. Contents of blocks are not changed, but
 * replaced.
 */
final class SharedDisk {
    /** Bits of an int that is not negative. */
    private static final int BITS = 31;

    private final List<Pages> volumes = new ArrayList<>();
    private int @Nullable [] image;
    private int @Nullable [] durableImage;

    /** What a block holds; another object for each write. */
    private static final class Block {
        static final Block ZEROES = new Block(new byte[Extent.BLOCK_BYTES]);

        final byte[] bytes;
        private int @Nullable [] values;

        Block(byte[] bytes) {
            this.bytes = bytes;
        }

        int[] values() {
            int[] known = values;
            if (known == null) {
                known = Cells.ofBlock(bytes);
                values = known;
            }
            return known;
        }
    }

    private static final class Pages {
        final Cells.Volume volume;
        final Block[] cache;
        final Block[] disk;

        Pages(Cells.Volume volume) {
            this.volume = volume;
            cache = new Block[volume.blocks()];
            disk = new Block[volume.blocks()];
            Arrays.fill(cache, Block.ZEROES);
            Arrays.fill(disk, Block.ZEROES);
        }
    }

    /** Something that is done to one block. */
    private interface Visitor {
        void visit(Pages pages, int block, int number);
    }

    SharedDisk() {
        Cells.VOLUMES.forEach(volume -> volumes.add(new Pages(volume)));
    }

    private Pages pages(int id) {
        for (Pages pages : volumes) {
            if (pages.volume.id() == id) {
                return pages;
            }
        }
        throw new Violation("NoError", "there is no volume " + id);
    }

    private void each(Visitor visitor) {
        int number = 0;
        for (Pages pages : volumes) {
            for (int block = 0; block < pages.volume.blocks(); block++) {
                visitor.visit(pages, block, number++);
            }
        }
    }

    private void changed() {
        image = null;
        durableImage = null;
    }

    /** Whether all of it is within the volume. */
    boolean contains(Extent extent) {
        return extent.end() <= pages(extent.volume()).volume.blocks();
    }

    byte[] read(int volume, long offset, int length) {
        Pages pages = pages(volume);
        if (offset < 0 || offset + length > pages.volume.sizeBytes()) {
            throw new Violation("NoError", "a read beyond the end of " + pages.volume.name());
        }
        ByteBuffer found = ByteBuffer.allocate(length);
        long at = offset;
        while (found.hasRemaining()) {
            Block block = pages.cache[(int) (at / Extent.BLOCK_BYTES)];
            int from = (int) (at % Extent.BLOCK_BYTES);
            int count = Math.min(found.remaining(), Extent.BLOCK_BYTES - from);
            found.put(block.bytes, from, count);
            at += count;
        }
        return found.array();
    }

    /** With a part for each run of blocks that are zeroes, or are not. */
    OldData readOld(Extent extent) {
        Pages pages = pages(extent.volume());
        List<OldData.Part> parts = new ArrayList<>();
        for (long first = extent.first(); first < extent.end(); ) {
            boolean zero = pages.cache[(int) first] == Block.ZEROES;
            long end = first + 1;
            while (end < extent.end() && (pages.cache[(int) end] == Block.ZEROES) == zero) {
                end++;
            }
            int count = (int) (end - first);
            byte[] bytes = read(extent.volume(), first * Extent.BLOCK_BYTES, zero ? 0 : count * Extent.BLOCK_BYTES);
            parts.add(new OldData.Part(first, count, zero ? null : ByteBuffer.wrap(bytes)));
            first = end;
        }
        return new OldData(extent, parts);
    }

    /** Writes the first so many bytes of what is asked for. */
    void write(Extent extent, @Nullable ByteBuffer data, int bytes, boolean durable) {
        Pages pages = pages(extent.volume());
        for (int i = 0; i < extent.count(); i++) {
            int block = (int) extent.first() + i;
            int count = Math.clamp(bytes - (long) i * Extent.BLOCK_BYTES, 0, Extent.BLOCK_BYTES);
            if (count == 0) {
                break;
            }
            Block next = Block.ZEROES;
            if (data != null || count < Extent.BLOCK_BYTES) {
                byte[] bytesOfBlock = pages.cache[block].bytes.clone();
                if (data == null) {
                    Arrays.fill(bytesOfBlock, 0, count, (byte) 0);
                } else {
                    data.get(data.position() + i * Extent.BLOCK_BYTES, bytesOfBlock, 0, count);
                }
                next = new Block(bytesOfBlock);
            }
            pages.cache[block] = next;
            if (durable) {
                pages.disk[block] = next;
            }
        }
        changed();
    }

    void flush() {
        each((pages, block, number) -> pages.disk[block] = pages.cache[block]);
        changed();
    }

    /** A block becomes durable of its own accord; null if it was. */
    @Nullable
    Extent destage(int choice) {
        List<Extent> found = new ArrayList<>();
        each((pages, block, number) -> {
            if (pages.cache[block] != pages.disk[block]) {
                found.add(new Extent(pages.volume.id(), block, 1));
            }
        });
        if (found.isEmpty()) {
            return null;
        }
        Extent extent = found.get(choice % found.size());
        Pages pages = pages(extent.volume());
        int block = (int) extent.first();
        pages.disk[block] = pages.cache[block];
        changed();
        return extent;
    }

    /** What was not flushed is lost where its bit is set, and is durable else. Returns what is lost. */
    List<Extent> crash(int bits) {
        List<Extent> lost = new ArrayList<>();
        each((pages, block, number) -> {
            if (pages.cache[block] != pages.disk[block] && isSet(bits, number)) {
                pages.cache[block] = pages.disk[block];
                lost.add(new Extent(pages.volume.id(), block, 1));
            }
            pages.disk[block] = pages.cache[block];
        });
        changed();
        return lost;
    }

    private static boolean isSet(int bits, int number) {
        return (bits >> number % BITS & 1) != 0;
    }

    /** The number in each cell, as readers see it; not to be changed. */
    int[] image() {
        int[] known = image;
        if (known == null) {
            known = new int[Cells.COUNT];
            int[] result = known;
            each((pages, block, number) -> System.arraycopy(
                    pages.cache[block].values(), 0, result, number * Cells.PER_BLOCK, Cells.PER_BLOCK));
            image = known;
        }
        return known;
    }

    /** As above, of what would be left if the storage crashed now and lost all that it may. */
    int[] durableImage() {
        int[] known = durableImage;
        if (known == null) {
            known = new int[Cells.COUNT];
            int[] result = known;
            each((pages, block, number) ->
                    System.arraycopy(pages.disk[block].values(), 0, result, number * Cells.PER_BLOCK, Cells.PER_BLOCK));
            durableImage = known;
        }
        return known;
    }
}
