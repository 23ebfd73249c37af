package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What our client asks of a server, by what that one offers; and what it does not even ask. */
@Timeout(30)
final class ClientRequestsTest {
    private static final int SIZE = 1 << 20;
    private static final int BLOCK = 512;
    private static final int PAYLOAD = 64 << 10;
    private static final int ALL = NbdWire.FLAG_HAS_FLAGS
            | NbdWire.FLAG_SEND_FLUSH
            | NbdWire.FLAG_SEND_FUA
            | NbdWire.FLAG_SEND_TRIM
            | NbdWire.FLAG_SEND_WRITE_ZEROES;

    /** A server that offers what it is told to, does whatever it is asked, and notes it: command, flags, offset, length. */
    private static final class Server implements AutoCloseable {
        private final List<String> asked = new CopyOnWriteArrayList<>();
        private final FakeServer server;
        private final NbdClient client;

        Server(long size, int flags) throws IOException {
            server = new FakeServer((in, out) -> {
                open(in, out, size, flags);
                for (FakeServer.Request r = FakeServer.Request.read(in);
                        r.type() != NbdWire.CMD_DISC;
                        r = FakeServer.Request.read(in)) {
                    String name = List.of("read", "write", "?", "flush", "trim", "?", "zeroes")
                            .get(r.type());
                    asked.add(name + " " + r.flags() + " " + r.offset() + "+" + r.length());
                    r.answer(out, 0);
                    out.write(new byte[r.type() == NbdWire.CMD_READ ? r.length() : 0]);
                }
            });
            client = NbdClient.connect(server.uri());
        }

        private static void open(DataInputStream in, DataOutputStream out, long size, int flags) throws IOException {
            FakeServer.greet(in, out);
            int option = 0;
            while (option != NbdWire.OPT_GO) {
                in.readLong();
                option = in.readInt();
                in.readNBytes(in.readInt());
                if (option != NbdWire.OPT_GO) {
                    FakeServer.reply(out, option, NbdWire.REP_ERR_UNSUP, new byte[0]);
                }
            }
            FakeServer.reply(
                    out,
                    option,
                    NbdWire.REP_INFO,
                    ByteBuffer.allocate(12)
                            .putShort((short) NbdWire.INFO_EXPORT)
                            .putLong(size)
                            .putShort((short) flags)
                            .array());
            FakeServer.reply(
                    out, option, NbdWire.REP_INFO, blockSizes(BLOCK, PAYLOAD).array());
            FakeServer.reply(out, option, NbdWire.REP_ACK, new byte[0]);
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count);
    }

    private static void assertError(int error, ThrowingCallable call) {
        assertThatThrownBy(call).satisfies(NbdLoopbackTest.isError(error));
    }

    @Test
    void whatCannotBeIsNotAskedFor() throws IOException {
        try (Server server = new Server(SIZE, ALL)) {
            NbdClient client = server.client;
            for (long offset : new long[] {-BLOCK, SIZE, SIZE - BLOCK}) {
                assertError(NbdError.EINVAL, () -> client.read(offset, bytes(2 * BLOCK)));
                assertError(NbdError.ENOSPC, () -> client.write(offset, bytes(2 * BLOCK), false));
                assertError(NbdError.EINVAL, () -> client.trim(offset, 2 * BLOCK, false));
                assertError(NbdError.ENOSPC, () -> client.writeZeroes(offset, 2 * BLOCK, false, false));
            }
            assertError(NbdError.EINVAL, () -> client.trim(0, -BLOCK, false));
            assertError(NbdError.EINVAL, () -> client.read(1, bytes(BLOCK)));
            assertError(NbdError.EINVAL, () -> client.read(0, bytes(BLOCK + 1)));
            assertError(NbdError.EINVAL, () -> client.write(BLOCK / 2, bytes(BLOCK), false));
            assertThatThrownBy(() -> client.read(0, bytes(BLOCK).asReadOnlyBuffer()))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(server.asked).isEmpty();
            client.read(SIZE - BLOCK, bytes(BLOCK));
            client.write(SIZE - BLOCK, bytes(BLOCK), false);
            client.trim(0, SIZE, false);
            assertThat(server.asked).containsExactly("read 0 1048064+512", "write 0 1048064+512", "trim 0 0+1048576");
        }
    }

