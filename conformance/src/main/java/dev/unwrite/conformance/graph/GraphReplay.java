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
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Replays the state graphs of models with the protocol's code. As a program: {@code GraphReplay [--graphs FOLDER]
 * [MODEL ...]}. A graph that is not in the folder is made by TLC, and stays there.
 *
 * <p>Exit codes: 0 the code does what the specification says, 1 it does not (the first difference is told in one line
 * that begins with {@code caught:}; the next one has the steps that led there), 2 bad usage, 3 it could not be found out.
 */
public final class GraphReplay {
    /** Together they have all actions, several blocks, and every kind of fault. */
    public static final List<String> USUAL = List.of(
            "pair-faults", "bootstrap", "graph-parts", "graph-around", "graph-delta", "graph-owed", "graph-flush");

    private static final String USAGE = "usage: GraphReplay [--graphs FOLDER] [MODEL ...]";
    private static final Duration TLC_LIMIT = Duration.ofHours(2);
    /** While one graph is replayed, TLC makes others. */
    private static final int TLC_RUNS = 2;

    private GraphReplay() {}

    /** {@code args}: as above. */
    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out));
    }

    /** The program without its end; returns the exit code. */
    static int run(List<String> args, PrintStream out) {
        List<String> names = new ArrayList<>(args);
        Path folder = null;
        if (names.size() > 1 && names.getFirst().equals("--graphs")) {
            folder = Path.of(names.get(1));
            names.subList(0, 2).clear();
        }
        List<Model> chosen = new ArrayList<>();
        for (String name : names.isEmpty() ? USUAL : names) {
            Model model = Models.bundled().find(name).orElse(null);
            if (model == null || !model.module().equals("MCUnwrite") || !model.mustHold()) {
                out.println("no model of the protocol is called " + name + "; " + USAGE);
                return 2;
            }
            chosen.add(model);
        }
        try {
            tell(replay(chosen, folder, out::println), out);
            return 0;
        } catch (Caught caught) {
            out.println("caught: " + caught.getMessage());
            out.println("after: " + String.join(", ", caught.path()));
            return 1;
        } catch (IOException | InterruptedException | RuntimeException e) {
            out.println("not replayed: " + e);
            return 3;
        }
    }

    /**
     * Replays the graphs of the models.
     *
     * @param folder where graphs are, and are left; null if they are made anew and removed
     * @param listener is told of each replay when it is done
     * @throws Caught at the first difference; also if the code took an edge from no state in which it was
     */
    static List<ReplayReport> replay(List<Model> chosen, @Nullable Path folder, Consumer<ReplayReport> listener)
            throws IOException, InterruptedException {
        List<ReplayReport> reports = new ArrayList<>();
        ExecutorService runs = Executors.newFixedThreadPool(TLC_RUNS);
        try {
            List<Future<StateGraph>> graphs = new ArrayList<>();
            chosen.forEach(model -> graphs.add(runs.submit(() -> graph(model, folder))));
            for (int i = 0; i < chosen.size(); i++) {
                Model model = chosen.get(i);
                ReplayReport report =
                        new EdgesReplayed(model.name(), graphs.get(i).get(), model.constants(), true).run();
                List<String> never = report.neverTaken();
                if (!never.isEmpty()) {
                    throw new Caught(
                            never.getFirst(), "one of " + never.size() + " edges", "allows it", "never takes it");
                }
                listener.accept(report);
                reports.add(report);
            }
            return reports;
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(e.getCause()), e);
        } finally {
            runs.shutdownNow();
        }
    }

    private static void tell(List<ReplayReport> reports, PrintStream out) {
        Map<String, Long> edges = new TreeMap<>();
        Map<String, Long> refused = new TreeMap<>();
        for (ReplayReport report : reports) {
            report.edgesByAction().forEach((action, count) -> edges.merge(action, count, Long::sum));
            report.refusals().refused().forEach((action, count) -> refused.merge(action, count, Long::sum));
        }
        out.printf(Locale.ROOT, "%-18s %10s %12s%n", "action", "edges", "refused");
        edges.forEach((action, count) ->
                out.printf(Locale.ROOT, "%-18s %,10d %,12d%n", action, count, refused.getOrDefault(action, 0L)));
        refused.keySet().removeAll(edges.keySet());
        refused.forEach((action, count) -> out.printf(Locale.ROOT, "%-18s %10s %,12d%n", action, "-", count));
        int states = reports.stream().mapToInt(ReplayReport::states).sum();
        long sum = edges.values().stream().mapToLong(count -> count).sum();
        out.printf(
                Locale.ROOT,
                "all %,d edges of %,d states replayed: the code takes each of them, or leaves it out for a reason%n",
                sum,
                states);
    }

    static StateGraph graph(Model model, @Nullable Path folder) throws IOException, InterruptedException {
        Path file = folder == null
                ? Files.createTempFile("unwrite-graph-", ".graph")
                : folder.resolve(model.name() + ".graph");
        try {
            if (folder == null || !Files.exists(file)) {
                StateGraph.explore(model, Models.bundled().files(), file, TLC_LIMIT);
            }
            return StateGraph.read(file);
        } finally {
            if (folder == null) {
                Files.deleteIfExists(file);
            }
        }
    }
}
