package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.MemoryDevice;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdDisconnectedException;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdNegotiation;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The storage and its client over real sockets, in one process. */
class StorageServerTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 64;

    @TempDir
    Path folder;

    private StorageServer server;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = start(all());
    }

    private String[] all() {
        return new String[] {
            "g/disk=" + folder.resolve("disk.img") + ",size=256K",
            "g/log=" + folder.resolve("log.img") + ",size=1M",
            "h/disk=" + folder.resolve("other.img") + ",size=1M"
        };
    }

    private StorageServer start(String... volumes) throws IOException {
        List<VolumeSpec> specs = Arrays.stream(volumes).map(VolumeSpec::parse).toList();
        return StorageServer.start(
                StorageServer.Settings.of(NbdUri.tcp("127.0.0.1", 0, ""), specs, folder.resolve("data")));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        server.close();
    }

    private <T extends AutoCloseable> T closing(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private StorageClient client(String host) throws IOException {
        return closing(StorageClient.connect(server.uri(), "g", host));
    }

    private StorageSession session(String host, long term) throws IOException {
        return closing(client(host).openSession(term));
    }

    private static OwnershipRecord solo(String owner, long term) {
        return new OwnershipRecord(0, term, owner, Mode.SOLO, "", 0);
    }

    private StorageSession owner(String host, long term) throws IOException {
        StorageSession session = session(host, term);
        StorageSession.CasResult result = session.cas(session.record().version(), solo(host, term));
        assertThat(result.ok()).isTrue();
        assertThat(result.record())
                .isEqualTo(solo(host, term).withVersion(session.record().version() + 1));
        return session;
    }

    @Test
    void theOwnerWritesTheOtherReadsAndAHigherTermFences() throws IOException {
        assertThat(client("A").readRecord()).isEqualTo(OwnershipRecord.INITIAL);
        NbdClient a = owner("A", 1).volume("disk");
        write(a, 0, 1);
        a.flush();
        StorageSession reader = session("B", 1);
        NbdClient b = reader.volume("disk");
        assertThat(b.readOnly()).isFalse();
        assertThat(content(b, 0)).isEqualTo((byte) 1);
        assertRefused(NbdError.EPERM, b);

        StorageSession next = session("B", 2);
        assertRefused(NbdError.EPERM, next.volume("disk"));
        assertThat(next.cas(0, solo("B", 2)).ok()).isFalse();
        assertThat(next.cas(1, solo("B", 2)).ok()).isTrue();
        NbdClient b2 = next.volume("disk");
        write(b2, 0, 2);
        assertRefused(NbdError.ESHUTDOWN, a);
        assertThatThrownBy(() -> content(a, 0))
                .isInstanceOfSatisfying(
                        NbdException.class, e -> assertThat(e.error()).isEqualTo(NbdError.ESHUTDOWN));
        assertThat(content(b2, 0)).isEqualTo((byte) 2);
        // What is allocated is told to those who may read.
        assertThat(b2.allocation(0, 2 * BLOCK)).containsExactly(Allocation.data(BLOCK), Allocation.emptiness(BLOCK));
        assertThatThrownBy(() -> a.allocation(0, 2 * BLOCK))
                .isInstanceOfSatisfying(
                        NbdException.class, e -> assertThat(e.error()).isEqualTo(NbdError.ESHUTDOWN));
    }

    /** Whatever the backend makes of a trim: who reads afterwards reads zeroes. */
    @Test
    void aTrimReadsAsZeroes() throws IOException {
        NbdClient disk = owner("A", 1).volume("disk");
        write(disk, 1, 7);
        write(disk, 2, 7);
        disk.trim(BLOCK, BLOCK, true);
        assertThat(content(disk, 1)).isZero();
        assertThat(content(disk, 2)).isEqualTo((byte) 7);
    }

    @Test
    void aSessionMayOpenItsVolumesBeforeItBecomesTheOwner() throws IOException {
        StorageSession a = session("A", 1);
        NbdClient disk = a.volume("disk");
        assertRefused(NbdError.EPERM, disk);
        assertThat(a.cas(0, solo("A", 1)).ok()).isTrue();
        write(disk, 3, 7);
        assertThat(content(disk, 3)).isEqualTo((byte) 7);
        disk.writeZeroes(3 * BLOCK, BLOCK, false, true);
        assertThat(content(disk, 3)).isEqualTo((byte) 0);
    }

    @Test
    void aNewSessionEndsTheEarlierOne() throws IOException {
        StorageSession first = owner("A", 1);
        NbdClient old = first.volume("disk");
        write(old, 0, 1);
        StorageSession second = session("A", 1);
        assertThat(second.number()).isGreaterThan(first.number());
        assertThat(second.boot()).isEqualTo(first.boot());
        Awaitility.await().until(() -> !old.isConnected());
        assertThatThrownBy(() -> write(old, 0, 2)).isInstanceOf(NbdDisconnectedException.class);
        assertThatThrownBy(() -> first.volume("disk")).isInstanceOf(SessionEndedException.class);
        assertThatThrownBy(() -> first.cas(1, solo("A", 9))).isInstanceOf(SessionEndedException.class);
        write(second.volume("disk"), 0, 3);
        assertThat(client("A").readRecord().term()).isEqualTo(1);
    }

    @Test
    void aSessionThatIsClosedClosesItsVolumesAndGivesNoMore() throws IOException {
        StorageSession session = session("A", 4);
        assertThat(session.term()).isEqualTo(4);
        NbdClient disk = session.volume("disk");
        session.close();
        assertThat(disk.isConnected()).isFalse();
        assertThatThrownBy(() -> session.volume("disk")).isInstanceOf(SessionEndedException.class);
    }

    /** A connection that is kept open for the next question may be gone by then. */
    @Test
    void theRecordIsReadOverANewConnectionWhereTheOldOneIsGone() throws IOException {
        StorageClient client = client("A");
        assertThat(client.readRecord()).isEqualTo(OwnershipRecord.INITIAL);
        NbdUri where = server.uri();
        server.close();
        assertThatThrownBy(client::readRecord).isInstanceOf(StorageUnavailableException.class);
        List<VolumeSpec> specs = Arrays.stream(all()).map(VolumeSpec::parse).toList();
        server = StorageServer.start(StorageServer.Settings.of(where, specs, folder.resolve("data")));
        assertThat(client.readRecord()).isEqualTo(OwnershipRecord.INITIAL);
        server.close();
        server = StorageServer.start(StorageServer.Settings.of(where, specs, folder.resolve("data")));
        // Nobody has told the client that its connection is of no use.
        assertThat(client.readRecord()).isEqualTo(OwnershipRecord.INITIAL);
    }

    @Test
    void groupsAreApart() throws IOException {
        StorageSession a = owner("A", 1);
        StorageClient h = closing(StorageClient.connect(server.uri(), "h", "B"));
        StorageSession b = closing(h.openSession(5));
        assertThat(b.cas(0, solo("B", 5)).ok()).isTrue();
        write(a.volume("disk"), 0, 1);
        write(b.volume("disk"), 0, 2);
        assertThat(content(a.volume("disk"), 0)).isEqualTo((byte) 1);
        assertThat(a.volumes())
                .containsExactly(
                        new StorageClient.VolumeInfo(0, "disk", BLOCK * BLOCKS),
                        new StorageClient.VolumeInfo(1, "log", 1 << 20));
        assertThatThrownBy(() -> a.volume("none")).isInstanceOf(NbdRefusedException.class);
    }

    @Test
    void strangersOnlyRead() throws IOException {
        write(owner("A", 1).volume("disk"), 0, 1);
        NbdClient stranger = closing(NbdClient.connect(server.uri("g", "disk")));
        assertThat(stranger.readOnly()).isTrue();
        assertThat(content(stranger, 0)).isEqualTo((byte) 1);
    }

    @Test
    void aRestartRemembersTermsAndForgetsSessions() throws IOException {
        StorageSession a = owner("A", 3);
        NbdClient disk = a.volume("disk");
        write(disk, 0, 5);
        int port = server.uri().port();
        server.close();
        List<VolumeSpec> specs = Arrays.stream(all()).map(VolumeSpec::parse).toList();
        server = StorageServer.start(
                StorageServer.Settings.of(NbdUri.tcp("127.0.0.1", port, ""), specs, folder.resolve("data")));
        assertThatThrownBy(() -> write(disk, 0, 6)).isInstanceOf(NbdDisconnectedException.class);
        assertThatThrownBy(() -> a.cas(1, solo("A", 4))).isInstanceOf(CasUncertainException.class);
        assertThatThrownBy(() -> a.cas(1, solo("A", 4))).isInstanceOf(SessionEndedException.class);
        assertThatThrownBy(() -> a.volume("disk")).isInstanceOf(SessionEndedException.class);
        StorageSession again = session("A", 3);
        assertThat(again.boot()).isGreaterThan(a.boot());
        assertThat(again.number()).isGreaterThan(a.number());
        assertThat(again.record()).isEqualTo(solo("A", 3).withVersion(1));
        assertThat(content(again.volume("disk"), 0)).isEqualTo((byte) 5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{}",
                "{\"op\":\"read\"}",
                "{\"op\":\"read\",\"group\":\"none\"}",
                "{\"op\":\"fly\",\"group\":\"g\"}",
                "{\"op\":\"read\",\"group\":\"../g\"}",
                "{\"op\":\"read\",\"group\":\"g\"} x",
                "{\"op\":\"read\",\"op\":\"read\",\"group\":\"g\"}",
                "{\"op\":\"open\",\"group\":\"g\",\"host\":\"\",\"term\":1}",
                "{\"op\":\"open\",\"group\":\"g\",\"host\":\"A\",\"term\":-1}",
                "{\"op\":\"open\",\"group\":\"g\",\"host\":\"A\",\"term\":1.5}",
                "{\"op\":\"open\",\"group\":\"g\",\"host\":\"A\",\"term\":99999999999999999999}",
                "{\"op\":\"attach\",\"group\":\"g\",\"host\":\"A\",\"session\":0}",
                "{\"op\":\"cas\",\"group\":\"g\",\"host\":\"A\",\"session\":1,\"expect\":0}",
                "{\"op\":\"cas\",\"group\":\"g\",\"host\":\"A\",\"session\":1,\"expect\":0,\"record\":{\"version\":0,"
                        + "\"term\":1,\"owner\":\"A\",\"mode\":\"happy\",\"secondary\":\"\",\"base\":0}}"
            })
    void nonsenseIsRefusedAndTheConnectionLives(String request) throws IOException {
        try (NbdNegotiation negotiation = NbdNegotiation.open(server.uri())) {
            assertThatThrownBy(() -> negotiation.option(OwnershipOps.OPTION, request.getBytes(StandardCharsets.UTF_8)))
                    .isInstanceOf(NbdRefusedException.class)
                    .message()
                    .doesNotContain("\n")
                    .isNotBlank();
            byte[] good = "{\"op\":\"read\",\"group\":\"g\"}".getBytes(StandardCharsets.UTF_8);
            assertThat(new String(negotiation.option(OwnershipOps.OPTION, good), StandardCharsets.UTF_8))
                    .contains("\"version\":0");
        }
    }

    @Test
    void recordsThatMakeNoSenseAreRefused() throws IOException {
        StorageSession a = owner("A", 2);
        assertThatThrownBy(() -> a.cas(1, solo("A", 1))).isInstanceOf(NbdRefusedException.class);
        assertThatThrownBy(() -> a.cas(1, solo("B", 2))).isInstanceOf(NbdRefusedException.class);
        assertThat(client("A").readRecord()).isEqualTo(solo("A", 2).withVersion(1));
    }

    @Test
    void afterTheCasNoWriteOnTheWayIsApplied() throws Exception {
        for (int round = 0; round < 5; round++) {
            takeOverUnderFire(1 + 2L * round);
        }
    }

    private void takeOverUnderFire(long term) throws Exception {
        StorageSession a = owner("A", term);
        NbdClient disk = a.volume("disk");
        CompletableFuture<NbdClient> taken = new CompletableFuture<>();
        UnderFire.run(8, BLOCKS, block -> write(disk, block, 1), NbdError.ESHUTDOWN, () -> {
            taken.complete(owner("B", term + 1).volume("disk"));
            taken.join().write(0, ByteBuffer.wrap(filled(BLOCKS * BLOCK, 2)), true);
        });
        ByteBuffer all = ByteBuffer.allocate(BLOCKS * BLOCK);
        taken.join().read(0, all);
        assertThat(all.array()).containsOnly(2);
    }

    @Test
    void anUnansweredCasIsUncertain() throws IOException {
        ExportSource nothing = new ExportSource() {
            @Override
            public Export open(String name, NbdConnection connection) throws IOException {
                throw NbdRefusedException.unknown("nothing");
            }

            @Override
            public List<Listing> list(NbdConnection connection) {
                return List.of();
            }
        };
        OwnershipOps real = new OwnershipOps("s", java.util.Map.of());
        try (NbdServer mute = NbdServer.builder()
                .listen(NbdUri.tcp("127.0.0.1", 0, ""))
                .exports(nothing)
                .option(OwnershipOps.OPTION, (connection, payload) -> {
                    String request = new String(payload, StandardCharsets.UTF_8);
                    if (request.contains("\"open\"")) {
                        return ("{\"session\":1,\"boot\":1,\"record\":" + Json.ofRecord(OwnershipRecord.INITIAL) + "}")
                                .getBytes(StandardCharsets.UTF_8);
                    }
                    connection.close();
                    return real.handle(connection, payload);
                })
                .start()) {
            StorageClient client = closing(StorageClient.of(mute.uri(), "g", "A", StorageClient.Timeouts.DEFAULT));
            StorageSession session = closing(client.openSession(1));
            assertThatThrownBy(() -> session.cas(0, solo("A", 1))).isInstanceOf(CasUncertainException.class);
            assertThatThrownBy(client::readRecord).isInstanceOf(StorageUnavailableException.class);
        }
    }

    @Test
    void aServerOfAnotherKindIsNoStorage() throws IOException {
        try (NbdServer other = backend(folder.resolve("other.sock"), new MemoryDevice(1 << 20))) {
            assertThatThrownBy(() -> StorageClient.connect(other.uri(), "g", "A"))
                    .isInstanceOf(NotAStorageException.class);
        }
        assertThatThrownBy(() -> StorageClient.connect(NbdUri.unix(folder.resolve("none"), ""), "g", "A"))
                .isInstanceOf(StorageUnavailableException.class);
        assertThatThrownBy(() -> StorageClient.connect(server.uri(), "none", "A"))
                .isInstanceOf(NbdRefusedException.class);
    }

    private static NbdServer backend(Path socket, BlockDevice device) throws IOException {
        return NbdServer.builder()
                .listen(NbdUri.unix(socket, ""))
                .exports(new ExportSource() {
                    @Override
                    public Export open(String name, NbdConnection connection) {
                        return Export.of(device);
                    }

                    @Override
                    public List<Listing> list(NbdConnection connection) {
                        return List.of(new Listing("", ""));
                    }
                })
                .start();
    }

    @Test
    void aBackendThatRestartsEndsSessionsUnderAHigherBootNumber() throws IOException {
        server.close();
        Path socket = folder.resolve("backend.sock");
        NbdServer backend = backend(socket, new MemoryDevice(1 << 20));
        server = StorageServer.start(StorageServer.Settings.of(
                NbdUri.tcp("127.0.0.1", 0, ""),
                List.of(VolumeSpec.parse("g/disk=" + NbdUri.unix(socket, ""))),
                folder.resolve("remote")));
        StorageSession a = owner("A", 1);
        NbdClient disk = a.volume("disk");
        write(disk, 0, 1);
        backend.close();
        assertThatThrownBy(() -> write(disk, 1, 1)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> client("A").openSession(1)).isInstanceOf(StorageUnavailableException.class);
        assertThat(client("A").readRecord()).isEqualTo(solo("A", 1).withVersion(1));
        try (NbdServer again = backend(socket, new MemoryDevice(1 << 20))) {
            assertThat(again.uri()).isNotNull();
            StorageClient client = client("A");
            StorageSession session = closing(Awaitility.await()
                    .ignoreExceptionsInstanceOf(StorageUnavailableException.class)
                    .until(() -> client.openSession(1), opened -> true));
            assertThat(session.boot()).isGreaterThan(a.boot());
            assertThat(session.number()).isGreaterThan(a.number());
            NbdClient back = session.volume("disk");
            assertThat(content(back, 0)).isEqualTo((byte) 0);
            write(back, 0, 1);
            assertThatThrownBy(() -> write(disk, 0, 9)).isInstanceOf(IOException.class);
            assertThat(content(back, 0)).isEqualTo((byte) 1);
            server.close();
        }
    }

    private static void write(BlockDevice device, int block, int content) throws IOException {
        device.write((long) block * BLOCK, ByteBuffer.wrap(filled(BLOCK, content)), false);
    }

    private static byte[] filled(int length, int content) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) content);
        return bytes;
    }

    private static byte content(BlockDevice device, int block) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(BLOCK);
        device.read((long) block * BLOCK, target);
        for (byte each : target.array()) {
            assertThat(each).isEqualTo(target.get(0));
        }
        return target.get(0);
    }

    private static void assertRefused(int error, BlockDevice device) {
        assertThatThrownBy(() -> write(device, 0, 99))
                .isInstanceOfSatisfying(
                        NbdException.class, e -> assertThat(e.error()).isEqualTo(error));
    }
}
