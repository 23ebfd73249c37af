package dev.unwrite.peer;

import dev.unwrite.peer.PeerMessage.Committed;
import dev.unwrite.peer.PeerMessage.HandOver;
import dev.unwrite.peer.PeerMessage.HandOverRefused;
import dev.unwrite.peer.PeerMessage.Heartbeat;
import dev.unwrite.peer.PeerMessage.Hello;
import dev.unwrite.peer.PeerMessage.Ids;
import dev.unwrite.peer.PeerMessage.Leaving;
import dev.unwrite.peer.PeerMessage.Preserve;
import dev.unwrite.peer.PeerMessage.Preserved;
import dev.unwrite.peer.PeerMessage.StateBegin;
import dev.unwrite.peer.PeerMessage.StateChunk;
import dev.unwrite.peer.PeerMessage.StateEnd;
import dev.unwrite.peer.PeerMessage.StateRefused;
import dev.unwrite.protocol.Extent;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The binary form. A frame is: length of the body (u32), CRC32C of the body (u32), body. A body is: type (u8), number of
 * the message (i64), fields. All numbers are big-endian; a string is its length (u16) and UTF-8.
 */
public final class FrameCodec {
    static final int HEADER_BYTES = 8;
    static final int BODY_BYTES_MIN = 1 + Long.BYTES;
    static final int BODY_BYTES_MAX = BODY_BYTES_MIN + 3 * Long.BYTES + Integer.BYTES + PeerMessage.CHUNK_BYTES_MAX;
    static final int FRAME_BYTES_MAX = HEADER_BYTES + BODY_BYTES_MAX;
    /** Nobody has to take more than this from a stranger. */
    static final int HELLO_BYTES_MAX = 2048;

    /** "UNWRPEER". */
    static final long MAGIC = 0x554e_5752_5045_4552L;

    static final short VERSION = 4;

    static final byte HELLO = 1;
    /** In place of a Hello in answer: why the connection is refused. */
    static final byte REFUSAL = 2;
    /** A sign of life. */
    static final byte TICK = 3;

    private static final byte HEARTBEAT = 16;
    private static final byte PRESERVE = 17;
    private static final byte PRESERVED = 18;
    private static final byte STATE_BEGIN = 19;
    private static final byte STATE_CHUNK = 20;
    private static final byte STATE_END = 21;
    private static final byte STATE_REFUSED = 22;
    private static final byte COMMITTED = 23;
    private static final byte HAND_OVER = 24;
    private static final byte HAND_OVER_REFUSED = 25;
    private static final byte LEAVING = 26;

    private static final int READY_TO_JOIN = 1;
    private static final int HOLDS_NOTHING = 2;
    private static final int PAUSED = 4;

    private static final int EXTENT_BYTES = Integer.BYTES + Long.BYTES + Integer.BYTES;

    private FrameCodec() {}

    /** At least as many bytes as the frame of this message takes. */
    public static int frameBytesMax(PeerMessage message) {
        return switch (message) {
            case Preserve preserve -> 64 + preserve.extents().size() * EXTENT_BYTES;
            case Preserved preserved -> 64 + preserved.extents().size() * EXTENT_BYTES;
            case StateChunk chunk -> 64 + chunk.bytes().remaining();
            case Hello hello -> HELLO_BYTES_MAX;
            case StateRefused refused -> 64 + PeerMessage.REASON_BYTES_MAX;
            case HandOverRefused refused -> 64 + PeerMessage.REASON_BYTES_MAX;
            case Heartbeat heartbeat -> 128 + PeerMessage.NAME_BYTES_MAX;
            case StateBegin begin -> 64;
            case StateEnd end -> 64;
            case Committed committed -> 64;
            case HandOver handOver -> 64;
            case Leaving leaving -> 64;
        };
    }

    /** Appends the frame; there is room for {@link #frameBytesMax}. */
    public static void encode(PeerMessage message, long seq, ByteBuffer out) {
        int start = begin(out, typeOf(message), seq);
        switch (message) {
            case Hello hello -> {
                out.putLong(MAGIC).putShort(VERSION);
                putString(out, hello.group());
                putString(out, hello.from());
                out.putLong(hello.incarnation());
                putString(out, hello.machine());
                putIds(out, hello.ids());
            }
            case Heartbeat heartbeat -> putHeartbeat(out, heartbeat);
            case Preserve p -> putExtents(out, p.term(), p.epoch(), p.extents());
            case Preserved p -> {
                out.putLong(p.position()).putLong(p.undoBytes());
                putExtents(out, p.term(), p.epoch(), p.extents());
            }
            case StateBegin begin ->
                out.putLong(begin.term()).putLong(begin.epoch()).putLong(begin.base());
            case StateChunk chunk -> {
                out.putLong(chunk.term()).putLong(chunk.epoch()).putLong(chunk.offset());
                out.putInt(chunk.bytes().remaining()).put(chunk.bytes().duplicate());
            }
            case StateEnd end -> {
                out.putLong(end.term()).putLong(end.epoch()).putLong(end.length());
                out.putInt(end.crc32c());
            }
            case StateRefused refused -> {
                out.putLong(refused.term()).putLong(refused.epoch());
                putString(out, refused.reason());
            }
            case Committed committed -> out.putLong(committed.term()).putLong(committed.epoch());
            case HandOver handOver ->
                out.putLong(handOver.term()).putLong(handOver.epoch()).putLong(handOver.millis());
            case Leaving leaving -> out.putLong(leaving.term());
            case HandOverRefused refused -> {
                out.putLong(refused.term());
                putString(out, refused.reason());
            }
        }
        end(out, start);
    }

