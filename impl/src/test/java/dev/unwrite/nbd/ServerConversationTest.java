package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * Whatever bytes a client sends: the server answers what {@link ServerOracle} says, its device is asked for what the
 * oracle says, the connection ends, and nothing stays behind. With two requests in flight at most, so that a place that
 * is not given back hangs the connection.
 */
final class ServerConversationTest {
    private static final ConcurrentLinkedQueue<String> EFFECTS = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger OPEN = new AtomicInteger();

    private static @Nullable NbdServer server;
    private static @Nullable Path folder;

    /** Says what it is asked for, and forgets what is written. */
    private static final class Recorder implements BlockDevice {
        Recorder() {
            OPEN.incrementAndGet();
        }

        @Override
        public long size() {
            return ServerOracle.SIZE;
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public void read(long offset, ByteBuffer target) {
            EFFECTS.add("read " + offset + " " + target.remaining());
            target.put(ServerOracle.content(offset, target.remaining()));
        }

        @Override
        public void write(long offset, ByteBuffer source, boolean fua) {
            byte[] bytes = new byte[source.remaining()];
            source.get(bytes);
            EFFECTS.add("write " + offset + " " + HexFormat.of().formatHex(bytes) + (fua ? " fua" : ""));
        }

        @Override
        public void trim(long offset, long length, boolean fua) {
            EFFECTS.add("trim " + offset + " " + length + (fua ? " fua" : ""));
        }

        @Override
        public void writeZeroes(long offset, long length, boolean noHole, boolean fua) {
            EFFECTS.add("zero " + offset + " " + length + (noHole ? " no hole" : "") + (fua ? " fua" : ""));
        }

        @Override
        public void flush() {
            EFFECTS.add("flush");
        }

        @Override
        public void close() {
            OPEN.decrementAndGet();
        }
    }

    @BeforeContainer
    static void start() throws IOException {
        Path made = Files.createTempDirectory("nbd");
        folder = made;
        server = NbdServer.builder()
                .listen(NbdUri.unix(made.resolve("socket"), ""))
                .exports(new ExportSource() {
                    @Override
                    public Export open(String name, NbdConnection connection) throws IOException {
                        if (!name.equals(ServerOracle.EXPORT)) {
                            throw NbdRefusedException.unknown("no such export");
                        }
                        return Export.of(new Recorder())
                                .withBlockSizes(
                                        ServerOracle.MINIMUM_BLOCK,
                                        ServerOracle.PREFERRED_BLOCK,
                                        ServerOracle.MAXIMUM_PAYLOAD);
                    }

                    @Override
                    public List<Listing> list(NbdConnection connection) {
                        return List.of(new Listing(ServerOracle.EXPORT, ""));
                    }
                })
                .inFlightMax(2)
                .start();
    }

    @AfterContainer
    static void stop() throws IOException {
        java.util.Objects.requireNonNull(server).close();
        Files.delete(java.util.Objects.requireNonNull(folder));
    }

