package dev.unwrite.conformance.graph;

import dev.unwrite.spec.graph.StateGraph;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What was replayed. */
final class ReplayReport {
    private final String model;
    private final StateGraph graph;
    private final BitSet taken = new BitSet();
    private final BitSet leftOut = new BitSet();
    private final Refusals refusals;
    private long steps;
    private long ways;
    private int waysMost;
    private int unreached;

    ReplayReport(String model, StateGraph graph, Refusals refusals) {
        this.refusals = refusals;
        this.model = model;
        this.graph = graph;
    }

    void replayed(int edge, boolean wasTaken) {
        steps++;
        (wasTaken ? taken : leftOut).set(edge);
    }

    void end(List<@Nullable List<Way>> all) {
        for (List<Way> known : all) {
            if (known == null) {
                unreached++;
            } else {
                ways += known.size();
                waysMost = Math.max(waysMost, known.size());
            }
        }
    }

    /** By action, how many edges. */
    Map<String, Integer> perAction() {
        Map<String, Integer> counts = new TreeMap<>();
        for (int i = 0; i < graph.edges(); i++) {
            counts.merge(graph.edge(i).label().action(), 1, Integer::sum);
        }
        return counts;
    }

    @Override
    public String toString() {
        return model + ": " + graph.states() + " states, " + graph.edges() + " edges; " + taken.cardinality()
                + " edges taken, " + leftOut.cardinality() + " left out, " + unreached + " states unreached, " + ways
                + " ways, at most " + waysMost + " of one state, " + steps + " steps replayed; asked "
                + refusals.asked() + " times, refused " + refusals.refused() + ", taken beyond the edges "
                + refusals.excused();
    }
}
