package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Questions about what is allocated (NBD_CMD_BLOCK_STATUS), from both sides. */
@Timeout(60)
final class AllocationTest {
    private static final long SIZE = 3L << 30;
    private static final NbdClient.Settings ASKING = NbdClient.Settings.DEFAULT.withAllocation(true);

    private final List<String> asked = new ArrayList<>();

    /** Says what it was told to say. */
    private final class Telling extends DelegatingDevice {
        private final List<Allocation> parts;
        private final boolean tells;

        Telling(boolean tells, Allocation... parts) {
            super(new MemoryDevice(4096));
            this.tells = tells;
            this.parts = List.of(parts);
        }

        @Override
        public long size() {
            return SIZE;
        }

        @Override
        public boolean tellsAllocation() {
            return tells;
        }

        @Override
        public List<Allocation> allocation(long offset, long length) throws IOException {
            asked.add(offset + "+" + length);
            if (offset == 13) {
                throw new NbdException(NbdError.EIO, "the disk is broken");
            }
            return parts;
        }
    }

    private NbdServer serve(boolean tells, Allocation... parts) throws IOException {
        return NbdServer.builder()
                .listen(NbdUri.parse("nbd://127.0.0.1:0"))
                .exports(TestExports.of("disk", () -> Export.of(new Telling(tells, parts)))
                        .and("other", () -> Export.of(new Telling(tells, parts))))
                .start();
    }

    // ---- Both together.

    @Test
    void theClientHearsWhatTheDeviceSays() throws IOException {
        Allocation[] parts = {
            Allocation.emptiness(100),
            Allocation.data(50),
            new Allocation(7, true, false),
            new Allocation(8, false, true)
        };
        try (NbdServer server = serve(true, parts);
                NbdClient client = NbdClient.connect(server.uri("disk"), ASKING)) {
            assertThat(client.tellsAllocation()).isTrue();
            assertThat(client.allocation(200, 1000)).containsExactly(parts);
            // More than was asked for is left out.
            assertThat(client.allocation(200, 120)).containsExactly(parts[0], Allocation.data(20));
            assertThat(client.allocation(0, SIZE)).containsExactly(parts);
            assertThat(asked).containsExactly("200+1000", "200+120", "0+" + (1 << 30));
            assertThatThrownBy(() -> client.allocation(13, 1)).hasMessageContaining("the disk is broken");
            assertThatThrownBy(() -> client.allocation(SIZE, 1)).satisfies(NbdLoopbackTest.isError(NbdError.EINVAL));
            assertThat(client.isConnected()).isTrue();
        }
    }

    @Test
    void whoDoesNotAskIsNotTold() throws IOException {
        try (NbdServer server = serve(true, Allocation.emptiness(100));
                NbdClient plain = NbdClient.connect(server.uri("disk"));
                NbdClient simple = NbdClient.connect(server.uri("disk"), ASKING.withStructured(false))) {
            for (NbdClient client : List.of(plain, simple)) {
                assertThat(client.tellsAllocation()).isFalse();
                assertThat(client.allocation(0, 100)).containsExactly(Allocation.data(100));
            }
            assertThat(asked).isEmpty();
        }
    }

    @Test
    void aDeviceThatCannotSayIsNotAsked() throws IOException {
        try (NbdServer server = serve(false, Allocation.emptiness(100));
                NbdClient client = NbdClient.connect(server.uri("disk"), ASKING)) {
            assertThat(client.tellsAllocation()).isFalse();
            assertThat(asked).isEmpty();
        }
    }

    @Test
    void anExportThatIsNotThereIsRefusedAsEver() throws IOException {
        try (NbdServer server = serve(true, Allocation.emptiness(100))) {
            assertThatThrownBy(() -> NbdClient.connect(server.uri("nope"), ASKING))
                    .isInstanceOfSatisfying(
                            NbdRefusedException.class,
                            e -> assertThat(e.isUnknown()).isTrue());
        }
    }

    // ---- The server.

    private static byte[] contexts(String export, String... queries) {
        ByteBuffer data = ByteBuffer.allocate(4096);
        data.putInt(export.length())
                .put(export.getBytes(StandardCharsets.UTF_8))
                .putInt(queries.length);
        for (String query : queries) {
            data.putInt(query.length()).put(query.getBytes(StandardCharsets.UTF_8));
        }
        byte[] bytes = new byte[data.position()];
        data.get(0, bytes);
        return bytes;
    }

    private static RawClient haggling(NbdServer server) throws IOException {
        RawClient client = RawClient.haggling(server.uri());
        client.option(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
        client.expectReply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK);
        return client;
    }

