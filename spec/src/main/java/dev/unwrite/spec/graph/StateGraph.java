package dev.unwrite.spec.graph;

import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.tlc.TlcJob;
import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcRun;
import dev.unwrite.spec.tlc.TlcVerdict;
import dev.unwrite.spec.value.TlaValue;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The state graph of a model. States are numbered from 0 in the order in which TLC found them, breadth first; edges come
 * in the order of their sources, and the first edge into a state comes before all edges out of it.
 */
public final class StateGraph {
    private final List<String> variables;
    private final List<List<TlaValue>> values;
    private final int[] numbers;
    private final int states;
    private final int initial;
    private final List<StepLabel> labels;
    private final int[] edges;
    private final int edgeCount;

    StateGraph(
            List<String> variables,
            List<List<TlaValue>> values,
            int[] numbers,
            int states,
            int initial,
            List<StepLabel> labels,
            int[] edges,
            int edgeCount) {
        this.variables = variables;
        this.values = values;
        this.numbers = numbers;
        this.states = states;
        this.initial = initial;
        this.labels = labels;
        this.edges = edges;
        this.edgeCount = edgeCount;
    }

    /**
     * Has TLC visit all states of the model, and writes the graph to {@code file}. View and symmetry of the model are
     * left out: they take states that differ for one, and the code would then be held to the wrong one. So are its
     * properties: the graph is the same without them.
     *
     * @throws IOException also if TLC did not come to its end
     */
    public static TlcResult explore(Model model, SpecFiles files, Path file, Duration limit)
            throws IOException, InterruptedException {
        StringBuilder config = new StringBuilder("SPECIFICATION " + model.specification() + "\n");
        model.constants()
                .forEach((name, value) -> config.append("CONSTANT ")
                        .append(name)
                        .append(value.startsWith("<-") ? " " : " = ")
                        .append(value)
                        .append('\n'));
        TlcResult result = TlcRun.run(TlcJob.of(model.module(), files, config.toString())
                .withHeap(model.heap())
                .withLimit(limit)
                .withProperty(GraphTlc.FILE, file.toAbsolutePath().toString())
                .withOptions(List.of("-nowarning"))
                .withMainClass(GraphTlc.class.getName()));
        if (result.verdict() != TlcVerdict.HOLDS) {
            throw new IOException("no graph of " + model.name() + ": " + result.why());
        }
        return result;
    }

    /** Reads a graph that {@link #explore} wrote; throws {@link IOException} with one line if it is not whole. */
    public static StateGraph read(Path file) throws IOException {
        try (GraphReader reader = new GraphReader(file)) {
            return reader.read();
        }
    }

    /** How many states. */
    public int states() {
        return states;
    }

    /** How many of them, the first ones, are initial. */
    public int initial() {
        return initial;
    }

    /** How many edges. */
    public int edges() {
        return edgeCount;
    }

    /** An edge, by its number from 0. */
    public Edge edge(int index) {
        return new Edge(edges[3 * index], edges[3 * index + 1], labels.get(edges[3 * index + 2]));
    }

    /** The names of the variables. */
    public List<String> variables() {
        return variables;
    }

    /** How many values the variable takes in all states. */
    public int valuesOf(int variable) {
        return values.get(variable).size();
    }

    /** A value of a variable, by its number. */
    public TlaValue value(int variable, int number) {
        return values.get(variable).get(number);
    }

    /** The number of the value that the variable has in the state. */
    public int number(int state, int variable) {
        return numbers[state * variables.size() + variable];
    }
}
