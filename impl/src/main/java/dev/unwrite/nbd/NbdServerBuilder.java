package dev.unwrite.nbd;

import dev.unwrite.net.EventLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What an {@link NbdServer} serves, where, and within which limits. For one thread. */
public final class NbdServerBuilder {
    final List<NbdUri> listen = new ArrayList<>();
    final Map<Integer, OptionHandler> options = new HashMap<>();

    @Nullable
    ExportSource exports;

    @Nullable
    EventLoop loop;

    int connectionsMax = 128;
    int inFlightMax = 128;
    long largePayloadBytesMax = 256L << 20;
    Duration handshakeTimeout = Duration.ofSeconds(10);
    Duration stallTimeout = Duration.ofSeconds(30);
    Duration closeTimeout = Duration.ofSeconds(5);

    NbdServerBuilder() {}

    /** Listens there, too; the URI's export is not used; port 0: any that is free. */
    public NbdServerBuilder listen(NbdUri uri) {
        listen.add(uri);
        return this;
    }

    public NbdServerBuilder exports(ExportSource source) {
        exports = source;
        return this;
    }

    /** Has this loop serve the connections, instead of one of the server's own; the server is to be closed before it. */
    public NbdServerBuilder loop(EventLoop owner) {
        loop = owner;
        return this;
    }

    /** Answers a private option. */
    public NbdServerBuilder option(int number, OptionHandler handler) {
        options.put(number, handler);
        return this;
    }

    /** Connections beyond this are closed at once. */
    public NbdServerBuilder connectionsMax(int count) {
        connectionsMax = positive(count);
        return this;
    }

    /** A connection with this many unanswered requests is not read from. */
    public NbdServerBuilder inFlightMax(int count) {
        inFlightMax = positive(count);
        return this;
    }

    /** Bytes for payloads of more than 64 KiB, all connections together; requests wait for their share. */
    public NbdServerBuilder largePayloadBytesMax(long bytes) {
        largePayloadBytesMax = Math.max(bytes, Export.MAXIMUM_PAYLOAD);
        return this;
    }

    /** From the connection to the end of option haggling; a private option that succeeds starts it anew. */
    public NbdServerBuilder handshakeTimeout(Duration timeout) {
        handshakeTimeout = timeout;
        return this;
    }

    /** For a request, once its first byte is there, and for each reply that the client does not take. */
    public NbdServerBuilder stallTimeout(Duration timeout) {
        stallTimeout = timeout;
        return this;
    }

    /** For requests in progress when the server is closed. */
    public NbdServerBuilder closeTimeout(Duration timeout) {
        closeTimeout = timeout;
        return this;
    }

    private static int positive(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("a limit of " + count + " would let nothing through");
        }
        return count;
    }

    ExportSource exports() {
        return Objects.requireNonNull(exports, "exports");
    }

    /** Listens and serves; the server is ready when this returns. */
    public NbdServer start() throws IOException {
        NbdServer server = bind();
        server.serve();
        return server;
    }

    /**
     * Listens, and lets clients wait until {@link NbdServer#serve}; until then, what is served and the options may still be
     * told to this builder.
     */
    public NbdServer bind() throws IOException {
        return NbdServer.bind(this);
    }
}
