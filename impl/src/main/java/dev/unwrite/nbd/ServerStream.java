package dev.unwrite.nbd;

import dev.unwrite.net.EventLoop;
import dev.unwrite.net.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * One connection in the transmission phase ("Transmission"): takes requests apart, has each carried out, and sends the replies
 * as they come. A device that answers later is asked by the loop. One that blocks is asked by virtual threads: of requests that
 * came together, each thread takes as many as cost no more than a thread does ({@link Pace}).
 */
final class ServerStream extends Stream {
    /** From a client that does not take its replies, nothing more is read. */
    private static final long UNSENT_BYTES_MAX = 8L << 20;

    private final ServerConnection connection;
    private final ServerHandshake.Chosen chosen;
    private final EventLoop loop;
    private final Semaphore slots;
    private final BufferPool pool;
    private final CountDownLatch over = new CountDownLatch(1);
    private int underWay;
    private boolean draining;
    private @Nullable ServerRequest arriving;
    private final Pace pace = new Pace();
    /** For the next thread. */
    private List<ServerRequest> together = new ArrayList<>();

    ServerStream(
            ServerConnection connection,
            ServerHandshake.Chosen chosen,
            SocketChannel channel,
            ByteBuffer alreadyRead,
            EventLoop loop,
            Semaphore slots,
            BufferPool pool) {
        super(channel);
        this.connection = connection;
        this.chosen = chosen;
        this.loop = loop;
        this.slots = slots;
        this.pool = pool;
        begin(alreadyRead);
    }

    /** Waits until the connection has ended; requests may still be at the device. */
    void awaitEnd() {
        boolean interrupted = false;
        while (true) {
            try {
                over.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- Requests.

    @Override
    protected void received(ByteBuffer in) throws IOException {
        if (draining || in.remaining() < NbdWire.REQUEST_HEADER_BYTES) {
            return;
        }
        int at = in.position();
        if (in.getInt(at) != NbdWire.REQUEST_MAGIC) {
            drain();
            return;
        }
        int flags = Short.toUnsignedInt(in.getShort(at + 4));
        int type = Short.toUnsignedInt(in.getShort(at + 6));
        long length = Integer.toUnsignedLong(in.getInt(at + 24));
        if (type == NbdWire.CMD_DISC) {
            in.position(in.limit());
            drain();
            return;
        }
        if (!slots.tryAcquire()) {
            pause();
            return;
        }
        ServerRequest request = new ServerRequest(
                connection, chosen, pool, type, flags, in.getLong(at + 8), in.getLong(at + 16), length);
        boolean sound = request.validate();
        boolean tooLong = type == NbdWire.CMD_WRITE && length > NbdWire.PAYLOAD_BYTES_DEFAULT_MAX;
        if (type == NbdWire.CMD_WRITE && sound && length > 0) {
            ByteBuffer payload = payload((int) length);
            if (payload == null) {
                // The shares of others come back: until then this client waits, as long as it may.
                slots.release();
                pause();
                pool.whenGiven(() -> loop.post(this::resume));
                return;
            }
            request.payload = payload;
            request.isPooled = chosen.async() == null;
        }
        in.position(at + NbdWire.REQUEST_HEADER_BYTES);
        underWay++;
        if (tooLong) {
            reply(request);
            drain();
        } else if (type == NbdWire.CMD_WRITE && length > 0) {
            arriving = request;
            if (request.payload == null) {
                skip(length);
            } else {
                expect(request.payload);
            }
        } else {
            start(request, sound);
        }
    }

    private @Nullable ByteBuffer payload(int length) {
        // What answers later may keep it: it is not one of those that come back to the pool.
        return chosen.async() == null
                ? pool.tryTake(length)
                : pool.tryShare(length) ? ByteBuffer.allocate(length) : null;
    }

    @Override
    protected void receivedBody(ByteBuffer body) {
        start(arrived(), true);
    }

    @Override
    protected void skipped() {
        reply(arrived());
    }

    private ServerRequest arrived() {
        ServerRequest request = Objects.requireNonNull(arriving);
        arriving = null;
        return request;
    }

    private void start(ServerRequest request, boolean sound) {
        AsyncDevice async = chosen.async();
        if (!sound) {
            reply(request);
        } else if (async != null) {
            request.execute(async, () -> reply(request));
        } else if (request.isSlow()) {
            Thread.startVirtualThread(() -> {
                request.run();
                loop.post(() -> reply(request));
            });
        } else {
            together.add(request);
            if (together.size() >= pace.together()) {
                caughtUp();
            }
        }
    }

    @Override
    protected void caughtUp() {
        if (!together.isEmpty()) {
            List<ServerRequest> requests = together;
            together = new ArrayList<>();
            run(requests);
        }
    }

    private void run(List<ServerRequest> requests) {
        Thread.startVirtualThread(() -> {
            long begun = System.nanoTime();
            requests.forEach(ServerRequest::run);
            pace.took((System.nanoTime() - begun) / requests.size());
            loop.post(() -> requests.forEach(this::reply));
        });
    }

    private void reply(ServerRequest request) {
        if (hasEnded()) {
            request.emitted();
        } else {
            request.emit(this);
        }
        underWay--;
        slots.release();
        if (draining) {
            if (underWay == 0) {
                endWhenSent();
            }
        } else if (unsentBytes() > UNSENT_BYTES_MAX) {
            pause();
        } else {
            resume();
        }
    }

    @Override
    protected void sent() {
        if (!draining && slots.availablePermits() > 0) {
            resume();
        }
    }

    /** Room in the stream for header fields. */
    ByteBuffer header(int bytes) {
        return frame(bytes);
    }

    /** Sends it; {@code free} runs when the bytes are not needed any more. */
    void payload(ByteBuffer bytes, Runnable free) {
        send(bytes, free);
    }

    // ---- The end.

    /** Reads no further request; ends when those on the way are answered, also after a breach of the protocol. */
    void drain() {
        draining = true;
        pause();
        connection.hungUp();
        if (underWay == 0) {
            endWhenSent();
        }
    }

    @Override
    protected void closedByPeer() {
        forgetArriving();
        drain();
    }

    /** A request that will never come whole. */
    private void forgetArriving() {
        ServerRequest request = arriving;
        arriving = null;
        if (request != null) {
            request.emitted();
            underWay--;
            slots.release();
        }
    }

    @Override
    protected void ended(IOException why) {
        connection.hungUp();
        forgetArriving();
        over.countDown();
    }
}
