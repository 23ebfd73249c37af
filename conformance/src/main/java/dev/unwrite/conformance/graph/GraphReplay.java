package dev.unwrite.conformance.graph;

import dev.unwrite.spec.graph.StateGraph;
import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.Models;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Replays the state graphs of models with the protocol's code. As a program: {@code GraphReplay [--graphs FOLDER]
 * [MODEL ...]}. A graph that is not in the folder is made by TLC, and stays there.
 *
 * <p>Exit codes: 0 the code does what the specification says, 1 it does not (the first difference is told in one line
 * that begins with {@code caught:}), 2 bad usage, 3 it could not be found out.
 */
public final class GraphReplay {
    /** Together they have all actions, several blocks, and every kind of fault. */
    public static final List<String> USUAL = List.of("graph-parts", "graph-owed", "bootstrap", "pair-faults");

    private static final Duration TLC_LIMIT = Duration.ofHours(2);

    private final Models models;
    private final PrintStream out;

    private GraphReplay(Models models, PrintStream out) {
        this.models = models;
        this.out = out;
    }

    /** {@code args}: as above. */
    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out));
    }

    /** The program without its end; returns the exit code. */
    static int run(List<String> args, PrintStream out) {
        List<String> names = new ArrayList<>(args);
        Path folder = null;
        if (!names.isEmpty() && names.getFirst().equals("--graphs") && names.size() > 1) {
            folder = Path.of(names.get(1));
            names.subList(0, 2).clear();
        }
        Models models = Models.bundled();
        List<Model> chosen = new ArrayList<>();
        for (String name : names.isEmpty() ? USUAL : names) {
            if (models.find(name).isEmpty()) {
                out.println("there is no model " + name + "; usage: GraphReplay [--graphs FOLDER] [MODEL ...]");
                return 2;
            }
            models.find(name).ifPresent(chosen::add);
        }
        try {
            return new GraphReplay(models, out).replay(chosen, folder);
        } catch (Caught caught) {
            out.println("caught: " + caught.getMessage());
            return 1;
        } catch (IOException | InterruptedException | RuntimeException e) {
            out.println("not replayed: " + e);
            return 3;
        }
    }

    private int replay(List<Model> chosen, @Nullable Path folder) throws IOException, InterruptedException {
        Map<String, Integer> perAction = new TreeMap<>();
        for (Model model : chosen) {
            ReplayReport report = new Replay(model.name(), graph(model, folder), model.constants()).run();
            out.println(report);
            report.perAction().forEach((action, count) -> perAction.merge(action, count, Integer::sum));
        }
        out.println("edges: " + perAction);
        return 0;
    }

    private StateGraph graph(Model model, @Nullable Path folder) throws IOException, InterruptedException {
        Path file = folder == null
                ? Files.createTempFile("unwrite-graph-", ".graph")
                : folder.resolve(model.name() + ".graph");
        try {
            if (folder == null || !Files.exists(file)) {
                StateGraph.explore(model, models.files(), file, TLC_LIMIT);
            }
            return StateGraph.read(file);
        } finally {
            if (folder == null) {
                Files.deleteIfExists(file);
            }
        }
    }
}
