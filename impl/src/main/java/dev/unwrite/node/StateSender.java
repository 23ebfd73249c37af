package dev.unwrite.node;

import dev.unwrite.machine.Machine;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.peer.PeerMessage.StateBegin;
import dev.unwrite.peer.PeerMessage.StateChunk;
import dev.unwrite.peer.PeerMessage.StateEnd;
import dev.unwrite.protocol.Extent;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Sends saved states to the secondary, one after the other, and keeps each until its commit is known, so that it can be
 * sent again over a new connection.
 */
final class StateSender implements Closeable {
    private static final System.Logger LOG = System.getLogger(StateSender.class.getName());
    /** A multiple of the block size, as large as a message may be. */
    private static final int CHUNK = PeerMessage.CHUNK_BYTES_MAX / Extent.BLOCK_BYTES * Extent.BLOCK_BYTES;

    private static final long RETRY_MILLIS = 200;
    /** From the last byte of a state to its commit; a host that says that it cannot gets half of it. */
    private static final long COMMIT_MAX_MILLIS = 10_000;
    /** And more for large ones: a disk may be as slow as this. */
    private static final long SLOWEST_BYTES_PER_MILLI = 16_000;

    private static final class Outgoing {
        final long term;
        final long epoch;
        final Machine.Saved saved;
        long sentOver = PeerLink.NOT_CONNECTED;
        long notBeforeNanos = System.nanoTime();
        volatile long bytes;
        /** When there was last reason to hope: it grew, or became the first to be committed. */
        long hopefulNanos = System.nanoTime();
        /** How much was ever sent over one connection. */
        long reached;

        String refusal = "";

        Outgoing(long term, long epoch, Machine.Saved saved) {
            this.term = term;
            this.epoch = epoch;
            this.saved = saved;
        }
    }

    private final PeerLink link;
    private final NavigableMap<Long, Outgoing> outgoing = new TreeMap<>();
    private boolean closed;

    StateSender(PeerLink link) {
        this.link = link;
        Thread.ofVirtual().name("state-sender").start(this::run);
    }

    /** Takes the state over; it is closed when it is committed or dropped. */
    synchronized void send(long term, long epoch, Machine.Saved saved) {
        outgoing.put(epoch, new Outgoing(term, epoch, saved));
        notifyAll();
    }

    /** A new connection: what is not committed goes again. */
    synchronized void connected() {
        notifyAll();
    }

    /** The other host did not take the state: it goes again, a little later. */
    synchronized void refused(long term, long epoch, String why) {
        Outgoing state = outgoing.get(epoch);
        if (state != null && state.term == term) {
            state.refusal = why;
            state.sentOver = PeerLink.NOT_CONNECTED;
            state.notBeforeNanos = System.nanoTime() + RETRY_MILLIS * 1_000_000;
        }
    }

    /**
     * Why the first state that is not committed is not waited for any longer, or null: it was sent to its end and nothing came
     * of it, or it does not go forward; sending it again is no way forward.
     */
    synchronized @Nullable String overdue() {
        if (outgoing.isEmpty()) {
            return null;
        }
        Outgoing first = outgoing.firstEntry().getValue();
        boolean refused = !first.refusal.isEmpty();
        long allowedMillis =
                (refused ? COMMIT_MAX_MILLIS / 2 : COMMIT_MAX_MILLIS) + first.reached / SLOWEST_BYTES_PER_MILLI;
        if (System.nanoTime() - first.hopefulNanos <= allowedMillis * 1_000_000) {
            return null;
        }
        return refused
                ? "the secondary cannot take a checkpoint (" + first.refusal + ")"
                : "the secondary does not commit checkpoints";
    }

    private synchronized void sent(Outgoing state, long bytes) {
        if (bytes > state.reached) {
            state.reached = bytes;
            state.hopefulNanos = System.nanoTime();
        }
    }

    /** The bytes of a state that was sent, 0 if it is not known. */
    synchronized long bytesOf(long epoch) {
        Outgoing state = outgoing.get(epoch);
        return state == null ? 0 : state.bytes;
    }

    /** States up to this epoch are committed, or not wanted any more. */
    synchronized void dropUpTo(long epoch) {
        NavigableMap<Long, Outgoing> done = outgoing.headMap(epoch, true);
        if (done.isEmpty()) {
            return;
        }
        done.values().forEach(StateSender::release);
        done.clear();
        outgoing.values().forEach(next -> next.hopefulNanos = System.nanoTime());
    }

    private static void release(Outgoing state) {
        try {
            state.saved.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "a saved state is left behind: {0}", e.getMessage());
        }
    }

    private void run() {
        while (true) {
            Outgoing next;
            try {
                next = take();
            } catch (InterruptedException e) {
                return;
            }
            if (next == null) {
                return;
            }
            try {
                transmit(next);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "a state was not sent whole: {0}", e.toString());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private synchronized @Nullable Outgoing take() throws InterruptedException {
        while (!closed) {
            long connection = link.connection();
            if (connection != PeerLink.NOT_CONNECTED) {
                for (Outgoing state : outgoing.values()) {
                    if (state.sentOver != connection && System.nanoTime() - state.notBeforeNanos >= 0) {
                        state.sentOver = connection;
                        return state;
                    }
                }
            }
            wait(RETRY_MILLIS);
        }
        return null;
    }

    private void transmit(Outgoing state) throws IOException, InterruptedException {
        long connection = state.sentOver;
        link.sendBlocking(connection, new StateBegin(state.term, state.epoch));
        CRC32C crc = new CRC32C();
        long offset = 0;
        try (InputStream in = state.saved.open()) {
            byte[] chunk = new byte[CHUNK];
            for (int length = in.readNBytes(chunk, 0, CHUNK); length > 0; length = in.readNBytes(chunk, 0, CHUNK)) {
                crc.update(chunk, 0, length);
                ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, length);
                link.sendBlocking(connection, new StateChunk(state.term, state.epoch, offset, bytes));
                offset += length;
                sent(state, offset);
            }
        }
        state.bytes = offset;
        link.sendBlocking(connection, new StateEnd(state.term, state.epoch, offset, (int) crc.getValue()));
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
        dropUpTo(Long.MAX_VALUE);
    }
}
