package dev.unwrite.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.cluster.HostId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskCheckTest {
    private static final int BLOCKS = 9;

    private final byte[] disk = new byte[BLOCKS * BlockDiff.BLOCK_BYTES];

    @TempDir
    private Path dir = Path.of("");

    @BeforeEach
    void fill() throws IOException {
        new Random(3).nextBytes(disk);
        Files.createDirectories(dir.resolve("A"));
        Files.createDirectories(dir.resolve("B"));
    }

    @Test
    void equalCopiesAreValid() throws IOException {
        Files.write(dir.resolve("A/image-1-57.bin"), disk);
        Files.write(dir.resolve("B/restored-2-57.bin"), disk);
        CheckResult result = DiskCheck.diskEqualsCheckpoint(takeover(4));
        assertThat(result.verdict()).isEqualTo(Verdict.VALID);
        assertThat(result.evidence()).last().asString().contains("all " + disk.length + " bytes");
    }

    @Test
    void oneFlippedByteIsInvalidAndItsBlockIsNamed() throws IOException {
        Files.write(dir.resolve("A/image-1-57.bin"), disk);
        disk[5 * BlockDiff.BLOCK_BYTES + 17] ^= 1;
        Files.write(dir.resolve("B/restored-2-57.bin"), disk);
        CheckResult result = DiskCheck.diskEqualsCheckpoint(takeover(4));
        assertThat(result.verdict()).isEqualTo(Verdict.INVALID);
        assertThat(result.evidence()).last().asString().contains("in 1 blocks: 5");
    }

    @Test
    void theCopyOfAnotherTermDoesNotCount() throws IOException {
        Files.write(dir.resolve("A/image-3-57.bin"), disk);
        Files.write(dir.resolve("B/restored-2-57.bin"), disk);
        assertThat(DiskCheck.diskEqualsCheckpoint(takeover(4)).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void withoutTheCopyAfterTheRollbackItIsUnknown() throws IOException {
        Files.write(dir.resolve("A/image-1-57.bin"), disk);
        CheckResult result = DiskCheck.diskEqualsCheckpoint(takeover(4));
        assertThat(result.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(result.evidence()).containsExactly("B left no copy of the disk after its rollback");
    }

    @Test
    void anEmptyCopyShowsNothing() throws IOException {
        Files.write(dir.resolve("A/image-1-57.bin"), new byte[0]);
        Files.write(dir.resolve("B/restored-2-57.bin"), new byte[0]);
        assertThat(DiskCheck.diskEqualsCheckpoint(takeover(4)).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void aRunThatRestoredNothingShowsNothing() throws IOException {
        assertThat(DiskCheck.somethingWasRestored(List.of(takeover(0))).verdict())
                .isEqualTo(Verdict.UNKNOWN);
        assertThat(DiskCheck.somethingWasRestored(List.of()).verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(DiskCheck.somethingWasRestored(List.of(takeover(0), takeover(3)))
                        .verdict())
                .isEqualTo(Verdict.VALID);
    }

    @Test
    void copiesOfBlocksThatHadNotChangedYetShowNothing() throws IOException {
        assertThat(DiskCheck.somethingWasRestored(List.of(takeover(3, List.of())))
                        .verdict())
                .isEqualTo(Verdict.UNKNOWN);
        assertThat(DiskCheck.somethingWasRestored(List.of(takeover(3, List.of(7))))
                        .verdict())
                .isEqualTo(Verdict.VALID);
    }

    @Test
    void aShorterCopyGoesOnWithZeroes() throws IOException {
        byte[] longer = Arrays.copyOf(disk, disk.length + BlockDiff.BLOCK_BYTES);
        Path left = Files.write(dir.resolve("left"), disk);
        Path right = Files.write(dir.resolve("right"), longer);
        assertThat(BlockDiff.between(left, right)).isEmpty();
        longer[disk.length] = 1;
        Files.write(right, longer);
        assertThat(BlockDiff.between(left, right)).containsExactly(BLOCKS);
    }

    private ObservedTakeover takeover(long restoredBlocks) throws IOException {
        return takeover(restoredBlocks, null);
    }

    private ObservedTakeover takeover(long restoredBlocks, @Nullable List<Integer> ahead) throws IOException {
        ObservedTakeover.Witness witness = WitnessFiles.find(dir.resolve("A"), 1, dir.resolve("B"), 2);
        return new ObservedTakeover(
                1, HostId.A, 1, HostId.B, 2, 1_000, 2_000, restoredBlocks, 0, witness, ahead, null, BLOCKS);
    }
}
