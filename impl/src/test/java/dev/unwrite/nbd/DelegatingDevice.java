package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A device to override one thing of. */
class DelegatingDevice implements BlockDevice {
    private final BlockDevice device;

    DelegatingDevice(BlockDevice device) {
        this.device = device;
    }

    @Override
    public long size() {
        return device.size();
    }

    @Override
    public boolean readOnly() {
        return device.readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        device.read(offset, target);
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        device.write(offset, source, fua);
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        device.trim(offset, length, fua);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        device.writeZeroes(offset, length, noHole, fua);
    }

    @Override
    public void flush() throws IOException {
        device.flush();
    }

    @Override
    public void close() throws IOException {
        device.close();
    }
}
