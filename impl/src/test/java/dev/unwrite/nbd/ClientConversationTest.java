package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Future;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/**
 * Whatever bytes a server sends: the client ends with what was said or with an exception of one line, soon, and closes
 * its connection. Data is believed only if the server accounted for every byte of it, once.
 */
final class ClientConversationTest {
    private static final NbdClient.Settings HASTY = NbdClient.Settings.DEFAULT
            .withConnectTimeout(Duration.ofSeconds(4))
            .withRequestTimeout(Duration.ofSeconds(1));
    private static final int ALL_FLAGS = 1 | 4 | 8 | 32 | 64;
    private static final byte[] TEXT = "a description".getBytes(StandardCharsets.UTF_8);

    /** The first message of {@link #honest} that answers a request. */
    private static final int FIRST_ANSWER = 5;

    private static @Nullable ScriptedServer server;

    @BeforeContainer
    static void start() throws IOException {
        server = new ScriptedServer();
    }

    @AfterContainer
    static void stop() throws IOException {
        server().close();
    }

    private static ScriptedServer server() {
        return java.util.Objects.requireNonNull(server);
    }

    /** What a server says, and which of its bytes must not be other than they are. */
    private static final class Script {
        final List<byte[]> messages = new ArrayList<>();
        final List<BitSet> free = new ArrayList<>();

        Script say(byte[] message, int... freeFromTo) {
            BitSet bits = new BitSet();
            for (int i = 0; i < freeFromTo.length; i += 2) {
                bits.set(freeFromTo[i], freeFromTo[i + 1]);
            }
            messages.add(message);
            free.add(bits);
            return this;
        }

        List<byte[]> cut(int message, int length) {
            List<byte[]> some = new ArrayList<>(messages.subList(0, message));
            some.add(Arrays.copyOf(messages.get(message), length));
            return some;
        }

        /**
         * One bit is wrong. The rest of the handshake follows at once, so that a client that takes the message for longer
         * than it is does not wait for what comes only after its next question.
         */
        List<byte[]> wrong(int message, int index, int bit) {
            List<byte[]> all = new ArrayList<>(messages);
            byte[] changed = messages.get(message).clone();
            changed[index] ^= (byte) (1 << bit);
            if (message >= FIRST_ANSWER) {
                all.set(message, changed);
                return all;
            }
            all.set(message, ScriptedServer.bytes(out -> {
                out.write(changed);
                for (byte[] later : messages.subList(message + 1, FIRST_ANSWER)) {
                    out.write(later);
                }
                if (message > 0 && isLength(messages.get(message), index)) {
                    out.write(new byte[2 * NbdServer.OPTION_BYTES_MAX]);
                }
            }));
            for (int i = message + 1; i < FIRST_ANSWER; i++) {
                all.set(i, new byte[0]);
            }
            return all;
        }

        /** Whether the byte belongs to the length of an option reply. */
        private static boolean isLength(byte[] replies, int index) {
            int start = 0;
            while (index >= start + 20 + ByteBuffer.wrap(replies).getInt(start + 16)) {
                start += 20 + ByteBuffer.wrap(replies).getInt(start + 16);
            }
            return index >= start + 16 && index < start + 20;
        }
    }

    private static byte[] told(int option) {
        return ScriptedServer.bytes(out -> {
            ScriptedServer.optionReply(
                    out, option, NbdWire.REP_INFO, ScriptedServer.exportInfo(1 << 20, ALL_FLAGS | 128));
            ScriptedServer.optionReply(
                    out,
                    option,
                    NbdWire.REP_INFO,
                    ByteBuffer.allocate(14)
                            .putShort((short) 3)
                            .putInt(16)
                            .putInt(4096)
                            .putInt(1 << 20)
                            .array());
            ScriptedServer.optionReply(
                    out,
                    option,
                    NbdWire.REP_INFO,
                    ByteBuffer.allocate(2 + TEXT.length)
                            .putShort((short) 2)
                            .put(TEXT)
                            .array());
            ScriptedServer.optionReply(out, option, NbdWire.REP_ACK, new byte[0]);
        });
    }

