package dev.unwrite.nbd;

import dev.unwrite.net.EventLoop;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A client's connection in the transmission phase, served by a loop; for any number of threads. */
final class ClientConnection implements Watchdog.Watched {
    /** How long the server may take to hang up after it was told good-bye. */
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    /** Serves the connections of all clients that wait for their answers. */
    private static final class Shared {
        static final EventLoop LOOP = start();

        private static EventLoop start() {
            EventLoop loop = new EventLoop(
                    "nbd-client", line -> System.getLogger("dev.unwrite.nbd").log(System.Logger.Level.WARNING, line));
            loop.start();
            return loop;
        }
    }

    private final NbdUri uri;
    private final NbdClient.Settings settings;
    private final SocketChannel channel;
    private final EventLoop loop;
    private final ClientStream stream;
    private final boolean tellsAllocation;
    private final AtomicLong cookies = new AtomicLong();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Why the connection is given up; set before the channel is closed. */
    private volatile @Nullable String reason;

    private volatile long goodbyeDeadline = Clock.NEVER;

    ClientConnection(
            NbdUri uri,
            NbdClient.Settings settings,
            SocketChannel channel,
            ByteBuffer alreadyRead,
            boolean structured,
            @Nullable Integer allocationId) {
        this.uri = uri;
        this.settings = settings;
        this.channel = channel;
        this.tellsAllocation = allocationId != null;
        EventLoop given = settings.loop();
        this.loop = given == null ? Shared.LOOP : given;
        this.stream = new ClientStream(channel, alreadyRead, structured, allocationId, this::hasEnded);
        Watchdog.watch(this);
        loop.post(() -> loop.serve(stream));
    }

    /** Sends the request and waits for its answer. */
    void call(ClientRequest request) throws IOException {
        request.cookie = RequestCookie.next(cookies.incrementAndGet());
        loop.post(() -> stream.start(request));
        request.await();
    }

    /** Sends the request, whose answer is an event of the loop; for the loop's thread. */
    void start(ClientRequest request) {
        request.cookie = RequestCookie.next(cookies.incrementAndGet());
        stream.start(request);
    }

    boolean tellsAllocation() {
        return tellsAllocation;
    }

    boolean isConnected() {
        return ended.getCount() > 0 && reason == null;
    }

    void awaitDisconnect() throws InterruptedException {
        ended.await();
    }

    private IOException hasEnded(IOException why) {
        Watchdog.forget(this);
        ended.countDown();
        String given = reason;
        return new NbdDisconnectedException(uri + ": " + (given == null ? describe(why) : given), why);
    }

    @Override
    public void check(long now) {
        if (Clock.isOver(goodbyeDeadline, now)) {
            giveUp("the connection was closed by this side");
        }
        loop.post(() -> checkAnswers(now));
    }

    private void checkAnswers(long now) {
        for (ClientRequest request : stream.pending()) {
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
        loop.post(() -> stream.end(new IOException(why)));
    }

    /** Says good-bye, and waits a little for the server to finish what it has. Not for the loop's thread. */
    void close() {
        if (isConnected()) {
            reason = "the connection was closed by this side";
            goodbyeDeadline = Clock.after(GOODBYE);
            loop.post(stream::disconnect);
            awaitEnd(GOODBYE);
        }
        closeQuietly(channel);
        loop.post(() -> stream.end(new IOException("the connection is closed")));
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
