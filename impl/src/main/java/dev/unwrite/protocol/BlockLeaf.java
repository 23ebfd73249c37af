package dev.unwrite.protocol;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** 4,096 blocks, some of which are in a set, and some not: a bit for each, without the words that are zero. */
record BlockLeaf(long which, long[] words, long count) implements BlockTree.Leaf {
    /** A leaf is for {@code 2^BITS} blocks. */
    static final int BITS = 12;

    private static final int BLOCKS = 1 << BITS;
    private static final int WORDS = BLOCKS / Long.SIZE;
    private static final BlockTree.Full FULL = new BlockTree.Full(BLOCKS);

    /** A leaf, null, or {@link BlockTree.Full} with, or without, some blocks; neither all nor none of them. */
    static BlockTree.@Nullable Node changed(BlockTree.@Nullable Node node, int first, int end, boolean add) {
        long[] all = all(node);
        for (int i = first / Long.SIZE; i <= (end - 1) / Long.SIZE; i++) {
            int low = Math.max(0, first - i * Long.SIZE);
            int high = Math.min(Long.SIZE, end - i * Long.SIZE);
            long bits = (-1L >>> (Long.SIZE - (high - low))) << low;
            all[i] = add ? all[i] | bits : all[i] & ~bits;
        }
        return node(all);
    }

    static BlockTree.@Nullable Node union(BlockTree.Node a, BlockTree.Node b) {
        long[] all = all(a);
        long[] others = all(b);
        for (int i = 0; i < WORDS; i++) {
            all[i] |= others[i];
        }
        return node(all);
    }

    static BlockTree.@Nullable Node minus(BlockTree.Node a, BlockTree.Node b) {
        long[] all = all(a);
        long[] others = all(b);
        for (int i = 0; i < WORDS; i++) {
            all[i] &= ~others[i];
        }
        return node(all);
    }

    /** The words of all blocks, for the caller to change. */
    private static long[] all(BlockTree.@Nullable Node node) {
        long[] all = new long[WORDS];
        if (node instanceof BlockTree.Leaf leaf) {
            leaf.into(all);
        } else if (node != null) {
            Arrays.fill(all, -1L);
        }
        return all;
    }

    @Override
    public void into(long[] all) {
        int at = 0;
        for (long left = which; left != 0; left &= left - 1) {
            all[Long.numberOfTrailingZeros(left)] = words[at++];
        }
    }

    private static BlockTree.@Nullable Node node(long[] all) {
        long which = 0;
        int count = 0;
        for (int i = 0; i < WORDS; i++) {
            which |= all[i] == 0 ? 0 : 1L << i;
            count += Long.bitCount(all[i]);
        }
        if (count == 0 || count == BLOCKS) {
            return count == 0 ? null : FULL;
        }
        if (count <= FewBlocks.MAX) {
            return FewBlocks.of(all, count);
        }
        long[] words = which == -1L ? all : new long[Long.bitCount(which)];
        int at = 0;
        for (long left = which; left != 0; left &= left - 1) {
            words[at++] = all[Long.numberOfTrailingZeros(left)];
        }
        return new BlockLeaf(which, words, count);
    }

    private long word(int i) {
        long bit = 1L << i;
        return (which & bit) == 0 ? 0 : words[Long.bitCount(which & (bit - 1))];
    }

    @Override
    public int next(int from, boolean present) {
        long unseen = -1L << from;
        for (int i = from / Long.SIZE; i < WORDS; i++) {
            long wanted = (present ? word(i) : ~word(i)) & unseen;
            if (wanted != 0) {
                return i * Long.SIZE + Long.numberOfTrailingZeros(wanted);
            }
            unseen = -1L;
        }
        return BLOCKS;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof BlockLeaf other && which == other.which && Arrays.equals(words, other.words);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(which) + 31 * Arrays.hashCode(words);
    }
}
