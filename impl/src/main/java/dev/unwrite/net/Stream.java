package dev.unwrite.net;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A connection that a loop serves: bytes come in and are made to frames by a subclass, frames go out in the order in which
 * they are sent. For the loop's thread only.
 */
public abstract class Stream {
    private static final int IN_BYTES = 128 << 10;
    private static final int SMALL_BYTES = 64 << 10;
    /** Buffers of one write; more go with the next. */
    private static final int GATHERED_MAX = 64;
    /**
     * Bytes of one write. The JDK first copies all that it is given from the heap, also what the socket then does not take: with
     * large frames under way that was most of what a node did.
     */
    private static final int GATHERED_BYTES_MAX = 256 << 10;

    private final SocketChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES).limit(0);
    /** Small frames are gathered here before they are queued. */
    private ByteBuffer small = ByteBuffer.allocateDirect(SMALL_BYTES);
    /** What is before it in there is queued, or sent. */
    private int smallFrom;

    private final Deque<Out> out = new ArrayDeque<>();
    private long outBytes;
    private @Nullable ByteBuffer body;
    private long skipped;
    private @Nullable EventLoop loop;
    private @Nullable SelectionKey key;
    private boolean dirty;
    private boolean ended;
    private boolean paused;
    private boolean lastWords;
    /** Since when the rest of a frame is waited for, and since when the other side takes nothing; 0 if it is not so. */
    private volatile long partialSince;

    private volatile long stuckSince;

    /** Bytes to be sent, and what is to be done when they are, or never will be. */
    private record Out(ByteBuffer bytes, Runnable free) {}

    /** A connection that no loop serves yet. */
    protected Stream(SocketChannel channel) {
        this.channel = channel;
    }

    SocketChannel channel() {
        return channel;
    }

    void servedBy(EventLoop server, SelectionKey selectionKey) {
        loop = server;
        key = selectionKey;
        if (outBytes > 0) {
            markDirty();
        }
        parseRest();
    }

    // ---- In.

    /** Bytes that somebody has read already, before a loop served the stream: they come first. */
    protected final void begin(ByteBuffer read) {
        in.compact().put(read).flip();
    }

    /** Takes whole frames from the buffer, as far as there are any, and leaves the rest. */
    protected abstract void received(ByteBuffer bytes) throws IOException;

    /** The body of a frame for which {@link #expect} was called has come, whole. */
    protected abstract void receivedBody(ByteBuffer bytes) throws IOException;

    /** The connection has ended; called once. */
    protected abstract void ended(IOException why);

    /**
     * Within {@link #received(ByteBuffer)}: the next bytes belong to the body of a frame and fill what remains of the buffer;
     * then {@link #receivedBody} is called with it.
     */
    protected final void expect(ByteBuffer whole) {
        body = whole;
    }

    /** Within {@link #received(ByteBuffer)}: the next bytes, at least one, are of no interest; then {@link #skipped}. */
    protected final void skip(long bytes) {
        skipped = bytes;
    }

    /** What was to be skipped has come. */
    protected void skipped() {}

    /** All that has come is taken apart; whatever came of it. */
    protected void caughtUp() {}

    /** The other side sends nothing more. Ends the connection, unless a subclass has something to send still. */
    protected void closedByPeer() throws IOException {
        throw new EOFException("the other side has closed the connection");
    }

    /** Reads nothing more until {@link #resume}: whoever sends has to wait. */
    public final void pause() {
        paused = true;
        interest();
    }

    /** Reads again. */
    public final void resume() {
        if (paused) {
            paused = false;
            interest();
            EventLoop server = loop;
            if (server != null) {
                server.post(this::parseRest);
            }
        }
    }

    private void parseRest() {
        try {
            parse();
        } catch (IOException | RuntimeException e) {
            end(e instanceof IOException io ? io : new IOException(e));
        }
    }

    void ready(SelectionKey selected) {
        if (ended) {
            return;
        }
        try {
            if (selected.isWritable()) {
                markDirty();
            }
            if (selected.isReadable()) {
                read();
            }
        } catch (IOException | RuntimeException e) {
            end(e instanceof IOException io ? io : new IOException(e));
        }
    }

    private void read() throws IOException {
        ByteBuffer filling = body;
        in.compact();
        long count;
        if (filling != null && filling.hasRemaining()) {
            count = channel.read(new ByteBuffer[] {filling, in});
        } else {
            count = channel.read(in);
        }
        in.flip();
        if (count < 0) {
            paused = true;
            interest();
            closedByPeer();
            return;
        }
        parse();
        boolean partial = in.hasRemaining() || body != null || skipped > 0;
        if (!partial || paused) {
            partialSince = 0;
        } else if (count > 0 || partialSince == 0) {
            partialSince = System.nanoTime();
        }
    }

    private void parse() throws IOException {
        try {
            parseAll();
        } finally {
            caughtUp();
        }
    }

    private void parseAll() throws IOException {
        while (!ended && !paused) {
            if (skipped > 0) {
                int drop = (int) Math.min(skipped, in.remaining());
                in.position(in.position() + drop);
                skipped -= drop;
                if (skipped > 0) {
                    return;
                }
                skipped();
            }
            ByteBuffer filling = body;
            if (filling != null) {
                int take = Math.min(filling.remaining(), in.remaining());
                filling.put(in.slice(in.position(), take));
                in.position(in.position() + take);
                if (filling.hasRemaining()) {
                    return;
                }
                body = null;
                receivedBody(filling.flip());
                continue;
            }
            int before = in.remaining();
            received(in);
            if (body == null && skipped == 0 && in.remaining() == before) {
                return;
            }
        }
    }

    // ---- Out.

    /** Room for a small frame of so many bytes; they are sent with this turn. Fill all of it at once. */
    protected final ByteBuffer frame(int bytes) {
        if (small.remaining() < bytes) {
            queueSmall();
            small = ByteBuffer.allocateDirect(Math.max(SMALL_BYTES, bytes));
            smallFrom = 0;
        }
        outBytes += bytes;
        markDirty();
        ByteBuffer frame = small.slice(small.position(), bytes);
        small.position(small.position() + bytes);
        return frame;
    }

    /** Sends what remains in the buffer, which is not changed until {@code free} runs: it is sent, or never will be. */
    protected final void send(ByteBuffer bytes, Runnable free) {
        if (bytes.remaining() <= small.remaining() && bytes.remaining() <= SMALL_BYTES / 4) {
            frame(bytes.remaining()).put(bytes.duplicate());
            free.run();
            return;
        }
        queueSmall();
        outBytes += bytes.remaining();
        out.add(new Out(bytes.duplicate(), free));
        markDirty();
    }

    /** Where it is: the buffer is used on behind it, since to make another costs more than most frames. */
    private void queueSmall() {
        if (small.position() > smallFrom) {
            out.add(new Out(small.slice(smallFrom, small.position() - smallFrom), () -> {}));
            smallFrom = small.position();
        }
    }

    /** For how long the other side has left a frame unfinished, or taken nothing of what is sent; for any thread. */
    public final long stalledNanos() {
        long now = System.nanoTime();
        long partial = partialSince;
        long stuck = stuckSince;
        return Math.max(partial == 0 ? 0 : now - partial, stuck == 0 ? 0 : now - stuck);
    }

    /** How much is to be sent and is not yet. */
    public final long unsentBytes() {
        return outBytes;
    }

    private void markDirty() {
        EventLoop server = loop;
        if (!dirty && server != null) {
            dirty = true;
            server.isDirty(this);
        }
    }

    void flush() {
        dirty = false;
        if (ended) {
            return;
        }
        try {
            boolean takesMore = true;
            while (outBytes > 0 && takesMore) {
                takesMore = out.isEmpty() ? writeSmall() : writeQueued();
            }
            if (outBytes == 0) {
                stuckSince = 0;
            } else if (stuckSince == 0) {
                stuckSince = System.nanoTime();
            }
            interest();
            if (outBytes == 0) {
                sent();
                if (lastWords) {
                    end(new IOException("the connection was closed by this side"));
                }
            }
        } catch (IOException e) {
            end(e);
        }
    }

    /** All that was to be sent is sent; a subclass may have more. */
    protected void sent() {}

    private boolean writeSmall() throws IOException {
        int given = small.position() - smallFrom;
        int wrote = channel.write(small.slice(smallFrom, given));
        smallFrom += wrote;
        useSmallAgain();
        return tookAll(wrote, given);
    }

    /** Counts what was written; says whether the socket took all that it was given. */
    private boolean tookAll(long wrote, int given) {
        outBytes -= wrote;
        if (wrote > 0) {
            stuckSince = 0;
        }
        return wrote == given;
    }

    /** From its start, once nothing in it is queued. */
    private void useSmallAgain() {
        if (out.isEmpty() && smallFrom == small.position()) {
            small.clear();
            smallFrom = 0;
        }
    }

    private boolean writeQueued() throws IOException {
        if (out.size() < GATHERED_MAX) {
            queueSmall();
        }
        ByteBuffer[] some = new ByteBuffer[Math.min(GATHERED_MAX, out.size())];
        int count = 0;
        int room = GATHERED_BYTES_MAX;
        ByteBuffer last = out.getFirst().bytes;
        ByteBuffer cut = null;
        for (Out next : out) {
            if (count == some.length || room == 0) {
                break;
            }
            last = next.bytes;
            int take = Math.min(room, last.remaining());
            cut = take < last.remaining() ? last.slice(last.position(), take) : null;
            some[count++] = cut == null ? last : cut;
            room -= take;
        }
        long wrote = channel.write(some, 0, count);
        if (cut != null) {
            last.position(last.position() + cut.position());
        }
        while (!out.isEmpty() && !out.getFirst().bytes.hasRemaining()) {
            out.removeFirst().free.run();
        }
        useSmallAgain();
        return tookAll(wrote, GATHERED_BYTES_MAX - room);
    }

    private void interest() {
        SelectionKey mine = key;
        if (mine != null && mine.isValid()) {
            int ops = (paused ? 0 : SelectionKey.OP_READ) | (outBytes > 0 ? SelectionKey.OP_WRITE : 0);
            if (mine.interestOps() != ops) {
                mine.interestOps(ops);
            }
        }
    }

    // ---- The end.

    /** Whether the connection has ended. */
    public final boolean hasEnded() {
        return ended;
    }

    /** Ends the connection once all that was to be sent is sent; nothing more is read. */
    public final void endWhenSent() {
        lastWords = true;
        pause();
        markDirty();
    }

    /** Ends the connection at once. */
    public final void end(IOException why) {
        if (ended) {
            return;
        }
        ended = true;
        SelectionKey mine = key;
        if (mine != null) {
            mine.cancel();
        }
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(Stream.class.getName()).log(System.Logger.Level.DEBUG, "closing a channel", e);
        }
        outBytes = 0;
        out.forEach(unsent -> unsent.free.run());
        out.clear();
        ended(why);
    }
}