    private static void expectContext(RawClient client, int option) throws IOException {
        assertThat(client.expectReply(option, NbdWire.REP_META_CONTEXT))
                .isEqualTo(ByteBuffer.allocate(19)
                        .putInt(1)
                        .put("base:allocation".getBytes(StandardCharsets.UTF_8))
                        .array());
        client.expectReply(option, NbdWire.REP_ACK);
    }

    private static void go(RawClient client, String export) throws IOException {
        client.option(NbdWire.OPT_EXPORT_NAME, export.getBytes(StandardCharsets.UTF_8));
        assertThat(client.in.readLong()).isEqualTo(SIZE);
        client.in.readShort();
    }

    @Test
    void aListMayAskForAllOrForANamespace() throws IOException {
        int list = NbdWire.OPT_LIST_META_CONTEXT;
        try (NbdServer server = serve(true);
                RawClient client = haggling(server)) {
            for (byte[] query :
                    List.of(contexts("disk"), contexts("disk", "base:"), contexts("disk", "x:y", "base:allocation"))) {
                client.option(list, query);
                expectContext(client, list);
            }
            client.option(list, contexts("disk", "qemu:", "base:other"));
            client.expectReply(list, NbdWire.REP_ACK);
            client.option(list, contexts("nope"));
            client.expectReply(list, NbdWire.REP_ERR_UNKNOWN);
            // To list is not to choose.
            go(client, "disk");
            client.request(0, NbdWire.CMD_BLOCK_STATUS, 5, 0, 100);
            assertThat(client.expectAnswer(5, 0)).isEqualTo(NbdError.EINVAL);
        }
    }

    @Test
    void malformedQuestionsAreRefused() throws IOException {
        int set = NbdWire.OPT_SET_META_CONTEXT;
        byte[] good = contexts("disk", "base:allocation");
        try (NbdServer server = serve(true);
                RawClient client = haggling(server)) {
            for (int length = 0; length < good.length; length++) {
                client.option(set, java.util.Arrays.copyOf(good, length));
                client.expectReply(set, NbdWire.REP_ERR_INVALID);
            }
            client.option(set, java.util.Arrays.copyOf(good, good.length + 1));
            client.expectReply(set, NbdWire.REP_ERR_INVALID);
            client.option(set, good);
            expectContext(client, set);
        }
        try (NbdServer server = serve(true);
                RawClient simple = RawClient.haggling(server.uri())) {
            simple.option(set, good);
            simple.expectReply(set, NbdWire.REP_ERR_INVALID);
        }
    }

