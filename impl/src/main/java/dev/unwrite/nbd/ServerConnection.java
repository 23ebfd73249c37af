package dev.unwrite.nbd;

import dev.unwrite.net.EventLoop;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The life of one connection to the server, from the greeting until its device is closed. */
final class ServerConnection implements NbdConnection, Watchdog.Watched {
    private static final System.Logger LOG = System.getLogger("dev.unwrite.nbd");

    private final SocketChannel channel;
    private final NbdServerBuilder settings;
    private final BufferPool pool;
    private final String peer;
    private final WireInput in;
    private final WireOutput out;
    /** One permit for each request from its header until its reply: all permits free means that nothing is on the way. */
    private final Semaphore slots;

    private final List<Runnable> onEnd = new ArrayList<>();

    private volatile @Nullable Object attachment;
    private volatile long handshakeDeadline;
    /** No request may start any more, and the channel is closed or about to be. */
    private volatile boolean closing;
    /** No request is read any more; those on the way are answered. */
    private volatile boolean draining;

    /** The client hung up; what it had asked for may still be on the way. */
    private volatile boolean hungUp;

    private volatile boolean ended;
    private final EventLoop loop;
    private volatile @Nullable ServerStream stream;
    private @Nullable BlockDevice device;

    ServerConnection(SocketChannel channel, NbdServerBuilder settings, BufferPool pool, EventLoop loop)
            throws IOException {
        this.loop = loop;
        this.channel = channel;
        this.settings = settings;
        this.pool = pool;
        this.peer = String.valueOf(channel.getRemoteAddress());
        this.in = new WireInput(channel);
        this.out = new WireOutput(channel);
        this.slots = new Semaphore(settings.inFlightMax);
        this.handshakeDeadline = Clock.after(settings.handshakeTimeout);
    }

    /** Serves until the connection ends; does not throw. */
    void run() {
        Watchdog.watch(this);
        try {
            ServerHandshake.Chosen chosen = new ServerHandshake(this, settings, in, out).run();
            handshakeDeadline = Clock.NEVER;
            if (chosen != null) {
                transmit(chosen);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "NBD client " + peer + " is gone: " + e);
        } catch (RuntimeException | Error e) {
            log("connection", e);
        } finally {
            finish();
        }
    }

    private void transmit(ServerHandshake.Chosen chosen) {
        ServerStream serving = new ServerStream(this, chosen, channel, in.rest(), loop, slots, pool);
        stream = serving;
        loop.post(() -> {
            loop.serve(serving);
            if (draining) {
                serving.drain();
            }
        });
        serving.awaitEnd();
        // Also after a breach of the protocol: what was asked before it comes to its end.
        slots.acquireUninterruptibly(settings.inFlightMax);
        slots.release(settings.inFlightMax);
    }

    /** The client sends nothing more; what it has asked for may still be on the way. */
    void hungUp() {
        hungUp = true;
    }

    private void finish() {
        close();
        Watchdog.forget(this);
        BlockDevice toClose = device;
        if (toClose != null) {
            try {
                toClose.close();
            } catch (IOException | RuntimeException e) {
                log("closing a device", e);
            }
        }
        List<Runnable> actions;
        synchronized (onEnd) {
            ended = true;
            actions = List.copyOf(onEnd);
        }
        actions.forEach(this::runQuietly);
    }

    /** From here on the device is this connection's to close. */
    void opened(BlockDevice newDevice) {
        device = newDevice;
    }

    /** A private option went well: the client is not one that hangs. */
    void extendHandshake() {
        if (handshakeDeadline != Clock.NEVER) {
            handshakeDeadline = Clock.after(settings.handshakeTimeout);
        }
    }

    /** Whether a request that has not yet reached the device must not. */
    boolean isClosing() {
        return closing;
    }

    boolean isDraining() {
        return draining || closing;
    }

    /** Reads no further request; ends when those on the way are answered. */
    void drain() {
        draining = true;
        ServerStream serving = stream;
        if (serving != null) {
            loop.post(serving::drain);
            return;
        }
        try {
            channel.shutdownInput();
        } catch (IOException e) {
            close();
        }
    }

    void log(String what, Throwable e) {
        LOG.log(System.Logger.Level.WARNING, () -> "NBD client " + peer + ": " + what + ": " + e, e);
    }

    @Override
    public void check(long now) {
        if (Clock.isOver(handshakeDeadline, now)
                || Clock.isOlder(in.partialSince(), now, settings.stallTimeout)
                || Clock.isOlder(out.writingSince(), now, settings.stallTimeout)
                || (stream != null && stream.stalledNanos() > settings.stallTimeout.toNanos())) {
            LOG.log(System.Logger.Level.DEBUG, () -> "NBD client " + peer + " stalls: closed");
            close();
        }
    }

    @Override
    public String peer() {
        return peer;
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
        attachment = newAttachment;
    }

    @Override
    public boolean isOpen() {
        return !closing && !hungUp;
    }

    @Override
    public void allowIdle() {
        handshakeDeadline = Clock.NEVER;
    }

    @Override
    public void close() {
        closing = true;
        ServerStream serving = stream;
        if (serving != null) {
            loop.post(() -> serving.end(new IOException("the connection was closed by this side")));
        }
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "NBD client " + peer + ": close: " + e);
        }
    }

    @Override
    public boolean end(Duration timeout) {
        close();
        try {
            if (!slots.tryAcquire(settings.inFlightMax, timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                return false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        slots.release(settings.inFlightMax);
        return true;
    }

    @Override
    public void onEnd(Runnable action) {
        synchronized (onEnd) {
            if (!ended) {
                onEnd.add(action);
                return;
            }
        }
        runQuietly(action);
    }

    private void runQuietly(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            log("after the end", e);
        }
    }
}
