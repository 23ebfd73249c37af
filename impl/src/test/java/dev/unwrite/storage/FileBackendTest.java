package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    @Test
    void zeroesReadAsZeroesAndTouchNothingElse() throws IOException {
        try (FileBackend backend = FileBackend.open(folder.resolve("disk.img"), OptionalLong.of(SIZE))) {
            byte[] full = new byte[SIZE];
            Arrays.fill(full, (byte) 7);
            backend.write(0, ByteBuffer.wrap(full), false);
            backend.trim(100, 100, true);
            backend.writeZeroes(1001, SIZE - 2002, false, true);
            Arrays.fill(full, 1001, SIZE - 1001, (byte) 0);
            assertThat(read(backend, 0, SIZE)).isEqualTo(full);
        }
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
