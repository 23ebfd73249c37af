package dev.unwrite.chaos.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class VolumeCellTest {
    private static final int BYTES = VolumeCell.bytes(7);

    @Test
    void cellsCoverEachBlockAndBeginAtOddBytes() {
        for (int cell = 0; cell < 64; cell++) {
            long offset = VolumeCell.offset(cell);
            assertThat(VolumeCell.offset(cell + 1)).isEqualTo(offset + VolumeCell.bytes(cell));
            assertThat((offset + VolumeCell.bytes(cell) - 1) / 4096).isEqualTo(offset / 4096);
            assertThat(offset % 512 == 0).isEqualTo(cell % VolumeCell.PER_BLOCK == 0);
        }
        assertThat(VolumeCell.offset(3 * VolumeCell.PER_BLOCK)).isEqualTo(3 * 4096);
        assertThat(VolumeCell.areBlocks(8, 16)).isTrue();
        assertThat(VolumeCell.areBlocks(8, 17)).isFalse();
        assertThat(VolumeCell.areBlocks(9, 16)).isFalse();
    }

    @Test
    void aWholeCellSaysWhichWriteItIs() {
        assertThat(VolumeCell.read(7, cell(7, 99))).isEqualTo(new VolumeCell.Found(99, ""));
    }

    @Test
    void aCellThatWasNeverWrittenIsNone() {
        assertThat(VolumeCell.read(7, ByteBuffer.allocate(BYTES))).isEqualTo(new VolumeCell.Found(0, ""));
    }

    @Test
    void halvesOfTwoWritesAreTorn() {
        ByteBuffer torn = cell(7, 99);
        torn.put(212, cell(7, 98), 212, BYTES - 212);
        assertThat(VolumeCell.read(7, torn).wrong()).contains("cell 7 is torn").contains("write 99");
    }

    @Test
    void aFlippedBitAndAMissingEndAreTorn() {
        ByteBuffer flipped = cell(7, 99);
        flipped.put(300, (byte) (flipped.get(300) ^ 4));
        assertThat(VolumeCell.read(7, flipped).wrong()).contains("torn");
        ByteBuffer cut = cell(7, 99);
        cut.put(248, new byte[BYTES - 248]);
        assertThat(VolumeCell.read(7, cut).wrong()).contains("torn");
    }

    @Test
    void aCellInThePlaceOfAnotherIsMisplaced() {
        assertThat(VolumeCell.read(15, cell(7, 99)))
                .isEqualTo(new VolumeCell.Found(99, "cell 15 holds write 99 of cell 7"));
    }

    @Test
    void aStateSaysWhetherItIsWhole() {
        String line = VolumeState.line(5, 1_000);
        String whole = VolumeState.whole(line, 5);
        assertThat(VolumeState.lineOf(whole)).isEqualTo(line);
        assertThat(VolumeState.lineOf("")).isEmpty();
        assertThat(VolumeState.lineOf(whole.substring(0, whole.length() - 1))).isEqualTo("torn");
        assertThat(VolumeState.lineOf(VolumeState.whole(line, 6))).isEqualTo("torn");
    }

    private static ByteBuffer cell(int number, long seq) {
        ByteBuffer bytes = ByteBuffer.allocate(VolumeCell.bytes(number));
        new VolumeCell(number, seq, 3, 2, 12_345).put(bytes);
        return bytes.flip();
    }
}