    @Test
    void aReadOnlyExportIsNotAskedToChange() throws IOException {
        try (Server server = new Server(SIZE, ALL | NbdWire.FLAG_READ_ONLY)) {
            NbdClient client = server.client;
            assertThat(client.readOnly()).isTrue();
            assertError(NbdError.EPERM, () -> client.write(0, bytes(BLOCK), false));
            assertError(NbdError.EPERM, () -> client.trim(0, BLOCK, false));
            assertError(NbdError.EPERM, () -> client.writeZeroes(0, BLOCK, false, false));
            assertThat(server.asked).isEmpty();
        }
    }

    @Test
    void durabilityIsAskedForAsTheServerOffersIt() throws IOException {
        try (Server server = new Server(SIZE, ALL)) {
            changeAll(server.client);
            assertThat(server.asked).containsExactly("write 1 0+512", "trim 1 0+512", "zeroes 3 0+512");
        }
        try (Server server = new Server(SIZE, ALL & ~NbdWire.FLAG_SEND_FUA)) {
            changeAll(server.client);
            assertThat(server.asked)
                    .containsExactly(
                            "write 0 0+512",
                            "flush 0 0+0",
                            "trim 0 0+512",
                            "flush 0 0+0",
                            "zeroes 2 0+512",
                            "flush 0 0+0");
        }
        // No promise at all.
        try (Server server = new Server(SIZE, ALL & ~NbdWire.FLAG_SEND_FUA & ~NbdWire.FLAG_SEND_FLUSH)) {
            changeAll(server.client);
            server.client.flush();
            assertThat(server.asked).containsExactly("write 0 0+512", "trim 0 0+512", "zeroes 2 0+512");
        }
    }

    private static void changeAll(NbdClient client) throws IOException {
        client.write(0, bytes(BLOCK), true);
        client.trim(0, BLOCK, true);
        client.writeZeroes(0, BLOCK, true, true);
    }

    @Test
    void whatTheServerCannotIsDoneInAnotherWay() throws IOException {
        int neither = ALL & ~NbdWire.FLAG_SEND_TRIM & ~NbdWire.FLAG_SEND_WRITE_ZEROES;
        try (Server server = new Server(SIZE, neither)) {
            server.client.trim(0, BLOCK, true);
            assertThat(server.asked).isEmpty();
            server.client.writeZeroes(BLOCK, BLOCK, false, true);
            server.client.writeZeroes(BLOCK, BLOCK, false, false);
            assertThat(server.asked).containsExactly("write 1 512+512", "write 0 512+512");
        }
        try (Server server = new Server(SIZE, neither & ~NbdWire.FLAG_SEND_FUA)) {
            server.client.writeZeroes(0, 2 * PAYLOAD + BLOCK, false, true);
            assertThat(server.asked.getLast()).isEqualTo("flush 0 0+0");
            assertThat(server.asked.subList(0, 3))
                    .containsExactly("write 0 0+65536", "write 0 65536+65536", "write 0 131072+512");
            assertThat(server.asked).hasSize(4);
        }
    }

    @Test
    void whatIsTooLongComesInPieces() throws IOException {
        try (Server server = new Server(5L << 30, ALL)) {
            server.client.write(BLOCK, bytes(PAYLOAD + BLOCK), false);
            server.client.read(BLOCK, bytes(2 * PAYLOAD));
            assertThat(server.asked)
                    .containsExactly(
                            "write 0 512+65536", "write 0 66048+512", "read 0 512+65536", "read 0 66048+65536");
            server.asked.clear();
            server.client.trim(0, 5L << 30, false);
            assertThat(server.asked.size()).isGreaterThan(1);
            long end = 0;
            for (String trim : server.asked) {
                String[] words = trim.split("[ +]");
                assertThat(words[2]).isEqualTo(Long.toString(end));
                end += Long.parseLong(words[3]);
            }
            assertThat(end).isEqualTo(5L << 30);
        }
    }

