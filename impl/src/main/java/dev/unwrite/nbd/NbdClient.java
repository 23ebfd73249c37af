package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * An export of an NBD server. Many threads may have requests on the way at once, over one connection. A connection that
 * is lost fails all that wait, and all later calls, with {@link NbdDisconnectedException}; there is no reconnection.
 *
 * <p>Waiting for an answer is not interruptible: the buffer belongs to the request until then.
 */
@SuppressWarnings("DoNotCallSuggester") // Until the bodies are there.
public final class NbdClient implements BlockDevice {
    /**
     * How a client connects.
     *
     * @param connectTimeout for the connection to stand, and for each answer during negotiation
     * @param requestTimeout after which a request without an answer ends the whole connection; zero: none
     * @param structured     whether to ask for structured replies
     */
    public record Settings(Duration connectTimeout, Duration requestTimeout, boolean structured) {
        public static final Settings DEFAULT = new Settings(Duration.ofSeconds(10), Duration.ZERO, true);

        public Settings withConnectTimeout(Duration timeout) {
            return new Settings(timeout, requestTimeout, structured);
        }

        public Settings withRequestTimeout(Duration timeout) {
            return new Settings(connectTimeout, timeout, structured);
        }

        public Settings withStructured(boolean on) {
            return new Settings(connectTimeout, requestTimeout, on);
        }
    }

    private final ExportInfo info;

    NbdClient(ExportInfo info) {
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
        return false;
    }

    @Override
    public long size() {
        return info().size();
    }

    @Override
    public boolean readOnly() {
        return info().readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        throw new IOException("not built yet");
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        throw new IOException("not built yet");
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        throw new IOException("not built yet");
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        throw new IOException("not built yet");
    }

    @Override
    public void flush() throws IOException {
        throw new IOException("not built yet");
    }

    /** Takes leave of the server (NBD_CMD_DISC). Requests still on the way may end with an exception. */
    @Override
    public void close() throws IOException {}
}
