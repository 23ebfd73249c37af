package dev.unwrite.node;

import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import dev.unwrite.image.PieceReader;
import dev.unwrite.image.PieceStream;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.peer.PeerMessage.StateBegin;
import dev.unwrite.peer.PeerMessage.StateChunk;
import dev.unwrite.peer.PeerMessage.StateEnd;
import dev.unwrite.protocol.Extent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/** Sends a saved state over one connection, as fast as that takes it. */
final class StateStream {
    /** A multiple of the block size, as large as a message may be. */
    private static final int CHUNK = PeerMessage.CHUNK_BYTES_MAX / Extent.BLOCK_BYTES * Extent.BLOCK_BYTES;

    private final PeerLink link;
    private final long term;
    private final long epoch;
    private final long base;
    private final LongConsumer sent;

    /** {@code sent} is told how many bytes are on their way. */
    StateStream(PeerLink link, long term, long epoch, long base, LongConsumer sent) {
        this.link = link;
        this.term = term;
        this.epoch = epoch;
        this.base = base;
        this.sent = sent;
    }

    /** Blocks until all is queued, or the connection has ended; then the reply is posted. */
    void send(long connection, SavedState state, Loop loop, Reply<Long> reply) {
        try {
            long length = transmit(connection, state);
            loop.post(() -> reply.done(length));
        } catch (IOException | RuntimeException e) {
            // Whether the state could not be read or not be sent: it is not there, and is sent again or given up.
            Trouble why = new Trouble(Trouble.Kind.LOST, "the state was not sent whole: " + e.getMessage());
            loop.post(() -> reply.failed(why));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private long transmit(long connection, SavedState state) throws IOException, InterruptedException {
        link.sendBlocking(connection, new StateBegin(term, epoch, base));
        CRC32C crc = new CRC32C();
        AtomicLong said = new AtomicLong();
        PieceReader pieces = new PieceReader(PieceStream.PAGE_BYTES, (at, bytes) -> said.addAndGet(bytes.remaining()));
        long offset = 0;
        try (InputStream in = state.pieces()) {
            byte[] chunk = new byte[CHUNK];
            for (int length = in.readNBytes(chunk, 0, CHUNK); length > 0; length = in.readNBytes(chunk, 0, CHUNK)) {
                if (state.isDropped()) {
                    throw new IOException("it is not wanted any more");
                }
                crc.update(chunk, 0, length);
                pieces.take(ByteBuffer.wrap(chunk, 0, length));
                link.sendBlocking(connection, new StateChunk(term, epoch, offset, ByteBuffer.wrap(chunk, 0, length)));
                offset += length;
                sent.accept(offset);
            }
        }
        link.sendBlocking(connection, new StateEnd(term, epoch, offset, (int) crc.getValue()));
        return said.get();
    }
}
