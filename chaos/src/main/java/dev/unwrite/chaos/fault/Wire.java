package dev.unwrite.chaos.fault;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One direction of the link between the hosts, through this process: it knows where a frame ends (length, checksum, body,
 * as {@code FrameCodec} has it), and can keep frames back, repeat them or let one overtake another. The kernel can do the
 * rest, such as loss, but not these. Thread-safe.
 */
public final class Wire implements Closeable {
    private static final int HEADER_BYTES = 8;
    private static final int BODY_BYTES_MAX = 16 << 20;
    private static final int CONNECT_MILLIS = 1_000;
    private static final int PERCENT = 15;
    private static final int AGAIN_MAX = 256;
    /** The types of the bodies that are parts of a state, as {@code FrameCodec} has them. */
    private static final byte STATE_BEGIN = 19;

    private static final byte STATE_END = 21;

    private final ServerSocket server;
    private final InetSocketAddress to;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicLong touched = new AtomicLong();
    private volatile Mode mode = Mode.PLAIN;
    private volatile long delayMillis;

    /** What happens to frames. */
    public enum Mode {
        /** Nothing. */
        PLAIN,
        /** Each waits. */
        DELAY,
        /** All come again, later. */
        DUPLICATE,
        /** Some come after the next one. */
        REORDER,
        /** The parts of a state wait, in their order; all else overtakes them, as it may when a state is large. */
        LATE_STATE
    }

    private Wire(ServerSocket server, InetSocketAddress to) {
        this.server = server;
        this.to = to;
    }

    /** Listens on any free port of that address and passes on to the other one. */
    public static Wire open(String address, InetSocketAddress to) throws IOException {
        ServerSocket server = new ServerSocket();
        server.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        Wire wire = new Wire(server, to);
        Thread.ofVirtual().name("wire-accept").start(wire::accept);
        return wire;
    }

    /** Where it listens. */
    public int port() {
        return server.getLocalPort();
    }

    /** From now on; {@code delay}, in milliseconds, is for all that come later than they would. */
    public void mode(Mode next, long delay) {
        delayMillis = delay;
        mode = next;
    }

    /** How many frames were kept back, repeated or overtaken so far. */
    public long touched() {
        return touched.get();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket from = server.accept();
                Thread.ofVirtual().name("wire").start(() -> connect(from));
            } catch (IOException e) {
                // Closed; the loop sees it.
            }
        }
    }

    private void connect(Socket from) {
        sockets.add(from);
        Socket onward = new Socket();
        try {
            onward.connect(to, CONNECT_MILLIS);
            sockets.add(onward);
            from.setTcpNoDelay(true);
            onward.setTcpNoDelay(true);
            Thread.ofVirtual().name("wire-back").start(() -> pass(onward, from));
            pass(from, onward);
        } catch (IOException e) {
            end(from, onward);
        }
    }

    private void pass(Socket from, Socket onward) {
        try (LateFrames frames = new LateFrames(onward.getOutputStream())) {
            try {
                pass(new DataInputStream(new BufferedInputStream(from.getInputStream(), 1 << 16)), frames);
            } finally {
                // Before the late frames: one of them may be on its way to somebody who stands still.
                end(from, onward);
            }
        } catch (IOException e) {
            // The end of the link, seen by both sides.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            end(from, onward);
        }
    }

    private void pass(DataInputStream in, LateFrames frames) throws IOException, InterruptedException {
        Random chance = new Random(port());
        byte[] kept = null;
        // At once would be before anything has changed, and show nothing.
        ArrayDeque<LateFrames.Late> again = new ArrayDeque<>();
        // The greeting passes as it is: without it there is no link that could suffer.
        frames.now(frame(in));
        while (true) {
            byte[] frame = frame(in);
            Mode now = mode;
            boolean chosen = chance.nextInt(100) < PERCENT;
            if (now == Mode.DELAY) {
                touched.incrementAndGet();
                Thread.sleep(delayMillis);
            } else if (now == Mode.REORDER && chosen && kept == null) {
                kept = frame;
                continue;
            }
            if (!isOfState(frame)) {
                frames.now(frame);
            } else if (frames.inOrder(frame, now == Mode.LATE_STATE ? delayMillis : 0)) {
                touched.incrementAndGet();
            }
            if (now == Mode.DUPLICATE && again.size() < AGAIN_MAX) {
                again.add(LateFrames.Late.in(delayMillis, frame));
            }
            while (now == Mode.DUPLICATE && !again.isEmpty() && again.getFirst().nanosLeft() <= 0) {
                touched.incrementAndGet();
                frames.now(again.removeFirst().frame());
            }
            if (now != Mode.DUPLICATE) {
                again.clear();
            }
            if (kept != null) {
                touched.incrementAndGet();
                frames.now(kept);
                kept = null;
            }
        }
    }

    private static byte[] frame(DataInputStream in) throws IOException {
        byte[] header = new byte[HEADER_BYTES];
        in.readFully(header);
        int length = ByteBuffer.wrap(header).getInt();
        if (length < 0 || length > BODY_BYTES_MAX) {
            throw new IOException("no frame");
        }
        byte[] frame = new byte[HEADER_BYTES + length];
        System.arraycopy(header, 0, frame, 0, HEADER_BYTES);
        in.readFully(frame, HEADER_BYTES, length);
        return frame;
    }

    private static boolean isOfState(byte[] frame) {
        return frame.length > HEADER_BYTES && frame[HEADER_BYTES] >= STATE_BEGIN && frame[HEADER_BYTES] <= STATE_END;
    }

    private void end(@Nullable Socket one, @Nullable Socket other) {
        for (Socket socket : new Socket[] {one, other}) {
            if (socket != null) {
                sockets.remove(socket);
                try {
                    socket.close();
                } catch (IOException e) {
                    // It is closed.
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            // It is closed.
        }
        for (Socket socket : sockets) {
            end(socket, null);
        }
    }
}