    /** All that {@link #talk} asks for. Free is what a server may choose, and the data, which nobody can check. */
    private static Script honest() {
        byte[] data = filled(48, 7);
        // In what is told of an export: type, size and flags; type and block sizes; type and text.
        int[] info = {20, 32, 52, 66, 86, 88 + TEXT.length};
        return new Script()
                .say(ScriptedServer.greeting(3), 16, 18)
                .say(
                        ScriptedServer.bytes(out -> {
                            ScriptedServer.optionReply(
                                    out,
                                    NbdWire.OPT_LIST,
                                    NbdWire.REP_SERVER,
                                    ByteBuffer.allocate(8 + TEXT.length)
                                            .putInt(4)
                                            .put("disk".getBytes(StandardCharsets.UTF_8))
                                            .put(TEXT)
                                            .array());
                            ScriptedServer.optionReply(out, NbdWire.OPT_LIST, NbdWire.REP_ACK, new byte[0]);
                        }),
                        20,
                        28 + TEXT.length)
                .say(told(NbdWire.OPT_INFO), info)
                .say(ScriptedServer.bytes(out ->
                        ScriptedServer.optionReply(out, NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK, new byte[0])))
                .say(told(NbdWire.OPT_GO), info)
                // The flags of a chunk but the one that says that it is the last.
                .say(
                        ScriptedServer.bytes(out -> {
                            ScriptedServer.chunk(out, 0, 2, 1, hole(4096, 16));
                            ScriptedServer.chunk(out, 1, 1, 1, data(4112, data));
                        }),
                        4,
                        6,
                        36,
                        38,
                        60,
                        108)
                .say(ScriptedServer.bytes(out -> ScriptedServer.simple(out, 0, 2)))
                .say(ScriptedServer.bytes(out -> ScriptedServer.chunk(out, 1, 0, 3, new byte[0])), 4, 6);
    }

    private static void talk(NbdUri uri) throws IOException {
        try (NbdNegotiation negotiation = NbdNegotiation.open(uri, HASTY)) {
            assertThat(negotiation.list()).hasSize(1);
            valid(negotiation.info("disk"));
            try (NbdClient client = negotiation.go("disk")) {
                valid(client.info());
                ByteBuffer target = ByteBuffer.allocate(64);
                client.read(4096, target);
                assertThat(target.hasRemaining()).isFalse();
                client.write(0, ByteBuffer.allocate(32), true);
                client.flush();
            }
        }
    }

    private static void valid(ExportInfo info) {
        assertThat(info.size()).isNotNegative();
        assertThat(Integer.bitCount(info.minimumBlock())).isEqualTo(1);
        assertThat(info.minimumBlock()).isBetween(1, 65536);
        assertThat(info.maximumPayload()).isBetween(info.minimumBlock(), 32 << 20);
        assertThat(info.maximumPayload() % info.minimumBlock()).isZero();
    }

    /** Null if all went well. */
    private static @Nullable IOException hear(List<byte[]> script) {
        Future<?> played = server().play(script);
        IOException failure = null;
        try {
            talk(server().uri());
        } catch (IOException e) {
            assertThat(e)
                    .isInstanceOfAny(NbdDisconnectedException.class, NbdRefusedException.class, NbdException.class);
            assertThat(e.getMessage()).isNotBlank().doesNotContainPattern("\\p{Cntrl}");
            failure = e;
        }
        ScriptedServer.awaitEnd(played);
        return failure;
    }

    @Example
    void anHonestServerIsUnderstood() {
        assertThat(hear(honest().messages)).isNull();
    }

    @Example
    void aServerMayEndAtAnyByte() {
        Script script = honest();
        for (int i = 0; i < script.messages.size(); i++) {
            for (int length = 0; length < script.messages.get(i).length; length++) {
                assertThat(hear(script.cut(i, length)))
                        .as("message %d, cut at %d", i, length)
                        .isInstanceOf(NbdDisconnectedException.class)
                        .hasMessageContaining(
                                server().uri().withExport("").toString().substring(0, 12))
                        .hasMessageContaining("the server closed the connection");
            }
        }
    }

