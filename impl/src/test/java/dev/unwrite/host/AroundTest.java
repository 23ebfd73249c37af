package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is copied unasked: what a sequence will overwrite next, and never more than it has overwritten. */
class AroundTest {
    private static final int VOLUME = 2;
    private static final long END = 1000;

    private static Extent at(long first, int count) {
        return new Extent(VOLUME, first, count);
    }

    /** Behind an extent, where all of {@code copied} is stored. */
    private static @Nullable Extent behind(Extent asked, Extent... copied) {
        Blocks all = Blocks.NONE;
        for (Extent extent : copied) {
            all = all.with(extent);
        }
        return Around.behind(asked, all, Blocks.of(asked), END);
    }

    @Test
    void asManyBlocksAsTheRunBeforeHas() {
        assertThat(behind(at(10, 1))).isNull();
        assertThat(behind(at(10, 1), at(9, 1))).as("two blocks are no sequence").isNull();
        assertThat(behind(at(10, 1), at(8, 2))).isEqualTo(at(11, 2));
        assertThat(behind(at(10, 4), at(3, 7))).isEqualTo(at(14, 7));
        assertThat(behind(at(2, 1), at(0, 2)))
                .as("a run from the first block on")
                .isEqualTo(at(3, 2));
    }

    @Test
    void whatIsBeingReadBelongsToTheRun() {
        Blocks reading = Blocks.of(at(8, 3));
        assertThat(Around.behind(at(10, 1), Blocks.NONE, reading, END)).isEqualTo(at(11, 2));
    }

    @Test
    void notBeyondTheNextCopyTheEndOrTheLargestPiece() {
        assertThat(behind(at(100, 1), at(50, 50), at(105, 1))).isEqualTo(at(101, 4));
        assertThat(behind(at(100, 1), at(50, 50), at(101, 1))).isNull();
        assertThat(behind(at(998, 1), at(900, 98))).isEqualTo(at(999, 1));
        assertThat(behind(at(999, 1), at(900, 99))).isNull();
        assertThat(behind(at(200, 15), at(0, 200))).isEqualTo(at(215, 49));
    }

    @Test
    void whatIsAskedForInLargePiecesIsLeftAsItIs() {
        assertThat(behind(at(200, 16), at(0, 200))).isNull();
        assertThat(behind(at(200, 256), at(0, 200))).isNull();
    }

    @Test
    void anotherVolumeIsNoneOfIt() {
        assertThat(behind(at(10, 1), new Extent(VOLUME + 1, 5, 5))).isNull();
    }
}
