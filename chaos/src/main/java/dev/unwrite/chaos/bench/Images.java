package dev.unwrite.chaos.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;

/** Disks that have been in use: a hole would be copied as zeroes, which costs next to nothing. */
final class Images {
    private static final int CHUNK_BYTES = 4 << 20;
    private static final int BLOCK_BYTES = 4096;

    private Images() {}

    /** Writes a file full of zeroes, as a new disk has it. */
    static void blank(Path file, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long done = 0; done < bytes; ) {
                done += channel.write(ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, bytes - done)));
            }
        }
    }

    /** Writes files full of random bytes; durable when it returns. */
    static void fill(List<Path> files, long bytes) throws IOException {
        SplittableRandom random = new SplittableRandom(bytes);
        byte[] chunk = new byte[CHUNK_BYTES];
        random.nextBytes(chunk);
        ByteBuffer numbers = ByteBuffer.wrap(chunk);
        for (Path file : files) {
            try (FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (long done = 0; done < bytes; done += CHUNK_BYTES) {
                    // To draw all bytes anew would take longer than to write them; no two blocks are alike all the
                    // same.
                    for (int block = 0; block < CHUNK_BYTES; block += BLOCK_BYTES) {
                        numbers.putLong(block, random.nextLong());
                    }
                    ByteBuffer rest = ByteBuffer.wrap(chunk, 0, (int) Math.min(CHUNK_BYTES, bytes - done));
                    while (rest.hasRemaining()) {
                        channel.write(rest);
                    }
                }
                channel.force(true);
            }
        }
    }
}
