package dev.unwrite.storage;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportInfo;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdDisconnectedException;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A volume in an export of another NBD server (qemu-nbd, nbdkit, ...).
 *
 * <p>That server may have restarted whenever the connection is lost, and then what it had not flushed may be gone. So
 * nothing is tried again here: the connection's end is told once to {@code lost}, every request fails with ESHUTDOWN,
 * and only {@link #reconnect}, called when all sessions have been ended, makes the volume usable again.
 *
 * <p>The other server must be done with a connection's requests before it serves the next connection; those that take
 * one client at a time (qemu-nbd as it starts by default) are.
 */
final class RemoteBackend implements Backend {
    /** How long the other server may take to accept, and to answer a request, before it counts as lost. */
    private static final NbdClient.Settings SETTINGS = NbdClient.Settings.DEFAULT
            .withConnectTimeout(Duration.ofSeconds(5))
            .withRequestTimeout(Duration.ofSeconds(30))
            .withFlushTimeout(StorageClient.Timeouts.FLUSH)
            .withAllocation(true);

    private final NbdUri uri;
    private final ExportInfo first;
    private volatile @Nullable NbdClient client;
    private volatile FlushGroup flushes = newFlushGroup();
    private volatile @Nullable Runnable lost;

    private RemoteBackend(NbdUri uri, NbdClient client) {
        this.uri = uri;
        this.client = client;
        this.first = client.info();
    }

    /** Connects; throws {@link StorageSetupException} if that is not possible or the export cannot be used. */
    static RemoteBackend open(NbdUri uri) throws IOException {
        NbdClient client;
        try {
            client = NbdClient.connect(uri, SETTINGS);
        } catch (IOException e) {
            throw new StorageSetupException(
                    "cannot open the backend " + uri + " (" + e.getMessage() + "): check that its server runs", e);
        }
        String wrong = wrong(client.info());
        if (wrong != null) {
            client.close();
            throw new StorageSetupException("the backend " + uri + " " + wrong);
        }
        return new RemoteBackend(uri, client);
    }

    private static @Nullable String wrong(ExportInfo info) {
        if (info.readOnly()) {
            return "is read only: serve it writable";
        }
        if (!info.canFlush()) {
            return "cannot flush, so nothing on it is ever durable: serve it with a cache that can be flushed";
        }
        if (info.minimumBlock() > Extent.BLOCK_BYTES) {
            return "takes blocks of " + info.minimumBlock() + " bytes or more, and " + Extent.BLOCK_BYTES
                    + " are needed: serve it with smaller blocks (nbdkit --filter=blocksize, qemu-nbd)";
        }
        if (info.maximumPayload() < Extent.BLOCK_BYTES) {
            return "takes no more than " + info.maximumPayload() + " bytes at once, and " + Extent.BLOCK_BYTES
                    + " are needed: let it take larger requests";
        }
        return info.size() == 0 ? "is empty" : null;
    }

    /** {@code action} runs, in the thread that notices, each time the connection is lost; it must not block. */
    void onLost(Runnable action) {
        lost = action;
        if (client == null) {
            action.run();
        }
    }

    /** One attempt; throws if the server cannot be reached or serves something else now. */
    void reconnect() throws IOException {
        NbdClient next = NbdClient.connect(uri, SETTINGS);
        ExportInfo info = next.info();
        String wrong = info.size() == first.size()
                ? wrong(info)
                : "changed its size to " + info.size() + ": start the storage again to take that over";
        if (wrong != null) {
            next.close();
            throw new IOException("the backend " + uri + " " + wrong);
        }
        flushes = newFlushGroup();
        client = next;
    }

    private FlushGroup newFlushGroup() {
        return new FlushGroup(() -> call(NbdClient::flush));
    }

    @Override
    public boolean up() {
        NbdClient now = client;
        if (now != null && !now.isConnected()) {
            lose(now);
            return false;
        }
        return now != null;
    }

    @Override
    public int minimumBlock() {
        return first.minimumBlock();
    }

    @Override
    public int maximumPayload() {
        // Whole blocks; larger requests are split by whoever sends them.
        return Math.min(first.maximumPayload(), Export.MAXIMUM_PAYLOAD) & -Extent.BLOCK_BYTES;
    }

    @Override
    public long size() {
        return first.size();
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        call(device -> device.read(offset, target));
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        call(device -> device.write(offset, source, fua));
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        // What a server makes of a trim is its own choice.
        writeZeroes(offset, length, false, fua);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        call(device -> device.writeZeroes(offset, length, noHole, fua));
    }

    @Override
    public boolean tellsAllocation() {
        NbdClient now = client;
        return now != null && now.tellsAllocation();
    }

    @Override
    public List<Allocation> allocation(long offset, long length) throws IOException {
        List<Allocation> told = new ArrayList<>();
        call(device -> told.addAll(device.allocation(offset, length)));
        return told;
    }

    @Override
    public void flush() throws IOException {
        flushes.flush();
    }

    @Override
    public void close() throws IOException {
        NbdClient now = client;
        client = null;
        if (now != null) {
            now.close();
        }
    }

    private interface Request {
        void on(NbdClient device) throws IOException;
    }

    private void call(Request request) throws IOException {
        NbdClient device = client;
        if (device == null) {
            throw down(null);
        }
        try {
            request.on(device);
        } catch (NbdDisconnectedException e) {
            lose(device);
            throw down(e);
        } catch (NbdException e) {
            if (e.error() == NbdError.ESHUTDOWN) {
                lose(device);
            }
            throw e;
        }
    }

    private void lose(NbdClient device) {
        synchronized (this) {
            if (client != device) {
                return;
            }
            client = null;
        }
        // Before anybody connects anew: the other server must be done with this connection first.
        try {
            device.close();
        } catch (IOException e) {
            // It was lost before; that it could not be closed in good manners changes nothing.
        }
        Runnable action = lost;
        if (action != null) {
            action.run();
        }
    }

    private NbdException down(@Nullable Throwable cause) {
        NbdException error = new NbdException(NbdError.ESHUTDOWN, "the backend " + uri + " is down");
        if (cause != null) {
            error.initCause(cause);
        }
        return error;
    }
}
