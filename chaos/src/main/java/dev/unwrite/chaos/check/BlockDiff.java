package dev.unwrite.chaos.check;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Compares two copies of a volume block by block. A copy that ends early goes on with zeroes, as a sparse file does. */
public final class BlockDiff {
    /** The block size of the protocol. */
    public static final int BLOCK_BYTES = 4096;

    private BlockDiff() {}

    /** The numbers of the blocks that differ, in order. */
    public static List<Integer> between(Path left, Path right) throws IOException {
        List<Integer> different = new ArrayList<>();
        try (InputStream a = new BufferedInputStream(Files.newInputStream(left), 1 << 16);
                InputStream b = new BufferedInputStream(Files.newInputStream(right), 1 << 16)) {
            byte[] blockA = new byte[BLOCK_BYTES];
            byte[] blockB = new byte[BLOCK_BYTES];
            for (int block = 0; ; block++) {
                int gotA = read(a, blockA);
                int gotB = read(b, blockB);
                if (gotA == 0 && gotB == 0) {
                    return different;
                }
                if (!Arrays.equals(blockA, blockB)) {
                    different.add(block);
                }
            }
        }
    }

    private static int read(InputStream in, byte[] block) throws IOException {
        int got = in.readNBytes(block, 0, block.length);
        Arrays.fill(block, got, block.length, (byte) 0);
        return got;
    }
}
