package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A device in memory, all zeroes at first: for tests and demonstrations. What it holds is gone with the process. */
public final class MemoryDevice implements BlockDevice {
    private static final int CHUNK_BYTES = 1 << 20;

    private final long size;
    private final ByteBuffer[] chunks;

    /** {@code size} in bytes, all of it allocated outside of the heap. */
    public MemoryDevice(long size) {
        this.size = size;
        this.chunks = new ByteBuffer[Math.toIntExact((size + CHUNK_BYTES - 1) / CHUNK_BYTES)];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, size - (long) i * CHUNK_BYTES));
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        check(offset, target.remaining());
        while (target.hasRemaining()) {
            ByteBuffer chunk = chunks[(int) (offset / CHUNK_BYTES)];
            int at = (int) (offset % CHUNK_BYTES);
            int length = Math.min(target.remaining(), chunk.capacity() - at);
            target.put(target.position(), chunk, at, length);
            target.position(target.position() + length);
            offset += length;
        }
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        check(offset, source.remaining());
        while (source.hasRemaining()) {
            ByteBuffer chunk = chunks[(int) (offset / CHUNK_BYTES)];
            int at = (int) (offset % CHUNK_BYTES);
            int length = Math.min(source.remaining(), chunk.capacity() - at);
            chunk.put(at, source, source.position(), length);
            source.position(source.position() + length);
            offset += length;
        }
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        writeZeroes(offset, length, false, fua);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        check(offset, length);
        ByteBuffer zeroes = ByteBuffer.allocate((int) Math.min(length, 64 << 10));
        for (long done = 0; done < length; done += zeroes.capacity()) {
            write(offset + done, zeroes.clear().limit((int) Math.min(length - done, zeroes.capacity())), fua);
        }
    }

    @Override
    public void flush() {
        // Nothing is more durable than anything else here.
    }

    @Override
    public void close() {
        // Stays readable: the server closes the device of each connection, and the next one may share it.
    }

    private void check(long offset, long length) throws IOException {
        if (offset < 0 || length > size - offset) {
            throw new NbdException(NbdError.EINVAL, "beyond the end of the device");
        }
    }
}
