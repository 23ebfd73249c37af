package dev.unwrite.checkpoint;

import dev.unwrite.checkpoint.CheckpointFiles.StateFile;
import dev.unwrite.image.BulkStream;
import dev.unwrite.image.PieceReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The state of a checkpoint as one file of its bytes, into which deltas are applied, and a file with a checksum for each page of
 * it. A crash while a delta is applied leaves pages of before, of after, and torn ones, all of which the delta brings again.
 */
final class Image implements Closeable {
    private static final String BYTES = "image";
    private static final String SUMS = "image.sums";

    private final int pageBytes;
    private final String path;
    private final StateFile bytes;
    private final StateFile sums;
    private final byte[] page;
    private final int crcOfZeroes;
    /** What the page being filled has so far, and where it lies. */
    private int filled;

    private long pageAt;

    private Image(int pageBytes, String path, StateFile bytes, StateFile sums) {
        this.pageBytes = pageBytes;
        this.path = path;
        this.bytes = bytes;
        this.sums = sums;
        this.page = new byte[pageBytes];
        this.crcOfZeroes = crc(page);
    }

    /** An empty one in place of any. */
    static Image create(CheckpointFiles files, int pageBytes) throws IOException {
        return new Image(pageBytes, files.describe(BYTES), files.create(BYTES), files.create(SUMS));
    }

    /** The one that is there. */
    static Image open(CheckpointFiles files, int pageBytes) throws IOException {
        List<String> names = files.names();
        if (!names.contains(BYTES) || !names.contains(SUMS)) {
            throw new CorruptCheckpointException(
                    files.describe(BYTES), "it is missing, and the committed checkpoint is a delta on it");
        }
        return new Image(pageBytes, files.describe(BYTES), files.openToWrite(BYTES), files.openToWrite(SUMS));
    }

    static void delete(CheckpointFiles files) throws IOException {
        for (String name : files.names()) {
            if (name.equals(BYTES) || name.equals(SUMS)) {
                files.delete(name);
            }
        }
    }

    /** Applies pieces that were checked when they came. Not durable before {@link #sync}. */
    void apply(InputStream pieces) throws IOException {
        PieceReader reader = new PieceReader(pageBytes, this::put);
        reader.takeAll(pieces);
        if (filled > 0) {
            Arrays.fill(page, filled, pageBytes, (byte) 0);
            flushPage();
        }
        long pages = Math.ceilDiv(reader.imageBytes(), pageBytes);
        bytes.setSize(pages * pageBytes);
        sums.setSize(pages * Integer.BYTES);
    }

    private void put(long offset, ByteBuffer part) throws IOException {
        long at = offset;
        while (part.hasRemaining()) {
            if (filled == 0) {
                pageAt = at;
            }
            int count = Math.min(part.remaining(), pageBytes - filled);
            part.get(page, filled, count);
            filled += count;
            at += count;
            if (filled == pageBytes) {
                flushPage();
            }
        }
    }

    private void flushPage() throws IOException {
        bytes.write(pageAt, ByteBuffer.wrap(page));
        sums.write(
                pageAt / pageBytes * Integer.BYTES,
                ByteBuffer.allocate(Integer.BYTES).putInt(sum()).flip());
        filled = 0;
    }

    /** Zero for zeroes, so that what was never written has it. */
    private int sum() {
        return crc(page) ^ crcOfZeroes;
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    void sync() throws IOException {
        bytes.sync();
        sums.sync();
    }

    @Override
    public void close() throws IOException {
        bytes.close();
        sums.close();
    }

    /** All bytes of an image of that size; a read of a page that is damaged fails. It closes this with it. */
    InputStream read(long imageBytes) {
        return new Verified(imageBytes);
    }

    private final class Verified extends BulkStream {
        private final long imageBytes;
        private long at;

        Verified(long imageBytes) {
            this.imageBytes = imageBytes;
            filled = 0;
        }

        @Override
        protected int some(byte[] target, int offset, int most) throws IOException {
            if (at == imageBytes) {
                return -1;
            }
            int from = (int) (at % pageBytes);
            if (from == 0) {
                load(at / pageBytes);
            }
            int count = (int) Math.min(Math.min(most, pageBytes - from), imageBytes - at);
            System.arraycopy(page, from, target, offset, count);
            at += count;
            return count;
        }

        private void load(long number) throws IOException {
            fill(bytes, number * pageBytes, ByteBuffer.wrap(page));
            ByteBuffer sum = ByteBuffer.allocate(Integer.BYTES);
            fill(sums, number * Integer.BYTES, sum);
            if (sum.getInt(0) != sum()) {
                throw new CorruptCheckpointException(path, "page " + number + " does not match its checksum");
            }
        }

        private void fill(StateFile file, long offset, ByteBuffer target) throws IOException {
            while (target.hasRemaining()) {
                if (file.read(offset + target.position(), target) < 0) {
                    throw new CorruptCheckpointException(path, "it, or its checksums, end at " + offset);
                }
            }
        }

        @Override
        public void close() throws IOException {
            Image.this.close();
        }
    }
}
