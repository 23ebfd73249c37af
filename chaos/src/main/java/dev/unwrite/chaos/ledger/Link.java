package dev.unwrite.chaos.ledger;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One connection to a ledger: lines out, lines in, and how long it has been silent. Not thread-safe. */
final class Link implements Closeable {
    /** The longest reply: all balances of the largest ledger. */
    private static final int REPLY_BYTES_MAX = 2 << 20;

    private final Socket socket;
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 13];
    private int at;
    private int end;
    /** What has arrived of a line; kept when the wait for the rest is interrupted by a timeout. */
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();

    private long heardAt = System.nanoTime();

    private Link(Socket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
    }

    static Link open(InetSocketAddress server, Duration timeout) throws IOException {
        // A name is looked up anew each time, since a host may come back with another address.
        InetSocketAddress address =
                server.isUnresolved() ? new InetSocketAddress(server.getHostString(), server.getPort()) : server;
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(address, millis(timeout));
            return new Link(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    void send(String line) throws IOException {
        socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** The next line, or null where none has arrived whole in time. Throws at the end of the connection. */
    @Nullable
    String receive(Duration within) throws IOException {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            if (takeLine()) {
                heardAt = System.nanoTime();
                String line = partial.toString(StandardCharsets.US_ASCII);
                partial.reset();
                return line;
            }
            long left = deadline - System.nanoTime();
            if (left <= 0 || !fill(Duration.ofNanos(left))) {
                return null;
            }
        }
    }

    /** How long nothing was heard, counted from {@link #expectFromNow} or the last line. */
    Duration silence() {
        return Duration.ofNanos(System.nanoTime() - heardAt);
    }

    /** The silence before did not count: nothing was expected. */
    void expectFromNow() {
        heardAt = System.nanoTime();
    }

    private boolean takeLine() throws IOException {
        while (at < end) {
            byte next = buffer[at++];
            if (next == '\n') {
                return true;
            }
            partial.write(next);
            if (partial.size() > REPLY_BYTES_MAX) {
                throw new IOException("a reply is longer than " + REPLY_BYTES_MAX + " bytes");
            }
        }
        return false;
    }

    private boolean fill(Duration within) throws IOException {
        socket.setSoTimeout(millis(within));
        try {
            int count = in.read(buffer);
            if (count < 0) {
                throw new EOFException("the ledger closed the connection");
            }
            at = 0;
            end = count;
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    private static int millis(Duration duration) {
        return Math.clamp(duration.toMillis(), 1, Integer.MAX_VALUE);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing more was wanted of it.
        }
    }
}
