package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.Allocation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileBackendTest {
    private static final int SIZE = 5 << 20;

    @TempDir
    Path folder;

    @Test
    void createsASparseFileAndKeepsWhatIsWritten() throws IOException {
        Path file = folder.resolve("disk.img");
        try (FileBackend backend = FileBackend.open(file, OptionalLong.of(SIZE))) {
            assertThat(backend.size()).isEqualTo(SIZE);
            assertThat(read(backend, 0, SIZE)).containsOnly(0);
            backend.write(SIZE - 3, ByteBuffer.wrap(new byte[] {1, 2, 3}), true);
        }
        assertThat(Files.size(file)).isEqualTo(SIZE);
        try (FileBackend backend = FileBackend.open(file, OptionalLong.empty())) {
            assertThat(read(backend, SIZE - 4, 4)).containsExactly(0, 1, 2, 3);
        }
    }

    private FileBackend open(boolean punching) throws IOException {
        return FileBackend.open(
                folder.resolve("disk.img"),
                OptionalLong.of(SIZE),
                Files.exists(folder.resolve("disk.img")),
                false,
                punching);
    }

    private long allocated() throws IOException {
        return Sparse.allocatedBytes(folder.resolve("disk.img"));
    }

    /** With and without the help of the system, to the byte. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void zeroesReadAsZeroesAndTouchNothingElse(boolean punching) throws IOException {
        try (FileBackend backend = open(punching)) {
            byte[] full = new byte[SIZE];
            Arrays.fill(full, (byte) 7);
            backend.write(0, ByteBuffer.wrap(full), false);
            backend.trim(100, 100, true);
            Arrays.fill(full, 100, 200, (byte) 0);
            backend.writeZeroes(1001, SIZE - 2002, false, true);
            Arrays.fill(full, 1001, SIZE - 1001, (byte) 0);
            assertThat(read(backend, 0, SIZE)).isEqualTo(full);
            backend.writeZeroes(SIZE - 500, 100, true, false);
            Arrays.fill(full, SIZE - 500, SIZE - 400, (byte) 0);
            backend.writeZeroes(3, 0, false, false);
            assertThat(read(backend, 0, SIZE)).isEqualTo(full);
        }
        assertThat(Files.size(folder.resolve("disk.img"))).isEqualTo(SIZE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void zeroesAndTrimsOfWhatIsEmptyTakeNoSpace(boolean punching) throws IOException {
        try (FileBackend backend = open(punching)) {
            long before = allocated();
            backend.trim(0, SIZE, true);
            backend.writeZeroes(100, SIZE - 100, false, true);
            assertThat(allocated()).isLessThanOrEqualTo(before);
            backend.writeZeroes(1 << 20, 1 << 20, true, true);
            assertThat(allocated()).isGreaterThanOrEqualTo(1 << 20);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void zeroesOverDataFreeItOnlyWhereTheSystemCan(boolean punching) throws IOException {
        try (FileBackend backend = open(punching)) {
            byte[] full = new byte[SIZE];
            Arrays.fill(full, (byte) 7);
            backend.write(0, ByteBuffer.wrap(full), true);
            assertThat(allocated()).isGreaterThanOrEqualTo(SIZE);
            backend.writeZeroes(1 << 20, 3 << 20, false, true);
            assertThat(allocated() < SIZE).isEqualTo(punching);
            backend.trim(0, SIZE, true);
            assertThat(read(backend, 0, SIZE)).containsOnly(0);
            assertThat(allocated() < 1 << 20).isEqualTo(punching);
        }
    }

    @Test
    void saysWhatIsAHole() throws IOException {
        try (FileBackend backend = open(true)) {
            assertThat(backend.tellsAllocation()).isTrue();
            backend.trim(0, SIZE, false);
            assertThat(backend.allocation(0, SIZE)).containsExactly(Allocation.emptiness(SIZE));
            backend.write(1 << 20, ByteBuffer.wrap(new byte[] {1}), false);
            // Not yet written to the disk, and even so no hole.
            assertThat(backend.allocation(0, SIZE))
                    .containsExactly(
                            Allocation.emptiness(1 << 20),
                            Allocation.data(4096),
                            Allocation.emptiness(SIZE - (1 << 20) - 4096));
            assertThat(backend.allocation((1 << 20) + 5, 100)).containsExactly(Allocation.data(100));
            assertThat(backend.allocation((1 << 20) - 5, 10))
                    .containsExactly(Allocation.emptiness(5), Allocation.data(5));
            assertThat(backend.allocation(SIZE - 1, 1)).containsExactly(Allocation.emptiness(1));
            assertThatThrownBy(() -> backend.allocation(SIZE - 1, 2)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void whereNobodyCanSayAllIsData() throws IOException {
        try (FileBackend backend = open(false)) {
            assertThat(backend.tellsAllocation()).isFalse();
            assertThat(backend.allocation(0, SIZE)).containsExactly(Allocation.data(SIZE));
        }
    }

    /** An answer has an end, and another question goes on from there. */
    @Test
    void tellsOfManyHolesInParts() throws IOException {
        try (FileBackend backend = open(true)) {
            backend.trim(0, SIZE, false);
            for (int at = 0; at < SIZE; at += 8192) {
                backend.write(at, ByteBuffer.wrap(new byte[] {1}), false);
            }
            long told = 0;
            int answers = 0;
            for (; told < SIZE; answers++) {
                List<Allocation> parts = backend.allocation(told, SIZE - told);
                for (Allocation part : parts) {
                    assertThat(part.zero()).isEqualTo(told % 8192 != 0);
                    assertThat(part.length()).isEqualTo(4096);
                    told += part.length();
                }
            }
            assertThat(told).isEqualTo(SIZE);
            assertThat(answers).isEqualTo(2);
        }
    }

    /** To close any descriptor of a file drops the locks that its process has on it. */
    @Test
    void theLockLastsAsLongAsTheBackend() throws Exception {
        Path file = folder.resolve("disk.img");
        try (FileBackend backend = FileBackend.open(file, OptionalLong.of(SIZE))) {
            backend.trim(0, SIZE, true);
            assertThat(locks(file)).isEqualTo(1);
        }
        assertThat(locks(file)).isZero();
    }

    private static long locks(Path file) throws IOException {
        String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
        try (Stream<String> lines = Files.lines(Path.of("/proc/locks"))) {
            return lines.filter(line -> line.contains(inode)).count();
        }
    }

    @Test
    void afterTheEndNothingIsPunched() throws IOException {
        FileBackend backend = open(true);
        backend.close();
        backend.close();
        assertThatThrownBy(() -> backend.trim(0, SIZE, false)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> backend.allocation(0, SIZE)).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void refusesWhatIsOutOfRange() throws IOException {
        try (FileBackend backend = FileBackend.open(folder.resolve("disk.img"), OptionalLong.of(SIZE))) {
            ByteBuffer two = ByteBuffer.allocate(2);
            assertThatThrownBy(() -> backend.write(SIZE - 1, two, false)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> backend.read(-1, two)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> backend.writeZeroes(1, Long.MAX_VALUE, false, false))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void saysWhatIsWrongWithAFile() throws IOException {
        Path file = folder.resolve("disk.img");
        assertRefused(file, OptionalLong.empty(), "does not exist");
        assertRefused(folder, OptionalLong.of(SIZE), "is a folder");
        assertRefused(folder.resolve("no/such/disk.img"), OptionalLong.of(SIZE), "cannot open");
        try (FileBackend backend = FileBackend.open(file, OptionalLong.of(SIZE))) {
            assertThat(backend.up()).isTrue();
            assertRefused(file, OptionalLong.empty(), "already a volume");
        }
        assertRefused(file, OptionalLong.of(SIZE + 1), "not " + (SIZE + 1));
        assertThat(Files.size(file)).isEqualTo(SIZE);
        Files.write(file, new byte[0]);
        assertRefused(file, OptionalLong.empty(), "is empty");
    }

    private static void assertRefused(Path file, OptionalLong size, String why) {
        assertThatThrownBy(() -> FileBackend.open(file, size))
                .isInstanceOf(StorageSetupException.class)
                .hasMessageContaining(why);
    }

    private static byte[] read(FileBackend backend, long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        backend.read(offset, target);
        return target.array();
    }
}
