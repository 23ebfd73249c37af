package dev.unwrite.node;

import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.protocol.Extent;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A protected volume as the machine sees it. Every overwrite (write, write-zeroes, trim alike) goes through the protocol
 * in whole blocks; a request that covers a block in part reads the rest first. A trimmed range reads as zeroes.
 */
final class VolumeFront implements BlockDevice {
    /** A request is cut into pieces of at most so many blocks: 1 MiB. */
    static final int MAX_BLOCKS = 256;

    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final ByteBuffer ZEROES =
            ByteBuffer.allocateDirect(MAX_BLOCKS * BLOCK).asReadOnlyBuffer();

    private final int id;
    private volatile long size;
    private final SessionHolder sessions;
    private final WritePath path;
    private final Gate gate;
    private final UndoBudget budget;

    VolumeFront(int id, long size, SessionHolder sessions, WritePath path, Gate gate, UndoBudget budget) {
        this.id = id;
        this.size = size;
        this.sessions = sessions;
        this.path = path;
        this.gate = gate;
        this.budget = budget;
    }

    @Override
    public long size() {
        return size;
    }

    int id() {
        return id;
    }

    /** The storage says that the volume is so large now. Whoever is connected sees it with the next connection. */
    void grownTo(long bytes) {
        size = bytes;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        check(offset, target.remaining());
        int start = target.position();
        while (true) {
            OwnerSession own = sessions.await();
            try {
                own.volume(id).read(offset, target);
                return;
            } catch (IOException e) {
                if (sessions.isFatal(e)) {
                    throw e;
                }
                sessions.broken(own, e);
                target.position(start);
            }
        }
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        check(offset, source.remaining());
        change(offset, source.remaining(), source, fua);
        source.position(source.limit());
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        check(offset, length);
        // A trim is only a hint: what it does not cover whole stays as it is.
        long first = Math.ceilDiv(offset, BLOCK) * BLOCK;
        long end = Math.floorDiv(offset + length, BLOCK) * BLOCK;
        if (end > first) {
            change(first, end - first, null, fua);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        check(offset, length);
        if (!noHole) {
            change(offset, length, null, fua);
            return;
        }
        // What is to keep its space is written as data.
        for (long at = offset; at < offset + length; at += ZEROES.capacity()) {
            int now = (int) Math.min(ZEROES.capacity(), offset + length - at);
            change(at, now, ZEROES.slice(0, now), fua);
        }
    }

    @Override
    public void flush() throws IOException {
        path.flush();
    }

    /** The same volume for those who only look. */
    BlockDevice readOnlyView() {
        return new ReadOnlyView(this);
    }

    /** A connection ends; the volume stays. */
    @Override
    public void close() {}

    private void change(long offset, long length, @Nullable ByteBuffer source, boolean fua) throws IOException {
        long at = offset;
        long end = offset + length;
        while (at < end) {
            long first = at / BLOCK;
            long pieceEnd = Math.min(end, (first + MAX_BLOCKS) * BLOCK);
            int count = (int) (Math.ceilDiv(pieceEnd, BLOCK) - first);
            int pieceLength = (int) (pieceEnd - at);
            ByteBuffer piece =
                    source == null ? null : source.slice(source.position() + (int) (at - offset), pieceLength);
            changePiece(new Extent(id, first, count), (int) (at - first * BLOCK), pieceLength, piece, fua);
            at = pieceEnd;
        }
    }

    private void changePiece(Extent extent, int skip, int length, @Nullable ByteBuffer piece, boolean fua)
            throws IOException {
        boolean locked = false;
        boolean inside = false;
        long reserved = 0;
        try {
            do {
                if (inside) {
                    inside = false;
                    gate.exit();
                }
                reserved = budget.awaitRoom(extent);
                inside = gate.enter();
                if (!inside) {
                    throw new NbdException(NbdError.ESHUTDOWN, "the machine is stopped");
                }
                // A checkpoint may have been cut on the way in; inside, none is.
            } while (reserved == 0 && !budget.needsNoRoom(extent));
            path.locks().lock(extent);
            locked = true;
            path.write(extent, wholeBlocks(extent, skip, length, piece), fua);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        } finally {
            budget.release(reserved);
            if (locked) {
                path.locks().unlock(extent);
            }
            if (inside) {
                gate.exit();
            }
        }
    }

    /** The new content of all blocks of the extent, in a buffer of its own; null for zeroes only. */
    private @Nullable ByteBuffer wholeBlocks(Extent extent, int skip, int length, @Nullable ByteBuffer piece)
            throws IOException {
        int total = (int) extent.lengthBytes();
        boolean whole = skip == 0 && length == total;
        if (whole && piece == null) {
            return null;
        }
        ByteBuffer content = ByteBuffer.allocate(total);
        if (!whole) {
            long inVolume = Math.min(total, size - extent.offsetBytes());
            read(extent.offsetBytes(), content.limit((int) inVolume));
            content.clear();
        }
        content.put(skip, piece == null ? ByteBuffer.allocate(length) : piece, 0, length);
        return content;
    }

    private void check(long offset, long length) throws NbdException {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new NbdException(NbdError.EINVAL, "a request beyond the end of the volume");
        }
    }
}