    @AfterProperty
    void nothingStaysBehind() {
        Awaitility.await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
            assertThat(java.util.Objects.requireNonNull(server).connections()).isEmpty();
            assertThat(OPEN).hasValue(0);
        });
    }

    /** So many questions about contexts. */
    private static byte[] contexts(int count) {
        byte[] name = ServerOracle.EXPORT.getBytes(StandardCharsets.UTF_8);
        byte[] query = "base:allocation".getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(8 + name.length + count * (4 + query.length));
        data.putInt(name.length).put(name).putInt(count);
        for (int i = 0; i < count; i++) {
            data.putInt(query.length).put(query);
        }
        return data.array();
    }

    /** All that an honest client could say, and three requests that are refused. */
    private static Conversation honest(boolean structured) {
        Conversation said = new Conversation().flags(3);
        if (structured) {
            said.option(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
        }
        byte[] query = Conversation.query(ServerOracle.EXPORT, NbdWire.INFO_NAME, NbdWire.INFO_BLOCK_SIZE);
        said.option(NbdWire.OPT_LIST, new byte[0])
                .option(NbdWire.OPT_INFO, query)
                .option(NbdWire.OPT_STARTTLS, new byte[0])
                .option(NbdWire.OPT_GO, Conversation.query("other"))
                .option(NbdWire.OPT_GO, query);
        byte[] payload = "sixteen bytes of data and more..".getBytes(StandardCharsets.UTF_8);
        return said.request(1, NbdWire.CMD_WRITE, 0x1111_2222_3333_4444L, 4096, 32, payload)
                .request(0, NbdWire.CMD_READ, 0x5a5a_a5a5_0f0f_f0f0L, 8192, 48, new byte[0])
                .request(0, NbdWire.CMD_WRITE, 0x0101_1010_7070_0707L, 4097, 32, payload)
                .request(0, NbdWire.CMD_FLUSH, 0x9999_6666_9696_6969L, 0, 0, new byte[0])
                .request(2, NbdWire.CMD_WRITE_ZEROES, 0x1234_8765_5678_4321L, 0, 64, new byte[0])
                .request(0, NbdWire.CMD_TRIM, 0x00ff_ff00_aaff_5500L, ServerOracle.SIZE, 16, new byte[0])
                .request(0, NbdWire.CMD_TRIM, 0x0ff0_1ee1_2dd2_3cc3L, 16, 16, new byte[0])
                .request(0, NbdWire.CMD_READ, 0x7e57_0000_0000_7e57L, 0, 4096, new byte[0])
                .request(0, NbdWire.CMD_DISC, 0, 0, 0, new byte[0]);
    }

    @Example
    void anHonestConversationIsAnsweredInFull() throws IOException {
        ServerOracle oracle = new ServerOracle(honest(true).bytes());
        // An oracle that expected nothing would agree with a server that does nothing.
        assertThat(oracle.optionAnswers).hasSize(13);
        assertThat(oracle.answers).hasSize(8);
        assertThat(oracle.effects).hasSize(5);
        agree(honest(true).bytes(), "");
        agree(honest(false).bytes(), "");
    }

    @Example
    void aConversationMayEndAtAnyByte() throws IOException {
        for (boolean structured : new boolean[] {true, false}) {
            Conversation whole = honest(structured);
            byte[] bytes = whole.bytes();
            for (int length = 0; length < bytes.length; length++) {
                agree(Arrays.copyOf(bytes, length), "cut at " + whole.place(length));
            }
        }
    }

    @Example
    void anyBitMayBeWrong() throws IOException {
        Conversation whole = honest(true);
        for (int i = 0; i < whole.bytes().length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] bytes = whole.bytes();
                bytes[i] ^= (byte) (1 << bit);
                agree(bytes, "bit " + bit + " of " + whole.place(i));
            }
        }
    }

    @Example
    void bytesThatComeOneByOneMeanTheSame() throws IOException {
        byte[] bytes = honest(true).bytes();
        try (UnixPeer peer = connect()) {
            for (byte one : bytes) {
                assertThat(peer.send(new byte[] {one})).isTrue();
            }
            agree(peer, bytes, "one by one");
        }
    }

    /** A client that vanishes: nothing can be answered, and nothing stays behind. */
    @Example
    void aClientMayVanishAtAnyByte() throws IOException {
        byte[] bytes = honest(true).bytes();
        for (int length = 0; length < bytes.length; length++) {
            try (UnixPeer peer = connect()) {
                peer.send(Arrays.copyOf(bytes, length));
            }
        }
        // What was asked may reach the device late.
        nothingStaysBehind();
        EFFECTS.clear();
    }

    @Property(tries = 400)
    void anyConversation(
            @ForAll("options") List<Message> options,
            @ForAll boolean structured,
            @ForAll boolean go,
            @ForAll("requests") List<Message> requests)
            throws IOException {
        Conversation said = new Conversation().flags(go ? 3 : 1);
        options.forEach(one -> one.addTo(said, 0));
        if (structured) {
            said.option(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
        }
        if (go) {
            said.option(NbdWire.OPT_GO, Conversation.query(ServerOracle.EXPORT));
        } else {
            said.option(NbdWire.OPT_EXPORT_NAME, ServerOracle.EXPORT.getBytes(StandardCharsets.UTF_8));
        }
        long cookie = 0x1000_0001L;
        for (Message request : requests) {
            request.addTo(said, cookie);
            cookie = cookie * 6364136223846793005L + 1;
        }
        agree(said.bytes(), options + " then " + requests);
    }

    private static void agree(byte[] sent, String what) throws IOException {
        try (UnixPeer peer = connect()) {
            peer.send(sent);
            agree(peer, sent, what);
        }
    }

    private static void agree(UnixPeer peer, byte[] sent, String what) {
        peer.finish();
        ServerOracle oracle = new ServerOracle(sent);
        ServerSpeech heard = new ServerSpeech(peer.readToTheEnd(), oracle);
        assertThat(heard.optionAnswers)
                .as("answers to options, %s", what)
                .containsExactlyElementsOf(oracle.optionAnswers);
        assertThat(heard.answers)
                .as("answers to requests, %s", what)
                .containsExactlyInAnyOrderElementsOf(oracle.answers);
        List<String> effects = new ArrayList<>();
        for (String one = EFFECTS.poll(); one != null; one = EFFECTS.poll()) {
            effects.add(one);
        }
        assertThat(effects).as("at the device, %s", what).containsExactlyInAnyOrderElementsOf(oracle.effects);
    }

    private static UnixPeer connect() throws IOException {
        NbdUri uri = java.util.Objects.requireNonNull(server).uri();
        return new UnixPeer(SocketChannel.open(uri.address()));
    }

    /** Something that a client may say. */
    interface Message {
        void addTo(Conversation said, long cookie);
    }

    record Option(int number, int length, byte[] data) implements Message {
        @Override
        public void addTo(Conversation said, long cookie) {
            said.option(number, length, data);
        }
    }

    record Asked(int flags, int type, long offset, int length) implements Message {
        @Override
        public void addTo(Conversation said, long cookie) {
            boolean carries = type == NbdWire.CMD_WRITE && length >= 0 && length <= 8192;
            said.request(flags, type, cookie, offset, length, new byte[carries ? length : 0]);
        }
    }

    @Provide
    Arbitrary<List<Message>> options() {
        Arbitrary<Integer> numbers = Arbitraries.of(3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 77, -1, 1 << 31);
        Arbitrary<byte[]> data = Arbitraries.oneOf(
                Arbitraries.just(new byte[0]),
                Arbitraries.bytes().array(byte[].class).ofMaxSize(20),
                Arbitraries.of(0, 1, 2, 3, 4, 65535)
                        .map(wanted -> Conversation.query(ServerOracle.EXPORT, wanted, 3, wanted)),
                Arbitraries.strings().ofMaxLength(10).map(Conversation::query),
                Arbitraries.just(Conversation.query("disk\0")),
                Arbitraries.of(4095, 4096, 4097).map(n -> Conversation.query("x".repeat(n))));
        data = Arbitraries.oneOf(data, Arbitraries.integers().between(0, 2).map(ServerConversationTest::contexts));
        Arbitrary<Message> sound =
                Combinators.combine(numbers, data).as((number, bytes) -> new Option(number, bytes.length, bytes));
        Arbitrary<Message> large = Combinators.combine(numbers, Arbitraries.of(65535, 65536, 65537, 1 << 20))
                .as((number, length) -> new Option(number, length, new byte[length]));
        Arbitrary<Message> endless = Combinators.combine(
                        Arbitraries.of(1, 2, 3, 7, 77), Arbitraries.of((1 << 20) + 1, Integer.MAX_VALUE, -1))
                .as((number, length) -> new Option(number, length, new byte[0]));
        return Arbitraries.frequencyOf(
                        net.jqwik.api.Tuple.of(30, sound),
                        net.jqwik.api.Tuple.of(2, large),
                        net.jqwik.api.Tuple.of(1, endless))
                .list()
                .ofMaxSize(5);
    }

    @Provide
    Arbitrary<List<Message>> requests() {
        Arbitrary<Integer> flags = Arbitraries.of(0, 0, 0, 1, 1, 2, 3, 4, 5, 8, 16, 0x8000);
        Arbitrary<Integer> types = Arbitraries.of(0, 0, 1, 1, 3, 4, 5, 6, 6, 7, 8, 0x100);
        Arbitrary<Long> offsets = Arbitraries.oneOf(
                Arbitraries.of(0L, 0L, 16L, 4096L, 17L),
                Arbitraries.longs().between(-40, 40).map(n -> ServerOracle.SIZE + n),
                Arbitraries.of(-16L, Long.MIN_VALUE, Long.MAX_VALUE, -1L));
        Arbitrary<Integer> lengths = Arbitraries.oneOf(
                Arbitraries.of(0, 0, 16, 16, 32, 48, 17),
                Arbitraries.of(
                        ServerOracle.MAXIMUM_PAYLOAD - 16,
                        ServerOracle.MAXIMUM_PAYLOAD,
                        ServerOracle.MAXIMUM_PAYLOAD + 1,
                        ServerOracle.MAXIMUM_PAYLOAD + 16,
                        ServerOracle.SIZE),
                Arbitraries.of(Integer.MIN_VALUE, -16, -1, Integer.MAX_VALUE, (32 << 20) + 1));
        Arbitrary<Message> request =
                Combinators.combine(flags, types, offsets, lengths).as(Asked::new);
        return request.list().ofMaxSize(12);
    }
}
