package dev.unwrite.protocol;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A leaf with few blocks in it, ascending: half of what their bits would take, since blocks that are spread over a large volume
 * have a word each.
 */
record FewBlocks(char[] blocks) implements BlockTree.Leaf {
    /** A leaf with more is a {@link BlockLeaf}. */
    static final int MAX = 16;

    static FewBlocks of(long[] all, int count) {
        char[] blocks = new char[count];
        int at = 0;
        for (int i = 0; i < all.length; i++) {
            for (long left = all[i]; left != 0; left &= left - 1) {
                blocks[at++] = (char) (i * Long.SIZE + Long.numberOfTrailingZeros(left));
            }
        }
        return new FewBlocks(blocks);
    }

    @Override
    public long count() {
        return blocks.length;
    }

    @Override
    public void into(long[] all) {
        for (char block : blocks) {
            all[block / Long.SIZE] |= 1L << block;
        }
    }

    @Override
    public int next(int from, boolean present) {
        int absent = from;
        for (char block : blocks) {
            if (present && block >= from) {
                return block;
            }
            absent += block == absent ? 1 : 0;
        }
        return present ? 1 << BlockLeaf.BITS : absent;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof FewBlocks other && Arrays.equals(blocks, other.blocks);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(blocks);
    }
}
