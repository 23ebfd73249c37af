package dev.unwrite.nbd;

import dev.unwrite.net.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An export of an NBD server. Many threads may have requests on the way at once, over one connection. A connection that
 * is lost fails all that wait, and all later calls, with {@link NbdDisconnectedException}; there is no reconnection.
 *
 * <p>Waiting for an answer is not interruptible: the buffer belongs to the request until then. Requests larger than the
 * server takes are split; those that are not multiples of its minimum block are refused with EINVAL.
 */
public final class NbdClient implements BlockDevice {
    /** Trims and zeroings are split into pieces of this size, in bytes; a multiple of every minimum block. */
    private static final int EFFECT_BYTES_MAX = 1 << 30;

    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

    /**
     * How a client connects.
     *
     * @param connectTimeout for the connection to stand, and for each answer during negotiation
     * @param requestTimeout after which a request without an answer ends the whole connection; zero: none
     * @param flushTimeout   the same for a flush and a write with FUA, which may have much to write; zero: none
     * @param structured     whether to ask for structured replies
     * @param allocation     whether to ask, as well, to be told what is allocated (base:allocation)
     * @param loop           the loop that serves the connection, or null for one that all such connections share
     */
    public record Settings(
            Duration connectTimeout,
            Duration requestTimeout,
            Duration flushTimeout,
            boolean structured,
            boolean allocation,
            @Nullable EventLoop loop) {
        public static final Settings DEFAULT =
                new Settings(Duration.ofSeconds(10), Duration.ZERO, Duration.ZERO, true, false, null);

        public Settings withConnectTimeout(Duration timeout) {
            return new Settings(timeout, requestTimeout, flushTimeout, structured, allocation, loop);
        }

        /** Of all requests, flushes included. */
        public Settings withRequestTimeout(Duration timeout) {
            return new Settings(connectTimeout, timeout, timeout, structured, allocation, loop);
        }

        public Settings withFlushTimeout(Duration timeout) {
            return new Settings(connectTimeout, requestTimeout, timeout, structured, allocation, loop);
        }

        public Settings withStructured(boolean on) {
            return new Settings(connectTimeout, requestTimeout, flushTimeout, on, allocation, loop);
        }

        public Settings withAllocation(boolean on) {
            return new Settings(connectTimeout, requestTimeout, flushTimeout, structured, on, loop);
        }

        public Settings withLoop(EventLoop owner) {
            return new Settings(connectTimeout, requestTimeout, flushTimeout, structured, allocation, owner);
        }
    }

    private final ClientConnection connection;
    private final ExportInfo info;

    NbdClient(ClientConnection connection, ExportInfo info) {
        this.connection = connection;
        this.info = info;
    }

    /** Connects to the export that the URI names. */
    public static NbdClient connect(NbdUri uri) throws IOException {
        return connect(uri, Settings.DEFAULT);
    }

    public static NbdClient connect(NbdUri uri, Settings settings) throws IOException {
        try (NbdNegotiation negotiation = NbdNegotiation.open(uri, settings)) {
            return negotiation.go(uri.export());
        }
    }

    /** What the server told about the export. */
    public ExportInfo info() {
        return info;
    }

    /** Whether requests can still be sent. */
    public boolean isConnected() {
        return connection.isConnected();
    }

    /** Waits until no request can be sent any more, whoever ended the connection. */
    public void awaitDisconnect() throws InterruptedException {
        connection.awaitDisconnect();
    }

    @Override
    public long size() {
        return info.size();
    }

