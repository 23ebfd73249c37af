package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.MemoryDevice;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import dev.unwrite.storage.StorageClient.VolumeInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person may do to the volumes between two starts is right, or refused in one line that says what to do. */
class VolumesAcrossStartsTest {
    private static final int BLOCK = 4096;

    @TempDir
    Path folder;

    private final List<String> log = new ArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private Set<String> moved = Set.of();
    private Set<String> forgotten = Set.of();
    private @Nullable StorageServer server;

    @AfterEach
    void stop() throws Exception {
        closeServer();
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    /** Before its backend is: a storage whose backend has just gone cannot flush, and says so. */
    private void closeServer() throws IOException {
        StorageServer running = server;
        server = null;
        if (running != null) {
            running.close();
        }
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private String volume(String export, String file) {
        return export + "=" + file(file) + ",size=64K";
    }

    private static String plain(String export, Path file) {
        return export + "=" + file;
    }

    private StorageServer start(String... volumes) throws IOException {
        closeServer();
        List<VolumeSpec> specs = Arrays.stream(volumes).map(VolumeSpec::parse).toList();
        StorageServer started = StorageServer.start(new StorageServer.Settings(
                NbdUri.tcp("127.0.0.1", 0, ""), specs, file("data"), StorageObserver.NONE, log::add, moved, forgotten));
        server = started;
        moved = Set.of();
        forgotten = Set.of();
        return started;
    }

    private void refused(String why, String... volumes) {
        assertThatThrownBy(() -> start(volumes))
                .isInstanceOf(StorageSetupException.class)
                .hasMessageContaining(why)
                .message()
                .doesNotContain("\n");
        moved = Set.of();
        forgotten = Set.of();
    }

    private static List<VolumeInfo> infos(StorageServer server, String group) throws IOException {
        try (StorageClient client = StorageClient.connect(server.uri(), group, "A")) {
            return client.volumes();
        }
    }

    private static VolumeInfo info(int id, String name, int blocks) {
        return new VolumeInfo(id, name, (long) blocks * BLOCK);
    }

    private static void own(StorageServer server, Mode mode, String secondary) throws IOException {
        try (StorageClient client = StorageClient.connect(server.uri(), "g", "A");
                StorageSession session = client.openSession(1)) {
            OwnershipRecord next = new OwnershipRecord(0, 1, "A", mode, secondary, 0);
            assertThat(session.cas(session.record().version(), next).ok()).isTrue();
        }
    }

    private static byte first(StorageServer server, String name) throws IOException {
        try (NbdClient client = NbdClient.connect(server.uri("g", name))) {
            ByteBuffer block = ByteBuffer.allocate(BLOCK);
            client.read(0, block);
            return block.get(0);
        }
    }

    private void fill(String name, int content) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(file(name).toFile(), "rw")) {
            file.write(content);
        }
    }

    // ---- What is right.

    @Test
    void theOrderOfTheOptionsDoesNotMatterAndIdsAreGivenOnce() throws IOException {
        StorageServer first = start(volume("g/one", "1"), volume("g/two", "2"));
        assertThat(infos(first, "g")).containsExactly(info(0, "one", 16), info(1, "two", 16));
        start(volume("g/two", "2"), volume("g/one", "1"));
        StorageServer more =
                start(volume("g/new", "3"), volume("g/two", "2"), volume("h/a", "4"), volume("g/one", "1"));
        assertThat(infos(more, "g")).containsExactly(info(0, "one", 16), info(1, "two", 16), info(2, "new", 16));
        assertThat(infos(more, "h")).containsExactly(info(0, "a", 16));
        fill("2", 22);
        fill("1", 11);
        assertThat(first(more, "one")).isEqualTo((byte) 11);
        assertThat(first(more, "two")).isEqualTo((byte) 22);
    }

    @Test
    void aFileThatWasRenamedIsTheSameFile() throws IOException {
        start(volume("g/one", "1"), volume("g/two", "2"));
        fill("1", 11);
        Files.move(file("1"), file("3"));
        StorageServer again = start(plain("g/one", file("3")), volume("g/two", "2"));
        assertThat(first(again, "one")).isEqualTo((byte) 11);
        assertThat(infos(again, "g")).containsExactly(info(0, "one", 16), info(1, "two", 16));
    }

