package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecState.SpecRecord;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Step;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Asks the code, in each state of a host, for everything in the {@link Universe}. All that it takes must be a step of
 * the specification from the state of the graph, or have a {@link Exemption}.
 */
final class Refusals {
    private final String model;
    private final List<Probe> probes;
    private final Guards guards;
    private final Map<HostState, Answers> answers = new HashMap<>();
    private final Map<String, Long> refused = new TreeMap<>();
    private final Map<Exemption, Long> excused = new EnumMap<>(Exemption.class);
    private long asked;

    Refusals(String model, Universe universe, Guards guards) {
        this.model = model;
        this.guards = guards;
        probes = universe.probes();
    }

    /** Checks a host in a state; {@code edges} are the steps that the specification allows there. */
    void check(SpecState s, HostState code, Set<Chosen> edges) {
        if (s.host(code.name()).is("down")) {
            return; // There is nobody to ask.
        }
        Answers known = answers.get(code);
        if (known == null) {
            known = ask(s, code);
            answers.put(code, known);
        }
        for (Answer answer : known.always) {
            check(s, code, answer, edges);
        }
        for (Answer answer : known.byRecord.getOrDefault(s.record(), List.of())) {
            check(s, code, answer, edges);
        }
    }

    private void check(SpecState s, HostState code, Answer answer, Set<Chosen> edges) {
        if (isStep(s, code, answer.probe(), edges)) {
            return;
        }
        Exemption reason = guards.reason(s, code, answer);
        if (reason == null) {
            throw taken(s, code, answer.probe());
        }
        excused.merge(reason, 1L, Long::sum);
    }

    private Caught taken(SpecState s, HostState code, Probe probe) {
        return new Caught(model + ", state " + s.number(), probe + " at " + code.name(), "forbids it", "takes it");
    }

    /**
     * What the code takes in a state of a host.
     *
     * @param always what needs no record
     * @param byRecord what it takes if it is told this record
     */
    private record Answers(List<Answer> always, Map<SpecRecord, List<Answer>> byRecord) {}

    /**
     * Asks for everything. What the code takes by a record must be what the specification allows by this record,
     * whether the storage holds it or not; that depends on nothing but the host, so it is looked at once.
     */
    private Answers ask(SpecState s, HostState code) {
        Answers taken = new Answers(new ArrayList<>(), new HashMap<>());
        for (Probe probe : probes) {
            if (!Way.atRest(code)
                    && (probe.action().equals("Half") || probe.action().equals("NotAgreed"))) {
                continue; // The second half is due now; the replay takes it.
            }
            asked++;
            HostState now = code;
            List<Effect> effects = new ArrayList<>();
            boolean all = true;
            for (Action action : probe.code()) {
                if (all && Protocol.step(now, action) instanceof Step.Taken(HostState next, List<Effect> more)) {
                    now = next;
                    effects.addAll(more);
                } else {
                    all = false;
                }
            }
            if (all) {
                Answer answer = new Answer(probe, now, List.copyOf(effects));
                SpecRecord told = probe.record();
                if (told == null) {
                    taken.always.add(answer);
                    continue;
                }
                if (!Guards.withRecord(code.name(), s.host(code.name()), probe)) {
                    throw taken(s, code, probe);
                }
                excused.merge(Exemption.OTHER_RECORD, 1L, Long::sum);
                taken.byRecord.computeIfAbsent(told, none -> new ArrayList<>()).add(answer);
                mustBeUndone(code, probe, now);
            } else {
                refused.merge(probe.action(), 1L, Long::sum);
            }
        }
        return taken;
    }

    /** A proposal that the storage did not agree to leaves no trace. */
    private void mustBeUndone(HostState before, Probe probe, HostState after) {
        if (probe.code().getLast() instanceof Action.Propose) {
            Step undone = Protocol.step(after, new Action.NotAgreed());
            if (!(undone instanceof Step.Taken(HostState next, List<Effect> effects))
                    || !next.equals(before)
                    || !effects.isEmpty()) {
                throw new Caught(model, "NotAgreed at " + before.name() + " after " + probe, before, undone);
            }
        }
    }