    // ---- What a server tells about itself.

    private static ByteBuffer info(int type, int bytes) {
        return ByteBuffer.allocate(2 + bytes)
                .putShort((short) type)
                .putLong(1 << 20)
                .rewind();
    }

    private static void take(ByteBuffer info) throws IOException {
        new ExportInfoReader("disk").take(info);
    }

    @Test
    void informationOfAnotherLengthIsRefused() throws IOException {
        for (int length : new int[] {9, 11, 12, 13, 14}) {
            assertRefused(() -> take(info(NbdWire.INFO_EXPORT, length)));
        }
        for (int length : new int[] {9, 10, 11, 13, 14}) {
            assertRefused(() -> take(info(NbdWire.INFO_BLOCK_SIZE, length)));
        }
        take(info(NbdWire.INFO_EXPORT, 10));
        take(info(NbdWire.INFO_BLOCK_SIZE, 12));
        ExportInfoReader reader = new ExportInfoReader("disk");
        assertRefused(() -> reader.take(ByteBuffer.allocate(1)));
        assertRefused(() -> reader.take(ByteBuffer.wrap(new byte[] {0, NbdWire.INFO_NAME, (byte) 0xff})));
        reader.take(ByteBuffer.wrap(new byte[] {0, 77}));
        assertRefused(reader::result);
        assertRefused(() -> reader.export(-1, (short) 0));
        reader.export(0, (short) NbdWire.FLAG_READ_ONLY);
        assertThat(reader.result().size()).isZero();
        // A flag that is not one without the flag that there are flags.
        assertThat(reader.result().flags()).isZero();
        reader.export(0, (short) (NbdWire.FLAG_READ_ONLY | NbdWire.FLAG_HAS_FLAGS));
        assertThat(reader.result().readOnly()).isTrue();
    }

    @Test
    void blockSizesThatMakeNoSenseAreRefused() throws IOException {
        assertThat(sizes(1, 1).result().maximumPayload()).isEqualTo(1);
        assertThat(sizes(65536, 65536).result().minimumBlock()).isEqualTo(65536);
        assertThat(sizes(4096, 10_000).result().maximumPayload()).isEqualTo(8192);
        for (int[] wrong : new int[][] {{0, 4096}, {3, 4096}, {-4096, 4096}, {131072, 131072}, {4096, 4095}}) {
            assertRefused(() -> sizes(wrong[0], wrong[1]).result());
        }
    }

    private static ExportInfoReader sizes(int minimum, int maximum) throws IOException {
        ExportInfoReader reader = new ExportInfoReader("disk");
        reader.export(SIZE, (short) NbdWire.FLAG_HAS_FLAGS);
        reader.take(blockSizes(minimum, maximum));
        return reader;
    }

    private static ByteBuffer blockSizes(int minimum, int maximum) {
        return ByteBuffer.allocate(14)
                .putShort((short) NbdWire.INFO_BLOCK_SIZE)
                .putInt(minimum)
                .putInt(4096)
                .putInt(maximum)
                .rewind();
    }

    private static void assertRefused(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IOException.class);
    }

    /** A text that is too long is cut between two characters. */
    @Test
    void aLongTextIsCutBetweenCharacters() {
        String longest = "x".repeat(NbdWire.STRING_BYTES_MAX);
        assertThat(Strings.encode(longest)).hasSize(NbdWire.STRING_BYTES_MAX);
        assertThat(Strings.encode(longest + "y"))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo(longest);
        String odd = "x" + "ä".repeat(NbdWire.STRING_BYTES_MAX / 2);
        byte[] cut = Strings.encode(odd);
        assertThat(cut).hasSize(NbdWire.STRING_BYTES_MAX - 1);
        assertThat(Strings.decode(cut)).isNotNull();
        assertThat(Strings.encode(null)).isEmpty();
    }
}