    @Test
    void aGroupThatIsLeftOutIsNotServedAndRemembered() throws IOException {
        start(volume("g/one", "1"), volume("h/a", "2"));
        start(volume("h/a", "2"));
        refused("is that of volume g/one", volume("h/a", "2"), volume("h/b", "1"));
        assertThat(infos(start(volume("g/one", "1")), "g")).containsExactly(info(0, "one", 16));
    }

    @Test
    void aVolumeGrows() throws IOException {
        start(volume("g/one", "1"));
        assertThat(infos(start("g/one=" + file("1") + ",size=128K"), "g")).containsExactly(info(0, "one", 32));
        assertThat(log).last().asString().isEqualTo("volume g/one has grown from 65536 to 131072 bytes");
        try (RandomAccessFile file = new RandomAccessFile(file("1").toFile(), "rw")) {
            file.setLength(256 << 10);
        }
        assertThat(infos(start(plain("g/one", file("1"))), "g")).containsExactly(info(0, "one", 64));
        refused("leave ,size= away", "g/one=" + file("1") + ",size=128K");
        try (RandomAccessFile file = new RandomAccessFile(file("1").toFile(), "rw")) {
            file.setLength(128 << 10);
        }
        refused("volume g/one had 262144 bytes", plain("g/one", file("1")));
        refused("volume g/one had 262144 bytes", "g/one=" + file("1") + ",size=128K");
        // It is not made longer on the way to being refused.
        assertThat(Files.size(file("1"))).isEqualTo(128 << 10);
    }

    @Test
    void aStorageOfBeforeKeepsItsVolumesInTheOrderInWhichItIsStarted() throws IOException {
        start(volume("g/one", "1"), volume("g/two", "2")).close();
        server = null;
        RecordFile.write(file("data").resolve("boot.json"), "{\"boot\":7,\"groups\":[\"g\"]}");
        String record =
                Json.ofRecord(new OwnershipRecord(3, 2, "A", Mode.SOLO, "", 0)).toString();
        RecordFile.write(file("data").resolve("group-g.json"), "{\"group\":\"g\",\"record\":" + record + "}");
        StorageServer later = start(volume("g/two", "2"), volume("g/one", "1"));
        assertThat(later.boot()).isEqualTo(8);
        assertThat(infos(later, "g")).containsExactly(info(0, "two", 16), info(1, "one", 16));
        assertThat(infos(start(volume("g/one", "1"), volume("g/two", "2")), "g"))
                .containsExactly(info(0, "two", 16), info(1, "one", 16));
    }

    // ---- Left out, forgotten.

    @Test
    void aVolumeThatIsLeftOutIsRefusedUnlessItIsForgotten() throws IOException {
        own(start(volume("g/one", "1"), volume("g/two", "2"), volume("g/three", "3")), Mode.PROTECTED, "B");
        refused("give it again, or --forget g/two", volume("g/one", "1"), volume("g/three", "3"));
        forgotten = Set.of("g/two");
        refused("while the record of group g says protected", volume("g/one", "1"), volume("g/three", "3"));
        own(start(volume("g/one", "1"), volume("g/two", "2"), volume("g/three", "3")), Mode.SOLO, "");
        forgotten = Set.of("g/two");
        refused("with --forget", volume("g/one", "1"), volume("g/two", "2"), volume("g/three", "3"));
        forgotten = Set.of("g/two");
        StorageServer without = start(volume("g/one", "1"), volume("g/three", "3"));
        assertThat(infos(without, "g")).containsExactly(info(0, "one", 16), info(2, "three", 16));
        // A second start with the same options does no harm, and the id is never given again.
        forgotten = Set.of("g/two");
        start(volume("g/one", "1"), volume("g/three", "3"));
        StorageServer back = start(volume("g/two", "4"), volume("g/one", "1"), volume("g/three", "3"));
        assertThat(infos(back, "g")).extracting(VolumeInfo::name).containsExactly("one", "three", "two");
        assertThat(infos(back, "g")).extracting(VolumeInfo::id).containsExactly(0, 2, 3);
    }

