package dev.unwrite.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections: how they begin, what bounds them, how they end. */
@Timeout(30)
final class NbdServerLifecycleTest {
    private static final int OPTION = 0x756E7772;
    private static final NbdUri ANY_PORT = NbdUri.tcp("127.0.0.1", 0, "");
    private static final Duration SHORT = Duration.ofMillis(300);

    @TempDir
    Path dir;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final GateDevice device = new GateDevice();

    @AfterEach
    void release() {
        device.open.countDown();
        threads.close();
    }

    /** Requests at offset 0 wait until the gate is opened; all others pass. */
    private static final class GateDevice extends DelegatingDevice {
        final CountDownLatch open = new CountDownLatch(1);
        final AtomicInteger reached = new AtomicInteger();
        final AtomicInteger finished = new AtomicInteger();
        final AtomicInteger closed = new AtomicInteger();

        GateDevice() {
            super(new MemoryDevice(64 << 20));
        }

        private void pass(long offset) throws IOException {
            reached.incrementAndGet();
            try {
                if (offset == 0 && !open.await(20, TimeUnit.SECONDS)) {
                    throw new IOException("the gate stayed shut");
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            finished.incrementAndGet();
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            pass(offset);
            super.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
            pass(offset);
            super.write(offset, source, fua);
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    private NbdServerBuilder server() {
        return NbdServer.builder().listen(ANY_PORT).exports(TestExports.of(device));
    }

    private static void await(org.awaitility.core.ThrowingRunnable assertion) {
        Awaitility.await().pollInterval(Duration.ofMillis(10)).untilAsserted(assertion);
    }

    @Test
    void aPrivateOptionMayBindTheConnection() throws IOException {
        ExportSource bound = new ExportSource() {
            @Override
            public Export open(String name, NbdConnection connection) throws IOException {
                if (connection.attachment() == null) {
                    throw NbdRefusedException.policy("not attached");
                }
                return Export.of(device).withDescription(String.valueOf(connection.attachment()));
            }

            @Override
            public List<Listing> list(NbdConnection connection) {
                return List.of();
            }
        };
        OptionHandler handler = (connection, payload) -> {
            String text = new String(payload, UTF_8);
            connection.attach(text);
            return ("hello " + text).getBytes(UTF_8);
        };
        try (NbdServer server = NbdServer.builder()
                        .listen(ANY_PORT)
                        .exports(bound)
                        .option(OPTION, handler)
                        .start();
                NbdNegotiation negotiation = NbdNegotiation.open(server.uri())) {
            assertThatThrownBy(() -> negotiation.go("x"))
                    .isInstanceOf(NbdRefusedException.class)
                    .hasMessageContaining("not attached");
            assertThat(negotiation.option(OPTION, new byte[0])).asString(UTF_8).isEqualTo("hello ");
            assertThat(negotiation.option(OPTION, "s7".getBytes(UTF_8)))
                    .asString(UTF_8)
                    .isEqualTo("hello s7");
            try (NbdClient client = negotiation.go("x")) {
                assertThat(client.info().description()).isEqualTo("s7");
            }
        }
    }

    @Test
    void closesTheDeviceOfEachConnectionOnce() throws IOException {
        try (NbdServer server = server().start()) {
            try (NbdNegotiation negotiation = NbdNegotiation.open(server.uri())) {
                negotiation.info("disk");
                await(() -> assertThat(device.closed).hasValue(1));
                negotiation.go("disk").close();
            }
            await(() -> assertThat(device.closed).hasValue(2));
            await(() -> assertThat(server.connections()).isEmpty());
        }
        assertThat(device.closed).hasValue(2);
    }

    @Test
    void aSlowRequestHoldsUpNoOther() throws Exception {
        try (NbdServer server = server().start();
                NbdClient client = NbdClient.connect(server.uri("disk"))) {
            Future<?> slow = threads.submit(() -> {
                client.read(0, ByteBuffer.allocate(4096));
                return null;
            });
            await(() -> assertThat(device.reached).hasValue(1));
            client.write(4096, ByteBuffer.allocate(4096), false);
            client.flush();
            assertThat(slow.isDone()).isFalse();
            device.open.countDown();
            slow.get();
        }
    }

    @Test
    void readsNoFurtherThanTheLimitOfRequestsInFlight() throws Exception {
        try (NbdServer server = server().inFlightMax(4).start();
                NbdClient client = NbdClient.connect(server.uri("disk"))) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                all.add(threads.submit(() -> {
                    client.write(0, ByteBuffer.allocate(512), false);
                    return null;
                }));
            }
            await(() -> assertThat(device.reached).hasValue(4));
            Awaitility.await()
                    .during(Duration.ofMillis(200))
                    .untilAsserted(() -> assertThat(device.reached).hasValue(4));
            device.open.countDown();
            for (Future<?> one : all) {
                one.get();
            }
            assertThat(device.finished).hasValue(10);
        }
    }

    @Test
    void endWaitsForWhatHasReachedTheDeviceAndDropsTheRest() throws Exception {
        try (NbdServer server = server().start()) {
            AtomicInteger told = new AtomicInteger();
            NbdClient client = NbdClient.connect(server.uri("disk"));
            Future<?> write = threads.submit(() -> {
                client.write(0, ByteBuffer.allocate(4096), false);
                return null;
            });
            await(() -> assertThat(device.reached).hasValue(1));
            NbdConnection connection = server.connections().get(0);
            connection.onEnd(told::incrementAndGet);
            assertThat(connection.end(Duration.ofMillis(50))).isFalse();
            assertThat(connection.isOpen()).isFalse();
            assertThatThrownBy(write::get).hasCauseInstanceOf(NbdDisconnectedException.class);
            assertThatThrownBy(client::flush).isInstanceOf(NbdDisconnectedException.class);
            assertThat(device.closed).hasValue(0);

            Future<Boolean> end = threads.submit(() -> connection.end(Duration.ofSeconds(10)));
            device.open.countDown();
            assertThat(end.get()).isTrue();
            assertThat(device.finished).hasValue(1);
            await(() -> assertThat(told).hasValue(1));
            assertThat(device.closed).hasValue(1);
            connection.onEnd(told::incrementAndGet);
            assertThat(told).hasValue(2);
            client.close();
        }
    }

    @Test
    void closeLetsRequestsInProgressFinish() throws Exception {
        NbdServer server = server().start();
        NbdClient client = NbdClient.connect(server.uri("disk"));
        Future<?> write = threads.submit(() -> {
            client.write(0, ByteBuffer.allocate(4096), false);
            return null;
        });
        await(() -> assertThat(device.reached).hasValue(1));
        Future<?> close = threads.submit(server::close);
        Awaitility.await()
                .during(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(close.isDone()).isFalse());
        device.open.countDown();
        close.get();
        write.get();
        await(() -> assertThat(client.isConnected()).isFalse());
        assertThatThrownBy(() -> NbdClient.connect(server.uri("disk"))).isInstanceOf(NbdDisconnectedException.class);
        client.close();
    }

    @Test
    void closeDoesNotWaitForEverForADeviceThatHangs() throws Exception {
        NbdServer server = server().closeTimeout(SHORT).start();
        NbdClient client = NbdClient.connect(server.uri("disk"));
        Future<?> write = threads.submit(() -> {
            client.write(0, ByteBuffer.allocate(4096), false);
            return null;
        });
        await(() -> assertThat(device.reached).hasValue(1));
        server.close();
        assertThatThrownBy(write::get).hasCauseInstanceOf(NbdDisconnectedException.class);
        client.close();
    }

    @Test
    void finishesWhatCameBeforeTheGoodbye() throws IOException {
        try (NbdServer server = server().start();
                RawClient client = RawClient.transmitting(server.uri(), "disk", false)) {
            for (int i = 1; i <= 8; i++) {
                client.request(0, NbdWire.CMD_WRITE, 99, 4096L * i, 512);
                client.out.write(new byte[512]);
            }
            client.request(0, NbdWire.CMD_DISC, 0, 0, 0);
            for (int i = 1; i <= 8; i++) {
                assertThat(client.expectAnswer(99, 0)).isZero();
            }
            client.expectEnd();
            assertThat(device.finished).hasValue(8);
        }
    }

    @Test
    void halfOpenHandshakesEnd() throws IOException {
        OptionHandler handler = (connection, payload) -> {
            if (payload.length > 0) {
                connection.allowIdle();
            }
            return payload;
        };
        try (NbdServer server =
                server().option(OPTION, handler).handshakeTimeout(SHORT).start()) {
            try (RawClient silent = RawClient.connect(server.uri());
                    RawClient haggler = RawClient.haggling(server.uri());
                    NbdNegotiation idle = NbdNegotiation.open(server.uri())) {
                idle.option(OPTION, new byte[1]);
                haggler.option(OPTION, new byte[0]);
                silent.expectEnd();
                haggler.expectEnd();
                assertThat(idle.option(OPTION, new byte[2])).hasSize(2);
                await(() -> assertThat(server.connections()).hasSize(1));
            }
            await(() -> assertThat(server.connections()).isEmpty());
        }
    }

    @Test
    void requestsThatStallEnd() throws IOException {
        try (NbdServer server = server().stallTimeout(SHORT).start();
                NbdClient other = NbdClient.connect(server.uri("disk"));
                RawClient header = RawClient.transmitting(server.uri(), "disk", false);
                RawClient payload = RawClient.transmitting(server.uri(), "disk", false)) {
            header.out.writeInt(NbdWire.REQUEST_MAGIC);
            payload.request(0, NbdWire.CMD_WRITE, 1, 0, 1 << 20);
            payload.out.write(new byte[1000]);
            header.expectEnd();
            payload.expectEnd();
            assertThat(device.reached).hasValue(0);
            other.flush();
        }
    }

    @Test
    void aClientThatTakesNoRepliesEnds() throws IOException {
        try (NbdServer server = server().stallTimeout(SHORT).start();
                NbdClient other = NbdClient.connect(server.uri("disk"));
                RawClient deaf = RawClient.transmitting(server.uri(), "disk", false)) {
            for (int i = 0; i < 4; i++) {
                deaf.request(0, NbdWire.CMD_READ, i, 4096, 32 << 20);
            }
            await(() -> assertThat(server.connections()).hasSize(1));
            other.read(4096, ByteBuffer.allocate(32 << 20));
        }
    }

    @Test
    void largePayloadsWaitForTheirShareOfTheMemory() throws Exception {
        device.open.countDown();
        try (NbdServer server = server().largePayloadBytesMax(32 << 20).start();
                NbdClient client = NbdClient.connect(server.uri("disk"))) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                all.add(threads.submit(() -> {
                    client.read(0, ByteBuffer.allocate(20 << 20));
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    @Test
    void connectionsBeyondTheLimitAreTurnedAway() throws IOException {
        try (NbdServer server = server().connectionsMax(2).start()) {
            NbdClient first = NbdClient.connect(server.uri("disk"));
            try (NbdClient second = NbdClient.connect(server.uri("disk"))) {
                assertThatThrownBy(() -> NbdClient.connect(server.uri("disk")))
                        .isInstanceOf(NbdDisconnectedException.class)
                        .hasMessageContaining("connect");
                first.close();
                await(() -> NbdClient.connect(server.uri("disk")).close());
                second.flush();
            }
        }
    }

    @Test
    void takesTheUnixSocketOfADeadServerButNotOfALivingOne() throws IOException {
        Path path = dir.resolve("s.sock");
        NbdUri uri = NbdUri.unix(path, "");
        try (java.nio.channels.ServerSocketChannel dead =
                java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            dead.bind(java.net.UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        try (NbdServer server =
                NbdServer.builder().listen(uri).exports(TestExports.of(device)).start()) {
            NbdClient.connect(server.uri("disk")).close();
            assertThatThrownBy(() -> NbdServer.builder()
                            .listen(uri)
                            .exports(TestExports.of(device))
                            .start())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another server");
            NbdClient.connect(server.uri("disk")).close();
        }
        assertThat(path).doesNotExist();
        Files.createFile(path);
        assertThatThrownBy(() -> NbdServer.builder()
                        .listen(uri)
                        .exports(TestExports.of(device))
                        .start())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen on");
        assertThat(path).exists();
    }
}
