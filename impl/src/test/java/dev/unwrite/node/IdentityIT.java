package dev.unwrite.node;

import static dev.unwrite.node.TestPair.BLOCK;
import static dev.unwrite.node.TestPair.fill;
import static dev.unwrite.node.TestPair.stamp;
import static dev.unwrite.node.TestPair.stamped;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.nbd.NbdClient;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real processes whose folders, files, names and options a person mixes up: what does not belong together is told apart
 * (rule OneLife), and nothing is known by its position, its term or its path.
 */
@Timeout(120)
class IdentityIT {
    private static final int MIB = 1 << 20;

    @TempDir
    Path dir = Path.of("unset");

    private TestPair pair;

    @RegisterExtension
    final AfterTestExecutionCallback showLogs =
            context -> context.getExecutionException().ifPresent(e -> System.err.println(pair.logs()));

    @BeforeEach
    void prepare() throws IOException {
        pair = new TestPair(dir, List.of("--failover-after=manual"));
    }

    @AfterEach
    void end() {
        pair.close();
    }

    // ---- Volumes.

    /** Two volumes of one size: a position would tell them apart wrongly, and in silence. */
    private void startWithTwoVolumes() throws Exception {
        pair.volumes(volume("one"), volume("two"));
        pair.start();
        try (NbdClient one = pair.a.connect("one");
                NbdClient two = pair.a.connect("two")) {
            fill(one, 0, MIB, 0x11);
            fill(two, 0, MIB, 0x22);
            pair.a.order("checkpoint", "eleven and twenty-two");
            fill(one, 0, MIB / 2, 0x33);
            fill(two, MIB / 2, BLOCK, 0x44);
            two.flush();
            one.flush();
        }
    }

    private String volume(String name) {
        return volume(name, dir.resolve(name + ".img"), "8M");
    }

    private static String volume(String name, Path file, String size) {
        return TestPair.GROUP + "/" + name + "=" + file + ",size=" + size;
    }

    private byte[] disk(String name) throws IOException {
        return Files.readAllBytes(dir.resolve(name + ".img"));
    }

    private void assertEachVolumeIsOfTheCheckpoint() throws IOException {
        assertFilled("one", 0x11);
        assertFilled("two", 0x22);
    }