    @Override
    public boolean readOnly() {
        return info.readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        check(offset, target.remaining(), NbdError.EINVAL);
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("cannot read into a read-only buffer");
        }
        while (target.hasRemaining()) {
            int length = Math.min(target.remaining(), info.maximumPayload());
            connection.call(ClientRequest.read(offset, target.slice(target.position(), length)));
            target.position(target.position() + length);
            offset += length;
        }
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        checkWritable();
        check(offset, source.remaining(), NbdError.ENOSPC);
        while (source.hasRemaining()) {
            int length = Math.min(source.remaining(), info.maximumPayload());
            ByteBuffer piece = source.slice(source.position(), length);
            connection.call(ClientRequest.write(offset, piece, fua && info.canFua()));
            source.position(source.position() + length);
            offset += length;
        }
        flushInsteadOf(fua);
    }

    /** Does nothing if the server cannot trim: it is a hint. */
    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        checkWritable();
        check(offset, length, NbdError.EINVAL);
        if (info.canTrim()) {
            effect(NbdWire.CMD_TRIM, 0, offset, length, fua);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        checkWritable();
        check(offset, length, NbdError.ENOSPC);
        if (info.canWriteZeroes()) {
            effect(NbdWire.CMD_WRITE_ZEROES, noHole ? NbdWire.CMD_FLAG_NO_HOLE : 0, offset, length, fua);
            return;
        }
        long end = offset + length;
        for (long at = offset; at < end; at += ZEROES.capacity()) {
            write(at, ZEROES.slice(0, (int) Math.min(end - at, ZEROES.capacity())), fua && info.canFua());
        }
        flushInsteadOf(fua);
    }

    @Override
    public boolean tellsAllocation() {
        return connection.tellsAllocation();
    }

    /** One request; a server that cannot say is not asked. */
    @Override
    public List<Allocation> allocation(long offset, long length) throws IOException {
        check(offset, length, NbdError.EINVAL);
        if (!connection.tellsAllocation()) {
            return List.of(Allocation.data(length));
        }
        ClientRequest request = ClientRequest.allocation(offset, (int) Math.min(length, EFFECT_BYTES_MAX));
        connection.call(request);
        return request.told.result();
    }

    private void effect(int type, int flags, long offset, long length, boolean fua) throws IOException {
        int allFlags = flags | ClientRequest.fua(fua && info.canFua());
        long end = offset + length;
        for (long at = offset; at < end; at += EFFECT_BYTES_MAX) {
            connection.call(ClientRequest.plain(type, allFlags, at, (int) Math.min(end - at, EFFECT_BYTES_MAX)));
        }
        flushInsteadOf(fua);
    }

    private void flushInsteadOf(boolean fua) throws IOException {
        if (fua && !info.canFua()) {
            flush();
        }
    }

    /** Does nothing if the server does not offer it: then it promises no durability at all. */
    @Override
    public void flush() throws IOException {
        if (info.canFlush()) {
            connection.call(ClientRequest.plain(NbdWire.CMD_FLUSH, 0, 0, 0));
        }
    }

    /** Takes leave of the server (NBD_CMD_DISC). Requests still on the way may end with an exception. */
    @Override
    public void close() throws IOException {
        connection.close();
    }

    // ---- For the thread of the loop that serves the connection: the answer is an event.

    /** As {@link #read(long, ByteBuffer)}, of at most the maximum payload; the buffer is a new one. */
    public void read(long offset, int length, Completion<ByteBuffer> answer) {
        ByteBuffer target = ByteBuffer.allocate(length);
        start(ClientRequest.read(offset, target), target, answer);
    }

    /** As {@link #write(long, ByteBuffer, boolean)}, of at most the maximum payload; the source is not changed meanwhile. */
    public void write(long offset, ByteBuffer source, boolean fua, Completion<Boolean> answer) {
        start(ClientRequest.write(offset, source.duplicate(), fua), true, answer);
    }

    /** As {@link #writeZeroes(long, long, boolean, boolean)}, of less than 2 GiB, where the server can do it. */
    public void writeZeroes(long offset, int length, boolean fua, Completion<Boolean> answer) {
        start(ClientRequest.plain(NbdWire.CMD_WRITE_ZEROES, ClientRequest.fua(fua), offset, length), true, answer);
    }

    /** As {@link #flush()}. */
    public void flush(Completion<Boolean> answer) {
        start(ClientRequest.plain(NbdWire.CMD_FLUSH, 0, 0, 0), true, answer);
    }

    private <T> void start(ClientRequest request, T result, Completion<T> answer) {
        connection.start(request.then(() -> {
            IOException why = request.failure();
            if (why == null) {
                answer.done(result);
            } else {
                int error = why instanceof NbdException refused ? refused.error() : Completion.LOST;
                answer.failed(error, String.valueOf(why.getMessage()));
            }
        }));
    }

    private void checkWritable() throws IOException {
        if (info.readOnly()) {
            throw new NbdException(NbdError.EPERM, "the export is read only");
        }
    }

    private void check(long offset, long length, int error) throws IOException {
        if (offset < 0 || length < 0 || length > info.size() - offset) {
            throw new NbdException(error, "beyond the end of the export");
        }
        if (((offset | length) & (info.minimumBlock() - 1)) != 0) {
            throw new NbdException(NbdError.EINVAL, "not a multiple of the block size " + info.minimumBlock());
        }
    }
}