    /** Whether an edge of the graph is this step; the parameters that it has must be the same. */
    private static boolean isStep(SpecState s, HostState code, Probe p, Set<Chosen> edges) {
        String h = code.name();
        return switch (p.action()) {
            case "MachineWrite" -> edges.contains(new Chosen(p.action(), h, 0, 0, p.block()));
            case "SendWrite" -> {
                Action.SendWrite send = (Action.SendWrite) p.code().getFirst();
                yield edges.contains(new Chosen(p.action(), h, 0, 0, p.block(), 0, send.fua()))
                        && send.id() == EdgeReplay.writeId(code, p.block());
            }
            case "MachineFlush" -> {
                long n = ((Action.MachineFlush) p.code().getFirst()).id();
                yield edges.stream()
                        .anyMatch(edge -> edge.action().equals("MachineFlush")
                                && edge.host().equals(h)
                                && edge.flush() == n);
            }
            case "AnswerFlush" ->
                edges.contains(new Chosen(
                        p.action(), h, 0, 0, -1, ((Action.AnswerFlush) p.code().getFirst()).id(), false));
            case "WriteDone" ->
                edges.contains(new Chosen(p.action(), h, 0, 0, p.block()))
                        && p.session() == s.host(h).mine()
                        && ((Action.WriteDone) p.code().getFirst()).id() == EdgeReplay.writeId(code, p.block());
            case "RecvPreserved", "ReadOld", "ReadAround", "StoreCopy", "LearnCommitted" ->
                edges.contains(new Chosen(p.action(), h, p.term(), p.epoch(), p.block()));
            case "Commit" -> edges.contains(new Chosen(p.action(), h, s.host(h).term(), p.epoch(), -1));
            case "StagePart" -> allParts(s, h, p, edges);
            case "Flush" ->
                edges.contains(new Chosen(p.action(), h, 0, 0, -1))
                        && p.session() == s.host(h).mine();
            case "OpenSession" ->
                edges.contains(new Chosen(p.action(), h, 0, 0, -1))
                        && p.session() == s.session().getOrDefault(h, 0L) + 1;
            case "Cut" -> {
                long base =
                        ((Action.Cut) p.code().getFirst()).delta() ? s.host(h).epoch() : 0;
                yield edges.contains(new Chosen("Cut", h, 0, base, -1));
            }
            case "Speak", "StartJoin", "Resume", "ColdRead", "Restart" ->
                edges.contains(new Chosen(p.action(), h, 0, 0, -1));
            default ->
                edges.contains(new Chosen(p.action(), h, 0, 0, -1))
                        && s.record().equals(p.record());
        };
    }

    /** To the code, all parts that are still missing are one step. */
    private static boolean allParts(SpecState s, String h, Probe p, Set<Chosen> edges) {
        if (Guards.parts(s, h, p) < s.blocks()) {
            return false;
        }
        boolean some = false;
        for (int b = 0; b < s.blocks(); b++) {
            int block = b;
            boolean staged = s.host(h).staged().stream()
                    .anyMatch(m -> m.term() == p.term() && m.epoch() == p.epoch() && m.block() == block);
            if (!staged && !edges.contains(new Chosen("StagePart", h, p.term(), p.epoch(), b))) {
                return false;
            }
            some |= !staged;
        }
        return some;
    }

    /** How often the code was asked for something, each time in another state of a host. */
    long asked() {
        return asked;
    }

    /** By action, how many of these it refused. {@code Half} is a second half without its first. */
    Map<String, Long> refused() {
        return refused;
    }

    /**
     * By reason, how many steps it takes beyond the edges, in all states of the graph; {@link Exemption#OTHER_RECORD} is
     * counted once for each state of a host.
     */
    Map<Exemption, Long> excused() {
        return excused;
    }
}
