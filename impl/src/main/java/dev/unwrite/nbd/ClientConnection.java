package dev.unwrite.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A client's connection in the transmission phase: sends requests of many threads, one thread reads all replies. */
final class ClientConnection implements Watchdog.Watched {
    /** Requests of one connection on the way at once; further ones wait. */
    private static final int IN_FLIGHT_MAX = 256;
    /** How long the server may take to hang up after it was told good-bye. */
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private final NbdUri uri;
    private final NbdClient.Settings settings;
    private final SocketChannel channel;
    private final FrameWriter writer;
    private final ReplyReader reader;
    private final boolean tellsAllocation;

    private final Map<Long, ClientRequest> pending = new ConcurrentHashMap<>();
    private final Semaphore slots = new Semaphore(IN_FLIGHT_MAX);
    private final AtomicLong cookies = new AtomicLong();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Why the connection is given up; set before the channel is closed. */
    private volatile @Nullable String reason;
    /** Set once no reply will come any more. */
    private volatile @Nullable IOException failure;

    private volatile long goodbyeDeadline = Clock.NEVER;

    ClientConnection(
            NbdUri uri,
            NbdClient.Settings settings,
            SocketChannel channel,
            WireInput in,
            WireOutput out,
            boolean structured,
            @Nullable Integer allocationId) {
        this.uri = uri;
        this.settings = settings;
        this.channel = channel;
        this.writer = new FrameWriter(out, () -> closeQuietly(channel));
        this.reader = new ReplyReader(in, pending, structured, allocationId);
        this.tellsAllocation = allocationId != null;
        Watchdog.watch(this);
        Thread.ofVirtual().name("nbd-replies").start(this::readReplies);
    }

    /** Sends the request and waits for its answer. */
    void call(ClientRequest request) throws IOException {
        slots.acquireUninterruptibly();
        try {
            request.cookie = RequestCookie.next(cookies.incrementAndGet());
            pending.put(request.cookie, request);
            // Whoever ends the connection sets this first and then fails all that are pending: one of both sees it.
            IOException gone = failure;
            if (gone != null) {
                pending.remove(request.cookie);
                throw new NbdDisconnectedException(String.valueOf(gone.getMessage()), gone);
            }
            writer.submit(request);
            request.await();
        } finally {
            slots.release();
        }
    }

    boolean tellsAllocation() {
        return tellsAllocation;
    }

    boolean isConnected() {
        return failure == null && reason == null;
    }

    void awaitDisconnect() throws InterruptedException {
        ended.await();
    }

    private void readReplies() {
        String why = "the server closed the connection";
        Throwable cause = null;
        try {
            reader.run();
        } catch (IOException | RuntimeException | Error e) {
            why = describe(e);
            cause = e;
        }
        closeQuietly(channel);
        String given = reason;
        NbdDisconnectedException e = cause == null
                ? new NbdDisconnectedException(uri + ": " + (given == null ? why : given))
                : new NbdDisconnectedException(uri + ": " + (given == null ? why : given), cause);
        failure = e;
        // From here on nobody touches the buffers of the requests.
        writer.stop();
        Watchdog.forget(this);
        for (ClientRequest request : pending.values()) {
            request.fail(e);
            request.complete();
        }
        ended.countDown();
    }

    @Override
    public void check(long now) {
        if (Clock.isOver(goodbyeDeadline, now)) {
            closeQuietly(channel);
        }
        for (ClientRequest request : pending.values()) {
            Duration limit = request.flushes() ? settings.flushTimeout() : settings.requestTimeout();
            if (!limit.isZero() && Clock.isOlder(request.startedAt, now, limit)) {
                giveUp("no answer within " + limit.toMillis() + " ms");
                return;
            }
        }
    }

    private void giveUp(String why) {
        if (reason == null) {
            reason = why;
        }
        closeQuietly(channel);
    }

    /** Says good-bye, and waits a little for the server to finish what it has. */
    void close() {
        if (failure == null && reason == null) {
            reason = "the connection was closed by this side";
            goodbyeDeadline = Clock.after(GOODBYE);
            writer.submit(ClientRequest.plain(NbdWire.CMD_DISC, 0, 0, 0));
            awaitEnd(GOODBYE);
        }
        closeQuietly(channel);
        awaitEnd(GOODBYE);
    }

    private void awaitEnd(Duration limit) {
        try {
            if (!ended.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                closeQuietly(channel);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It is of no use any more either way.
        }
    }

    /** One line that says what happened to a connection. */
    static String describe(Throwable e) {
        if (e instanceof EOFException) {
            return "the server closed the connection";
        }
        if (e instanceof ClosedChannelException) {
            return "the connection is closed";
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
