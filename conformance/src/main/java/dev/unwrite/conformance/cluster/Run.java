package dev.unwrite.conformance.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A run of a list of moves, to its end. */
public final class Run {
    private Run() {}

    /**
     * Makes the moves, then stops the faults and waits for everything to end well.
     *
     * @throws Violation if a property is broken
     */
    public static Counts of(List<Move> moves, Tracing tracing) {
        return of(moves, tracing, Slip.NONE);
    }

    /** The same with a mistake. */
    public static Counts of(List<Move> moves, Tracing tracing, Slip slip) {
        Cluster cluster = Cluster.of(moves, tracing, slip);
        boolean ended = false;
        try {
            moves.forEach(cluster::move);
            ended = true;
        } finally {
            if (!ended) {
                cluster.close();
            }
        }
        cluster.finish();
        return cluster.countsOfRun();
    }

    /** Makes the moves and leaves it to whoever reads the traces to judge; ends early only where the host itself fails. */
    public static void unjudged(List<Move> moves, Tracing tracing) {
        unjudged(moves, tracing, Slip.NONE);
    }

    /** The same with a mistake. */
    static void unjudged(List<Move> moves, Tracing tracing, Slip slip) {
        Cluster cluster = Cluster.of(moves, tracing, slip);
        cluster.leaveUnjudged();
        try {
            moves.forEach(cluster::move);
        } finally {
            cluster.close();
        }
    }

    /** What the moves break, or null. */
    public static @Nullable Violation violation(List<Move> moves, Slip slip) {
        try {
            of(moves, Tracing.NONE, slip);
            return null;
        } catch (Violation e) {
            return e;
        }
    }
}
