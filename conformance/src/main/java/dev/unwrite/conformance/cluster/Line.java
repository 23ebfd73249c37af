package dev.unwrite.conformance.cluster;

import dev.unwrite.host.PeerChannel;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Saved;
import dev.unwrite.host.Trouble;
import dev.unwrite.peer.FrameCodec;
import dev.unwrite.peer.FrameReader;
import dev.unwrite.peer.PeerMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What one host sends to the other: a connection after another, each a stream of frames. Parts of a state keep their order,
 * all other messages keep theirs, and overtake parts of a state. Nothing is lost but with a connection.
 */
final class Line implements PeerChannel {
    private static final int LARGEST_BODY = 4096;
    /** So many parts of a state are in the stream at once. */
    private static final int WINDOW = 2;

    private final SimHost from;
    private final SimHost to;
    private final FormerMessages former;
    private final Deque<byte[]> urgent = new ArrayDeque<>();
    private final Deque<byte[]> bulk = new ArrayDeque<>();
    private final ArrivingBytes bytes = new ArrivingBytes();
    private FrameReader reader = new FrameReader(bytes, LARGEST_BODY);
    private @Nullable StateUnderWay state;
    /** As the sender knows. */
    private boolean up;
    /** Nothing arrives any more, though the sender does not know it yet. */
    private boolean broken;

    private int receiverLife;
    private boolean cut;
    private boolean slow;
    private long sequence;

    /** A state that is being sent. */
    private static final class StateUnderWay {
        final long term;
        final long epoch;
        final long base;
        final MachineState saved;
        final ByteBuffer bytes;
        final int crc;
        final Reply<Long> reply;
        boolean begun;
        boolean ended;

        StateUnderWay(long term, long epoch, long base, MachineState saved, Reply<Long> reply) {
            this.term = term;
            this.epoch = epoch;
            this.base = base;
            this.saved = saved;
            this.bytes = saved.pieces();
            this.crc = MachineState.crc(bytes);
            this.reply = reply;
        }
    }

    /** Hands a reader what has arrived, in two pieces: a frame may break at any byte. */
    private static final class ArrivingBytes implements ReadableByteChannel {
        private ByteBuffer frame = ByteBuffer.allocate(0);
        private int first;

        void arrived(byte[] next) {
            frame = ByteBuffer.wrap(next);
            first = 1 + (next[next.length - 1] & 0x7f) % next.length;
        }

        @Override
        public int read(ByteBuffer target) {
            int count = first > 0 ? first : frame.remaining();
            first = 0;
            target.put(frame.slice(frame.position(), count));
            frame.position(frame.position() + count);
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            // There is nothing to close.
        }
    }

    Line(SimHost from, SimHost to, FormerMessages former) {
        this.from = from;
        this.to = to;
        this.former = former;
    }

    // ---- The sender.

    @Override
    public boolean isConnected() {
        return up;
    }

    @Override
    public void send(PeerMessage message) {
        from.cluster().checks().said(from, message);
        if (up && !broken) {
            urgent.add(encoded(message));
            from.witness().sent(from, to, message);
        }
    }

    @Override
    public void sendState(long term, long epoch, long base, Saved saved, Reply<Long> reply) {
        if (state != null && !state.saved.isDropped()) {
            throw new Violation("NoError", from.name + " sends two states at once");
        }
        if (!up) {
            from.later(() -> reply.failed(new Trouble(Trouble.Kind.LOST, "there is no connection")));
            return;
        }
        MachineState given = (MachineState) saved;
        Violation.require(
                "DeltaOnItsBase",
                base == given.base(),
                () -> from.name + " sends a delta on " + given.base() + " as one on " + base);
        Violation.require("NoError", !given.isDropped(), () -> from.name + " sends a state that it has dropped");
        state = new StateUnderWay(term, epoch, base, given, reply);
    }

    private byte[] encoded(PeerMessage message) {
        ByteBuffer frame = ByteBuffer.allocate(FrameCodec.frameBytesMax(message));
        FrameCodec.encode(message, sequence++, frame);
        byte[] bytesOfFrame = new byte[frame.flip().remaining()];
        frame.get(bytesOfFrame);
        return bytesOfFrame;
    }

