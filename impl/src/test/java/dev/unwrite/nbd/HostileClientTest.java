package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Whatever a client sends, it gets a clean error or loses its connection, soon; and nobody else notices. */
final class HostileClientTest {
    private static final int SIZE = 1 << 20;
    private static final int MINIMUM_BLOCK = 512;
    private static final int MAXIMUM_PAYLOAD = 64 << 10;

    private static @Nullable NbdServer server;

    @BeforeContainer
    static void start() throws IOException {
        MemoryDevice device = new MemoryDevice(SIZE);
        server = NbdServer.builder()
                .listen(NbdUri.tcp("127.0.0.1", 0, ""))
                .exports(TestExports.of(
                        "disk", () -> Export.of(device).withBlockSizes(MINIMUM_BLOCK, 4096, MAXIMUM_PAYLOAD)))
                .stallTimeout(Duration.ofSeconds(3))
                .start();
    }

    @AfterContainer
    static void stop() {
        server().close();
    }

    private static NbdServer server() {
        return java.util.Objects.requireNonNull(server);
    }

    private static NbdUri uri() {
        return server().uri("disk");
    }

    @AfterProperty
    void theServerLivesOnAndForgets() throws IOException {
        try (NbdClient client = NbdClient.connect(uri())) {
            client.write(0, ByteBuffer.allocate(4096), true);
            client.read(0, ByteBuffer.allocate(4096));
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(server().connections()).isEmpty());
    }

    @Property(tries = 60)
    void clientFlags(@ForAll int flags, @ForAll boolean known) throws IOException {
        int sent = known ? flags & 3 : flags;
        try (RawClient client = RawClient.connect(uri())) {
            client.out.writeInt(sent);
            if ((sent & ~3) != 0) {
                client.expectEnd();
            } else {
                client.option(NbdWire.OPT_ABORT, new byte[0]);
                client.expectReply(NbdWire.OPT_ABORT, NbdWire.REP_ACK);
                client.expectEnd();
            }
        }
    }

    @Property(tries = 100)
    void garbageInsteadOfAHandshake(@ForAll @Size(max = 200) byte[] garbage, @ForAll boolean greeted)
            throws IOException {
        try (RawClient client = greeted ? RawClient.haggling(uri()) : RawClient.connect(uri())) {
            send(client, garbage);
            client.socket.shutdownOutput();
            client.expectEnd();
        }
    }

    @Property(tries = 150)
    void anyOption(@ForAll("options") int number, @ForAll @Size(max = 64) byte[] data) throws IOException {
        try (RawClient client = RawClient.haggling(uri())) {
            client.option(number, data);
            if (number == NbdWire.OPT_EXPORT_NAME) {
                client.expectEnd();
                return;
            }
            int expected = number == NbdWire.OPT_ABORT || (data.length == 0 && number == NbdWire.OPT_STRUCTURED_REPLY)
                    ? NbdWire.REP_ACK
                    : number == NbdWire.OPT_LIST || number == NbdWire.OPT_STRUCTURED_REPLY
                            ? NbdWire.REP_ERR_INVALID
                            : number == NbdWire.OPT_INFO
                                            || number == NbdWire.OPT_GO
                                            || number == NbdWire.OPT_LIST_META_CONTEXT
                                            || number == NbdWire.OPT_SET_META_CONTEXT
                                    ? NbdWire.REP_ERR_INVALID
                                    : NbdWire.REP_ERR_UNSUP;
            if (number == NbdWire.OPT_LIST && data.length == 0) {
                client.expectReply(number, NbdWire.REP_SERVER);
                expected = NbdWire.REP_ACK;
            }
            client.expectReply(number, expected);
            if (number != NbdWire.OPT_ABORT) {
                client.option(NbdWire.OPT_ABORT, new byte[0]);
                client.expectReply(NbdWire.OPT_ABORT, NbdWire.REP_ACK);
            }
            client.expectEnd();
        }
    }

    @Property(tries = 60)
    void oversizedOptions(@ForAll("options") int number, @ForAll @IntRange(min = 65537) int length) throws IOException {
        try (RawClient client = RawClient.haggling(uri())) {
            client.out.writeLong(NbdWire.OPTION_MAGIC);
            client.out.writeInt(number);
            client.out.writeInt(length);
            if (length > 1 << 20 || number == NbdWire.OPT_EXPORT_NAME) {
                client.expectEnd();
            } else {
                client.out.write(new byte[length]);
                client.expectReply(number, NbdWire.REP_ERR_TOO_BIG);
            }
        }
    }

    @Property(tries = 150)
    void malformedInfoAndGo(@ForAll boolean go, @ForAll int nameLength, @ForAll @Size(max = 40) byte[] rest)
            throws IOException {
        byte[] data = ByteBuffer.allocate(4 + rest.length)
                .putInt(nameLength)
                .put(rest)
                .array();
        int option = go ? NbdWire.OPT_GO : NbdWire.OPT_INFO;
        try (RawClient client = RawClient.haggling(uri())) {
            client.option(option, data);
            client.in.readLong();
            client.in.readInt();
            assertThat(client.in.readInt()).isIn(NbdWire.REP_ERR_INVALID, NbdWire.REP_ERR_UNKNOWN);
            client.in.readNBytes(client.in.readInt());
            client.option(NbdWire.OPT_ABORT, new byte[0]);
            client.expectReply(NbdWire.OPT_ABORT, NbdWire.REP_ACK);
        }
    }

