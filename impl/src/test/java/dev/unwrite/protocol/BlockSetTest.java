package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.protocol.BlockSet.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** Compares {@link BlockSet} with a plain sorted set. */
class BlockSetTest {
    enum Kind {
        WITH,
        WITHOUT,
        UNION,
        MINUS
    }

    record Step(Kind kind, long first, long count) {}

    /** Around the borders of leaves, of higher nodes, and of the whole; some cover whole leaves. */
    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Long> bases = Arbitraries.of(0L, 4_000L, 65_500L, 131_072L, (1L << 24) - 40, BlockSet.LIMIT - 10_400);
        Arbitrary<Long> counts = Arbitraries.frequencyOf(
                Tuple.of(9, Arbitraries.longs().between(0, 100)),
                Tuple.of(1, Arbitraries.longs().between(4_000, 10_000)));
        Arbitrary<Step> step = Combinators.combine(
                        Arbitraries.of(Kind.class), bases, Arbitraries.longs().between(0, 300), counts)
                .as((kind, base, offset, count) -> new Step(kind, base + offset, count));
        return step.list().ofMaxSize(40);
    }

    @Property(tries = 500)
    void doesAsASortedSetDoes(@ForAll("steps") List<Step> steps) {
        NavigableSet<Long> model = new TreeSet<>();
        BlockSet set = BlockSet.EMPTY;
        for (Step step : steps) {
            BlockSet before = set;
            String textBefore = before.toString();
            set = apply(set, step);
            apply(model, step);
            assertThat(before.toString()).isEqualTo(textBefore);
            assertThat(set.containsRange(step.first, step.count)).isEqualTo(containsAll(model, step));
            assertThat(set.containsAny(step.first, step.count)).isEqualTo(containsAny(model, step));
            assertThat(set.missing(step.first, step.count)).isEqualTo(missing(model, step));
        }
        assertThat(set.size()).isEqualTo(model.size());
        assertThat(blocks(set)).containsExactlyElementsOf(model);
        BlockSet rebuilt = BlockSet.EMPTY;
        for (long block : model.descendingSet()) {
            rebuilt = rebuilt.with(block, 1);
        }
        assertThat(set).isEqualTo(rebuilt).hasSameHashCodeAs(rebuilt);
        for (Range range : set.ranges()) {
            assertThat(set.contains(range.first())).isTrue();
            assertThat(set.contains(range.first() - 1)).isFalse();
            assertThat(set.contains(range.end())).isFalse();
        }
    }

    private static BlockSet apply(BlockSet set, Step step) {
        return switch (step.kind) {
            case WITH -> set.with(step.first, step.count);
            case WITHOUT -> set.without(step.first, step.count);
            case UNION -> set.union(BlockSet.of(step.first, step.count));
            case MINUS -> set.minus(BlockSet.of(step.first, step.count));
        };
    }

    private static void apply(NavigableSet<Long> model, Step step) {
        for (long block = step.first; block < step.first + step.count; block++) {
            if (step.kind == Kind.WITH || step.kind == Kind.UNION) {
                model.add(block);
            } else {
                model.remove(block);
            }
        }
    }

    private static boolean containsAll(NavigableSet<Long> model, Step step) {
        return model.subSet(step.first, step.first + step.count).size() == step.count;
    }

    private static boolean containsAny(NavigableSet<Long> model, Step step) {
        return !model.subSet(step.first, step.first + step.count).isEmpty();
    }

    private static List<Range> missing(NavigableSet<Long> model, Step step) {
        List<Range> missing = new ArrayList<>();
        for (long block = step.first; block < step.first + step.count; block++) {
            if (model.contains(block)) {
                continue;
            }
            if (!missing.isEmpty() && missing.getLast().end() == block) {
                Range last = missing.removeLast();
                missing.add(new Range(last.first(), last.count() + 1));
            } else {
                missing.add(new Range(block, 1));
            }
        }
        return missing;
    }

    private static List<Long> blocks(BlockSet set) {
        List<Long> blocks = new ArrayList<>();
        for (Range range : set.ranges()) {
            for (long block = range.first(); block < range.end(); block++) {
                blocks.add(block);
            }
        }
        return blocks;
    }

    @Example
    void leavesWithHolesBecomeFullAndBack() {
        BlockSet set = BlockSet.EMPTY;
        for (long block = 0; block < 30_000; block += 2) {
            set = set.with(block, 1);
        }
        BlockSet holes = set;
        for (long block = 1; block < 30_000; block += 2) {
            set = set.with(block, 1);
        }
        assertThat(set).isEqualTo(BlockSet.of(0, 30_000));
        assertThat(set.minus(holes).size()).isEqualTo(15_000);
        assertThat(set.minus(holes).union(holes)).isEqualTo(set);
        assertThat(set.minus(set)).isSameAs(BlockSet.EMPTY);
    }

    @Example
    void whatBecameFullEqualsWhatWasFullAtOnce() {
        BlockSet grown = BlockSet.of(0, 65_535).with(65_535, 1);
        BlockSet whole = BlockSet.of(0, 65_536);
        assertThat(grown).isEqualTo(whole).hasSameHashCodeAs(whole);
        assertThat(grown.size()).isEqualTo(65_536);
    }

    @Example
    void theWholeVolumeIsOneRange() {
        BlockSet all = BlockSet.of(0, BlockSet.LIMIT);
        assertThat(all.size()).isEqualTo(BlockSet.LIMIT);
        assertThat(all.ranges()).containsExactly(new Range(0, BlockSet.LIMIT));
        assertThat(all.missing(0, BlockSet.LIMIT)).isEmpty();
        assertThat(all.without(70_000, 1).missing(0, BlockSet.LIMIT)).containsExactly(new Range(70_000, 1));
        assertThat(BlockSet.EMPTY.missing(0, BlockSet.LIMIT)).containsExactly(new Range(0, BlockSet.LIMIT));
    }

    @Example
    void numbersOutsideTheLimitAreRefused() {
        assertThatThrownBy(() -> BlockSet.EMPTY.with(BlockSet.LIMIT, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BlockSet.EMPTY.with(-1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BlockSet.EMPTY.missing(0, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(BlockSet.EMPTY.contains(-1)).isFalse();
        assertThat(BlockSet.EMPTY.contains(BlockSet.LIMIT)).isFalse();
    }

    @Example
    void readsWell() {
        assertThat(BlockSet.of(0, 4).with(7, 1)).hasToString("{0-3, 7} (5 blocks)");
        assertThat(BlockSet.EMPTY).hasToString("{} (0 blocks)");
    }
}