    @Test
    void theObserverIsToldNamesAtThePlacesOfTheirIds() throws IOException {
        start(volume("g/one", "1"), volume("g/two", "2"));
        forgotten = Set.of("g/one");
        start(volume("g/two", "2")).close();
        server = null;
        List<String> told = new ArrayList<>();
        StorageObserver observer = new StorageObserver() {
            @Override
            public boolean active() {
                return true;
            }

            @Override
            public void booted(String group, String storage, long boot, OwnershipRecord record, List<String> names) {
                told.add(storage);
                told.addAll(names);
            }
        };
        try (StorageServer observed = StorageServer.start(new StorageServer.Settings(
                        NbdUri.tcp("127.0.0.1", 0, ""),
                        List.of(VolumeSpec.parse(volume("g/two", "2"))),
                        file("data"),
                        observer,
                        log::add));
                StorageClient client = StorageClient.connect(observed.uri(), "g", "A")) {
            assertThat(told).containsExactly(client.storageId(), "", "two");
        }
    }

    // ---- Another file.

    @Test
    void swappedFilesAreRefused() throws IOException {
        start(volume("g/one", "1"), volume("g/two", "2"));
        refused("is that of volume g/two", volume("g/one", "2"), volume("g/two", "1"));
        moved = Set.of("g/one", "g/two");
        refused("is that of volume g/two", volume("g/one", "2"), volume("g/two", "1"));
        Files.move(file("1"), file("x"));
        Files.move(file("2"), file("1"));
        Files.move(file("x"), file("2"));
        refused("is that of volume g/two", volume("g/one", "1"), volume("g/two", "2"));
    }

    @Test
    void aFileThatWasCopiedIsAcceptedOnlyWhereThatIsSaid() throws IOException {
        start(volume("g/one", "1"));
        fill("1", 11);
        Files.copy(file("1"), file("copy"));
        Files.move(file("copy"), file("1"), StandardCopyOption.REPLACE_EXISTING);
        refused("--moved g/one", volume("g/one", "1"));
        refused("empty --data", volume("g/one", "1"));
        moved = Set.of("g/one");
        assertThat(first(start(volume("g/one", "1")), "one")).isEqualTo((byte) 11);
        moved = Set.of("g/one");
        refused("leave --moved g/one away", volume("g/one", "1"));
        moved = Set.of("g/typo");
        refused("leave --moved g/typo away", volume("g/one", "1"));
        start(volume("g/one", "1"));
        Files.copy(file("1"), file("elsewhere"));
        moved = Set.of("g/one");
        assertThat(infos(start(plain("g/one", file("elsewhere"))), "g")).containsExactly(info(0, "one", 16));
    }

    @Test
    void aFileThatIsGoneIsNotCreatedAnew() throws IOException {
        start(volume("g/one", "1"));
        Files.delete(file("1"));
        refused("is gone", volume("g/one", "1"));
        assertThat(file("1")).doesNotExist();
        Files.createFile(file("1"));
        refused("is not the one that it was", volume("g/one", "1"));
        moved = Set.of("g/one");
        refused("had 65536 bytes", volume("g/one", "1"));
        assertThat(file("1")).isEmptyFile();
    }

    // ---- One backend, two names.

    @Test
    void oneFileUnderTwoNamesIsRefusedHoweverItIsNamed() throws IOException {
        start(volume("g/one", "1"));
        Files.createSymbolicLink(file("symbolic"), file("1"));
        Files.createLink(file("hard"), file("1"));
        Path relative = Path.of("").toAbsolutePath().relativize(file("1"));
        for (Path same : List.of(
                file("1"), file("symbolic"), file("hard"), relative, file(".").resolve("1"))) {
            refused("have the same backend", volume("g/one", "1"), plain("g/two", same));
        }
        refused("have the same backend", volume("g/one", "1"), volume("g/two", "2"), volume("h/three", "./2"));
        assertThat(file("2")).doesNotExist();
    }

    @Test
    void oneExportUnderTwoNamesIsRefusedHoweverItIsSpelled() throws IOException {
        NbdServer server = backend(new MemoryDevice(1 << 16), 1, 1 << 20);
        int port = server.uri().port();
        Path socket = file("back.sock");
        Files.createSymbolicLink(file("link"), folder);
        refused(
                "have the same backend",
                "g/one=nbd://127.0.0.1:" + port + "/a%62",
                "g/two=nbd://LOCALHOST:" + port + "/ab");
        refused(
                "have the same backend",
                "g/one=nbd+unix:///?socket=" + socket,
                "g/two=nbd+unix:///?socket="
                        + file("link").resolve("back.sock").toString().replace("/b", "/%62"));
    }

    // ---- Limits of a backend.