    /** The errors are those of "Error values"; afterwards the connection serves as before. */
    @Property(tries = 400)
    void anyRequest(
            @ForAll boolean structured,
            @ForAll("flags") int flags,
            @ForAll("types") int type,
            @ForAll("offsets") long offset,
            @ForAll("lengths") int length)
            throws IOException {
        try (RawClient client = RawClient.transmitting(uri(), "disk", structured)) {
            client.request(flags, type, 0x1234567890L, offset, length);
            if (type == NbdWire.CMD_DISC) {
                client.expectEnd();
                return;
            }
            boolean tooLong = type == NbdWire.CMD_WRITE && Integer.toUnsignedLong(length) > Export.MAXIMUM_PAYLOAD;
            if (type == NbdWire.CMD_WRITE && !tooLong) {
                client.out.write(new byte[length]);
            }
            int expected = expectedError(structured, flags, type, offset, Integer.toUnsignedLong(length));
            assertThat(client.expectAnswer(0x1234567890L, type == NbdWire.CMD_READ ? length : 0))
                    .isEqualTo(expected);
            if (tooLong) {
                client.expectEnd();
            } else {
                client.request(0, NbdWire.CMD_READ, 7, 0, 512);
                assertThat(client.expectAnswer(7, 512)).isZero();
            }
        }
    }

    private static int expectedError(boolean structured, int flags, int type, long offset, long length) {
        int allowed = NbdWire.CMD_FLAG_FUA;
        if (type == NbdWire.CMD_READ && structured) {
            allowed |= NbdWire.CMD_FLAG_DF;
        }
        if (type == NbdWire.CMD_WRITE_ZEROES) {
            allowed |= NbdWire.CMD_FLAG_NO_HOLE;
        }
        boolean payload = type == NbdWire.CMD_READ || type == NbdWire.CMD_WRITE;
        boolean beyond = offset < 0 || offset > SIZE || length > SIZE - offset;
        if (type > NbdWire.CMD_WRITE_ZEROES || (flags & ~allowed) != 0) {
            return NbdError.EINVAL;
        }
        if (type == NbdWire.CMD_FLUSH) {
            return offset == 0 && length == 0 ? 0 : NbdError.EINVAL;
        }
        if (payload && length > MAXIMUM_PAYLOAD) {
            return type == NbdWire.CMD_READ && structured ? NbdError.EOVERFLOW : NbdError.EINVAL;
        }
        if (beyond) {
            return type == NbdWire.CMD_WRITE || type == NbdWire.CMD_WRITE_ZEROES ? NbdError.ENOSPC : NbdError.EINVAL;
        }
        return offset % MINIMUM_BLOCK == 0 && length % MINIMUM_BLOCK == 0 ? 0 : NbdError.EINVAL;
    }

    @Property(tries = 60)
    void badRequestMagic(@ForAll int magic, @ForAll @Size(max = 64) byte[] rest) throws IOException {
        try (RawClient client = RawClient.transmitting(uri(), "disk", false)) {
            byte[] bytes = ByteBuffer.allocate(28 + rest.length)
                    .putInt(magic == NbdWire.REQUEST_MAGIC ? 0 : magic)
                    .position(28)
                    .put(rest)
                    .array();
            send(client, bytes);
            client.expectEnd();
        }
    }

    @Property(tries = 100)
    void requestsThatEndInTheMiddle(@ForAll @IntRange(max = 28 + 4095) int cut, @ForAll boolean reset)
            throws IOException {
        byte[] whole = ByteBuffer.allocate(28 + 4096)
                .putInt(NbdWire.REQUEST_MAGIC)
                .putShort((short) 0)
                .putShort((short) NbdWire.CMD_WRITE)
                .putLong(1)
                .putLong(0)
                .putInt(4096)
                .array();
        try (RawClient client = RawClient.transmitting(uri(), "disk", false)) {
            client.out.write(whole, 0, cut);
            if (reset) {
                client.socket.setSoLinger(true, 0);
            } else {
                client.socket.shutdownOutput();
                client.expectEnd();
            }
        }
    }

    private static void send(RawClient client, byte[] bytes) throws IOException {
        try {
            client.out.write(bytes);
        } catch (SocketException e) {
            // The server has hung up meanwhile, as it may.
        }
    }

    @Provide
    Arbitrary<Integer> options() {
        return Arbitraries.oneOf(Arbitraries.integers().between(0, 12), Arbitraries.integers());
    }

    @Provide
    Arbitrary<Integer> flags() {
        return Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(3, Arbitraries.just(0)),
                net.jqwik.api.Tuple.of(2, Arbitraries.integers().between(0, 31)),
                net.jqwik.api.Tuple.of(1, Arbitraries.integers().between(0, 65535)));
    }

    @Provide
    Arbitrary<Integer> types() {
        return Arbitraries.oneOf(
                Arbitraries.integers().between(0, 9), Arbitraries.integers().between(0, 65535));
    }

    @Provide
    Arbitrary<Long> offsets() {
        return Arbitraries.oneOf(
                Arbitraries.just(0L),
                Arbitraries.longs().between(0, SIZE / 512 + 4).map(n -> n * 512),
                Arbitraries.longs().between(SIZE - 10, SIZE + 10),
                Arbitraries.longs());
    }

    @Provide
    Arbitrary<Integer> lengths() {
        return Arbitraries.oneOf(
                Arbitraries.just(0),
                Arbitraries.integers().between(0, 140).map(n -> n * 512),
                Arbitraries.integers().between(0, 70_000),
                Arbitraries.of(Export.MAXIMUM_PAYLOAD + 1, Integer.MAX_VALUE, Integer.MIN_VALUE, -1));
    }
}