    /** The last choice counts, and for the export for which it was made. */
    @Test
    void onlyWhoChoseForThisExportMayAsk() throws IOException {
        int set = NbdWire.OPT_SET_META_CONTEXT;
        byte[] good = contexts("disk", "base:allocation");
        for (byte[] last : List.of(
                contexts("disk"),
                contexts("disk", "base:"),
                contexts("other", "x:y"),
                contexts("nope", "base:allocation"),
                new byte[3])) {
            try (NbdServer server = serve(true);
                    RawClient client = haggling(server)) {
                client.option(set, good);
                expectContext(client, set);
                client.option(set, last);
                assertThat(client.in.readLong()).isEqualTo(NbdWire.OPTION_REPLY_MAGIC);
                assertThat(client.in.readInt()).isEqualTo(set);
                assertThat(client.in.readInt()).isNotEqualTo(NbdWire.REP_META_CONTEXT);
                client.in.readNBytes(client.in.readInt());
                go(client, "disk");
                client.request(0, NbdWire.CMD_BLOCK_STATUS, 5, 0, 100);
                assertThat(client.expectAnswer(5, 0)).isEqualTo(NbdError.EINVAL);
            }
        }
        try (NbdServer server = serve(true);
                RawClient client = haggling(server)) {
            client.option(set, good);
            expectContext(client, set);
            go(client, "other");
            client.request(0, NbdWire.CMD_BLOCK_STATUS, 5, 0, 100);
            assertThat(client.expectAnswer(5, 0)).isEqualTo(NbdError.EINVAL);
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void requestsAreCheckedAndAnswersAreCut() throws IOException {
        int set = NbdWire.OPT_SET_META_CONTEXT;
        Allocation[] many = new Allocation[2000];
        java.util.Arrays.fill(many, Allocation.data(1));
        try (NbdServer server = serve(true, many);
                RawClient client = haggling(server)) {
            client.option(set, contexts("disk", "base:allocation"));
            expectContext(client, set);
            go(client, "disk");
            int ask = NbdWire.CMD_BLOCK_STATUS;
            client.request(0, ask, 1, 0, 0);
            assertThat(client.expectAnswer(1, 0)).isEqualTo(NbdError.EINVAL);
            client.request(0, ask, 2, SIZE - 1, 2);
            assertThat(client.expectAnswer(2, 0)).isEqualTo(NbdError.EINVAL);
            client.request(NbdWire.CMD_FLAG_NO_HOLE, ask, 3, 0, 1);
            assertThat(client.expectAnswer(3, 0)).isEqualTo(NbdError.EINVAL);
            client.request(NbdWire.CMD_FLAG_REQ_ONE, ask, 4, 0, 100);
            assertThat(told(client, 4)).isEqualTo(1);
            client.request(0, ask, 5, SIZE - (1L << 31), (int) (1L << 31));
            assertThat(told(client, 5)).isEqualTo(1024);
            client.request(0, ask, 6, 0, (int) SIZE);
            assertThat(told(client, 6)).isEqualTo(1024);
            assertThat(asked).containsExactly("0+100", (SIZE - (1L << 31)) + "+" + (1L << 31), "0+" + (1L << 31));
        }
    }

    /** The number of parts in a good answer, whose first is a byte of data. */
    private static int told(RawClient client, long cookie) throws IOException {
        assertThat(client.in.readInt()).isEqualTo(NbdWire.STRUCTURED_REPLY_MAGIC);
        assertThat(client.in.readShort()).isEqualTo((short) NbdWire.REPLY_FLAG_DONE);
        assertThat(client.in.readShort()).isEqualTo((short) NbdWire.REPLY_TYPE_BLOCK_STATUS);
        assertThat(client.in.readLong()).isEqualTo(cookie);
        ByteBuffer payload = ByteBuffer.wrap(client.in.readNBytes(client.in.readInt()));
        assertThat(payload.getInt()).isEqualTo(1);
        assertThat(payload.getInt(4)).isEqualTo(1);
        assertThat(payload.getInt(8)).isZero();
        return payload.remaining() / 8;
    }

    // ---- The client.

    private static byte[] context(int id, String name) {
        return ByteBuffer.allocate(4 + name.length())
                .putInt(id)
                .put(name.getBytes(StandardCharsets.UTF_8))
                .array();
    }

    private interface Answer {
        void write(DataOutputStream out) throws IOException;
    }

    /** A server that calls the context 77, and says {@code answer} to the first question, which has cookie 1. */
    private static List<byte[]> script(Answer answer) {
        return script(
                out -> {
                    ScriptedServer.optionReply(
                            out,
                            NbdWire.OPT_SET_META_CONTEXT,
                            NbdWire.REP_META_CONTEXT,
                            context(77, "base:allocation"));
                    ScriptedServer.optionReply(out, NbdWire.OPT_SET_META_CONTEXT, NbdWire.REP_ACK, new byte[0]);
                },
                answer);
    }

    private static List<byte[]> script(Answer choice, Answer answer) {
        return List.of(
                ScriptedServer.greeting(3),
                ScriptedServer.bytes(out ->
                        ScriptedServer.optionReply(out, NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK, new byte[0])),
                ScriptedServer.bytes(choice::write),
                ScriptedServer.bytes(out -> {
                    ScriptedServer.optionReply(
                            out, NbdWire.OPT_GO, NbdWire.REP_INFO, ScriptedServer.exportInfo(1 << 20, 1 | 4));
                    ScriptedServer.optionReply(out, NbdWire.OPT_GO, NbdWire.REP_ACK, new byte[0]);
                }),
                ScriptedServer.bytes(answer::write));
    }

    private static byte[] ints(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
        for (int value : values) {
            bytes.putInt(value);
        }
        return bytes.array();
    }

    private static void told(int flags, int... payload) throws IOException {
        try (ScriptedServer server = new ScriptedServer()) {
            Future<?> played = server.play(script(out -> ScriptedServer.chunk(out, flags, 5, 1, ints(payload))));
            try (NbdClient client = NbdClient.connect(server.uri(), ASKING)) {
                client.allocation(0, 4096);
            } finally {
                ScriptedServer.awaitEnd(played);
            }
        }
    }

    @Test
    void anAnswerMayEndApartAndGoBeyondTheQuestion() throws Exception {
        try (ScriptedServer server = new ScriptedServer()) {
            Future<?> played = server.play(script(out -> {
                ScriptedServer.chunk(out, 0, 5, 1, ints(77, 100, 3, 1 << 31, 2, 5, 5));
                ScriptedServer.chunk(out, 1, 0, 1, new byte[0]);
            }));
            try (NbdClient client = NbdClient.connect(server.uri(), ASKING)) {
                assertThat(client.allocation(0, 4096))
                        .containsExactly(Allocation.emptiness(100), new Allocation(3996, false, true));
            }
            ScriptedServer.awaitEnd(played);
        }
    }

    @Test
    void aMalformedAnswerEndsTheConnection() {
        for (int[] payload : List.of(
                new int[] {77},
                new int[] {77, 100},
                new int[] {78, 100, 0},
                new int[] {77, 0, 0},
                new int[] {77, 100, 0, 0},
                new int[] {})) {
            assertThatThrownBy(() -> told(1, payload))
                    .isInstanceOf(NbdDisconnectedException.class)
                    .hasMessageContaining("breaks the protocol");
        }
    }

    @Test
    void anAnswerThatSaysNothingIsAnError() throws Exception {
        try (ScriptedServer server = new ScriptedServer()) {
            Future<?> played = server.play(script(out -> ScriptedServer.chunk(out, 1, 0, 1, new byte[0])));
            try (NbdClient client = NbdClient.connect(server.uri(), ASKING)) {
                assertThatThrownBy(() -> client.allocation(0, 4096)).satisfies(NbdLoopbackTest.isError(NbdError.EIO));
            }
            ScriptedServer.awaitEnd(played);
        }
    }

    @Test
    void answersThatWereNotAskedForEndTheConnection() throws Exception {
        try (ScriptedServer server = new ScriptedServer()) {
            for (Answer answer : List.<Answer>of(out -> ScriptedServer.simple(out, 0, 1), out -> {
                ScriptedServer.chunk(out, 0, 5, 1, ints(77, 100, 0));
                ScriptedServer.chunk(out, 1, 5, 1, ints(77, 100, 0));
            })) {
                Future<?> played = server.play(script(answer));
                try (NbdClient client = NbdClient.connect(server.uri(), ASKING)) {
                    assertThatThrownBy(() -> client.allocation(0, 4096)).isInstanceOf(NbdDisconnectedException.class);
                }
                ScriptedServer.awaitEnd(played);
            }
            Future<?> played = server.play(script(out -> ScriptedServer.chunk(out, 1, 5, 1, ints(77, 100, 0))));
            try (NbdClient client = NbdClient.connect(server.uri(), ASKING)) {
                assertThatThrownBy(client::flush).isInstanceOf(NbdDisconnectedException.class);
            }
            ScriptedServer.awaitEnd(played);
        }
    }

    /** Whoever tells of very many parts is believed so far. */
    @Test
    void anAnswerOfManyPartsTakesBoundedMemory() throws Exception {
        int[] payload = new int[1 + 2 * 10_000];
        java.util.Arrays.fill(payload, 1);
        payload[0] = 77;
        try (ScriptedServer server = new ScriptedServer()) {
            Future<?> played = server.play(script(out -> ScriptedServer.chunk(out, 1, 5, 1, ints(payload))));
            try (NbdClient client = NbdClient.connect(server.uri(), ASKING)) {
                assertThat(client.allocation(0, 1 << 20))
                        .hasSize(ToldAllocation.PARTS_MAX)
                        .containsOnly(new Allocation(1, true, false));
            }
            ScriptedServer.awaitEnd(played);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {NbdWire.REP_ERR_UNSUP, NbdWire.REP_ERR_UNKNOWN, NbdWire.REP_ACK})
    void aServerThatDoesNotKnowItIsUsedWithout(int reply) throws Exception {
        try (ScriptedServer server = new ScriptedServer()) {
            Future<?> played = server.play(script(
                    out -> ScriptedServer.optionReply(out, NbdWire.OPT_SET_META_CONTEXT, reply, new byte[0]),
                    out -> ScriptedServer.simple(out, 0, 1)));
            try (NbdClient client = NbdClient.connect(server.uri(), ASKING)) {
                assertThat(client.tellsAllocation()).isFalse();
                assertThat(client.allocation(0, 4096)).containsExactly(Allocation.data(4096));
                client.flush();
            }
            ScriptedServer.awaitEnd(played);
        }
    }

    @Test
    void aWrongContextIsABreach() throws Exception {
        try (ScriptedServer server = new ScriptedServer()) {
            for (byte[] context : List.of(context(1, "base:other"), new byte[3])) {
                Future<?> played = server.play(script(
                        out -> ScriptedServer.optionReply(
                                out, NbdWire.OPT_SET_META_CONTEXT, NbdWire.REP_META_CONTEXT, context),
                        out -> {}));
                assertThatThrownBy(() -> NbdClient.connect(server.uri(), ASKING))
                        .isInstanceOf(NbdDisconnectedException.class)
                        .hasMessageContaining("breaks the protocol");
                ScriptedServer.awaitEnd(played);
            }
        }
    }
}
