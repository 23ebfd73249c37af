package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.BlockHash;
import dev.unwrite.trace.Contents;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes of the machine, from request to reply. A write waits until nothing earlier overlaps it and the gate is open, is
 * filled up to whole blocks, and becomes the action {@code MachineWrite}, which asks the secondary for copies if needed.
 * By the effect {@code Ready} it goes to the storage. Its client is answered when it is done, or early, within the window.
 */
final class Writes {
    /** The largest piece of a request, in blocks: 1 MiB. */
    static final int MAX_BLOCKS = 256;

    /** The most pieces of one request in flight; a request may be as large as a volume. */
    private static final int PIECES_MAX = 4;

    /**
     * The write-back window, in bytes: writes within it are answered as soon as they have begun. Reads wait for writes they
     * overlap and a flush waits for all, so no client can tell the difference. A write with FUA is answered when it is durable.
     */
    private static final long WINDOW_BYTES = 4L << 20;

    /** The most writes in flight: each step of the protocol looks at all of them. */
    private static final int BEGUN_MAX = 256;

    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final ByteBuffer ZEROES =
            ByteBuffer.allocate(MAX_BLOCKS * BLOCK).asReadOnlyBuffer();

    /** What a client asked for; {@code data} null for zeroes. */
    private static final class Request {
        final int volume;
        final long start;
        final long end;
        final @Nullable ByteBuffer data;
        final boolean asData;
        final boolean fua;
        final Reply<Done> reply;
        long next;
        /** Pieces that are neither within the window nor done, nor, with FUA, durable. */
        int underWay;

        @Nullable
        Trouble trouble;

        Request(
                int volume,
                long offset,
                long length,
                @Nullable ByteBuffer data,
                boolean asData,
                boolean fua,
                Reply<Done> reply) {
            this.asData = asData;
            this.volume = volume;
            this.start = offset;
            this.next = offset;
            this.end = offset + length;
            this.data = data;
            this.fua = fua;
            this.reply = reply;
        }
    }

    /** A piece of a request, of the blocks that it touches. */
    private static final class Write {
        final Request request;
        final Extent extent;
        /** Where in the first block it begins, and how long it is, in bytes. */
        final int skip;

        final int length;
        long id;
        long reserved;
        /** Whether it counts as answered before it is done. */
        boolean early;
        /** All of the blocks' new content; null for zeroes only. */
        @Nullable
        ByteBuffer content;

        Write(Request request, Extent extent, int skip, int length) {
            this.request = request;
            this.extent = extent;
            this.skip = skip;
            this.length = length;
        }

        boolean isWhole() {
            return skip == 0 && length == extent.lengthBytes();
        }

        /** What the client gave for this piece; null for zeroes that may be a hole. */
        @Nullable
        ByteBuffer given() {
            ByteBuffer data = request.data;
            if (data == null) {
                return request.asData ? ZEROES.slice(0, length) : null;
            }
            long from = extent.offsetBytes() + skip - request.start;
            return data.slice(data.position() + (int) from, length);
        }
    }

    private final Host h;
    private final Unflushed unflushed;
    private final UndoRoom room;
    private final List<Write> waiting = new ArrayList<>();
    private final ExtentIndex<Write> active = new ExtentIndex<>();
    /** In the order in which they began. */
    private final Map<Long, Write> begun = new LinkedHashMap<>();
    /** The same, by extent. */
    private final ExtentIndex<Write> changing = new ExtentIndex<>();

    private boolean open;
    private boolean admitting;
    /** Bytes that are answered and not done. */
    private long windowBytes;
    /** What was begun within the window since the last turn: answered at its end. */
    private final List<Write> toAnswer = new ArrayList<>();

    private @Nullable Runnable whenDrained;
    private long ids;
    private long done;
    private long doneBytes;
    private int withoutRoom;
    private long withoutRoomSince;

