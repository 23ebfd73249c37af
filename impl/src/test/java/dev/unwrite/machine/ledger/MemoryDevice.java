package dev.unwrite.machine.ledger;

import dev.unwrite.nbd.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A block device in memory with a volatile cache, a snapshot, and a crash after a given number of writes. */
final class MemoryDevice implements BlockDevice {
    private static final int SECTOR = 512;

    private final byte[] content;
    private final byte[] durable;
    private final List<Range> unflushed = new ArrayList<>();
    private int writesLeft = Integer.MAX_VALUE;
    private int writes;
    private int flushes;

    private record Range(int offset, byte[] bytes) {}

    MemoryDevice(long size) {
        this(new byte[(int) size]);
    }

    MemoryDevice(byte[] content) {
        this.content = content.clone();
        this.durable = content.clone();
    }

    /** The write after so many more fails, and everything after it, too. */
    synchronized void failAfter(int more) {
        writesLeft = more;
    }

    synchronized int writes() {
        return writes;
    }

    synchronized int flushes() {
        return flushes;
    }

    /** Whether all that was written is flushed. */
    synchronized boolean isClean() {
        return unflushed.isEmpty();
    }

    /** All that a reader sees now. */
    synchronized byte[] snapshot() {
        return content.clone();
    }

    /**
     * What a crash leaves: all that was flushed, and of the writes since then, in an order of chance, some whole, some torn
     * at a sector and some not at all.
     */
    synchronized MemoryDevice crash(Random chance) {
        MemoryDevice left = new MemoryDevice(durable);
        List<Range> late = new ArrayList<>(unflushed);
        for (Range range : late) {
            for (int at = 0; at < range.bytes.length; at += LedgerVolume.PAGE) {
                int length = Math.min(LedgerVolume.PAGE, range.bytes.length - at);
                int kept = switch (chance.nextInt(3)) {
                    case 0 -> 0;
                    case 1 -> length;
                    default -> chance.nextInt(length / SECTOR + 1) * SECTOR;
                };
                System.arraycopy(range.bytes, at, left.content, range.offset + at, kept);
            }
        }
        System.arraycopy(left.content, 0, left.durable, 0, left.content.length);
        return left;
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public synchronized void read(long offset, ByteBuffer target) {
        target.put(content, (int) offset, target.remaining());
    }

    @Override
    public synchronized void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        if (writesLeft == 0) {
            // The failing write is one that a crash may still leave in part.
            unflushed.add(new Range((int) offset, bytes));
            throw new IOException("planned failure");
        }
        writesLeft--;
        writes++;
        System.arraycopy(bytes, 0, content, (int) offset, bytes.length);
        unflushed.add(new Range((int) offset, bytes));
    }

    @Override
    public synchronized void flush() throws IOException {
        if (writesLeft == 0) {
            throw new IOException("planned failure");
        }
        flushes++;
        System.arraycopy(content, 0, durable, 0, content.length);
        unflushed.clear();
    }

    @Override
    public void trim(long offset, long length, boolean fua) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
