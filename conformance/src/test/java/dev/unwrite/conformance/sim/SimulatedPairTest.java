package dev.unwrite.conformance.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/**
 * The properties of the design on generated runs of the real core, undo log, checkpoint store and ownership. Each run
 * has faults without limit first; then they stop, and everything must come to its end.
 */
class SimulatedPairTest {
    private static final int TRIES = 300;

    @Provide
    Arbitrary<List<Move>> runs() {
        return Moves.runs();
    }

    // Safety.

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void Recoverable(@ForAll("runs") List<Move> moves) {
        holds("Recoverable", moves);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void Consistent(@ForAll("runs") List<Move> moves) {
        holds("Consistent", moves);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void OneOwner(@ForAll("runs") List<Move> moves) {
        holds("OneOwner", moves);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void NoOutputLost(@ForAll("runs") List<Move> moves) {
        holds("NoOutputLost", moves);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void CheckpointedMachine(@ForAll("runs") List<Move> moves) {
        holds("CheckpointedMachine", moves);
    }

    // Liveness.

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void WriteEnds(@ForAll("runs") List<Move> moves) {
        holds("WriteEnds", moves);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void FailoverEnds(@ForAll("runs") List<Move> moves) {
        holds("FailoverEnds", moves);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void JoinEnds(@ForAll("runs") List<Move> moves) {
        holds("JoinEnds", moves);
    }

    /** Nothing ends with an exception: not a property of the design, but of any program. */
    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void noError(@ForAll("runs") List<Move> moves) {
        holds("NoError", moves);
    }

    @Property(tries = TRIES)
    void whatIsPrintedCanBeReplayed(@ForAll("runs") List<Move> moves) {
        String printed = moves.stream().map(Move::toString).collect(Collectors.joining(","));
        assertThat(Move.parse(printed)).isEqualTo(moves);
    }

    private static void holds(String property, List<Move> moves) {
        Violation violation = SimRun.violation(moves);
        if (violation != null && violation.property().equals(property)) {
            throw new AssertionError(
                    violation.getMessage() + "\nagain: unwrite simulate --replay "
                            + moves.stream().map(Move::toString).collect(Collectors.joining(",")),
                    violation);
        }
    }
}
