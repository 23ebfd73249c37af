package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One request of a client, and who waits for its answer: a thread, or an action. */
final class ClientRequest {
    final int type;
    final long offset;
    final int length;
    /** Where the data of a read goes; its position and limit do not change. */
    final @Nullable ByteBuffer target;

    private final int flags;
    private final @Nullable ByteBuffer source;
    /** Runs when the answer is there; null where a thread waits. */
    private @Nullable Runnable whenDone;

    private volatile @Nullable Thread waiter;

    long cookie;
    final long startedAt = Clock.now();
    /** What of a read has come in a structured reply; for the thread that reads replies. */
    final Coverage received = new Coverage();
    /** What has come of a question about allocation; likewise. */
    final ToldAllocation told;

    private @Nullable IOException failure;
    private volatile boolean done;

    private ClientRequest(
            int type, int flags, long offset, int length, @Nullable ByteBuffer source, @Nullable ByteBuffer target) {
        this.type = type;
        this.flags = flags;
        this.offset = offset;
        this.length = length;
        this.source = source;
        this.target = target;
        this.told = new ToldAllocation(length);
    }

    static ClientRequest read(long offset, ByteBuffer target) {
        return new ClientRequest(NbdWire.CMD_READ, 0, offset, target.remaining(), null, target);
    }

    static ClientRequest write(long offset, ByteBuffer source, boolean fua) {
        return new ClientRequest(NbdWire.CMD_WRITE, fua(fua), offset, source.remaining(), source, null);
    }

    static ClientRequest allocation(long offset, int length) {
        return plain(NbdWire.CMD_BLOCK_STATUS, 0, offset, length);
    }

    static ClientRequest plain(int type, int flags, long offset, int length) {
        return new ClientRequest(type, flags, offset, length, null, null);
    }

    static int fua(boolean on) {
        return on ? NbdWire.CMD_FLAG_FUA : 0;
    }

    /** Whether all that was written before may have to reach the disk first. */
    boolean flushes() {
        return type == NbdWire.CMD_FLUSH || (flags & NbdWire.CMD_FLAG_FUA) != 0;
    }

    /** Has the action run by the loop's thread when the answer is there. */
    ClientRequest then(Runnable action) {
        whenDone = action;
        return this;
    }

    /** Why it failed, or null; once it is done. */
    @Nullable
    IOException failure() {
        return failure;
    }

    /** Sends the request. */
    void emit(ClientStream out) {
        out.header(NbdWire.REQUEST_HEADER_BYTES)
                .putInt(NbdWire.REQUEST_MAGIC)
                .putShort((short) flags)
                .putShort((short) type)
                .putLong(cookie)
                .putLong(offset)
                .putInt(length);
        if (source != null) {
            out.payload(source);
        }
    }

    /** Keeps the first failure; the request still waits for the end of its reply. */
    void fail(IOException e) {
        if (failure == null) {
            failure = e;
        }
    }

    /** Lets the waiting thread go on. Nothing touches the request's buffers afterwards. */
    void complete() {
        done = true;
        Runnable action = whenDone;
        if (action != null) {
            action.run();
        } else {
            LockSupport.unpark(waiter);
        }
    }

    /** Waits for the answer, not interruptibly, and throws if it was an error. */
    void await() throws IOException {
        boolean interrupted = false;
        waiter = Thread.currentThread();
        while (!done) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        IOException e = failure;
        if (e instanceof NbdException refused) {
            throw refused;
        } else if (e != null) {
            // One exception may be shared by many requests: each thread throws its own.
            throw new NbdDisconnectedException(String.valueOf(e.getMessage()), e);
        }
    }
}