    Writes(Host h, Unflushed unflushed, UndoRoom room) {
        this.h = h;
        this.unflushed = unflushed;
        this.room = room;
    }

    // ---- The gate.

    /** Lets writes begin. */
    void open() {
        open = true;
        whenDrained = null;
        admit();
    }

    /** Lets no further write begin; {@code drained} runs once all that began are done. */
    void close(Runnable drained) {
        open = false;
        whenDrained = drained;
        lookIfDrained();
    }

    private void lookIfDrained() {
        Runnable then = whenDrained;
        if (then != null && active.isEmpty()) {
            whenDrained = null;
            then.run();
        }
    }

    // ---- Requests.

    /** Writes what remains in {@code data}, which belongs to the host from here on. */
    void write(int volume, long offset, long length, ByteBuffer data, boolean fua, Reply<Done> reply) {
        write(new Request(volume, offset, length, data, false, isDurable(fua), reply));
    }

    /** Writes zeroes; with {@code asData} as bytes, so that the range keeps its space. */
    void writeZeroes(int volume, long offset, long length, boolean asData, boolean fua, Reply<Done> reply) {
        write(new Request(volume, offset, length, null, asData, isDurable(fua), reply));
    }

    /** Without a write cache every write is one with FUA, as on a disk without one: its clients do not flush. */
    private boolean isDurable(boolean fua) {
        return fua || !h.config().writeCache();
    }

    private void write(Request request) {
        if (request.next == request.end) {
            request.reply.done(Done.DONE);
            return;
        }
        cut(request);
        admit();
    }

    private void cut(Request request) {
        while (request.next < request.end && request.underWay < PIECES_MAX && request.trouble == null) {
            long first = request.next / BLOCK;
            long end = Math.min(request.end, (first + MAX_BLOCKS) * BLOCK);
            int count = (int) (Math.ceilDiv(end, BLOCK) - first);
            int skip = (int) (request.next - first * BLOCK);
            waiting.add(new Write(request, new Extent(request.volume, first, count), skip, (int) (end - request.next)));
            request.next = end;
            request.underWay++;
        }
    }

    /** Begins every write that may, in the order in which they came. */
    void admit() {
        if (admitting || waiting.isEmpty() || !open || h.state().role() != Role.PRIMARY) {
            return;
        }
        admitting = true;
        List<Write> first = new ArrayList<>();
        List<Write> passedOver = new ArrayList<>();
        int lackRoom = 0;
        for (Iterator<Write> i = waiting.iterator(); i.hasNext(); ) {
            if (unflushed.bytes() > Unflushed.LIMIT_BYTES || active.size() >= BEGUN_MAX) {
                break;
            }
            Write write = i.next();
            boolean held =
                    active.overlaps(write.extent) || overlaps(passedOver, write) || isOwed(h.state(), write.extent);
            long reserved = held ? 0 : room.reserve(h.state(), write.extent, h.cuts.waitsForMachine());
            if (held || reserved < 0) {
                lackRoom += held ? 0 : 1;
                passedOver.add(write);
                continue;
            }
            i.remove();
            write.reserved = reserved;
            active.add(write.extent, write);
            first.add(write);
        }
        noteRoom(lackRoom);
        first.forEach(this::begin);
        admitting = false;
        if (unflushed.bytes() > Unflushed.LIMIT_BYTES) {
            h.flushes.soon();
        }
    }

    private void noteRoom(int lackRoom) {
        if (withoutRoom == 0) {
            withoutRoomSince = h.now();
        }
        withoutRoom = lackRoom;
    }

    private static boolean overlaps(List<Write> writes, Write write) {
        Extent e = write.extent;
        for (Write other : writes) {
            Extent o = other.extent;
            if (o.volume() == e.volume() && o.first() < e.end() && e.first() < o.end()) {
                return true;
            }
        }
        return false;
    }

