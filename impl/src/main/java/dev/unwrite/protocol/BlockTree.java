package dev.unwrite.protocol;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The tree of a {@link BlockSet}. An empty part is null and a full part is {@link Full}, at any height; all else is an
 * {@link Inner} node of 32 parts or, at the bottom, a {@link Leaf}. So equal sets are equal trees.
 */
@SuppressWarnings("ReferenceEquality") // Sharing is by reference: what is the same object need not be looked at.
final class BlockTree {
    private static final int FANOUT_BITS = 5;
    private static final int FANOUT = 1 << FANOUT_BITS;
    private static final int ROOT_BITS = 32;

    private BlockTree() {}

    /** A part with some block in it. */
    sealed interface Node permits Full, Inner, Leaf {
        /** How many blocks are in it. */
        long count();
    }

    /** 4,096 blocks, neither all nor none of which are in the set. */
    sealed interface Leaf extends Node permits BlockLeaf, FewBlocks {
        /** The smallest block, not below {@code from}, that is in the set, or that is not; 4,096 if there is none. */
        int next(int from, boolean present);

        /** Sets the bits of its blocks. */
        void into(long[] all);
    }

    /** All of {@code 2^bits} blocks; nodes are compared with equals, since each height has one of its own. */
    record Full(long count) implements Node {}

    /** Of a part's thirty-two parts. */
    record Inner(@Nullable Node[] parts, long count) implements Node {
        @Override
        public boolean equals(@Nullable Object object) {
            return object instanceof Inner other && count == other.count && Arrays.equals(parts, other.parts);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(parts);
        }
    }

    private static final Full[] FULL = new Full[ROOT_BITS + 1];

    static {
        for (int bits = BlockLeaf.BITS; bits <= ROOT_BITS; bits += FANOUT_BITS) {
            FULL[bits] = new Full(1L << bits);
        }
    }

    static boolean equal(@Nullable Node a, @Nullable Node b) {
        return a == b || Objects.equals(a, b);
    }

    // ---- One range.

    /** The tree with, or without, the blocks from {@code first} up to and without {@code end}. */
    static @Nullable Node change(@Nullable Node root, long first, long end, boolean add) {
        return change(root, ROOT_BITS, first, end, add);
    }

    private static @Nullable Node change(@Nullable Node node, int bits, long first, long end, boolean add) {
        if (first == 0 && end == (1L << bits)) {
            return add ? FULL[bits] : null;
        }
        if (add ? node instanceof Full : node == null) {
            return node;
        }
        if (bits == BlockLeaf.BITS) {
            return BlockLeaf.changed(node, (int) first, (int) end, add);
        }
        int below = bits - FANOUT_BITS;
        @Nullable Node[] parts = parts(node, below).clone();
        int last = (int) ((end - 1) >>> below);
        for (int i = (int) (first >>> below); i <= last; i++) {
            long start = (long) i << below;
            parts[i] = change(parts[i], below, Math.max(0, first - start), Math.min(1L << below, end - start), add);
        }
        return node(parts, bits);
    }

    private static final @Nullable Node[] NO_PARTS = new @Nullable Node[FANOUT];

    /** Not to be changed. */
    private static @Nullable Node[] parts(@Nullable Node node, int below) {
        return switch (node) {
            case null -> NO_PARTS;
            case Inner inner -> inner.parts;
            default -> {
                @Nullable Node[] full = new @Nullable Node[FANOUT];
                Arrays.fill(full, FULL[below]);
                yield full;
            }
        };
    }

    private static @Nullable Node node(@Nullable Node[] parts, int bits) {
        long count = 0;
        for (Node part : parts) {
            count += part == null ? 0 : part.count();
        }
        return count == 0 ? null : count == (1L << bits) ? FULL[bits] : new Inner(parts, count);
    }

    // ---- Two sets.

    static @Nullable Node union(@Nullable Node a, @Nullable Node b) {
        return union(a, b, ROOT_BITS);
    }

    private static @Nullable Node union(@Nullable Node a, @Nullable Node b, int bits) {
        if (a == null || a == b || b instanceof Full) {
            return b;
        }
        if (b == null || a instanceof Full) {
            return a;
        }
        if (bits == BlockLeaf.BITS) {
            return BlockLeaf.union(a, b);
        }
        int below = bits - FANOUT_BITS;
        @Nullable Node[] parts = parts(a, below).clone();
        @Nullable Node[] others = parts(b, below);
        for (int i = 0; i < FANOUT; i++) {
            parts[i] = union(parts[i], others[i], below);
        }
        return node(parts, bits);
    }

    static @Nullable Node minus(@Nullable Node a, @Nullable Node b) {
        return minus(a, b, ROOT_BITS);
    }

    private static @Nullable Node minus(@Nullable Node a, @Nullable Node b, int bits) {
        if (a == null || b == null) {
            return a;
        }
        if (a == b || b instanceof Full) {
            return null;
        }
        if (bits == BlockLeaf.BITS) {
            return BlockLeaf.minus(a, b);
        }
        int below = bits - FANOUT_BITS;
        @Nullable Node[] parts = parts(a, below).clone();
        @Nullable Node[] others = parts(b, below);
        for (int i = 0; i < FANOUT; i++) {
            parts[i] = minus(parts[i], others[i], below);
        }
        return node(parts, bits);
    }

    // ---- Looking.

    /** The smallest block, not below {@code from}, that is in the set, or that is not; 2^32 if there is none. */
    static long next(@Nullable Node root, long from, boolean present) {
        return next(root, ROOT_BITS, from, present);
    }

    private static long next(@Nullable Node node, int bits, long from, boolean present) {
        if (node == null) {
            return present ? 1L << bits : from;
        }
        if (node instanceof Full) {
            return present ? from : 1L << bits;
        }
        if (node instanceof Leaf leaf) {
            return leaf.next((int) from, present);
        }
        int below = bits - FANOUT_BITS;
        @Nullable Node[] parts = parts(node, below);
        long at = from & ((1L << below) - 1);
        for (int i = (int) (from >>> below); i < FANOUT; i++) {
            long found = next(parts[i], below, at, present);
            if (found < (1L << below)) {
                return ((long) i << below) + found;
            }
            at = 0;
        }
        return 1L << bits;
    }
}
