package dev.unwrite.storage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdNegotiation;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.nbd.NbdUri;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A connection in option haggling that is kept open, made anew when it is needed, and used by one call at a time. */
final class OptionChannel implements Closeable {
    private final NbdUri uri;
    private final NbdClient.Settings settings;
    private final Judge judge;
    private @Nullable NbdNegotiation open;

    OptionChannel(NbdUri uri, NbdClient.Settings settings, Judge judge) {
        this.uri = uri;
        this.settings = settings;
        this.judge = judge;
    }

    /** Looks at each answer; throws the exception for one that says that the op was not carried out. */
    interface Judge {
        ObjectNode checked(ObjectNode reply) throws IOException;
    }

    /** The request was sent, or may have been, and no answer came. */
    static final class UnansweredException extends IOException {
        UnansweredException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /**
     * One op. Throws {@link StorageUnavailableException} if it surely was not carried out,
     * {@link SessionEndedException} if the session has ended, {@link NbdRefusedException} if it makes no sense to the
     * storage, {@link ForeignStorageException} or {@link NameTakenException} if it does not hear this host,
     * {@link UnansweredException} if nobody knows.
     */
    synchronized ObjectNode call(ObjectNode request) throws IOException {
        NbdNegotiation connection = connected();
        ObjectNode reply;
        try {
            reply = call(connection, request);
        } catch (UnansweredException e) {
            close();
            throw e;
        }
        return judge.checked(reply);
    }

    /** One op that may be carried out twice: it is tried again when the connection turns out to be gone. */
    synchronized ObjectNode callTwice(ObjectNode request) throws IOException {
        boolean fresh = open == null;
        try {
            return call(request);
        } catch (UnansweredException e) {
            if (fresh) {
                throw new StorageUnavailableException("the storage did not answer: " + e.getMessage(), e);
            }
        }
        try {
            return call(request);
        } catch (UnansweredException e) {
            throw new StorageUnavailableException("the storage did not answer: " + e.getMessage(), e);
        }
    }

    /** One op over a given connection. */
    static ObjectNode call(NbdNegotiation connection, ObjectNode request) throws IOException {
        try {
            byte[] payload = request.toString().getBytes(StandardCharsets.UTF_8);
            byte[] reply = connection.option(OwnershipOps.OPTION, payload);
            return Json.parse(new String(reply, StandardCharsets.UTF_8));
        } catch (NbdRefusedException e) {
            if (e.isUnsupported()) {
                throw new NotAStorageException(
                        "the NBD server at --storage is not an unwrite storage; give the address where \"unwrite storage\" listens");
            }
            throw e;
        } catch (IOException e) {
            throw new UnansweredException(e);
        } catch (IllegalArgumentException e) {
            throw new UnansweredException(new IOException("the answer is not understood: " + e.getMessage(), e));
        }
    }

    static NbdNegotiation connect(NbdUri uri, NbdClient.Settings settings) throws StorageUnavailableException {
        try {
            return NbdNegotiation.open(uri, settings);
        } catch (IOException e) {
            throw new StorageUnavailableException("cannot reach the storage " + uri + ": " + e.getMessage(), e);
        }
    }

    private NbdNegotiation connected() throws StorageUnavailableException {
        NbdNegotiation now = open;
        if (now == null) {
            now = connect(uri, settings);
            open = now;
        }
        return now;
    }

    @Override
    public synchronized void close() {
        NbdNegotiation now = open;
        open = null;
        if (now != null) {
            now.close();
        }
    }
}
