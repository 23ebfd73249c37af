package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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

    /** What a server does with a connection. */
    private interface Script {
        void run(DataInputStream in, DataOutputStream out) throws IOException;
    }

    /** A server that plays one script for one connection, then hangs up. */
    private static final class FakeServer implements AutoCloseable {
        private final ServerSocket listener;
        private final Thread thread;

        FakeServer(Script script) throws IOException {
            listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
            thread = Thread.ofVirtual().start(() -> {
                try (Socket socket = listener.accept()) {
                    socket.setTcpNoDelay(true);
                    script.run(
                            new DataInputStream(socket.getInputStream()),
                            new DataOutputStream(socket.getOutputStream()));
                } catch (IOException e) {
                    // The client has left in the middle, as some of them should.
                }
            });
        }

        NbdUri uri() {
            return NbdUri.tcp("127.0.0.1", listener.getLocalPort(), "disk");
        }

        @Override
        public void close() throws IOException {
            listener.close();
            thread.interrupt();
        }
    }

    private record Request(int flags, int type, long cookie, long offset, int length) {
        static Request read(DataInputStream in) throws IOException {
            assertThat(in.readInt()).isEqualTo(NbdWire.REQUEST_MAGIC);
            Request request = new Request(
                    in.readUnsignedShort(), in.readUnsignedShort(), in.readLong(), in.readLong(), in.readInt());
            if (request.type == NbdWire.CMD_WRITE) {
                in.readNBytes(request.length);
            }
            return request;
        }

        void answer(DataOutputStream out, int error) throws IOException {
            out.writeInt(NbdWire.SIMPLE_REPLY_MAGIC);
            out.writeInt(error);
            out.writeLong(cookie);
        }

        void chunk(DataOutputStream out, boolean done, int chunkType, byte[] payload) throws IOException {
            out.writeInt(NbdWire.STRUCTURED_REPLY_MAGIC);
            out.writeShort(done ? 1 : 0);
            out.writeShort(chunkType);
            out.writeLong(cookie);
            out.writeInt(payload.length);
            out.write(payload);
        }
    }

    private static void greet(DataInputStream in, DataOutputStream out) throws IOException {
        out.writeLong(NbdWire.INIT_MAGIC);
        out.writeLong(NbdWire.OPTION_MAGIC);
        out.writeShort(NbdWire.FLAG_FIXED_NEWSTYLE);
        assertThat(in.readInt()).isEqualTo(NbdWire.FLAG_FIXED_NEWSTYLE);
    }

    /** An old server: nothing but EXPORT_NAME, with padding. */
    private static void openOldFashioned(DataInputStream in, DataOutputStream out, long size, int flags)
            throws IOException {
        greet(in, out);
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
            reply(out, option, NbdWire.REP_ERR_UNSUP, new byte[0]);
        }
    }

    private static void openStructured(DataInputStream in, DataOutputStream out, long size) throws IOException {
        greet(in, out);
        while (true) {
            assertThat(in.readLong()).isEqualTo(NbdWire.OPTION_MAGIC);
            int option = in.readInt();
            in.readNBytes(in.readInt());
            if (option == NbdWire.OPT_GO) {
                reply(
                        out,
                        option,
                        NbdWire.REP_INFO,
                        ByteBuffer.allocate(12)
                                .putShort((short) 0)
                                .putLong(size)
                                .putShort((short) 1)
                                .array());
                reply(out, option, NbdWire.REP_INFO, new byte[] {77, 77, 1, 2, 3});
                reply(out, option, NbdWire.REP_ACK, new byte[0]);
                return;
            }
            reply(out, option, NbdWire.REP_ACK, new byte[0]);
        }
    }

    private static void reply(DataOutputStream out, int option, int type, byte[] data) throws IOException {
        out.writeLong(NbdWire.OPTION_REPLY_MAGIC);
        out.writeInt(option);
        out.writeInt(type);
        out.writeInt(data.length);
        out.write(data);
    }

    @Test
    void makesUpForWhatTheServerLacks() throws IOException {
        List<Request> seen = new CopyOnWriteArrayList<>();
        Script script = (in, out) -> {
            openOldFashioned(in, out, 4 << 20, NbdWire.FLAG_HAS_FLAGS | NbdWire.FLAG_SEND_FLUSH);
            for (Request r = Request.read(in); r.type != NbdWire.CMD_DISC; r = Request.read(in)) {
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
        assertThat(seen).extracting(Request::type).containsExactly(1, 3, 1, 1, 1, 3);
        assertThat(seen).extracting(Request::flags).containsOnly(0);
        assertThat(seen).extracting(Request::length).containsExactly(512, 0, 1 << 20, 1 << 20, 512, 0);
    }

    @Test
    void promisesNothingThatTheServerDoesNot() throws IOException {
        Script script = (in, out) -> {
            openOldFashioned(in, out, 4096, NbdWire.FLAG_HAS_FLAGS);
            assertThat(Request.read(in).type()).isEqualTo(NbdWire.CMD_DISC);
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), HASTY)) {
            client.flush();
            assertThat(client.info().canFlush()).isFalse();
        }
    }

    @Test
    void putsChunksTogether() throws IOException {
        Script script = (in, out) -> {
            openStructured(in, out, 1 << 20);
            Request r = Request.read(in);
            r.chunk(
                    out,
                    false,
                    1,
                    ByteBuffer.allocate(8 + 100)
                            .putLong(r.offset + 300)
                            .put(filled(100, 3))
                            .array());
            r.chunk(
                    out,
                    false,
                    2,
                    ByteBuffer.allocate(12).putLong(r.offset + 100).putInt(200).array());
            r.chunk(
                    out,
                    false,
                    1,
                    ByteBuffer.allocate(8 + 100)
                            .putLong(r.offset)
                            .put(filled(100, 1))
                            .array());
            r.chunk(out, true, 0, ByteBuffer.allocate(0).array());
            Request failing = Request.read(in);
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
            Request odd = Request.read(in);
            odd.chunk(
                    out, true, 0x8777, ByteBuffer.allocate(6 + 20).putInt(4711).array());
            Request.read(in);
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
        Script script = (in, out) -> {
            openStructured(in, out, 1 << 20);
            for (int i = 0; i < 20; i++) {
                Request.read(in);
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
        Script script = (in, out) -> {
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
        Script script = (in, out) -> {
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
        Script script = (in, out) -> {
            openStructured(in, out, 1 << 20);
            Request r = Request.read(in);
            if (magic) {
                out.writeInt(structured ? NbdWire.STRUCTURED_REPLY_MAGIC : NbdWire.SIMPLE_REPLY_MAGIC);
                out.writeInt(structured ? 0x00010000 | r.type : 0);
                out.writeLong(r.cookie);
            }
            out.write(garbage);
        };
        try (FakeServer server = new FakeServer(script);
                NbdClient client = NbdClient.connect(server.uri(), HASTY)) {
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(4096))).isInstanceOf(IOException.class);
        }
    }
}
