package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Our client against servers that lack things, break the protocol, or fall silent. */
final class NbdClientRobustnessTest {
    private static final NbdClient.Settings HASTY = NbdClient.Settings.DEFAULT
            .withConnectTimeout(Duration.ofSeconds(2))
            .withRequestTimeout(Duration.ofMillis(300));

    /** An old server: nothing but EXPORT_NAME, with padding. */
    private static void openOldFashioned(DataInputStream in, DataOutputStream out, long size, int flags)
            throws IOException {
        FakeServer.greet(in, out);
        while (true) {
            assertThat(in.readLong()).isEqualTo(NbdWire.OPTION_MAGIC);
            int option = in.readInt();
            byte[] data = in.readNBytes(in.readInt());
            if (option == NbdWire.OPT_EXPORT_NAME) {
                assertThat(new String(data, StandardCharsets.UTF_8)).isEqualTo("disk");
                out.writeLong(size);
                out.writeShort(flags);
                out.write(new byte[124]);
                return;
            }
            FakeServer.reply(out, option, NbdWire.REP_ERR_UNSUP, new byte[0]);
        }
    }

    private static void openStructured(DataInputStream in, DataOutputStream out, long size) throws IOException {
        FakeServer.greet(in, out);
        while (true) {
            assertThat(in.readLong()).isEqualTo(NbdWire.OPTION_MAGIC);
            int option = in.readInt();
            in.readNBytes(in.readInt());
            if (option == NbdWire.OPT_GO) {
                FakeServer.reply(
                        out,
                        option,
                        NbdWire.REP_INFO,
                        ByteBuffer.allocate(12)
                                .putShort((short) 0)
                                .putLong(size)
                                .putShort((short) 1)
                                .array());
                FakeServer.reply(out, option, NbdWire.REP_INFO, new byte[] {77, 77, 1, 2, 3});
                FakeServer.reply(out, option, NbdWire.REP_ACK, new byte[0]);
                return;
            }
            FakeServer.reply(out, option, NbdWire.REP_ACK, new byte[0]);
        }
    }

