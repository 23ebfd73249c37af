package dev.unwrite.node;

import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdUri;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** A disk behind NBD that can lose power: what was not flushed, and not written with FUA, is gone then. */
final class ForgetfulDisk implements BlockDevice {
    private final byte[] cache;
    private final byte[] durable;
    private final NbdServer server;
    private boolean down;

    /** Serves an export that holds zeroes; {@code size} in bytes. */
    ForgetfulDisk(NbdUri uri, int size) throws IOException {
        cache = new byte[size];
        durable = new byte[size];
        server = NbdServer.builder().listen(uri).exports(exports()).start();
    }

    private ExportSource exports() {
        return new ExportSource() {
            @Override
            public Export open(String name, NbdConnection connection) {
                return Export.of(ForgetfulDisk.this);
            }

            @Override
            public List<Listing> list(NbdConnection connection) {
                return List.of();
            }
        };
    }

    /** A loss of power: on return all connections are closed, and new ones find what was durable. */
    void losePower() {
        synchronized (this) {
            down = true;
            System.arraycopy(durable, 0, cache, 0, cache.length);
        }
        server.connections().forEach(NbdConnection::close);
        synchronized (this) {
            down = false;
        }
    }

    synchronized byte[] content() {
        return cache.clone();
    }

    /** Ends the server. */
    void stop() {
        server.close();
    }

    @Override
    public long size() {
        return cache.length;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public synchronized void read(long offset, ByteBuffer target) throws IOException {
        checkUp();
        target.put(cache, (int) offset, target.remaining());
    }

    @Override
    public synchronized void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        checkUp();
        int length = source.remaining();
        source.get(cache, (int) offset, length);
        force(offset, length, fua);
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        writeZeroes(offset, length, false, fua);
    }

    @Override
    public synchronized void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        checkUp();
        Arrays.fill(cache, (int) offset, (int) (offset + length), (byte) 0);
        force(offset, length, fua);
    }

    private void force(long offset, long length, boolean fua) {
        if (fua) {
            System.arraycopy(cache, (int) offset, durable, (int) offset, (int) length);
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        checkUp();
        System.arraycopy(cache, 0, durable, 0, cache.length);
    }

    private void checkUp() throws NbdException {
        if (down) {
            throw new NbdException(NbdError.ESHUTDOWN, "the disk has no power");
        }
    }

    /** A connection ends; the disk stays. */
    @Override
    public void close() {}
}