    @Example
    void aBitOfAnyByteMayBeWrong() {
        Script script = honest();
        for (int i = 0; i < script.messages.size(); i++) {
            for (int index = 0; index < script.messages.get(i).length; index++) {
                for (int bit : new int[] {0, 3, 7}) {
                    IOException failure = hear(script.wrong(i, index, bit));
                    // The only flag of a chunk: that it is the last.
                    boolean lastChunk = i >= FIRST_ANSWER && bit == 0 && (index == 5 || index == 37);
                    if (!script.free.get(i).get(index) || lastChunk) {
                        assertThat(failure)
                                .as("message %d, byte %d, bit %d", i, index, bit)
                                .isNotNull();
                    }
                }
            }
        }
    }

    /** A piece of a structured reply to a read of {@link #LENGTH} bytes at {@link #OFFSET}. */
    record Piece(boolean last, int type, int at, int length, int error, String text) {}

    private static final int OFFSET = 4096;
    private static final int LENGTH = 64;

    private static final String BROKEN = "broken";

    @Property(tries = 600)
    void dataIsBelievedOnlyIfTheServerAccountedForEachByte(@ForAll("pieces") List<Piece> drawn) throws IOException {
        List<Piece> pieces = new ArrayList<>();
        for (Piece piece : drawn) {
            pieces.add(piece);
            if (piece.last) {
                break;
            }
        }
        if (pieces.isEmpty() || !pieces.getLast().last) {
            pieces.add(new Piece(true, 0, 0, 0, 0, ""));
        }
        byte[] expected = filled(LENGTH, 0x55);
        String outcome = outcome(pieces, expected);
        byte[] reply = ScriptedServer.bytes(out -> {
            for (Piece piece : pieces) {
                ScriptedServer.chunk(out, piece.last ? 1 : 0, piece.type, 1, payload(piece));
            }
        });
        Script script = new Script()
                .say(ScriptedServer.greeting(3))
                .say(ScriptedServer.bytes(out ->
                        ScriptedServer.optionReply(out, NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK, new byte[0])))
                .say(told(NbdWire.OPT_GO))
                .say(reply)
                .say(ScriptedServer.bytes(out -> ScriptedServer.simple(out, 0, 2)));
        Future<?> played = server().play(script.messages);
        try (NbdClient client = NbdClient.connect(server().uri(), HASTY)) {
            ByteBuffer target = ByteBuffer.wrap(filled(LENGTH, 0x55));
            if (outcome.equals(BROKEN)) {
                // If the server told of an error before, it is that one.
                assertThatThrownBy(() -> client.read(OFFSET, target))
                        .isInstanceOfAny(NbdDisconnectedException.class, NbdException.class);
                assertThat(client.isConnected()).isFalse();
                assertThatThrownBy(client::flush)
                        .isInstanceOf(NbdDisconnectedException.class)
                        .hasMessageContaining("the server breaks the protocol");
            } else {
                if (outcome.isEmpty()) {
                    client.read(OFFSET, target);
                    assertThat(target.array()).isEqualTo(expected);
                } else {
                    assertThatThrownBy(() -> client.read(OFFSET, target))
                            .isInstanceOfSatisfying(
                                    NbdException.class,
                                    e -> assertThat("error " + e.error()).isEqualTo(outcome));
                }
                client.flush();
            }
        }
        ScriptedServer.awaitEnd(played);
    }

    /** What the protocol document wants of a client: empty if the read succeeds. Fills in what was read. */
    private static String outcome(List<Piece> pieces, byte[] read) {
        BitSet told = new BitSet();
        String error = "";
        for (Piece piece : pieces) {
            switch (piece.type) {
                case 0 -> {
                    if (piece.length != 0 || !piece.last) {
                        return BROKEN;
                    }
                }
                case 1, 2 -> {
                    boolean inside = piece.at >= 0 && piece.length > 0 && piece.at + piece.length <= LENGTH;
                    if (!inside || !told.get(piece.at, piece.at + piece.length).isEmpty()) {
                        return BROKEN;
                    }
                    told.set(piece.at, piece.at + piece.length);
                    Arrays.fill(read, piece.at, piece.at + piece.length, (byte) (piece.type == 1 ? piece.at : 0));
                }
                default -> {
                    if (piece.type < 0x8000 || piece.length > 0) {
                        // Here the length is that of a message that does not fit.
                        return BROKEN;
                    }
                    error = error.isEmpty() ? "error " + known(piece.error) : error;
                }
            }
        }
        return error.isEmpty() && told.cardinality() != LENGTH ? "error " + NbdError.EIO : error;
    }