    @Test
    void makesUpForWhatTheServerLacks() throws IOException {
        List<FakeServer.Request> seen = new CopyOnWriteArrayList<>();
        FakeServer.Script script = (in, out) -> {
            openOldFashioned(in, out, 4 << 20, NbdWire.FLAG_HAS_FLAGS | NbdWire.FLAG_SEND_FLUSH);
            for (FakeServer.Request r = FakeServer.Request.read(in);
                    r.type() != NbdWire.CMD_DISC;
                    r = FakeServer.Request.read(in)) {
                seen.add(r);
                r.answer(out, 0);
            }
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), HASTY)) {
            assertThat(client.size()).isEqualTo(4 << 20);
            client.write(0, ByteBuffer.allocate(512), true);
            client.trim(0, 512, true);
            client.writeZeroes(0, (2 << 20) + 512, false, true);
        }
        assertThat(seen).extracting(FakeServer.Request::type).containsExactly(1, 3, 1, 1, 1, 3);
        assertThat(seen).extracting(FakeServer.Request::flags).containsOnly(0);
        assertThat(seen).extracting(FakeServer.Request::length).containsExactly(512, 0, 1 << 20, 1 << 20, 512, 0);
    }

    @Test
    void promisesNothingThatTheServerDoesNot() throws IOException {
        FakeServer.Script script = (in, out) -> {
            openOldFashioned(in, out, 4096, NbdWire.FLAG_HAS_FLAGS);
            assertThat(FakeServer.Request.read(in).type()).isEqualTo(NbdWire.CMD_DISC);
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), HASTY)) {
            client.flush();
            assertThat(client.info().canFlush()).isFalse();
        }
    }

    @Test
    void putsChunksTogether() throws IOException {
        FakeServer.Script script = (in, out) -> {
            openStructured(in, out, 1 << 20);
            FakeServer.Request r = FakeServer.Request.read(in);
            r.chunk(
                    out,
                    false,
                    1,
                    ByteBuffer.allocate(8 + 100)
                            .putLong(r.offset() + 300)
                            .put(filled(100, 3))
                            .array());
            r.chunk(
                    out,
                    false,
                    2,
                    ByteBuffer.allocate(12)
                            .putLong(r.offset() + 100)
                            .putInt(200)
                            .array());
            r.chunk(
                    out,
                    false,
                    1,
                    ByteBuffer.allocate(8 + 100)
                            .putLong(r.offset())
                            .put(filled(100, 1))
                            .array());
            r.chunk(out, true, 0, ByteBuffer.allocate(0).array());
            FakeServer.Request failing = FakeServer.Request.read(in);
            failing.chunk(
                    out,
                    false,
                    1,
                    ByteBuffer.allocate(8 + 100).putLong(0).put(filled(100, 9)).array());
            failing.chunk(
                    out,
                    false,
                    0x8002,
                    ByteBuffer.allocate(4 + 2 + 3 + 8)
                            .putInt(5)
                            .putShort((short) 3)
                            .put("bad".getBytes(StandardCharsets.UTF_8))
                            .putLong(50)
                            .array());
            failing.chunk(out, true, 0, ByteBuffer.allocate(0).array());
            FakeServer.Request odd = FakeServer.Request.read(in);
            odd.chunk(
                    out, true, 0x8777, ByteBuffer.allocate(6 + 20).putInt(4711).array());
            FakeServer.Request.read(in);
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), HASTY)) {
            ByteBuffer target = ByteBuffer.allocate(410).position(5).limit(405);
            client.read(1000, target);
            byte[] bytes = target.array();
            for (int i = 0; i < 410; i++) {
                int expected = i >= 5 && i < 105 ? 1 : i >= 305 && i < 405 ? 3 : 0;
                assertThat(bytes[i]).as("byte %d", i).isEqualTo((byte) expected);
            }
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(100)))
                    .satisfies(NbdLoopbackTest.isError(NbdError.EIO))
                    .hasMessageContaining("bad");
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(100)))
                    .satisfies(NbdLoopbackTest.isError(NbdError.EINVAL));
            assertThat(client.isConnected()).isTrue();
        }
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    @Timeout(60)
    void failsAllThatWaitWhenTheConnectionIsLost() throws Exception {
        FakeServer.Script script = (in, out) -> {
            openStructured(in, out, 1 << 20);
            for (int i = 0; i < 20; i++) {
                FakeServer.Request.read(in);
            }
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                all.add(threads.submit(() -> {
                    client.read(0, ByteBuffer.allocate(4096));
                    return null;
                }));
            }
            for (Future<?> one : all) {
                assertThatThrownBy(one::get)
                        .hasCauseInstanceOf(NbdDisconnectedException.class)
                        .hasMessageContaining("nbd://127.0.0.1:");
            }
            assertThat(client.isConnected()).isFalse();
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(1)))
                    .isInstanceOf(NbdDisconnectedException.class);
        }
    }

    @Test
    void givesUpOnASilentServer() throws IOException {
        FakeServer.Script script = (in, out) -> {
            openStructured(in, out, 1 << 20);
            in.transferTo(java.io.OutputStream.nullOutputStream());
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), HASTY)) {
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(4096)))
                    .isInstanceOf(NbdDisconnectedException.class)
                    .hasMessageContaining("no answer within 300 ms");
        }
    }

    /** A server that flushes for long is neither silent nor lost. */
    @Test
    @Timeout(60)
    void aFlushMayTakeLongerThanARead() throws Exception {
        FakeServer.Script script = (in, out) -> {
            openOldFashioned(in, out, 4096, NbdWire.FLAG_HAS_FLAGS | NbdWire.FLAG_SEND_FLUSH | NbdWire.FLAG_SEND_FUA);
            for (int i = 0; i < 2; i++) {
                FakeServer.Request slow = FakeServer.Request.read(in);
                LockSupport.parkNanos(900_000_000);
                slow.answer(out, 0);
            }
            FakeServer.Request.read(in);
            in.transferTo(java.io.OutputStream.nullOutputStream());
        };
        NbdClient.Settings patient = HASTY.withFlushTimeout(Duration.ofSeconds(30));
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), patient)) {
            client.flush();
            client.write(0, ByteBuffer.allocate(512), true);
            assertThatThrownBy(() -> client.write(0, ByteBuffer.allocate(512), false))
                    .isInstanceOf(NbdDisconnectedException.class)
                    .hasMessageContaining("no answer within 300 ms");
            client.awaitDisconnect();
            assertThat(client.isConnected()).isFalse();
        }
    }

    @Test
    void givesUpOnAServerThatNeverGreets() throws IOException {
        NbdClient.Settings settings = HASTY.withConnectTimeout(Duration.ofMillis(300));
        try (FakeServer server = new FakeServer((in, out) -> in.transferTo(java.io.OutputStream.nullOutputStream()))) {
            assertThatThrownBy(() -> NbdClient.connect(server.uri(), settings))
                    .isInstanceOf(NbdDisconnectedException.class)
                    .hasMessageContaining("no answer within 300 ms");
        }
    }

    @Test
    void saysWhyItCannotConnect() throws IOException {
        NbdUri gone;
        try (FakeServer server = new FakeServer((in, out) -> out.writeBytes("HTTP/1.0 400 Bad Request\r\n\r\n"))) {
            gone = server.uri();
            assertThatThrownBy(() -> NbdClient.connect(gone, HASTY)).hasMessageContaining("not an NBD server");
        }
        assertThatThrownBy(() -> NbdClient.connect(gone, HASTY))
                .isInstanceOf(NbdDisconnectedException.class)
                .hasMessageContaining(gone.toString())
                .hasMessageContaining("refused");
        assertThatThrownBy(() -> NbdClient.connect(NbdUri.parse("nbd+unix:///?socket=/nonexistent/x"), HASTY))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No such file");
        assertThatThrownBy(() -> NbdClient.connect(NbdUri.parse("nbd://no-such-host.invalid"), HASTY))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unknown host");
    }

    @Property(tries = 100)
    void anyGreetingIsRefusedOrLost(@ForAll @Size(max = 60) byte[] garbage, @ForAll boolean magic) throws IOException {
        FakeServer.Script script = (in, out) -> {
            if (magic) {
                out.writeLong(NbdWire.INIT_MAGIC);
                out.writeLong(NbdWire.OPTION_MAGIC);
                out.writeShort(NbdWire.FLAG_FIXED_NEWSTYLE);
            }
            out.write(garbage);
        };
        try (FakeServer server = new FakeServer(script)) {
            assertThatThrownBy(() -> NbdClient.connect(server.uri(), HASTY)).isInstanceOf(IOException.class);
        }
    }

    @Property(tries = 150)
    void anyAnswerThatIsNoneEndsTheConnection(
            @ForAll @Size(max = 60) byte[] garbage, @ForAll boolean structured, @ForAll boolean magic)
            throws IOException {
        FakeServer.Script script = (in, out) -> {
            openStructured(in, out, 1 << 20);
            FakeServer.Request r = FakeServer.Request.read(in);
            if (magic) {
                out.writeInt(structured ? NbdWire.STRUCTURED_REPLY_MAGIC : NbdWire.SIMPLE_REPLY_MAGIC);
                out.writeInt(structured ? 0x00010000 | r.type() : 0);
                out.writeLong(r.cookie());
            }
            out.write(garbage);
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), HASTY)) {
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(4096))).isInstanceOf(IOException.class);
        }
    }
}