    private void assertFilled(String name, int value) throws IOException {
        byte[] wanted = new byte[8 * MIB];
        Arrays.fill(wanted, 0, MIB, (byte) value);
        assertThat(Arrays.mismatch(disk(name), wanted))
                .as("first difference in " + name)
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void volumesMayBeNamedInAnotherOrder(boolean primaryLives) throws Exception {
        startWithTwoVolumes();
        if (!primaryLives) {
            pair.a.kill();
        }
        pair.stopStorage();
        pair.volumes(volume("two"), volume("one"));
        pair.startStorage();
        if (primaryLives) {
            try (NbdClient one = pair.a.connect("one")) {
                fill(one, 4 * MIB, BLOCK, 0x55);
                one.flush();
            }
            assertThat(disk("one")[4 * MIB]).isEqualTo((byte) 0x55);
            assertThat(disk("two")[4 * MIB]).isZero();
            pair.a.kill();
        }
        pair.b.order("failover");
        assertEachVolumeIsOfTheCheckpoint();
    }

    @Test
    void aVolumeThatIsLeftOutIsMissed() throws Exception {
        startWithTwoVolumes();
        pair.stopStorage();
        pair.volumes(volume("one"));
        pair.startStorageInVain().refused("vm1/two", "--forget");
        pair.volumes(volume("one"), volume("two"));
        pair.startStorage();
        pair.a.kill();
        pair.b.order("failover");
        assertEachVolumeIsOfTheCheckpoint();
    }

    @Test
    void volumesWithEachOthersFilesAreRefused() throws Exception {
        startWithTwoVolumes();
        pair.stopStorage();
        pair.volumes(volume("one", dir.resolve("two.img"), "8M"), volume("two", dir.resolve("one.img"), "8M"));
        pair.startStorageInVain().refused("vm1/one", "vm1/two");
        pair.volumes(volume("one"), volume("two"));
        pair.startStorage();
        pair.a.kill();
        pair.b.order("failover");
        assertEachVolumeIsOfTheCheckpoint();
    }

    @Test
    void anotherFileUnderTheSamePathIsRefused() throws Exception {
        startWithTwoVolumes();
        pair.stopStorage();
        Path backup = dir.resolve("backup.img");
        Files.write(backup, new byte[8 * MIB]);
        Files.move(dir.resolve("one.img"), dir.resolve("kept.img"));
        Files.copy(backup, dir.resolve("one.img"));
        pair.startStorageInVain().refused("vm1/one", "--moved");
        Files.move(dir.resolve("kept.img"), dir.resolve("one.img"), StandardCopyOption.REPLACE_EXISTING);
        pair.startStorage();
        pair.a.kill();
        pair.b.order("failover");
        assertEachVolumeIsOfTheCheckpoint();
    }

    @Test
    void aVolumeMayGrow() throws Exception {
        startWithTwoVolumes();
        pair.stopStorage();
        try (RandomAccessFile file = new RandomAccessFile(dir.resolve("two.img").toFile(), "rw")) {
            file.setLength(16L * MIB);
        }
        pair.volumes(volume("one"), volume("two", dir.resolve("two.img"), "16M"));
        pair.startStorage();
        pair.await("the new size is served", () -> {
            try (NbdClient two = pair.a.connect("two")) {
                return two.size() == 16L * MIB ? two : null;
            } catch (IOException e) {
                return null;
            }
        });
        pair.awaitProtected(pair.a);
        try (NbdClient two = pair.a.connect("two")) {
            stamp(two, 4095, 1);
            pair.a.order("checkpoint", "grown");
            stamp(two, 4095, 2);
        }
        pair.a.kill();
        pair.b.order("failover");
        try (NbdClient two = pair.b.connect("two")) {
            assertThat(two.size()).isEqualTo(16L * MIB);
            assertThat(read(two, 4095)).isEqualTo(stamped(4095, 1));
        }
    }

    @Test
    void aVolumeMayNotShrink() throws Exception {
        startWithTwoVolumes();
        pair.stopStorage();
        try (RandomAccessFile file = new RandomAccessFile(dir.resolve("two.img").toFile(), "rw")) {
            file.setLength(4L * MIB);
        }
        pair.volumes(volume("one"), volume("two", dir.resolve("two.img"), "4M"));
        pair.startStorageInVain().refused("vm1/two");
    }

    // ---- Storages.

    @Test
    void aStorageThatBeginsAnewGetsNothingOfTheOldLife() throws Exception {
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            pair.a.order("checkpoint", "old life");
            stamp(disk, 1, 2);
            disk.flush();
        }
        pair.a.kill();
        pair.b.kill();
        pair.killStorage();
        Folders.remove(pair.storageData());
        byte[] restored = new byte[16 * MIB];
        Arrays.fill(restored, (byte) 0x5a);
        Files.write(pair.disk(), restored);
        pair.startStorage();
        pair.a.start("--bootstrap");
        pair.b.start();
        pair.a.awaitEnd().refused("storage");
        pair.b.awaitEnd().refused("storage");
        assertThat(Files.readAllBytes(pair.disk())).isEqualTo(restored);
    }

