package dev.unwrite.conformance.graph;

import dev.unwrite.spec.graph.StateGraph;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What came out of the replay of one graph. */
final class ReplayReport {
    private final String model;
    private final StateGraph graph;
    private final Refusals refusals;
    private final BitSet taken = new BitSet();
    private final BitSet leaves = new BitSet();
    private final BitSet reached = new BitSet();
    private long steps;
    private final Map<String, Long> putOff = new TreeMap<>();
    private long leftOut;
    private long ways;
    private int waysMost;

    ReplayReport(String model, StateGraph graph, Refusals refusals) {
        this.model = model;
        this.graph = graph;
        this.refusals = refusals;
    }

    /** The code took the edge once more, or left it out, or put it off between the halves of another step. */
    void replayed(int edge, boolean wasTaken, boolean atRest) {
        steps++;
        if (wasTaken) {
            taken.set(edge);
        } else if (atRest) {
            leaves.set(edge);
            leftOut++;
        } else {
            putOff.merge(graph.edge(edge).label().action(), 1L, Long::sum);
        }
    }

    void end(List<@Nullable List<Way>> all) {
        for (int state = 0; state < all.size(); state++) {
            List<Way> known = all.get(state);
            reached.set(state, known != null);
            ways += known == null ? 0 : known.size();
            waysMost = Math.max(waysMost, known == null ? 0 : known.size());
        }
    }

    int states() {
        return graph.states();
    }

    int edges() {
        return graph.edges();
    }

    /** The edges that the code neither took nor left out, from any state in which it was. */
    List<String> neverTaken() {
        List<String> never = new ArrayList<>();
        for (int i = taken.nextClearBit(0); i < graph.edges(); i = taken.nextClearBit(i + 1)) {
            if (!leaves.get(i) && reached.get(graph.edge(i).source())) {
                never.add(model + ", state " + graph.edge(i).source() + " to "
                        + graph.edge(i).target() + ", " + graph.edge(i).label());
            }
        }
        return never;
    }

    /** By action, how many edges. */
    Map<String, Long> edgesByAction() {
        Map<String, Long> counts = new TreeMap<>();
        for (int i = 0; i < graph.edges(); i++) {
            counts.merge(graph.edge(i).label().action(), 1L, Long::sum);
        }
        return counts;
    }

    /** How many states it is never in, since all that leads there is left out. */
    int unreached() {
        return graph.states() - reached.cardinality();
    }

    /** How many steps it left out while it was between no halves. */
    long leftOut() {
        return leftOut;
    }

    /** By action, how many steps it put off between the halves of another. */
    Map<String, Long> putOff() {
        return putOff;
    }

    /** What was asked for and refused, and what was taken beyond the edges. */
    Refusals refusals() {
        return refusals;
    }

    @Override
    public String toString() {
        long refused = refusals.refused().values().stream().mapToLong(n -> n).sum();
        return String.format(
                Locale.ROOT,
                "%s: %,d states, %,d edges, %,d taken; %,d steps from %,d states of the code (at most %d for one of the"
                        + " specification), %,d left out, %,d states behind them; put off between halves: %s; asked for %,d things, %,d refused; taken beyond the edges: %s",
                model,
                graph.states(),
                graph.edges(),
                taken.cardinality(),
                steps,
                ways,
                waysMost,
                leftOut,
                unreached(),
                putOff,
                refusals.asked(),
                refused,
                refusals.excused());
    }
}