    private static int known(int error) {
        return List.of(1, 5, 12, 22, 28, 75, 95, 108).contains(error) ? error : NbdError.EINVAL;
    }

    private static byte[] payload(Piece piece) {
        return switch (piece.type) {
            case 0 -> new byte[piece.length];
            case 1 -> data(OFFSET + piece.at, filled(Math.max(0, piece.length), piece.at));
            case 2 -> hole(OFFSET + piece.at, piece.length);
            default -> {
                byte[] text = piece.text.getBytes(StandardCharsets.UTF_8);
                yield ByteBuffer.allocate(6 + text.length)
                        .putInt(piece.error)
                        .putShort((short) (text.length + piece.length))
                        .put(text)
                        .array();
            }
        };
    }

    @Provide
    Arbitrary<List<Piece>> pieces() {
        Arbitrary<Integer> quarters = Arbitraries.integers().between(0, 3);
        // A quarter or two of what was asked for, in any order, as a rule; then whatever there is.
        Arbitrary<Piece> sound = Combinators.combine(
                        Arbitraries.of(1, 1, 2),
                        quarters,
                        Arbitraries.of(16, 16, 32),
                        Arbitraries.of(true, false, false))
                .as((type, at, length, last) -> new Piece(last, type, at * 16, length, 0, ""));
        Arbitrary<Piece> odd = Combinators.combine(
                        Arbitraries.of(1, 2),
                        Arbitraries.integers().between(-3, 66),
                        Arbitraries.integers().between(0, 66),
                        Arbitraries.of(true, false))
                .as((type, at, length, last) -> new Piece(last, type, at, length, 0, ""));
        Arbitrary<Piece> none = Arbitraries.of(0, 0, 0, 1).map(length -> new Piece(true, 0, 0, length, 0, ""));
        Arbitrary<Piece> failing = Combinators.combine(
                        Arbitraries.of(0x8001, 0x8001, 0x8002, 0x8777, 0xffff, 3, 5, 0x7fff),
                        Arbitraries.of(0, 0, 0, 0, 1),
                        Arbitraries.of(1, 5, 12, 22, 28, 75, 95, 108, 0, 4711, -1),
                        Arbitraries.of("", "no", "two\nlines", "x".repeat(4096)),
                        Arbitraries.of(true, false))
                .as((type, tooLong, error, text, last) -> new Piece(last, type, 0, tooLong, error, text));
        Arbitrary<Piece> any = Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(12, sound),
                net.jqwik.api.Tuple.of(1, odd),
                net.jqwik.api.Tuple.of(1, none),
                net.jqwik.api.Tuple.of(1, failing));
        Arbitrary<List<Piece>> whole = Arbitraries.of(
                        List.of(0, 1, 2, 3),
                        List.of(3, 2, 1, 0),
                        List.of(2, 0, 3, 1),
                        List.of(0, 0, 1, 2),
                        List.of(1, 3))
                .map(order -> {
                    List<Piece> pieces = new ArrayList<>();
                    order.forEach(at -> pieces.add(new Piece(false, at == 1 ? 2 : 1, at * 16, 16, 0, "")));
                    return pieces;
                });
        return Arbitraries.oneOf(
                any.list().ofMaxSize(8), whole, Combinators.combine(whole, any).as((pieces, more) -> {
                    List<Piece> longer = new ArrayList<>(pieces);
                    longer.add(more);
                    return longer;
                }));
    }

    private static byte[] data(long offset, byte[] bytes) {
        return ByteBuffer.allocate(8 + bytes.length).putLong(offset).put(bytes).array();
    }

    private static byte[] hole(long offset, int length) {
        return ByteBuffer.allocate(12).putLong(offset).putInt(length).array();
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
