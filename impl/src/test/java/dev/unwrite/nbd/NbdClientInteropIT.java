package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our client against other people's servers. */
@Timeout(120)
final class NbdClientInteropIT {
    private static final int SIZE = 8 << 20;

    @TempDir
    Path dir;

    private @Nullable Process server;

    @AfterEach
    void stop() throws InterruptedException {
        if (server != null) {
            server.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }

    private NbdUri nbdkit(String arguments) throws IOException {
        Tool.require("nbdkit", "nbdkit");
        Path socket = dir.resolve("kit");
        List<String> command = new ArrayList<>(List.of("nbdkit", "-f", "-U", socket.toString()));
        command.addAll(List.of(arguments.split(" ")));
        server = Tool.serve(dir, socket, command.toArray(String[]::new));
        return NbdUri.unix(socket, "");
    }

    /** Each variant takes something away that the client has to make up for. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory 8M",
                "--no-sr memory 8M",
                "--mask-handshake=1 memory 8M",
                "--filter=fua memory 8M",
                "--filter=fua memory 8M fuamode=emulate",
                "--filter=nozero memory 8M zeromode=none",
                "--filter=nozero memory 8M zeromode=emulate",
                "--filter=blocksize-policy memory 8M blocksize-minimum=512 blocksize-preferred=4096"
                        + " blocksize-maximum=65536 blocksize-error-policy=error",
            })
    void nbdkitIsADevice(String arguments) throws IOException {
        NbdUri uri = nbdkit(arguments);
        try (NbdClient client = NbdClient.connect(uri)) {
            behavesAsADevice(client);
        }
        try (NbdClient client = NbdClient.connect(uri, NbdClient.Settings.DEFAULT.withStructured(false))) {
            client.write(0, ByteBuffer.allocate(4096).putInt(0, 42), true);
            assertThat(ByteBuffer.wrap(NbdLoopbackTest.read(client, 0, 4096)).getInt())
                    .isEqualTo(42);
        }
    }

    @Test
    void qemuNbdIsADevice() throws IOException {
        Tool.require("qemu-nbd", "qemu-utils");
        Path image = Files.write(dir.resolve("image"), new byte[SIZE]);
        Path socket = dir.resolve("qemu");
        server = Tool.serve(
                dir,
                socket,
                "qemu-nbd",
                "-t",
                "-f",
                "raw",
                "-e",
                "4",
                "-x",
                "G/disk",
                "-D",
                "a disk",
                "--discard=unmap",
                "-k",
                socket.toString(),
                image.toString());
        NbdUri uri = NbdUri.unix(socket, "G/disk");
        try (NbdNegotiation negotiation = NbdNegotiation.open(uri)) {
            assertThat(negotiation.list())
                    .extracting(ExportSource.Listing::name)
                    .containsExactly("G/disk");
            assertThatThrownBy(() -> negotiation.option(0x756E7772, new byte[3]))
                    .isInstanceOfSatisfying(
                            NbdRefusedException.class,
                            e -> assertThat(e.isUnsupported()).isTrue());
            assertThatThrownBy(() -> negotiation.go("nope"))
                    .isInstanceOfSatisfying(
                            NbdRefusedException.class,
                            e -> assertThat(e.isUnknown()).isTrue());
            try (NbdClient client = negotiation.go("G/disk")) {
                assertThat(client.info().description()).isEqualTo("a disk");
                behavesAsADevice(client);
                client.write(4096, ByteBuffer.allocate(4096).putInt(0, 42), true);
            }
        }
        assertThat(ByteBuffer.wrap(Files.readAllBytes(image)).getInt(4096)).isEqualTo(42);
    }

    /** With and without extents of its own; a server that does not know the question is not asked. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory 8M",
                "--filter=noextents memory 8M",
                "--no-sr memory 8M",
            })
    void nbdkitTellsWhatIsAllocated(String arguments) throws IOException {
        NbdUri uri = nbdkit(arguments);
        try (NbdClient client = NbdClient.connect(uri, NbdClient.Settings.DEFAULT.withAllocation(true))) {
            client.write(1 << 20, ByteBuffer.allocate(32768).putInt(0, 42), false);
            assertThat(client.tellsAllocation()).isEqualTo(!arguments.startsWith("--no-"));
            List<Allocation> told = client.allocation(0, SIZE);
            if (arguments.startsWith("memory")) {
                assertThat(told)
                        .containsExactly(
                                Allocation.emptiness(1 << 20),
                                Allocation.data(32768),
                                Allocation.emptiness(SIZE - (1 << 20) - 32768));
                assertThat(client.allocation((1 << 20) - 512, 1024))
                        .containsExactly(Allocation.emptiness(512), Allocation.data(512));
            } else {
                assertThat(told).containsExactly(Allocation.data(SIZE));
            }
            assertThat(ByteBuffer.wrap(NbdLoopbackTest.read(client, 1 << 20, 4)).getInt())
                    .isEqualTo(42);
        }
    }

    @Test
    void readOnlyIsReadOnly() throws IOException {
        try (NbdClient client = NbdClient.connect(nbdkit("-r memory 8M"))) {
            assertThat(client.readOnly()).isTrue();
            assertThatThrownBy(() -> client.writeZeroes(0, 512, false, false))
                    .satisfies(NbdLoopbackTest.isError(NbdError.EPERM));
        }
    }

    @Test
    void errorsOfTheServerArrive() throws IOException {
        try (NbdClient client = NbdClient.connect(
                nbdkit(
                        "--filter=error memory 8M error-pread=EIO error-pread-rate=100% error-pwrite=ENOSPC error-pwrite-rate=100%"))) {
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(512)))
                    .satisfies(NbdLoopbackTest.isError(NbdError.EIO));
            assertThatThrownBy(() -> client.write(0, ByteBuffer.allocate(512), false))
                    .satisfies(NbdLoopbackTest.isError(NbdError.ENOSPC));
            assertThat(client.isConnected()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-o memory 8M", "--mask-handshake=0 memory 8M"})
    void oldHandshakesAreRefusedWithAReason(String arguments) throws IOException {
        NbdUri uri = nbdkit(arguments);
        assertThatThrownBy(() -> NbdClient.connect(uri))
                .isInstanceOf(NbdDisconnectedException.class)
                .hasMessageContaining("handshake");
    }

    @Test
    void aServerThatIsKilledFailsAllThatWait() throws Exception {
        NbdUri uri = nbdkit("--filter=delay memory 8M rdelay=30");
        try (NbdClient client = NbdClient.connect(uri);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(threads.submit(() -> {
                    client.read(0, ByteBuffer.allocate(4096));
                    return null;
                }));
            }
            client.write(4096, ByteBuffer.allocate(4096), false);
            assertThat(all).noneMatch(Future::isDone);
            stop();
            for (Future<?> one : all) {
                assertThatThrownBy(one::get).hasCauseInstanceOf(NbdDisconnectedException.class);
            }
        }
    }

    @Test
    void aServerThatIsTooSlowIsGivenUp() throws IOException {
        NbdClient.Settings hasty = NbdClient.Settings.DEFAULT.withRequestTimeout(Duration.ofMillis(300));
        try (NbdClient client = NbdClient.connect(nbdkit("--filter=delay memory 8M rdelay=30"), hasty)) {
            client.flush();
            assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(4096)))
                    .isInstanceOf(NbdDisconnectedException.class)
                    .hasMessageContaining("no answer within 300 ms");
        }
    }

    private static void behavesAsADevice(NbdClient client) throws IOException {
        assertThat(client.size()).isEqualTo(SIZE);
        byte[] model = new byte[SIZE];
        Random random = new Random(11);
        for (int i = 0; i < 200; i++) {
            int length = 512 * random.nextInt(1, i % 10 == 0 ? 1000 : 40);
            int offset = 512 * random.nextInt((SIZE - length) / 512);
            boolean fua = random.nextInt(5) == 0;
            switch (random.nextInt(4)) {
                case 0 -> {
                    client.writeZeroes(offset, length, random.nextBoolean(), fua);
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 1 -> {
                    client.trim(offset, length, fua);
                    // What a trimmed range reads as is the server's choice.
                    System.arraycopy(NbdLoopbackTest.read(client, offset, length), 0, model, offset, length);
                }
                default -> {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    client.write(offset, ByteBuffer.wrap(data), fua);
                    System.arraycopy(data, 0, model, offset, length);
                }
            }
            assertThat(NbdLoopbackTest.read(client, offset, length))
                    .isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
        }
        client.flush();
        assertThat(Arrays.equals(NbdLoopbackTest.read(client, 0, SIZE), model)).isTrue();
    }
}
