package dev.unwrite.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * The client's side of option haggling: private options, questions about exports, then {@link #go} or {@link #close}.
 * For one thread at a time. Every call ends within the timeout; {@link NbdDisconnectedException} says that the
 * connection is gone, {@link NbdRefusedException} that the server refused this one option.
 */
@SuppressWarnings("DoNotCallSuggester") // Until the bodies are there.
public final class NbdNegotiation implements Closeable {
    private NbdNegotiation() {}

    /** Connects with default settings. The export that the URI names is not used here. */
    public static NbdNegotiation open(NbdUri uri) throws IOException {
        return open(uri, NbdClient.Settings.DEFAULT);
    }

    /** Connects and exchanges the first greetings (fixed newstyle). */
    public static NbdNegotiation open(NbdUri uri, NbdClient.Settings settings) throws IOException {
        throw new IOException("not built yet: " + uri + " " + settings);
    }

    /**
     * Sends a private option and returns the payload of the server's reply, empty if it had none.
     *
     * @throws NbdRefusedException if the server does not know the option or refused it
     */
    public byte[] option(int number, byte[] payload) throws IOException {
        throw new IOException("not built yet: " + number + payload.length);
    }

    /** The exports that the server tells of. */
    public List<ExportSource.Listing> list() throws IOException {
        throw new IOException("not built yet");
    }

    /** What the server tells about an export, without opening it. */
    public ExportInfo info(String export) throws IOException {
        throw new IOException("not built yet: " + export);
    }

    /** Opens an export; this object is used up on success, and {@link #close} then does nothing. */
    public NbdClient go(String export) throws IOException {
        throw new IOException("not built yet: " + export);
    }

    /** Ends the connection (NBD_OPT_ABORT) unless {@link #go} has handed it over. */
    @Override
    public void close() {}
}