    /** Whether the extent is still to be written again in a new session, which comes first. */
    private static boolean isOwed(HostState s, Extent extent) {
        return s.owed().containsAny(extent);
    }

    private void begin(Write write) {
        if (write.isWhole()) {
            write.content = write.given();
            propose(write);
            return;
        }
        h.reads.read(
                write.extent.volume(),
                write.extent.offsetBytes(),
                (int) write.extent.lengthBytes(),
                Reply.of(
                        old -> {
                            write.content = filledUp(write, old);
                            propose(write);
                        },
                        why -> {
                            if (active.contains(write.extent, write)) {
                                end(write, why);
                            }
                        }));
    }

    private static ByteBuffer filledUp(Write write, ByteBuffer old) {
        ByteBuffer content = ByteBuffer.allocate((int) write.extent.lengthBytes());
        content.put(0, old, old.position(), content.capacity());
        ByteBuffer given = write.given();
        ByteBuffer piece = given == null ? ZEROES.slice(0, write.length) : given;
        content.put(write.skip, piece, piece.position(), write.length);
        return content;
    }

    private void propose(Write write) {
        write.id = ++ids;
        begun.put(write.id, write);
        changing.add(write.extent, write);
        h.core.must(
                new Action.MachineWrite(write.id, write.extent),
                h.wantsContents() ? Contents.written(hashes(write)) : null);
        if (write.request.fua) {
            awaitDurable(write);
        } else if (windowBytes + write.extent.lengthBytes() <= WINDOW_BYTES) {
            write.early = true;
            windowBytes += write.extent.lengthBytes();
            toAnswer.add(write);
        }
    }

    /** With FUA, a write is one with a flush of its blocks. Where that fails, the machine has stopped, and the write with it. */
    private void awaitDurable(Write write) {
        Request request = write.request;
        h.flushes.flush(
                Blocks.of(write.extent),
                Reply.of(
                        done -> {
                            pieceIsOver(request, null);
                            admit();
                        },
                        why -> {}));
    }

    private static int[] hashes(Write write) {
        ByteBuffer content = write.content;
        if (content != null) {
            return BlockHash.of(content);
        }
        int[] zeroes = new int[write.extent.count()];
        Arrays.fill(zeroes, BlockHash.ZERO);
        return zeroes;
    }

    /** Effect Ready: these writes may go to the storage. Without a session they go when there is one, by the same effect. */
    void ready(List<PendingWrite> ready) {
        for (PendingWrite pending : ready) {
            Write write = begun.get(pending.id());
            if (write != null
                    && h.sessions.isUsable()
                    && h.core.take(new Action.SendWrite(pending.id(), pending.extent(), write.request.fua))) {
                long session = h.sessions.number();
                h.storage()
                        .write(
                                session,
                                write.extent,
                                write.content,
                                write.request.fua,
                                Reply.of(answer -> written(write, session), why -> h.sessions.broke(session, why)));
            }
        }
    }

    private void written(Write write, long session) {
        if (!h.sessions.is(session)) {
            return;
        }
        ByteBuffer content = write.content;
        unflushed.put(write.extent, content == null ? ZEROES.slice(0, (int) write.extent.lengthBytes()) : content);
        h.core.must(new Action.WriteDone(write.id, write.extent, session));
        done++;
        doneBytes += write.extent.lengthBytes();
        end(write, null);
        if (unflushed.bytes() > Unflushed.LIMIT_BYTES / 2) {
            h.flushes.soon();
        }
    }

    /** At the end of a turn: answers the clients of writes that began within the window. */
    void answerEarly() {
        while (!toAnswer.isEmpty()) {
            List<Write> all = List.copyOf(toAnswer);
            toAnswer.clear();
            all.forEach(write -> pieceIsOver(write.request, null));
            admit();
        }
    }

