package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.Picture.Edge;
import dev.unwrite.spec.graph.StateGraph;
import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The edges that are left of models' state graphs when each state is its {@link Picture}: what traces can be compared with,
 * as they know no bounds and no numbers of a model.
 */
public final class SmallGraph {
    private SmallGraph() {}

    /**
     * Those of the models together.
     *
     * @param folder where graphs are, and are left; null if they are made anew and removed
     */
    public static Set<Edge> of(List<String> models, @Nullable Path folder) throws IOException, InterruptedException {
        Set<Edge> edges = new HashSet<>();
        for (String name : models) {
            Model model = Models.bundled()
                    .find(name)
                    .orElseThrow(() -> new IllegalArgumentException("no model is called " + name));
            add(GraphReplay.graph(model, folder), edges);
        }
        return edges;
    }

    private static void add(StateGraph graph, Set<Edge> edges) {
        SpecStates states = new SpecStates(graph);
        Picture[] pictures = new Picture[graph.states()];
        for (int i = 0; i < pictures.length; i++) {
            pictures[i] = Picture.of(states.state(i));
        }
        for (int i = 0; i < graph.edges(); i++) {
            dev.unwrite.spec.graph.Edge edge = graph.edge(i);
            edges.add(new Edge(pictures[edge.source()], edge.label().action(), pictures[edge.target()]));
        }
    }
}
