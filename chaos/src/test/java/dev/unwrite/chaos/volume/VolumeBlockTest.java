package dev.unwrite.chaos.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class VolumeBlockTest {
    @Test
    void aWholeBlockSaysWhichWriteItIs() {
        assertThat(VolumeBlock.read(7, block(7, 99))).isEqualTo(new VolumeBlock.Found(99, ""));
    }

    @Test
    void aBlockThatWasNeverWrittenIsNone() {
        assertThat(VolumeBlock.read(7, ByteBuffer.allocate(VolumeBlock.BYTES))).isEqualTo(new VolumeBlock.Found(0, ""));
    }

    @Test
    void halvesOfTwoWritesAreTorn() {
        ByteBuffer torn = block(7, 99);
        torn.put(512, block(7, 98), 512, VolumeBlock.BYTES - 512);
        assertThat(VolumeBlock.read(7, torn).wrong())
                .contains("block 7 is torn")
                .contains("write 99");
    }

    @Test
    void aFlippedBitAndAMissingEndAreTorn() {
        ByteBuffer flipped = block(7, 99);
        flipped.put(3000, (byte) (flipped.get(3000) ^ 4));
        assertThat(VolumeBlock.read(7, flipped).wrong()).contains("torn");
        ByteBuffer cut = block(7, 99);
        cut.put(2048, new byte[2048]);
        assertThat(VolumeBlock.read(7, cut).wrong()).contains("torn");
    }

    @Test
    void aBlockInThePlaceOfAnotherIsMisplaced() {
        assertThat(VolumeBlock.read(8, block(7, 99)))
                .isEqualTo(new VolumeBlock.Found(99, "block 8 holds write 99 of block 7"));
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

    private static ByteBuffer block(int number, long seq) {
        ByteBuffer bytes = ByteBuffer.allocate(VolumeBlock.BYTES);
        new VolumeBlock(number, seq, 3, 2, 12_345).put(bytes);
        return bytes.flip();
    }
}
