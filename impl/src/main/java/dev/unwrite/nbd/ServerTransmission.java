package dev.unwrite.nbd;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/** Reads the requests of one connection and starts each in a virtual thread of its own ("Transmission"). */
final class ServerTransmission {
    private final ServerConnection connection;
    private final ServerHandshake.Chosen chosen;
    private final WireInput in;
    private final FrameWriter writer;
    private final Semaphore slots;
    private final BufferPool pool;

    ServerTransmission(
            ServerConnection connection,
            ServerHandshake.Chosen chosen,
            WireInput in,
            FrameWriter writer,
            Semaphore slots,
            BufferPool pool) {
        this.connection = connection;
        this.chosen = chosen;
        this.in = in;
        this.writer = writer;
        this.slots = slots;
        this.pool = pool;
    }

    /** Returns when the client takes its leave or breaks the protocol beyond repair; requests may still be on the way. */
    void run() throws IOException {
        while (!connection.isDraining() && in.awaitMessage(NbdWire.REQUEST_HEADER_BYTES)) {
            if (in.getInt() != NbdWire.REQUEST_MAGIC) {
                return;
            }
            int flags = Short.toUnsignedInt(in.getShort());
            int type = Short.toUnsignedInt(in.getShort());
            long cookie = in.getLong();
            long offset = in.getLong();
            long length = Integer.toUnsignedLong(in.getInt());
            if (type == NbdWire.CMD_DISC) {
                return;
            }
            slots.acquireUninterruptibly();
            ServerRequest request =
                    new ServerRequest(connection, chosen, writer, slots, pool, type, flags, cookie, offset, length);
            if (!start(request)) {
                return;
            }
        }
    }

    /** False: the stream cannot be followed any further. */
    private boolean start(ServerRequest request) throws IOException {
        boolean sound = request.validate();
        if (request.type == NbdWire.CMD_WRITE) {
            if (request.length > NbdWire.PAYLOAD_BYTES_DEFAULT_MAX) {
                writer.submit(request);
                return false;
            }
            try {
                sound = receivePayload(request, sound);
            } catch (IOException | RuntimeException | Error e) {
                request.emitted();
                throw e;
            }
        }
        if (sound) {
            Thread.startVirtualThread(request);
        } else {
            writer.submit(request);
        }
        return true;
    }

    private boolean receivePayload(ServerRequest request, boolean sound) throws IOException {
        boolean wanted = sound;
        if (wanted) {
            try {
                request.payload = pool.take((int) request.length);
            } catch (NbdException e) {
                request.fail(e.error(), e.getMessage());
                wanted = false;
            }
        }
        if (request.payload != null) {
            in.readFully(request.payload);
            request.payload.flip();
        } else {
            in.skip(request.length);
        }
        return wanted;
    }
}
