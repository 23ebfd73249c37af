package dev.unwrite.node;

import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A volume that only the machine of this node may write. */
record ReadOnlyView(BlockDevice device) implements BlockDevice {
    @Override
    public long size() {
        return device.size();
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        device.read(offset, target);
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        throw refused();
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        throw refused();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        throw refused();
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    private static NbdException refused() {
        return new NbdException(NbdError.EPERM, "only the machine that runs here writes");
    }
}
