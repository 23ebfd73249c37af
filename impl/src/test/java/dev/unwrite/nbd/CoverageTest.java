package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Compares {@link Coverage} with plain bits. */
final class CoverageTest {
    record Piece(int from, int length) {}

    @Property(tries = 1000)
    void takesEachByteOnce(@ForAll("pieces") List<Piece> pieces) {
        BitSet model = new BitSet();
        Coverage coverage = new Coverage();
        for (Piece piece : pieces) {
            int end = piece.from + piece.length;
            boolean fresh = model.get(piece.from, end).isEmpty();
            assertThat(coverage.add(piece.from, piece.length)).as("%s", piece).isEqualTo(fresh);
            if (!fresh) {
                // The connection ends here.
                return;
            }
            model.set(piece.from, end);
            assertThat(coverage.bytes()).isEqualTo(model.cardinality());
        }
    }

    @Provide
    Arbitrary<List<Piece>> pieces() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 60),
                        Arbitraries.integers().between(1, 4))
                .as(Piece::new)
                .list()
                .ofMaxSize(12);
    }

    @Example
    void piecesThatTouchCountAsOne() {
        Coverage coverage = new Coverage();
        for (int i = 0; i < 10 * Coverage.PIECES_MAX; i++) {
            assertThat(coverage.add(i, 1)).isTrue();
        }
        for (int i = 20 * Coverage.PIECES_MAX; i > 10 * Coverage.PIECES_MAX; i--) {
            assertThat(coverage.add(i, 1)).isTrue();
        }
    }

    @Example
    void thereIsALimitOfPieces() {
        Coverage coverage = new Coverage();
        for (int i = 1; i <= Coverage.PIECES_MAX; i++) {
            assertThat(coverage.add(2 * i, 1)).isTrue();
        }
        assertThat(coverage.add(0, 2)).isTrue();
        assertThat(coverage.add(2 * Coverage.PIECES_MAX + 2, 1)).isTrue();
        assertThat(coverage.add(2 * Coverage.PIECES_MAX + 4, 1)).isFalse();
    }
}