    @Test
    void aStorageThatBeginsAnewBesideNodesThatRunGetsNothingEither() throws Exception {
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            disk.flush();
            pair.a.order("checkpoint", "old life");
        }
        pair.stopStorage();
        Folders.remove(pair.storageData());
        byte[] restored = new byte[16 * MIB];
        Arrays.fill(restored, (byte) 0x5a);
        Files.write(pair.disk(), restored);
        pair.startStorage();
        pair.a.awaitEnd().refused("storage");
        pair.b.awaitEnd().refused("storage");
        assertThat(Files.readAllBytes(pair.disk())).isEqualTo(restored);
    }

    // ---- Names.

    @Test
    void aSecondHostOfTheSameNameDoesNotDeposeALonelyPrimary() throws Exception {
        pair.startStorage();
        pair.a.start("--bootstrap");
        JsonNode before = pair.a.awaitRole("primary", "solo");
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            TestPair.Host again = pair.doubleOf(pair.a);
            again.start();
            again.awaitEnd().refused("A", "--replace");
            again.start("--replace");
            again.awaitEnd().refused("A");
            stamp(disk, 2, 2);
        }
        assertUnmoved(pair.a, before);
    }

    @Test
    void aSecondHostOfTheSameNameDoesNotDisturbAPair() throws Exception {
        pair.start();
        JsonNode before = pair.a.status();
        try (NbdClient disk = pair.a.connect()) {
            stamp(disk, 1, 1);
            for (TestPair.Host host : List.of(pair.a, pair.b)) {
                TestPair.Host again = pair.doubleOf(host);
                again.start();
                again.awaitEnd().refused(host.name, "--replace");
            }
            stamp(disk, 2, 2);
        }
        assertUnmoved(pair.a, before);
        pair.awaitProtected(pair.a);
    }

    @Test
    void aCopiedFolderIsNotASecondSelf() throws Exception {
        pair.start();
        JsonNode before = pair.a.status();
        TestPair.Host again = pair.doubleOf(pair.a);
        Folders.copy(pair.a.data, again.data);
        again.start();
        again.awaitEnd().refused("A");
        assertUnmoved(pair.a, before);
        pair.awaitProtected(pair.a);
    }

    /** It did not notice: its role, its term and its session are what they were. */
    private static void assertUnmoved(TestPair.Host host, JsonNode before) throws Exception {
        JsonNode now = host.status();
        for (String fact : List.of("role", "mode", "term", "session", "since")) {
            assertThat(now.path(fact)).as(fact).isEqualTo(before.path(fact));
        }
    }

    @Test
    void anEmptyFolderTakesTheNameOfADeadHostOnlyIfThatIsSaid() throws Exception {
        pair.start();
        pair.b.kill();
        pair.a.awaitRole("primary", "solo");
        Folders.remove(pair.b.data);
        pair.b.start();
        pair.b.awaitEnd().refused("B", "--replace");
        pair.b.start("--replace");
        pair.awaitProtected(pair.a);
    }

    // ---- Folders.

    @Test
    void aFolderOfAnotherNameGroupOrStorageIsRefused() throws Exception {
        pair.volumes("vm1/disk=" + pair.disk() + ",size=16M", "vm2/disk=" + dir.resolve("vm2.img") + ",size=16M");
        pair.start();
        pair.b.kill();
        pair.b.start("--name=C");
        pair.b.awaitEnd().refused(pair.b.data.toString(), "B", "C");
        pair.b.start("--group=vm2");
        pair.b.awaitEnd().refused(pair.b.data.toString(), "vm1", "vm2");
        try (TestPair elsewhere = new TestPair(Files.createDirectory(dir.resolve("elsewhere")), List.of())) {
            elsewhere.startStorage();
            pair.b.start("--storage=" + elsewhere.storageUri());
            pair.b.awaitEnd().refused("storage");
        }
        pair.b.start();
        pair.awaitProtected(pair.a);
    }

    @Test
    void aSecondaryWhoseUndoLogIsGoneHoldsNothing() throws Exception {
        byte[] image = startAndOverwrite();
        pair.b.kill();
        Folders.remove(pair.b.data.resolve("undo"));
        pair.b.start();
        pair.b.awaitEnd().refused("undo", "--replace");
        pair.a.awaitRole("primary", "solo");
        Folders.remove(pair.b.data);
        pair.b.start("--replace");
        pair.awaitProtected(pair.a);
        assertTakesOverTo(image);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSecondaryWithoutItsUndoLogDoesNotTakeOver(boolean anothers) throws Exception {
        startAndOverwrite();
        pair.a.kill();
        pair.b.kill();
        byte[] left = Files.readAllBytes(pair.disk());
        Path undo = pair.b.data.resolve("undo");
        Folders.remove(undo);
        if (anothers) {
            Folders.copy(pair.a.data.resolve("undo"), undo);
        }
        pair.b.start("--failover-after=1s");
        pair.b.awaitEnd().refused("undo");
        assertThat(Files.readAllBytes(pair.disk())).isEqualTo(left);
    }

    @Test
    void aSecondaryWithLessThanItAcknowledgedIsNoticed() throws Exception {
        // Silence must not be what is noticed first.
        pair.options("--failover-after=60s");
        pair.start();
        Path older = dir.resolve("older");
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            pair.a.order("checkpoint", "eleven");
            image = TestPair.image(disk);
            fill(disk, 0, BLOCK, 0x22);
            pair.b.signal("STOP");
            Folders.copy(pair.b.data, older);
            pair.b.signal("CONT");
            fill(disk, BLOCK, MIB - BLOCK, 0x33);
            disk.flush();
        }
        pair.b.kill();
        Folders.remove(pair.b.data);
        Files.move(older, pair.b.data);
        pair.b.start();
        pair.a.awaitStatus(
                "has taken it in anew", s -> s.path("counters").path("joins").asInt() == 2);
        pair.awaitProtected(pair.a);
        assertThat(pair.a.said()).contains("less than it had acknowledged");
        assertTakesOverTo(image);
    }

    /** To a disk of elevens. */
    private void assertTakesOverTo(byte[] image) throws Exception {
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            pair.a.order("checkpoint", "eleven again");
            fill(disk, 0, MIB, 0x44);
        }
        pair.a.kill();
        pair.b.order("failover");
        assertThat(Files.readAllBytes(pair.disk())).isEqualTo(image);
    }

    /** A checkpoint of elevens, whose image is returned, and then thirty-threes over it: the other host has to hold copies. */
    private byte[] startAndOverwrite() throws Exception {
        pair.start();
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, MIB, 0x11);
            pair.a.order("checkpoint", "eleven");
            byte[] image = TestPair.image(disk);
            fill(disk, 0, MIB, 0x33);
            disk.flush();
            return image;
        }
    }

    private static byte[] read(NbdClient disk, int block) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(BLOCK);
        disk.read((long) block * BLOCK, target);
        return target.array();
    }
}