    private NbdServer backend(BlockDevice device, int minimum, int maximum) throws IOException {
        NbdServer started = NbdServer.builder()
                .listen(NbdUri.tcp("127.0.0.1", 0, ""))
                .exports(new ExportSource() {
                    @Override
                    public Export open(String name, NbdConnection connection) {
                        return Export.of(device).withBlockSizes(minimum, Math.max(512, minimum), maximum);
                    }

                    @Override
                    public List<Listing> list(NbdConnection connection) {
                        return List.of();
                    }
                })
                .start();
        open.add(started);
        return started;
    }

    @Test
    void aBackendWithTooLargeBlocksOrTooSmallRequestsIsRefused() throws IOException {
        String large =
                "g/one=" + backend(new MemoryDevice(1 << 20), 65536, 1 << 20).uri();
        refused("takes blocks of 65536 bytes or more", large);
        String small = "g/one=" + backend(new MemoryDevice(1 << 20), 1, 2048).uri();
        refused("takes no more than 2048 bytes at once", small);
        String odd = "g/one="
                + backend(new MemoryDevice((1 << 20) + 512), 1, 1 << 20).uri();
        refused("no multiple of 4096", odd);
        assertThat(file("data")).doesNotExist();
    }

    /** Of any client: one that knows the limit splits, and one that does not is told. */
    @Test
    void largerRequestsThanTheBackendTakesAreSplit() throws IOException {
        MemoryDevice device = new MemoryDevice(1 << 20);
        StorageServer started = start("g/one=" + backend(device, 4096, 10_000).uri());
        own(started, Mode.SOLO, "");
        try (StorageClient client = StorageClient.connect(started.uri(), "g", "A");
                StorageSession session = client.openSession(1)) {
            NbdClient disk = session.volume("one");
            assertThat(disk.info().maximumPayload()).isEqualTo(8192);
            byte[] bytes = new byte[256 << 10];
            Arrays.fill(bytes, (byte) 7);
            disk.write(4096, ByteBuffer.wrap(bytes), true);
            ByteBuffer back = ByteBuffer.allocate(bytes.length);
            disk.read(4096, back);
            assertThat(back.array()).isEqualTo(bytes);
        }
    }

    @Test
    void aRemoteBackendMayGrowAndIsKnownByItsAddress() throws IOException {
        NbdUri uri = NbdUri.unix(file("back.sock"), "");
        try (NbdServer small =
                NbdServer.builder().listen(uri).exports(exports(1 << 16)).start()) {
            start("g/one=" + small.uri());
            closeServer();
        }
        try (NbdServer larger =
                NbdServer.builder().listen(uri).exports(exports(1 << 17)).start()) {
            assertThat(infos(start("g/one=" + larger.uri()), "g")).containsExactly(info(0, "one", 32));
            closeServer();
        }
        NbdServer other = backend(new MemoryDevice(1 << 17), 1, 1 << 20);
        refused("--moved g/one", "g/one=" + other.uri());
        moved = Set.of("g/one");
        assertThat(infos(start("g/one=" + other.uri()), "g")).containsExactly(info(0, "one", 32));
    }

    private static ExportSource exports(int size) {
        MemoryDevice device = new MemoryDevice(size);
        return new ExportSource() {
            @Override
            public Export open(String name, NbdConnection connection) {
                return Export.of(device);
            }

            @Override
            public List<Listing> list(NbdConnection connection) {
                return List.of();
            }
        };
    }

    @Test
    void aFileOfOddLengthIsRefusedAndTheLineSaysHowToMendIt() throws IOException {
        Files.write(file("odd"), new byte[5000]);
        refused("truncate -s 8192 " + file("odd"), plain("g/one", file("odd")));
    }

    // ---- A start that fails leaves nothing behind.

    @Test
    void aStartThatIsRefusedLeavesNothingBehind() throws IOException {
        try (NbdServer other = backend(new MemoryDevice(1 << 16), 1, 1 << 20)) {
            List<VolumeSpec> specs = List.of(VolumeSpec.parse(volume("g/one", "1")));
            assertThatThrownBy(() -> StorageServer.start(StorageServer.Settings.of(other.uri(), specs, file("data"))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot listen on");
        }
        refused("cannot open", volume("g/one", "1"), volume("g/two", "no/such/folder"));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatIsCreatedIsForItsUserAlone() throws IOException {
        start(volume("g/one", "1"));
        for (String name : List.of("1", "data/boot.json", "data/group-g.json", "data/lock")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(name))))
                    .as(name)
                    .isEqualTo("rw-------");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file("data"))))
                .isEqualTo("rwx------");
    }
}
