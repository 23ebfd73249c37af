package dev.unwrite.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is to be sent, in two priorities, and the right to write it. Whoever sends while nobody writes, writes, for all that
 * come meanwhile; so a message on a free connection costs no change of threads, and a busy connection sends many messages
 * with one call to the system. The channel does not block: what it does not take is left to the thread of the link.
 *
 * <p>Lives as long as the link; {@link #open} and {@link #shut} enclose each connection. Thread-safe.
 */
final class SendQueue {
    /** So many bytes of urgent messages may wait. */
    static final int URGENT_BYTES_MAX = 4 << 20;
    /** So many parts of a state may wait; more only delay the messages that overtake them at the receiver. */
    static final int BULK_PARTS_MAX = 4;
    /** So many other bulk messages, which are small, may wait. */
    private static final int BULK_QUEUE_MAX = 1024;
    /** After so many writes, a sender leaves the work to the thread of the link. */
    private static final int ROUNDS_MAX = 16;

    private final ReentrantLock lock = new ReentrantLock();
    /** Room for bulk, or another connection, or none. */
    private final Condition room = lock.newCondition();
    /** Nobody writes any more. */
    private final Condition quiet = lock.newCondition();

    private long seq;
    private @Nullable Connection connection;
    private Work work = Work.NONE;
    private ByteBuffer gathering = ByteBuffer.allocateDirect(URGENT_BYTES_MAX);
    /** What is being written: the thread that writes has it to itself. */
    private ByteBuffer urgent = ByteBuffer.allocateDirect(URGENT_BYTES_MAX).limit(0);

    private @Nullable Bulk writingBulk;
    private final ArrayDeque<Bulk> bulk = new ArrayDeque<>();
    private final ArrayDeque<ByteBuffer> freeParts = new ArrayDeque<>();
    private int parts;

    /** Who has the right to write. */
    private enum Work {
        /** Nobody: nothing is to be written. */
        NONE,
        /** A thread, which is just doing it. */
        WRITING,
        /** The thread of the link, as soon as the channel takes more. */
        LEFT_TO_LINK
    }

    private record Bulk(ByteBuffer bytes, boolean reusable) {}

    /** An outgoing connection, as the queue sees it. */
    interface Connection {
        long number();

        WritableByteChannel channel();

        /** Something is left for {@link #writeMore}. Called by any thread. */
        void leaveToLink();

        /** The connection is of no more use. Called by any thread. */
        void fail(String why);
    }

    /** From now on messages are taken for this connection. */
    void open(Connection opened) {
        lock.lock();
        try {
            connection = opened;
        } finally {
            lock.unlock();
        }
    }

    /** Drops what was not written. The channel has been closed, so whoever is writing ends soon. */
    void shut() {
        lock.lock();
        try {
            connection = null;
            room.signalAll();
            while (work == Work.WRITING) {
                quiet.awaitUninterruptibly();
            }
            work = Work.NONE;
            gathering.clear();
            urgent.clear().limit(0);
            bulk.forEach(this::release);
            bulk.clear();
            if (writingBulk != null) {
                release(writingBulk);
                writingBulk = null;
            }
        } finally {
            lock.unlock();
        }
    }

    long connectionNumber() {
        lock.lock();
        try {
            return connection == null ? PeerLink.NOT_CONNECTED : connection.number();
        } finally {
            lock.unlock();
        }
    }

    /** Never waits for the network. Returns the number of the message. */
    long send(PeerMessage message) {
        return send(List.of(message));
    }

    /** As above, for many at once; returns the number of the last. */
    long send(List<PeerMessage> messages) {
        long number;
        Connection mine;
        lock.lock();
        try {
            number = seq;
            seq += messages.size();
            mine = connection;
            if (mine == null) {
                return seq;
            }
            for (PeerMessage message : messages) {
                number++;
                boolean queued = message.isBulk() ? gatherBulk(message, number) : gather(message, number);
                if (!queued) {
                    mine.fail("it takes nothing, and what waits for it is too much");
                    return seq;
                }
            }
            if (work != Work.NONE) {
                return number;
            }
            work = Work.WRITING;
        } finally {
            lock.unlock();
        }
        write(mine, ROUNDS_MAX);
        return number;
    }

    private boolean gather(PeerMessage message, long number) {
        if (gathering.remaining() < FrameCodec.frameBytesMax(message)) {
            return false;
        }
        FrameCodec.encode(message, number, gathering);
        return true;
    }

    private boolean gatherBulk(PeerMessage message, long number) {
        if (bulk.size() >= BULK_QUEUE_MAX) {
            return false;
        }
        ByteBuffer bytes = ByteBuffer.allocate(FrameCodec.frameBytesMax(message));
        FrameCodec.encode(message, number, bytes);
        bulk.add(new Bulk(bytes.flip(), false));
        return true;
    }

    /** Waits for room, as long as the connection of that number lasts. Returns the number of the message. */
    long sendBlocking(long connectionNumber, PeerMessage message) throws IOException, InterruptedException {
        if (!message.isBulk()) {
            if (connectionNumber() != connectionNumber) {
                throw ended();
            }
            return send(message);
        }
        long number;
        ByteBuffer part;
        lock.lockInterruptibly();
        try {
            part = takePart(connectionNumber);
            number = ++seq;
        } finally {
            lock.unlock();
        }
        FrameCodec.encode(message, number, part.clear());
        queuePart(connectionNumber, new Bulk(part.flip(), true));
        return number;
    }

    private void queuePart(long connectionNumber, Bulk part) throws IOException {
        Connection mine;
        lock.lock();
        try {
            mine = connection;
            if (mine == null || mine.number() != connectionNumber) {
                release(part);
                throw ended();
            }
            bulk.add(part);
            if (work != Work.NONE) {
                return;
            }
            work = Work.WRITING;
        } finally {
            lock.unlock();
        }
        write(mine, ROUNDS_MAX);
    }

    private ByteBuffer takePart(long connectionNumber) throws IOException, InterruptedException {
        while (connection != null && connection.number() == connectionNumber) {
            ByteBuffer free = freeParts.poll();
            if (free != null) {
                return free;
            }
            if (parts < BULK_PARTS_MAX) {
                parts++;
                return ByteBuffer.allocateDirect(FrameCodec.FRAME_BYTES_MAX);
            }
            room.await();
        }
        throw ended();
    }

    private static IOException ended() {
        return new IOException("the connection to the peer has ended");
    }

    private void release(Bulk done) {
        if (done.reusable()) {
            freeParts.add(done.bytes());
            room.signal();
        }
    }

    /** Called by the thread of the link. */
    boolean isLeftToLink() {
        lock.lock();
        try {
            return work == Work.LEFT_TO_LINK;
        } finally {
            lock.unlock();
        }
    }

    /** Called by the thread of the link, after {@link #isLeftToLink}, when the channel takes more. */
    void writeMore(Connection mine) {
        lock.lock();
        try {
            if (work != Work.LEFT_TO_LINK) {
                return;
            }
            work = Work.WRITING;
        } finally {
            lock.unlock();
        }
        write(mine, ROUNDS_MAX);
    }

    /** The caller has the right to write; it is passed on or given back on return. */
    private void write(Connection mine, int rounds) {
        for (int round = 0; round < rounds; round++) {
            ByteBuffer next = next(mine);
            if (next == null) {
                return;
            }
            try {
                mine.channel().write(next);
            } catch (IOException e) {
                mine.fail(String.valueOf(e.getMessage()));
                leave(Work.LEFT_TO_LINK);
                return;
            }
            if (next.hasRemaining()) {
                break;
            }
        }
        leave(Work.LEFT_TO_LINK);
        mine.leaveToLink();
    }

    /** What is to be written next, a begun frame first; null, and the right to write given back, if there is nothing. */
    private @Nullable ByteBuffer next(Connection mine) {
        lock.lock();
        try {
            if (connection != null && connection.number() == mine.number()) {
                ByteBuffer next = nextHere();
                if (next != null) {
                    return next;
                }
            }
            work = Work.NONE;
            quiet.signalAll();
            return null;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable ByteBuffer nextHere() {
        if (urgent.hasRemaining()) {
            return urgent;
        }
        if (writingBulk != null) {
            if (writingBulk.bytes().hasRemaining()) {
                return writingBulk.bytes();
            }
            release(writingBulk);
            writingBulk = null;
        }
        if (gathering.position() > 0) {
            ByteBuffer written = urgent;
            urgent = gathering.flip();
            gathering = written.clear();
            return urgent;
        }
        writingBulk = bulk.poll();
        return writingBulk == null ? null : writingBulk.bytes();
    }

    private void leave(Work to) {
        lock.lock();
        try {
            work = to;
            quiet.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