    static void encodeRefusal(String reason, ByteBuffer out) {
        int start = begin(out, REFUSAL, 0);
        putString(out, reason);
        end(out, start);
    }

    static void encodeTick(ByteBuffer out) {
        end(out, begin(out, TICK, 0));
    }

    private static byte typeOf(PeerMessage message) {
        return switch (message) {
            case Hello m -> HELLO;
            case Heartbeat m -> HEARTBEAT;
            case Preserve m -> PRESERVE;
            case Preserved m -> PRESERVED;
            case StateBegin m -> STATE_BEGIN;
            case StateChunk m -> STATE_CHUNK;
            case StateEnd m -> STATE_END;
            case StateRefused m -> STATE_REFUSED;
            case Committed m -> COMMITTED;
            case HandOver m -> HAND_OVER;
            case HandOverRefused m -> HAND_OVER_REFUSED;
            case Leaving m -> LEAVING;
        };
    }

    private static int begin(ByteBuffer out, byte type, long seq) {
        int start = out.position();
        out.position(start + HEADER_BYTES);
        out.put(type).putLong(seq);
        return start;
    }

    private static void end(ByteBuffer out, int start) {
        int body = start + HEADER_BYTES;
        int length = out.position() - body;
        out.putInt(start, length).putInt(start + Integer.BYTES, crc(out.slice(body, length)));
    }

    /** The length of the body of the frame that begins here; negative if its header has not come whole. */
    static int bodyBytes(ByteBuffer in, int most) throws MalformedFrameException {
        if (in.remaining() < HEADER_BYTES) {
            return -1;
        }
        int length = in.getInt(in.position());
        if (length < BODY_BYTES_MIN || length > most) {
            throw new MalformedFrameException("a frame of " + Integer.toUnsignedString(length) + " bytes");
        }
        return length;
    }

    /** Takes the next body, of at most so many bytes, or nothing while it has not come whole. It shares the bytes. */
    static @Nullable ByteBuffer body(ByteBuffer in, int most) throws MalformedFrameException {
        int length = bodyBytes(in, most);
        if (length < 0 || in.remaining() < HEADER_BYTES + length) {
            return null;
        }
        int start = in.position();
        ByteBuffer body = in.slice(start + HEADER_BYTES, length);
        check(body, in.getInt(start + Integer.BYTES));
        in.position(start + HEADER_BYTES + length);
        return body;
    }

    /** Throws if this is not the checksum of the body. */
    static void check(ByteBuffer body, int crc) throws MalformedFrameException {
        if (crc(body.duplicate()) != crc) {
            throw new MalformedFrameException("a frame with a wrong checksum");
        }
    }

    static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static void putHeartbeat(ByteBuffer out, Heartbeat heartbeat) {
        putString(out, heartbeat.role());
        out.putLong(heartbeat.term()).putLong(heartbeat.epoch());
        out.putLong(heartbeat.committedEpoch()).putLong(heartbeat.recordVersion());
        out.put((byte) ((heartbeat.readyToJoin() ? READY_TO_JOIN : 0)
                | (heartbeat.holdsNothing() ? HOLDS_NOTHING : 0)
                | (heartbeat.paused() ? PAUSED : 0)));
        out.putLong(heartbeat.undoBytes());
    }

    private static void putIds(ByteBuffer out, Ids ids) {
        putString(out, ids.storage());
        putString(out, ids.folder());
        putString(out, ids.undo());
        out.putLong(ids.position()).putLong(ids.checkpointTerm()).putLong(ids.checkpointEpoch());
        putString(out, ids.control());
    }

    private static void putExtents(ByteBuffer out, long term, long epoch, List<Extent> extents) {
        out.putLong(term).putLong(epoch).putInt(extents.size());
        for (Extent extent : extents) {
            out.putInt(extent.volume()).putLong(extent.first()).putInt(extent.count());
        }
    }

