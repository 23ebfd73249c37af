package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskBytesTest {
    private static final List<String> DISKSTATS = List.of(
            " 253       0 vda 374942 15582 17511460 851148 3444078 206785 2438 4417247 0 396484 5461055",
            " 253       1 vda1 374942 15582 17511460 851148 3444078 206785 1000 4417247 0 396484 5461055",
            " 259    4097 nvme16n1 1 2 3 4 5 6 70 8 9 10 11");

    @TempDir
    Path dir;

    @Test
    void aDiskCountsSectors() {
        assertThat(DiskBytes.written(DISKSTATS, 253 << 8 | 1)).hasValue(512_000);
        assertThat(DiskBytes.written(DISKSTATS, 253 << 8)).hasValue(2438 * 512);
        // Of the smaller number, only the lowest eight bits stand below the larger one.
        assertThat(DiskBytes.written(DISKSTATS, 0x10 << 20 | 259 << 8 | 1)).hasValue(70 * 512);
        assertThat(DiskBytes.written(DISKSTATS, 42)).isEmpty();
    }

    @Test
    void whatIsSyncedReachesTheDiskAndIsCharged() throws Exception {
        DiskBytes disk = DiskBytes.under(dir);
        OptionalLong before = disk.written();
        long self = ProcessHandle.current().pid();
        OptionalLong chargedBefore = DiskBytes.charged(self);
        Assumptions.assumeTrue(
                before.isPresent() && chargedBefore.isPresent(),
                "SKIPPED: nobody tells what is written to the disk of " + dir);
        byte[] data = new byte[1 << 20];
        Files.write(dir.resolve("data"), data, StandardOpenOption.CREATE_NEW, StandardOpenOption.SYNC);

        assertThat(disk.written().orElseThrow() - before.getAsLong()).isGreaterThanOrEqualTo(data.length);
        assertThat(DiskBytes.charged(self).orElseThrow() - chargedBefore.getAsLong())
                .isGreaterThanOrEqualTo(data.length);
    }

    @Test
    void aProcessThatIsNotThereIsChargedWithNothing() {
        assertThat(DiskBytes.charged(Long.MAX_VALUE)).isEmpty();
    }
}
