package dev.unwrite.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.peer.PeerMessage.HandOverRefused;
import dev.unwrite.protocol.Extent;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What was encoded is decoded; what was damaged is noticed; what a stranger sends does no harm. */
class FrameCodecTest {
    @Provide
    Arbitrary<PeerMessage> messages() {
        Arbitrary<Long> number = Arbitraries.longs();
        Arbitrary<String> name = Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(60);
        Arbitrary<String> text =
                Arbitraries.strings().withCharRange('a', '\u2fff').ofMaxLength(300);
        Arbitrary<Boolean> flag = Arbitraries.of(true, false);
        Arbitrary<List<Extent>> extents = Combinators.combine(
                        Arbitraries.integers().greaterOrEqual(0),
                        Arbitraries.longs().between(0, 1L << 30),
                        Arbitraries.integers().between(1, 1 << 30))
                .as(Extent::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(50);
        Arbitrary<ByteBuffer> bytes =
                Arbitraries.bytes().array(byte[].class).ofMaxSize(2000).map(ByteBuffer::wrap);
        Arbitrary<PeerMessage.Ids> ids = Combinators.combine(name, name, name, number, number, number, name)
                .as(PeerMessage.Ids::new);
        Arbitrary<Long> offset = Arbitraries.longs().greaterOrEqual(0);
        Arbitrary<Integer> crc = Arbitraries.integers();
        return Arbitraries.oneOf(
                Combinators.combine(name, name, number, name, ids).as(PeerMessage.Hello::new),
                Combinators.combine(name, number, number, number, flag, flag, flag, number)
                        .as((role, term, epoch, version, ready, nothing, paused, undo) -> new PeerMessage.Heartbeat(
                                role, term, epoch, epoch - 1, version, ready, nothing, paused, undo)),
                Combinators.combine(number, number, extents).as(PeerMessage.Preserve::new),
                Combinators.combine(number, number, number, number, extents).as(PeerMessage.Preserved::new),
                Combinators.combine(number, number, number).as(PeerMessage.StateBegin::new),
                Combinators.combine(number, number, offset, bytes).as(PeerMessage.StateChunk::new),
                Combinators.combine(number, number, number, crc).as(PeerMessage.StateEnd::new),
                Combinators.combine(number, number, text).as(PeerMessage.StateRefused::new),
                Combinators.combine(number, number).as(PeerMessage.Committed::new),
                Combinators.combine(number, number, number).as(PeerMessage.HandOver::new),
                number.map(PeerMessage.Leaving::new),
                Combinators.combine(number, text).as(PeerMessage.HandOverRefused::new));
    }

    private static byte[] encode(PeerMessage message, long seq) {
        ByteBuffer out = ByteBuffer.allocate(FrameCodec.frameBytesMax(message));
        FrameCodec.encode(message, seq, out);
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    /** All that is in these bytes. */
    private static List<PeerMessage> read(byte[] bytes) throws IOException {
        FrameReader reader =
                new FrameReader(Channels.newChannel(new ByteArrayInputStream(bytes)), FrameCodec.BODY_BYTES_MAX);
        List<PeerMessage> messages = new ArrayList<>();
        try {
            while (reader.receive()) {
                for (ByteBuffer body = reader.next(); body != null; body = reader.next()) {
                    messages.add(FrameCodec.decode(body));
                }
            }
        } catch (EOFException e) {
            return messages;
        }
        return messages;
    }

    @Property(tries = 300)
    void whatIsEncodedIsDecoded(@ForAll("messages") PeerMessage first, @ForAll("messages") PeerMessage second)
            throws IOException {
        ByteBuffer both = ByteBuffer.allocate(1 << 20);
        FrameCodec.encode(first, 7, both);
        FrameCodec.encode(second, Long.MAX_VALUE, both);
        byte[] bytes = new byte[both.position()];
        both.flip().get(bytes);
        assertThat(both.getLong(FrameCodec.HEADER_BYTES + 1)).isEqualTo(7);
        assertThat(read(bytes)).containsExactly(first, second);
    }

    @Property(tries = 1000)
    void oneWrongBitIsNoticed(@ForAll("messages") PeerMessage message, @ForAll @IntRange(min = 0) int where) {
        byte[] bytes = encode(message, 1);
        int bit = where % (bytes.length * 8);
        bytes[bit / 8] ^= (byte) (1 << (bit % 8));
        // A greater length makes the reader wait for the rest, which then is not there.
        List<PeerMessage> messages;
        try {
            messages = read(bytes);
        } catch (IOException e) {
            assertThat(e).isInstanceOf(MalformedFrameException.class);
            return;
        }
        assertThat(messages).isEmpty();
        assertThat(bit).isLessThan(32);
    }

    @Property(tries = 1000)
    void bodiesOfAStrangerAreDecodedOrRefused(@ForAll byte[] body, @ForAll @IntRange(min = 0, max = 30) int type) {
        ByteBuffer bytes = ByteBuffer.allocate(FrameCodec.BODY_BYTES_MIN + body.length);
        bytes.put((byte) type).putLong(1).put(body).flip();
        try {
            PeerMessage message = FrameCodec.decode(bytes);
            assertThat(encode(message, 1).length).isEqualTo(FrameCodec.HEADER_BYTES + bytes.limit());
        } catch (MalformedFrameException e) {
            assertThat(e.getMessage()).isNotEmpty();
        }
    }

    @Example
    void aTooLargeFrameIsRefusedBeforeItsBytesAreAwaited() {
        byte[] header =
                ByteBuffer.allocate(8).putInt(FrameCodec.BODY_BYTES_MAX + 1).array();
        assertThatThrownBy(() -> read(header)).isInstanceOf(MalformedFrameException.class);
        byte[] negative = ByteBuffer.allocate(8).putInt(-1).array();
        assertThatThrownBy(() -> read(negative)).isInstanceOf(MalformedFrameException.class);
    }

    @Example
    void aLargestFrameAndALongReasonPass() throws IOException {
        var chunk = new PeerMessage.StateChunk(1, 2, 3, ByteBuffer.allocate(PeerMessage.CHUNK_BYTES_MAX));
        assertThat(read(encode(chunk, 1))).containsExactly(chunk);
        List<PeerMessage> cut = read(encode(new HandOverRefused(1, "ä".repeat(5_000)), 1));
        assertThat(cut).containsExactly(new HandOverRefused(1, "ä".repeat(PeerMessage.REASON_BYTES_MAX / 2)));
    }
}
