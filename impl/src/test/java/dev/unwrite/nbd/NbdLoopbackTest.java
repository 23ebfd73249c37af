package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our client against our server. */
@Timeout(60)
final class NbdLoopbackTest {
    private static final int SIZE = 8 << 20;
    private static final NbdUri ANY_PORT = NbdUri.tcp("127.0.0.1", 0, "");

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void doesWhatADeviceDoes(boolean structured) throws IOException {
        byte[] model = new byte[SIZE];
        Random random = new Random(7);
        MemoryDevice device = new MemoryDevice(SIZE);
        try (NbdServer server = NbdServer.builder()
                        .listen(ANY_PORT)
                        .exports(TestExports.of(device))
                        .start();
                NbdClient client =
                        NbdClient.connect(server.uri("disk"), NbdClient.Settings.DEFAULT.withStructured(structured))) {
            assertThat(client.size()).isEqualTo(SIZE);
            assertThat(client.readOnly()).isFalse();
            for (int i = 0; i < 300; i++) {
                int length = random.nextInt(1, random.nextInt(10) == 0 ? 1 << 20 : 20000);
                int offset = random.nextInt(SIZE - length);
                if (random.nextBoolean()) {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    client.write(offset, buffer(data, random.nextBoolean()), random.nextBoolean());
                    System.arraycopy(data, 0, model, offset, length);
                } else {
                    client.writeZeroes(offset, length, random.nextBoolean(), random.nextBoolean());
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                client.flush();
                assertThat(read(client, offset, length)).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
            }
            assertThat(read(client, 0, SIZE)).isEqualTo(model);
        }
    }

    @Test
    void manyThreadsShareAConnection() throws Exception {
        MemoryDevice device = new MemoryDevice(SIZE);
        NbdUri socket = NbdUri.unix(dir.resolve("s"), "");
        try (NbdServer server = NbdServer.builder()
                        .listen(socket)
                        .exports(TestExports.of(device))
                        .start();
                NbdClient client = NbdClient.connect(server.uri("disk"));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 32; t++) {
                int mine = t;
                all.add(threads.submit(() -> {
                    for (int i = 0; i < 50; i++) {
                        long offset = (mine + 32L * (i % 8)) * 4096;
                        byte[] data = new byte[4096];
                        Arrays.fill(data, (byte) (mine + i));
                        client.write(offset, ByteBuffer.wrap(data), false);
                        assertThat(read(client, offset, 4096)).isEqualTo(data);
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    @Test
    void splitsWhatIsLargerThanTheServerTakes() throws IOException {
        MemoryDevice device = new MemoryDevice(SIZE);
        TestExports exports = TestExports.of("small", () -> Export.of(device).withBlockSizes(512, 4096, 8192));
        try (NbdServer server =
                        NbdServer.builder().listen(ANY_PORT).exports(exports).start();
                NbdClient client = NbdClient.connect(server.uri("small"))) {
            assertThat(client.info().minimumBlock()).isEqualTo(512);
            assertThat(client.info().maximumPayload()).isEqualTo(8192);
            byte[] data = new byte[100 * 512];
            new Random(1).nextBytes(data);
            client.write(512, ByteBuffer.wrap(data), true);
            assertThat(read(client, 512, data.length)).isEqualTo(data);
            assertThatThrownBy(() -> client.write(1, ByteBuffer.wrap(data), false))
                    .satisfies(isError(NbdError.EINVAL));
        }
    }

    @Test
    void refusesToWriteWhereItOnlyReads() throws IOException {
        BlockDevice readOnly = new DelegatingDevice(new MemoryDevice(SIZE)) {
            @Override
            public boolean readOnly() {
                return true;
            }
        };
        try (NbdServer server = NbdServer.builder()
                        .listen(ANY_PORT)
                        .exports(TestExports.of(readOnly))
                        .start();
                NbdClient client = NbdClient.connect(server.uri("disk"))) {
            assertThat(client.readOnly()).isTrue();
            assertThatThrownBy(() -> client.write(0, ByteBuffer.allocate(512), false))
                    .satisfies(isError(NbdError.EPERM));
            assertThatThrownBy(() -> client.trim(0, 512, false)).satisfies(isError(NbdError.EPERM));
            assertThat(read(client, 0, 512)).containsOnly(0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void passesOnTheErrorsOfTheDevice(boolean structured) throws IOException {
        BlockDevice failing = new DelegatingDevice(new MemoryDevice(SIZE)) {
            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                throw new NbdException(NbdError.ESHUTDOWN, "fenced by term 7");
            }

            @Override
            public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
                throw new IOException("the disk is on fire");
            }

            @Override
            public void flush() {
                throw new IllegalStateException("bug");
            }
        };
        try (NbdServer server = NbdServer.builder()
                        .listen(ANY_PORT)
                        .exports(TestExports.of(failing))
                        .start();
                NbdClient client =
                        NbdClient.connect(server.uri("disk"), NbdClient.Settings.DEFAULT.withStructured(structured))) {
            assertThatThrownBy(() -> read(client, 0, 4096))
                    .satisfies(isError(NbdError.ESHUTDOWN))
                    .satisfies(e -> {
                        if (structured) {
                            assertThat(e).hasMessageContaining("fenced by term 7");
                        }
                    });
            assertThatThrownBy(() -> client.write(0, ByteBuffer.allocate(4096), false))
                    .satisfies(isError(NbdError.EIO));
            assertThatThrownBy(client::flush).satisfies(isError(NbdError.EIO));
            assertThat(client.isConnected()).isTrue();
            client.trim(0, 4096, false);
        }
    }

    @Test
    void listsAndDescribesExports() throws IOException {
        MemoryDevice device = new MemoryDevice(SIZE);
        TestExports exports = TestExports.of(
                        "g/a", () -> Export.of(device).withDescription("first").withMultiConn(true))
                .and("g/ü", () -> Export.of(device));
        try (NbdServer server =
                        NbdServer.builder().listen(ANY_PORT).exports(exports).start();
                NbdNegotiation negotiation = NbdNegotiation.open(server.uri())) {
            assertThat(negotiation.list())
                    .containsExactly(new ExportSource.Listing("g/a", "first"), new ExportSource.Listing("g/ü", ""));
            ExportInfo info = negotiation.info("g/a");
            assertThat(info.description()).isEqualTo("first");
            assertThat(info.canMultiConn()).isTrue();
            assertThat(info.maximumPayload()).isEqualTo(32 << 20);
            assertThatThrownBy(() -> negotiation.info("nope"))
                    .isInstanceOf(NbdRefusedException.class)
                    .hasMessageContaining("no export 'nope' here");
            assertThatThrownBy(() -> negotiation.go("nope"))
                    .isInstanceOfSatisfying(
                            NbdRefusedException.class,
                            e -> assertThat(e.isUnknown()).isTrue());
            try (NbdClient client = negotiation.go("g/ü")) {
                assertThat(client.info().canMultiConn()).isFalse();
                assertThat(client.size()).isEqualTo(SIZE);
            }
        }
    }

    @Test
    void carriesThirtyTwoMebibytesAtOnce() throws IOException {
        MemoryDevice device = new MemoryDevice(32 << 20);
        try (NbdServer server = NbdServer.builder()
                        .listen(ANY_PORT)
                        .exports(TestExports.of(device))
                        .start();
                NbdClient client = NbdClient.connect(server.uri("disk"))) {
            byte[] data = new byte[32 << 20];
            new Random(3).nextBytes(data);
            client.write(0, ByteBuffer.wrap(data), false);
            assertThat(Arrays.equals(read(client, 0, data.length), data)).isTrue();
        }
    }

    static java.util.function.Consumer<Throwable> isError(int number) {
        return e -> assertThat(e)
                .isInstanceOfSatisfying(
                        NbdException.class, n -> assertThat(n.error()).isEqualTo(number));
    }

    static byte[] read(BlockDevice device, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        ByteBuffer target = ByteBuffer.wrap(bytes);
        device.read(offset, target);
        assertThat(target.hasRemaining()).isFalse();
        return bytes;
    }

    private static ByteBuffer buffer(byte[] data, boolean direct) {
        return direct ? ByteBuffer.allocateDirect(data.length).put(data).flip() : ByteBuffer.wrap(data);
    }
}
