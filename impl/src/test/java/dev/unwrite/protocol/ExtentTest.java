package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ExtentTest {
    @Test
    void aBlockHas4096Bytes() {
        Extent extent = new Extent(1, 3, 2);
        assertThat(extent.end()).isEqualTo(5);
        assertThat(extent.offsetBytes()).isEqualTo(12_288);
        assertThat(extent.lengthBytes()).isEqualTo(8_192);
        // Beyond what an int holds.
        assertThat(new Extent(0, BlockSet.LIMIT - 1, 1).offsetBytes()).isEqualTo((1L << 44) - 4096);
        assertThat(new Extent(0, 0, Integer.MAX_VALUE).lengthBytes()).isEqualTo(4096L * Integer.MAX_VALUE);
    }

    @Test
    void theLastBlockIsTheLast() {
        assertThat(new Extent(0, BlockSet.LIMIT - 1, 1).end()).isEqualTo(BlockSet.LIMIT);
        assertThat(new Extent(0, 0, 1).end()).isEqualTo(1);
        refused(0, BlockSet.LIMIT, 1);
        refused(0, BlockSet.LIMIT - 1, 2);
        // The end of this one is not a number any more.
        refused(0, Long.MAX_VALUE, 1);
    }

    @Test
    void nothingIsNegativeOrEmpty() {
        refused(-1, 0, 1);
        refused(0, -1, 1);
        refused(0, 0, 0);
        refused(0, 0, -1);
    }

    private static void refused(int volume, long first, int count) {
        assertThatThrownBy(() -> new Extent(volume, first, count))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("block " + first);
    }
}
