package dev.unwrite.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Serves exports over NBD (fixed newstyle), on TCP or Unix domain sockets, until closed. A client that breaks the
 * protocol, stalls or asks for too much gets an error or loses its connection; the others do not notice.
 */
@SuppressWarnings("DoNotCallSuggester") // Until the bodies are there.
public final class NbdServer implements Closeable {
    /** The largest payload of an option and of its reply, in bytes. */
    public static final int OPTION_BYTES_MAX = 64 << 10;
    /** How many exports a client is told of at most. */
    public static final int LISTED_EXPORTS_MAX = 4096;

    private NbdServer() {}

    public static NbdServerBuilder builder() {
        return new NbdServerBuilder();
    }

    static NbdServer start(NbdServerBuilder settings) throws IOException {
        throw new IOException("not built yet: " + settings.listen);
    }

    /** The address at which the server really listens (the first, if there are several), with an empty export name. */
    public NbdUri uri() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** The URI of one of its exports. */
    public NbdUri uri(String export) {
        return uri().withExport(export);
    }

    /** The connections that stand now. */
    public List<NbdConnection> connections() {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Stops listening, ends the connections, and waits, for a bounded time, for requests in progress. On return, no
     * further request reaches a device.
     */
    @Override
    public void close() {}
}
