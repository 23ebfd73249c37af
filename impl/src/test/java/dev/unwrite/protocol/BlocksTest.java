package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Compares {@link Blocks} with a plain sorted set of (volume, block); and the borders of {@link BlockSet}. */
class BlocksTest {
    enum Kind {
        WITH,
        WITHOUT,
        WITH_ALL,
        WITHOUT_ALL
    }

    record Step(Kind kind, Extent extent) {}

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(
                        Arbitraries.of(Kind.class),
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.of(0L, 65_530L, (1L << 24) - 6, BlockSet.LIMIT - 30),
                        Arbitraries.integers().between(0, 12),
                        Arbitraries.integers().between(1, 12))
                .as((kind, volume, base, offset, count) -> new Step(kind, new Extent(volume, base + offset, count)))
                .list()
                .ofMaxSize(25);
    }

    @Property(tries = 500)
    void doesAsASortedSetDoes(@ForAll("steps") List<Step> steps) {
        TreeSet<String> model = new TreeSet<>();
        Blocks blocks = Blocks.NONE;
        for (Step step : steps) {
            Extent e = step.extent;
            boolean add = step.kind == Kind.WITH || step.kind == Kind.WITH_ALL;
            blocks = switch (step.kind) {
                case WITH -> blocks.with(e);
                case WITHOUT -> blocks.without(e);
                case WITH_ALL -> blocks.with(Blocks.of(e));
                case WITHOUT_ALL -> blocks.without(Blocks.of(e));
            };
            List<String> keys = keys(List.of(e));
            if (add) {
                model.addAll(keys);
            } else {
                keys.forEach(model::remove);
            }
            assertThat(blocks.size()).isEqualTo(model.size());
            assertThat(blocks.isEmpty()).isEqualTo(model.isEmpty());
            assertThat(keys(blocks.extents())).containsExactlyElementsOf(model);
            Extent asked = new Extent(e.volume(), Math.max(0, e.first() - 2), e.count());
            List<String> there = new ArrayList<>(keys(List.of(asked)));
            List<String> missing = new ArrayList<>(there);
            missing.removeAll(model);
            there.retainAll(model);
            assertThat(keys(blocks.missing(asked))).isEqualTo(missing);
            assertThat(blocks.containsAll(asked)).isEqualTo(missing.isEmpty());
            assertThat(blocks.containsAny(asked)).isEqualTo(!there.isEmpty());
        }
        // Equal sets are equal, however they came about.
        Blocks rebuilt = Blocks.NONE;
        for (Extent extent : blocks.extents()) {
            rebuilt = rebuilt.with(extent);
        }
        assertThat(blocks).isEqualTo(rebuilt).hasSameHashCodeAs(rebuilt);
    }

    /** Sorts as numbers do. */
    private static List<String> keys(List<Extent> extents) {
        List<String> keys = new ArrayList<>();
        for (Extent e : extents) {
            for (long block = e.first(); block < e.end(); block++) {
                keys.add(String.format("%d/%010d", e.volume(), block));
            }
        }
        return keys;
    }

    @Example
    void anExtentIsAtMostFourGibibytes() {
        int max = 1 << 20;
        assertThat(Blocks.of(new Extent(0, 5, max)).extents()).containsExactly(new Extent(0, 5, max));
        assertThat(Blocks.of(new Extent(0, 5, max + 1)).extents())
                .containsExactly(new Extent(0, 5, max), new Extent(0, 5 + max, 1));
        assertThat(Blocks.of(new Extent(1, 0, 2 * max)).extents())
                .containsExactly(new Extent(1, 0, max), new Extent(1, max, max));
    }

    @Example
    void everyQuestionOutsideTheLimitIsRefused() {
        BlockSet set = BlockSet.of(0, BlockSet.LIMIT);
        for (long[] range : new long[][] {{-1, 1}, {0, -1}, {BlockSet.LIMIT, 1}, {BlockSet.LIMIT + 1, 0}}) {
            refused(() -> set.containsRange(range[0], range[1]));
            refused(() -> set.containsAny(range[0], range[1]));
            refused(() -> set.with(range[0], range[1]));
            refused(() -> set.without(range[0], range[1]));
            refused(() -> set.missing(range[0], range[1]));
            refused(() -> new BlockSet.Range(range[0], range[1]));
        }
        refused(() -> new BlockSet.Range(5, 0));
        // The empty range at the end is one.
        assertThat(set.containsRange(BlockSet.LIMIT, 0)).isTrue();
        assertThat(set.containsAny(BlockSet.LIMIT, 0)).isFalse();
        assertThat(set.with(BlockSet.LIMIT, 0)).isSameAs(set);
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable question) {
        assertThatThrownBy(question).isInstanceOf(IllegalArgumentException.class);
    }

    @Example
    void setsThatDifferAreNotEqual() {
        BlockSet set = BlockSet.of(10, 4).with(100, 1);
        assertThat(set)
                .isNotEqualTo(BlockSet.of(10, 5))
                .isNotEqualTo(BlockSet.of(10, 4).with(101, 1));
        assertThat(set.hashCode())
                .isNotEqualTo(BlockSet.of(10, 5).hashCode())
                .isNotEqualTo(BlockSet.of(100, 1).with(10, 3).hashCode())
                .isNotEqualTo(BlockSet.EMPTY.hashCode());
    }

    @Example
    void aLongSetIsNotPrintedInFull() {
        BlockSet set = BlockSet.EMPTY;
        for (int i = 0; i < 16; i++) {
            set = set.with(2L * i, 1);
        }
        assertThat(set.toString()).endsWith("28, 30} (16 blocks)");
        assertThat(set.with(32, 1).with(34, 1).toString()).endsWith("28, 30, ...} (18 blocks)");
        assertThat(BlockSet.of(3, 1)).hasToString("{3} (1 block)");
    }
}