    private void end(Write write, @Nullable Trouble why) {
        active.remove(write.extent, write);
        begun.remove(write.id);
        changing.remove(write.extent, write);
        room.release(write.reserved);
        if (write.early) {
            windowBytes -= write.extent.lengthBytes();
        } else if (why != null || !write.request.fua) {
            pieceIsOver(write.request, why);
        }
        admit();
        h.flushes.start();
        h.reads.start();
        lookIfDrained();
    }

    private void pieceIsOver(Request request, @Nullable Trouble why) {
        request.underWay--;
        request.trouble = request.trouble == null ? why : request.trouble;
        cut(request);
        if (request.underWay == 0) {
            answer(request);
        }
    }

    /** Whether a write that has begun, and may be answered, changes bytes of that range. */
    boolean isChanging(int volume, long offset, long length) {
        return length > 0 && changing.overlaps(volume, offset / BLOCK, Math.ceilDiv(offset + length, (long) BLOCK));
    }

    /** Whether all writes up to that one of {@link #begunTotal} are done. */
    boolean areDone(long upTo) {
        return begun.isEmpty() || begun.keySet().iterator().next() > upTo;
    }

    private static void answer(Request request) {
        Trouble trouble = request.trouble;
        if (trouble == null) {
            request.reply.done(Done.DONE);
        } else {
            request.reply.failed(trouble);
        }
    }

    // ---- What is owed in a new session.

    /** Effect WriteOwed of a primary: what may be lost is written again, before anything else. */
    void replay() {
        long session = h.sessions.number();
        List<Extent> pieces = new ArrayList<>();
        for (Extent owed : h.state().owed().extents()) {
            for (long first = owed.first(); first < owed.end(); first += MAX_BLOCKS) {
                pieces.add(new Extent(owed.volume(), first, (int) Math.min(MAX_BLOCKS, owed.end() - first)));
            }
        }
        Iterator<Extent> rest = pieces.iterator();
        for (int i = 0; i < PIECES_MAX && rest.hasNext(); i++) {
            replay(session, rest);
        }
    }

    private void replay(long session, Iterator<Extent> rest) {
        if (!rest.hasNext() || !h.sessions.is(session)) {
            return;
        }
        Extent extent = rest.next();
        ByteBuffer content = unflushed.get(extent);
        if (content == null) {
            throw new IllegalStateException("the contents of " + extent + " are not remembered");
        }
        h.core.must(new Action.SendWrite(HostState.OWED, extent));
        h.storage()
                .write(
                        session,
                        extent,
                        content,
                        false,
                        Reply.of(
                                answer -> {
                                    if (h.sessions.is(session)) {
                                        h.core.must(new Action.WriteDone(HostState.OWED, extent, session));
                                        replay(session, rest);
                                        h.lookIfReadable();
                                    }
                                },
                                why -> h.sessions.broke(session, why)));
    }

    /** The machine no longer runs here: everything that waits fails. */
    void end(Trouble why) {
        open = false;
        whenDrained = null;
        Set<Request> requests = new LinkedHashSet<>();
        waiting.forEach(write -> requests.add(write.request));
        toAnswer.forEach(write -> requests.add(write.request));
        active.all().forEach(write -> {
            room.release(write.reserved);
            if (!write.early) {
                requests.add(write.request);
            }
        });
        toAnswer.clear();
        windowBytes = 0;
        waiting.clear();
        active.clear();
        begun.clear();
        changing.clear();
        unflushed.clear();
        noteRoom(0);
        requests.forEach(request -> {
            request.trouble = why;
            answer(request);
        });
    }

    /** How many writes of the machine have begun, whatever became of them. */
    long begunTotal() {
        return ids;
    }

    long doneTotal() {
        return done;
    }

    long doneBytes() {
        return doneBytes;
    }

    int withoutRoom() {
        return withoutRoom;
    }

    /** For how long writes have waited for room without a break. */
    long withoutRoomNanos() {
        return withoutRoom == 0 ? 0 : Math.max(1, h.now() - withoutRoomSince);
    }
}