    /** Names are short enough by their constructors; a reason is cut off, never in the middle of a character. */
    private static void putString(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, PeerMessage.REASON_BYTES_MAX);
        while (length < bytes.length && length > 0 && (bytes[length] & 0xc0) == 0x80) {
            length--;
        }
        out.putShort((short) length).put(bytes, 0, length);
    }

    /** Reads a body, from position to limit, whose CRC was checked. */
    public static PeerMessage decode(ByteBuffer body) throws MalformedFrameException {
        byte type = body.get();
        body.getLong();
        try {
            PeerMessage message = fields(type, body);
            if (body.hasRemaining()) {
                throw new MalformedFrameException(body.remaining() + " bytes too many in a message of type " + type);
            }
            return message;
        } catch (BufferUnderflowException e) {
            throw new MalformedFrameException("a message of type " + type + " is too short");
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException("a message of type " + type + " says: " + e.getMessage());
        }
    }

    private static PeerMessage fields(byte type, ByteBuffer in) throws MalformedFrameException {
        return switch (type) {
            case HELLO -> hello(in);
            case HEARTBEAT -> heartbeat(in);
            case PRESERVE -> new Preserve(in.getLong(), in.getLong(), extents(in));
            case PRESERVED -> new Preserved(in.getLong(), in.getLong(), in.getLong(), in.getLong(), extents(in));
            case STATE_BEGIN -> new StateBegin(in.getLong(), in.getLong(), in.getLong());
            case STATE_CHUNK -> new StateChunk(in.getLong(), in.getLong(), in.getLong(), bytes(in));
            case STATE_END -> new StateEnd(in.getLong(), in.getLong(), in.getLong(), in.getInt());
            case STATE_REFUSED -> new StateRefused(in.getLong(), in.getLong(), string(in));
            case COMMITTED -> new Committed(in.getLong(), in.getLong());
            case HAND_OVER -> new HandOver(in.getLong(), in.getLong(), in.getLong());
            case LEAVING -> new Leaving(in.getLong());
            case HAND_OVER_REFUSED -> new HandOverRefused(in.getLong(), string(in));
            default -> throw new MalformedFrameException("there is no message of type " + type);
        };
    }

    private static Hello hello(ByteBuffer in) throws MalformedFrameException {
        if (in.getLong() != MAGIC) {
            throw new MalformedFrameException("this is no unwrite node");
        }
        short version = in.getShort();
        if (version != VERSION) {
            throw new MalformedFrameException("the peer speaks version " + version + " of the protocol, not " + VERSION
                    + "; run the same unwrite on both hosts");
        }
        return new Hello(string(in), string(in), in.getLong(), string(in), ids(in));
    }

    private static Ids ids(ByteBuffer in) throws MalformedFrameException {
        return new Ids(string(in), string(in), string(in), in.getLong(), in.getLong(), in.getLong(), string(in));
    }

    private static Heartbeat heartbeat(ByteBuffer in) throws MalformedFrameException {
        String role = string(in);
        long term = in.getLong();
        long epoch = in.getLong();
        long committed = in.getLong();
        long version = in.getLong();
        int flags = in.get();
        if ((flags & ~(READY_TO_JOIN | HOLDS_NOTHING | PAUSED)) != 0) {
            throw new MalformedFrameException("unknown flags " + flags);
        }
        return new Heartbeat(
                role,
                term,
                epoch,
                committed,
                version,
                (flags & READY_TO_JOIN) != 0,
                (flags & HOLDS_NOTHING) != 0,
                (flags & PAUSED) != 0,
                in.getLong());
    }

    private static List<Extent> extents(ByteBuffer in) throws MalformedFrameException {
        int count = in.getInt();
        if (count < 1 || count > PeerMessage.EXTENTS_MAX || count * EXTENT_BYTES != in.remaining()) {
            throw new MalformedFrameException("impossible number of extents: " + count);
        }
        List<Extent> extents = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            extents.add(new Extent(in.getInt(), in.getLong(), in.getInt()));
        }
        return extents;
    }

    /** A copy: the buffer that this was received in is used again. */
    private static ByteBuffer bytes(ByteBuffer in) throws MalformedFrameException {
        int length = in.getInt();
        if (length < 0 || length != in.remaining()) {
            throw new MalformedFrameException("impossible part of a state: " + length + " bytes");
        }
        byte[] copy = new byte[length];
        in.get(copy);
        return ByteBuffer.wrap(copy);
    }

    static String string(ByteBuffer in) throws MalformedFrameException {
        int length = Short.toUnsignedInt(in.getShort());
        if (length > PeerMessage.REASON_BYTES_MAX || length > in.remaining()) {
            throw new MalformedFrameException("impossible length of a text: " + length);
        }
        ByteBuffer bytes = in.slice(in.position(), length);
        in.position(in.position() + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedFrameException("a text that is not UTF-8");
        }
    }
}
