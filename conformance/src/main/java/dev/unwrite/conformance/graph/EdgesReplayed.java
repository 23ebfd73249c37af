package dev.unwrite.conformance.graph;

import dev.unwrite.protocol.HostState;
import dev.unwrite.spec.graph.Edge;
import dev.unwrite.spec.graph.StateGraph;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Replays every edge of a graph with the code. Nothing is put into a state by hand: from the start on, each state of the
 * code is what a real step made of the one before. An edge is replayed from every way in which its source was reached.
 */
final class EdgesReplayed {
    /** So many different states of the code for one of the specification are followed; more would be an error. */
    private static final int WAYS_MAX = 256;

    private final StateGraph graph;
    private final String model;
    private final boolean withHalves;
    private final SpecStates specStates;
    private final int[] firstEdge;
    private final List<@Nullable List<Way>> ways = new ArrayList<>();
    private final Map<HostState, HostState> hosts = new HashMap<>();
    private final Deque<Visit> visits = new ArrayDeque<>();
    private final Refusals refusals;
    private final ReplayReport report;

    /** A state of the specification, and one way to it that is to be followed on. */
    private record Visit(
            int state,
            Way way,
            @Nullable Visit from,
            @Nullable Chosen step) {
        /** The steps from the start. */
        List<Chosen> path() {
            List<Chosen> steps = new ArrayList<>();
            for (Visit at = this; at != null && at.step != null; at = at.from) {
                steps.addFirst(at.step);
            }
            return steps;
        }
    }

    /**
     * A replay.
     *
     * @param constants of the model, as its configuration has them
     * @param withHalves whether other steps come between the halves of one, too
     */
    EdgesReplayed(String model, StateGraph graph, Map<String, String> constants, boolean withHalves) {
        this.withHalves = withHalves;
        this.model = model;
        this.graph = graph;
        specStates = new SpecStates(graph);
        firstEdge = firstEdges(graph);
        refusals = new Refusals(model, universe(), new Guards(constants));
        report = new ReplayReport(model, graph, refusals);
        for (int i = 0; i < graph.states(); i++) {
            ways.add(null);
        }
    }

    /** Replays; throws {@link Caught} at the first difference. */
    ReplayReport run() {
        for (int i = 0; i < graph.initial(); i++) {
            reached(i, Opening.to(specStates.state(i), specStates.hosts()), null, null);
        }
        for (Visit visit = visits.poll(); visit != null; visit = visits.poll()) {
            visit(visit);
        }
        report.end(ways);
        return report;
    }

    private void visit(Visit visit) {
        try {
            take(visit);
        } catch (Caught caught) {
            throw caught.after(visit.path());
        } catch (RuntimeException e) {
            boolean ofTheProtocol = Arrays.stream(e.getStackTrace())
                    .anyMatch(frame -> frame.getClassName().startsWith(HostState.class.getPackageName() + "."));
            if (!ofTheProtocol) {
                throw e;
            }
            throw new Caught(model + ", state " + visit.state(), "a step", "an answer", e).after(visit.path());
        }
    }

    private void take(Visit visit) {
        SpecState s = specStates.state(visit.state());
        Set<Chosen> allowed = new HashSet<>();
        for (int i = firstEdge[visit.state()]; i < firstEdge[visit.state() + 1]; i++) {
            Edge edge = graph.edge(i);
            SpecState t = specStates.state(edge.target());
            Chosen step = Chosen.of(edge.label(), specStates, s, t);
            allowed.add(step);
            String where = model + ", state " + edge.source() + " to " + edge.target() + ", " + step;
            List<Way> after = EdgeReplay.take(where, s, t, step, visit.way());
            boolean atRest = step.host().isEmpty() || Way.atRest(visit.way().host(step.host()));
            report.replayed(i, !after.isEmpty(), atRest);
            after.forEach(way -> reached(edge.target(), way, visit, step));
        }
        visit.way().hosts().forEach(host -> refusals.check(s, host, allowed));
        if (withHalves) {
            String where = model + ", state " + s.number();
            for (Halves.Half half : Halves.from(where, s, visit.way(), allowed)) {
                HostFields.compare(where, s, half.way());
                reached(s.number(), half.way(), visit, half.step());
            }
        }
    }

    private Universe universe() {
        long term = 0;
        long epoch = 0;
        long session = 0;
        for (int i = 0; i < graph.states(); i++) {
            SpecState state = specStates.state(i);
            term = Math.max(term, state.record().term());
            for (String name : specStates.hosts()) {
                epoch = Math.max(epoch, state.host(name).epoch());
                session = Math.max(session, state.session().getOrDefault(name, 0L));
            }
        }
        return new Universe(term, epoch, session, specStates.state(0).blocks(), specStates.hosts());
    }

    private void reached(int state, Way way, @Nullable Visit from, @Nullable Chosen step) {
        List<Way> known = ways.get(state);
        if (known == null) {
            known = new ArrayList<>(1);
            ways.set(state, known);
        }
        Way shared = new Way(
                way.hosts().stream()
                        .map(host -> hosts.computeIfAbsent(host, same -> same))
                        .toList(),
                way.asked());
        if (known.contains(shared)) {
            return;
        }
        if (known.size() >= WAYS_MAX) {
            throw new IllegalStateException("more than " + WAYS_MAX + " ways to state " + state);
        }
        known.add(shared);
        visits.add(new Visit(state, shared, from, step));
    }

    /** Edges come in the order of their sources. */
    private static int[] firstEdges(StateGraph graph) {
        int[] first = new int[graph.states() + 1];
        int next = 0;
        for (int i = 0; i < graph.edges(); i++) {
            int source = graph.edge(i).source();
            if (source < next - 1) {
                throw new IllegalStateException("edge " + i + " is out of order");
            }
            while (next <= source) {
                first[next++] = i;
            }
        }
        while (next <= graph.states()) {
            first[next++] = graph.edges();
        }
        return first;
    }
}
