package dev.unwrite.conformance.sim;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A run of a list of moves, to its end. */
public final class SimRun {
    private SimRun() {}

    /**
     * Makes the moves, then stops the faults and waits for everything to end well.
     *
     * @throws Violation if a property is broken
     */
    public static Counts of(List<Move> moves, Tracing tracing) {
        SimWorld world = SimWorld.of(moves, tracing);
        boolean ended = false;
        try {
            moves.forEach(world::move);
            ended = true;
        } finally {
            if (!ended) {
                world.close();
            }
        }
        world.finish();
        return world.counts();
    }

    /** What the moves break, or null. */
    public static @Nullable Violation violation(List<Move> moves) {
        try {
            of(moves, Tracing.NONE);
            return null;
        } catch (Violation e) {
            return e;
        }
    }
}
