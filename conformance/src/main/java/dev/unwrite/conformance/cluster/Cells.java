package dev.unwrite.conformance.cluster;

import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * How contents are told apart. Each block is cut into a few cells, at odd places; clients read and write whole cells, so
 * that they meet in parts of blocks. A cell holds one number, repeated over its bytes, and 0 if they are zeroes.
 */
final class Cells {
    /** What no client ever writes: the bytes of the cell do not agree. */
    static final int TORN = -1;

    private static final int[] STARTS = {0, 512, 1001, 2048, 3071, Extent.BLOCK_BYTES};
    /** In each block. */
    static final int PER_BLOCK = STARTS.length - 1;

    /** A volume: its id at the storage, its name, its blocks, and the number of its first cell among all. */
    record Volume(int id, String name, int blocks, int firstCell) {
        int cells() {
            return blocks * PER_BLOCK;
        }

        long sizeBytes() {
            return (long) blocks * Extent.BLOCK_BYTES;
        }
    }

    /** The volumes of the group; their ids are not their positions. */
    static final List<Volume> VOLUMES = List.of(new Volume(3, "data", 14, 0), new Volume(7, "log", 6, 14 * PER_BLOCK));

    /** Of all volumes. */
    static final int COUNT = VOLUMES.stream().mapToInt(Volume::cells).sum();

    private Cells() {}

    static Volume volume(int id) {
        return VOLUMES.stream()
                .filter(volume -> volume.id == id)
                .findFirst()
                .orElseThrow(() -> new Violation("NoError", "there is no volume " + id));
    }

    /** Where a cell of a volume begins, in bytes; the cell after the last begins at the end. */
    static long offset(int cell) {
        return (long) cell / PER_BLOCK * Extent.BLOCK_BYTES + STARTS[cell % PER_BLOCK];
    }

    /** The content of cells that all hold the same number. */
    static ByteBuffer filled(int first, int count, int value) {
        ByteBuffer data = ByteBuffer.allocate((int) (offset(first + count) - offset(first)));
        for (int cell = first; cell < first + count; cell++) {
            int size = (int) (offset(cell + 1) - offset(cell));
            for (int i = Integer.BYTES; i <= size; i += Integer.BYTES) {
                data.putInt(value);
            }
            for (int i = size - size % Integer.BYTES; i < size; i++) {
                data.put(at(value, i));
            }
        }
        return data.flip();
    }

    private static byte at(int value, int position) {
        return (byte) (value >>> (8 * (3 - position % Integer.BYTES)));
    }

    /** The number in each of so many cells, beginning with {@code first}, from the buffer's position on. */
    static int[] values(int first, int count, ByteBuffer data) {
        int[] values = new int[count];
        int start = data.position();
        for (int i = 0; i < count; i++) {
            int from = start + (int) (offset(first + i) - offset(first));
            values[i] = value(data, from, (int) (offset(first + i + 1) - offset(first + i)));
        }
        return values;
    }

    private static int value(ByteBuffer data, int from, int size) {
        // It is repeated if all is the same again a number later.
        int rest = size - Integer.BYTES;
        boolean repeated = data.slice(from, rest).mismatch(data.slice(from + Integer.BYTES, rest)) < 0;
        return repeated ? data.getInt(from) : TORN;
    }

    /** The numbers in a block. */
    static int[] ofBlock(byte[] block) {
        return values(0, PER_BLOCK, ByteBuffer.wrap(block));
    }

    /** The block that a cell, counted through all volumes, is in. */
    static Extent block(int cell) {
        for (Volume volume : VOLUMES) {
            if (cell < volume.firstCell + volume.cells()) {
                return new Extent(volume.id, (cell - volume.firstCell) / PER_BLOCK, 1);
            }
        }
        throw new IllegalArgumentException("there is no cell " + cell);
    }

    /** Blocks as people say them. */
    static String name(Extent extent) {
        return volume(extent.volume()).name + "/" + extent.first()
                + (extent.count() == 1 ? "" : "-" + (extent.end() - 1));
    }

    /** A cell as people say it. */
    static String name(int cell) {
        for (Volume volume : VOLUMES) {
            if (cell < volume.firstCell + volume.cells()) {
                int within = cell - volume.firstCell;
                return volume.name + "/" + within / PER_BLOCK + "." + within % PER_BLOCK;
            }
        }
        return "cell " + cell;
    }
}
