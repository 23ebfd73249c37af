package dev.unwrite.machine.qemu;

import dev.unwrite.machine.MachineHost;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a guest sends over one network backend until the checkpoint that covers it is committed (rule HoldOutput): a pair
 * of QEMU's redirectors leads each frame to this process, and, once it is released, back to the backend, whatever that is. What
 * comes in passes QEMU alone. A frame that does not come back is one that the network lost.
 */
final class HeldFrames implements Closeable {
    /** Frames that wait to be read by QEMU; beyond it they are lost, as in any switch. */
    private static final int RELEASED_MAX = 4096;

    /** With all that a card can leave to its host to split (net/net.h, NET_BUFSIZE), and some. */
    private static final int FRAME_BYTES_MAX = 1 << 20;

    /** What may wait for a commit; beyond it frames are lost, too. */
    private static final long HELD_BYTES_MAX = 64 << 20;

    private final MachineHost host;
    private final String id;
    private final Path out;
    private final Path back;
    private final ServerSocketChannel outServer;
    private final ServerSocketChannel backServer;
    private final BlockingQueue<ByteBuffer> released = new ArrayBlockingQueue<>(RELEASED_MAX);
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong heldBytes = new AtomicLong();
    private volatile boolean closed;
    private volatile @Nullable SocketChannel outChannel;
    private volatile @Nullable SocketChannel backChannel;

    /** {@code folder} exists and is private; {@code id} is that of the backend. */
    HeldFrames(MachineHost host, Path folder, String id) throws IOException {
        this.host = host;
        this.id = id;
        this.out = folder.resolve(id + ".out");
        this.back = folder.resolve(id + ".back");
        outServer = listen(out);
        try {
            backServer = listen(back);
        } catch (IOException e) {
            outServer.close();
            throw e;
        }
        threads.add(Thread.ofVirtual().name("frames-out-" + id).start(this::takeAll));
        threads.add(Thread.ofVirtual().name("frames-back-" + id).start(this::giveBackAll));
    }

    private static ServerSocketChannel listen(Path socket) throws IOException {
        Files.deleteIfExists(socket);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            return server.bind(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** What QEMU is to be told; of two filters on one backend a frame that comes back passes those after the one it left. */
    static List<String> arguments(Path folder, String id) {
        String name = "unwrite-" + id;
        return List.of(
                "-chardev",
                "socket,id=" + name + "-out,path=" + folder.resolve(id + ".out"),
                "-chardev",
                "socket,id=" + name + "-back,path=" + folder.resolve(id + ".back"),
                "-object",
                "filter-redirector,id=" + name + "-f1,netdev=" + id + ",queue=rx,indev=" + name + "-back",
                "-object",
                "filter-redirector,id=" + name + "-f0,netdev=" + id + ",queue=rx,outdev=" + name + "-out");
    }

    /** Frames that wait for a commit. */
    long held() {
        return held.get();
    }

    private void takeAll() {
        try (SocketChannel channel = outServer.accept()) {
            outChannel = channel;
            InputStream in = Channels.newInputStream(channel);
            while (true) {
                ByteBuffer frame = frame(in);
                long bytes = frame.remaining();
                if (heldBytes.get() + bytes > HELD_BYTES_MAX) {
                    continue;
                }
                held.incrementAndGet();
                heldBytes.addAndGet(bytes);
                host.sayOfItself(() -> {
                    held.decrementAndGet();
                    heldBytes.addAndGet(-bytes);
                    // One too many is lost.
                    boolean _ = released.offer(frame);
                });
            }
        } catch (NoFrameException e) {
            if (!closed) {
                host.failed("the network of the guest cannot be held any more: " + id + " sends " + e.getMessage());
            }
        } catch (IOException e) {
            // QEMU has ended, or this is closed.
        }
    }

    /** What comes is no frame, so nobody knows where the next one begins. */
    private static final class NoFrameException extends IOException {
        private static final long serialVersionUID = 1L;

        NoFrameException(String message) {
            super(message);
        }
    }

    /** With its length before it (4 bytes, big-endian), as QEMU's sockets carry it. */
    private static ByteBuffer frame(InputStream in) throws IOException {
        byte[] head = in.readNBytes(4);
        if (head.length < 4) {
            throw new EOFException("no more frames");
        }
        int length = ByteBuffer.wrap(head).getInt();
        if (length < 0 || length > FRAME_BYTES_MAX) {
            throw new NoFrameException("a frame of " + length + " bytes");
        }
        ByteBuffer frame = ByteBuffer.allocate(4 + length);
        frame.put(head).put(in.readNBytes(length));
        if (frame.hasRemaining()) {
            throw new EOFException("a frame that is cut short");
        }
        return frame.flip();
    }

    private void giveBackAll() {
        try (SocketChannel channel = backServer.accept()) {
            backChannel = channel;
            while (true) {
                ByteBuffer frame = released.take();
                while (frame.hasRemaining()) {
                    channel.write(frame);
                }
            }
        } catch (IOException | InterruptedException e) {
            // QEMU has ended, or this is closed.
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        threads.forEach(Thread::interrupt);
        outServer.close();
        backServer.close();
        for (SocketChannel channel : new @Nullable SocketChannel[] {outChannel, backChannel}) {
            if (channel != null) {
                channel.close();
            }
        }
        Files.deleteIfExists(out);
        Files.deleteIfExists(back);
    }
}
