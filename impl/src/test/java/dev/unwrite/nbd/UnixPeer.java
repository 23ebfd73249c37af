package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * The raw end of a connection. Over Unix sockets, thousands of connections use up no ports, and what was sent before a
 * close arrives. What does not end within {@link #PATIENCE_SECONDS} is closed and counts as hung.
 */
final class UnixPeer implements AutoCloseable {
    static final int PATIENCE_SECONDS = 5;

    private static final ScheduledExecutorService TIMER = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("hang-detector").factory());

    final SocketChannel channel;
    private final ScheduledFuture<?> alarm;
    private volatile boolean hung;

    UnixPeer(SocketChannel channel) {
        this.channel = channel;
        this.alarm = TIMER.schedule(this::giveUp, PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private void giveUp() {
        hung = true;
        try {
            channel.close();
        } catch (IOException e) {
            // It is closed or of no use: the thread that waits fails either way.
        }
    }

    /** Sends it all; false if the other side hung up meanwhile. */
    boolean send(byte[] bytes) {
        try {
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Says that nothing more will come. */
    void finish() {
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            // The other side was faster.
        }
    }

    /** All that comes until the other side ends the connection. Fails if it does not. */
    byte[] readToTheEnd() {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
        try {
            while (channel.read(bytes) >= 0) {
                if (!bytes.hasRemaining()) {
                    bytes = ByteBuffer.allocate(bytes.capacity() * 2).put(bytes.flip());
                }
            }
        } catch (IOException e) {
            // Reset instead of ended: closed all the same, and so is what the alarm closed.
        }
        if (hung) {
            throw new AssertionError("the other side does not end the connection");
        }
        return java.util.Arrays.copyOf(bytes.array(), bytes.position());
    }

    @Override
    public void close() throws IOException {
        alarm.cancel(false);
        channel.close();
    }
}