    /** Puts the next part of a state into the stream, if there is room; whether it did something. */
    boolean pump() {
        StateUnderWay now = state;
        if (now == null || now.saved.isDropped() || !up || broken || bulk.size() >= WINDOW || !from.isRunning()) {
            return false;
        }
        if (!now.begun) {
            now.begun = true;
            bulk.add(encoded(new PeerMessage.StateBegin(now.term, now.epoch, now.base)));
        } else if (now.bytes.hasRemaining()) {
            int count = Math.min(MachineState.CHUNK_BYTES, now.bytes.remaining());
            int at = now.bytes.position();
            bulk.add(encoded(new PeerMessage.StateChunk(now.term, now.epoch, at, now.bytes.slice(at, count))));
            now.bytes.position(at + count);
            from.turn(() -> from.host().stateSent(now.term, now.epoch, at + count));
        } else if (!now.ended) {
            now.ended = true;
            int length = now.bytes.limit();
            bulk.add(encoded(new PeerMessage.StateEnd(now.term, now.epoch, length, now.crc)));
            state = null;
            from.later(() -> now.reply.done((long) length));
        }
        return true;
    }

    // ---- The wire.

    /** Connects anew, if both are there and nothing is in the way. */
    void connect() {
        if (up || cut || !from.isRunning() || !to.isRunning()) {
            return;
        }
        up = true;
        broken = false;
        receiverLife = to.life();
        reader = new FrameReader(bytes, LARGEST_BODY);
        PeerMessage.Hello hello = (PeerMessage.Hello) decode(encoded(to.hello()));
        from.turn(() -> from.host().peerUp(hello));
        from.cluster().greeted(from, to);
    }

    boolean canConnect() {
        return !up && !cut && from.isRunning() && to.isRunning();
    }

    /** The connection breaks: all that is in it is lost. The sender is told by {@link #notice}. */
    void breakOff() {
        if (up) {
            broken = true;
            urgent.forEach(frame -> former.add(from, to, frame));
            bulk.forEach(frame -> former.add(from, to, frame));
            urgent.clear();
            bulk.clear();
        }
    }

    /** Whether the sender can now be told that its connection is no more; one that stands still cannot. */
    boolean isToNotice() {
        return up && broken && from.isRunning();
    }

    /** The sender learns that its connection is no more. */
    void notice() {
        if (isToNotice()) {
            down();
            from.turn(() -> from.host().peerDown());
        }
    }

    private void down() {
        StateUnderWay now = state;
        up = false;
        state = null;
        if (now != null) {
            from.later(() -> now.reply.failed(new Trouble(Trouble.Kind.LOST, "the connection broke")));
        }
    }

    /** The sender is no more. */
    void forget() {
        breakOff();
        up = false;
        state = null;
    }

    /** Nothing passes from here on, or everything again. */
    void cut(boolean now) {
        cut = now;
    }

    /** Parts of a state travel only when a move says so, or as all else. */
    void slow(boolean now) {
        slow = now;
    }

    boolean isEmpty() {
        return urgent.isEmpty() && (slow || bulk.isEmpty());
    }

    /** Whether something but a part of a state is on its way. */
    boolean isUrgent() {
        return !urgent.isEmpty();
    }

    /** So many streams have something: 0 to 2. */
    int streams() {
        return (urgent.isEmpty() ? 0 : 1) + (bulk.isEmpty() ? 0 : 1);
    }

    /** Whether something can arrive in an undisturbed run. */
    boolean canDeliver() {
        return !cut && !broken && to.isRunning() && !isEmpty();
    }

    /** The next message of one of the streams arrives, parts of a state only if nothing else is there or {@code ofBulk}. */
    void deliver(boolean ofBulk) {
        if (cut || broken || !to.isRunning() || to.life() != receiverLife) {
            return;
        }
        Deque<byte[]> stream = urgent.isEmpty() || (ofBulk && !bulk.isEmpty()) ? bulk : urgent;
        byte[] frame = stream.poll();
        if (frame != null) {
            former.add(from, to, frame);
            PeerMessage message = decode(frame);
            int life = from.life();
            to.witness().got(to, message);
            if (!(message instanceof PeerMessage.Heartbeat)) {
                to.logs(message);
            }
            to.turn(() -> to.host().received(message, life));
        }
    }

    private PeerMessage decode(byte[] frame) {
        try {
            bytes.arrived(frame);
            ByteBuffer body = null;
            for (int i = 0; body == null && i < 3; i++) {
                reader.receive();
                body = reader.next();
            }
            if (body == null) {
                throw new Violation("NoError", "a frame of " + frame.length + " bytes did not arrive whole");
            }
            return FrameCodec.decode(body);
        } catch (IOException e) {
            throw new Violation("NoError", "a message could not be read: " + e, e);
        }
    }

    @Override
    public String toString() {
        return from.name + "->" + to.name + (up ? broken ? " half open" : "" : " down") + (cut ? " cut" : "") + " "
                + urgent.size() + "+" + bulk.size();
    }
}
