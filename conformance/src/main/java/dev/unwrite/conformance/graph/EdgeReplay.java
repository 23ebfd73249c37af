package dev.unwrite.conformance.graph;

import static dev.unwrite.conformance.graph.CodeTerms.extent;
import static dev.unwrite.conformance.graph.CodeTerms.id;
import static dev.unwrite.conformance.graph.CodeTerms.record;

import dev.unwrite.conformance.graph.SpecHost.Tag;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Step;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes one step of the specification with the code: as one action, or as the halves of which the code makes it. The
 * effects are compared too.
 */
final class EdgeReplay {
    private final String where;
    private final SpecState s;
    private final SpecState t;
    private final Chosen step;
    private final ExpectedEffects expected;
    private HostState host;
    /** Between the halves of one step, the code may put off others. */
    private boolean mayRefuse;

    private EdgeReplay(String where, SpecState s, SpecState t, Chosen step, HostState host) {
        this.where = where;
        this.s = s;
        this.t = t;
        this.step = step;
        this.host = host;
        expected = new ExpectedEffects(s, t, step);
    }

    /**
     * What the hosts may be after the step: nothing if the code leaves it out; two if an answer may come at once or
     * late.
     *
     * @throws Caught if the code refuses it, or if state or effects are not those of the specification
     */
    static List<Way> take(String where, SpecState s, SpecState t, Chosen step, Way way) {
        List<Way> after = new ArrayList<>();
        if (step.host().isEmpty()) {
            after.add(way);
        } else {
            HostState before = way.host(step.host());
            EdgeReplay replay = new EdgeReplay(where, s, t, step, before);
            if (Way.atRest(before) || step.action().equals("Crash")) {
                if (LeftOut.applies(step, before)) {
                    replay.mustRefuse(
                            new Action.SendWrite(writeId(before, step.block()), extent(step.block()), step.fua()));
                    return List.of();
                }
                replay.take();
                if (!Way.atRest(replay.host)) {
                    throw new Caught(where, "the state after it", "between no halves", replay.host);
                }
                after.add(way.with(replay.host));
            } else {
                after.addAll(replay.takeBetween(way));
            }
        }
        after.forEach(possible -> HostFields.compare(where, t, possible));
        return after;
    }

    /** The step of a host that is between the halves of another, or that is the second half of this one. */
    private List<Way> takeBetween(Way way) {
        Way.Asked asked = way.asked(step.host());
        Change change = Halves.change(step.action());
        if (change != null && change == host.proposal() && asked != null) {
            return takeAgreed(way, change, asked);
        }
        if (step.action().equals("Commit") && host.committing() == step.epoch()) {
            last(new Action.Commit(step.epoch()));
            return List.of(way.with(host));
        }
        if (step.action().equals("Flush") && !host.flushing().isEmpty()) {
            return takeFlushed(way);
        }
        mayRefuse = true;
        try {
            take();
            return List.of(way.with(host));
        } catch (Waits waits) {
            return List.of();
        }
    }

    /** The models have no flush of a part; when more has become dirty since it was asked for, there is no such edge. */
    private List<Way> takeFlushed(Way way) {
        if (CodeTerms.mask(host.flushing()) != s.host(step.host()).dirty()) {
            return List.of();
        }
        last(new Action.Flush(t.host(step.host()).mine()));
        return List.of(way.with(host));
    }

    /** The storage does what was proposed earlier. */
    private List<Way> takeAgreed(Way way, Change change, Way.Asked asked) {
        OwnershipRecord now = record(t.record());
        if (asked.done() || asked.expectedVersion() != record(s.record()).version()) {
            return List.of();
        }
        same("the record proposed earlier", now.withVersion(0), asked.record().withVersion(0));
        List<Way> after = new ArrayList<>();
        if (Halves.answerMayBeLate(change)) {
            after.add(way.asking(host, new Way.Asked(asked.expectedVersion(), now, true)));
        }
        last(Halves.second(change, now, t.host(step.host()).mine()));
        after.add(way.with(host));
        return after;
    }

    private void take() {
        long session = t.host(step.host()).mine();
        OwnershipRecord now = record(t.record());
        int b = step.block();
        switch (step.action()) {
            case "MachineWrite" -> last(new Action.MachineWrite(id(b), extent(b)));
            case "RecvPreserved" -> last(new Action.RecvPreserved(step.term(), step.epoch(), List.of(extent(b))));
            case "SendWrite" -> last(new Action.SendWrite(writeId(b), extent(b), step.fua()));
            case "MachineFlush" -> last(new Action.MachineFlush(step.flush(), b < 0 ? null : Blocks.of(extent(b))));
            case "AnswerFlush" -> last(new Action.AnswerFlush(step.flush()));
            case "WriteDone" -> last(new Action.WriteDone(writeId(b), extent(b), session));
            case "Flush" -> {
                first(new Action.AskFlush());
                last(new Action.Flush(session));
            }
            case "Cut" -> last(new Action.Cut(step.epoch() != 0));
            case "LearnCommitted" -> last(new Action.LearnCommitted(step.term(), step.epoch()));
            case "Speak" -> last(new Action.Speak());
            case "FollowJoin" -> last(new Action.FollowJoin(now));
            case "BecomeSecondary" -> last(new Action.BecomeSecondary(now));
            case "ReadOld" -> last(new Action.ReadOld(step.term(), step.epoch(), List.of(extent(b))));
            case "ReadAround" -> last(new Action.ReadAround(step.term(), step.epoch(), extent(asked()), extent(b)));
            case "StoreCopy" -> last(new Action.StoreCopy(step.term(), step.epoch(), extent(b)));
            case "StagePart" -> {
                // The code receives a state in many parts, too; the protocol hears of it when it is whole.
                SpecHost receiver = t.host(step.host());
                if (receiver.whole(step.epoch(), t.blocks())) {
                    last(new Action.StagePart(step.term(), step.epoch(), receiver.base(step.epoch())));
                }
            }
            case "Commit" -> {
                first(new Action.AskCommit(step.epoch()));
                last(new Action.Commit(step.epoch()));
            }
            case "Learn" -> last(new Action.Learn(now));
            case "StartJoin" -> last(new Action.StartJoin());
            case "AbortJoin" -> last(new Action.AbortJoin(now));
            case "StepDown" -> last(new Action.StepDown(now));
            case "OpenSession" -> last(new Action.OpenSession(session));
            case "RestartRollback" -> last(new Action.RestartRollback(now, session));
            case "Resume" -> last(new Action.Resume());
            case "ColdRead" -> last(new Action.ColdRead());
            // The process is gone; what it finds when it starts again is what it had in local storage.
            case "Crash" -> host = HostState.started(host.name(), host.peer(), host.copies(), host.checkpoint());
            case "Restart" -> last(new Action.Restart());
            default -> {
                Change change = Halves.change(step.action());
                if (change == null) {
                    throw new IllegalStateException("the specification has an unknown action " + step.action());
                }
                agreed(change, Halves.second(change, now, session));
            }
        }
    }

    /** Another block that was asked for, and that is not stored. */
    private int asked() {
        SpecHost h = s.host(step.host());
        return s.net().stream()
                .filter(m -> m.type().equals("Preserve")
                        && m.to().equals(step.host())
                        && m.term() == step.term()
                        && m.epoch() == step.epoch()
                        && m.block() != step.block()
                        && h.log().stream().noneMatch(c -> c.tag().equals(new Tag(m.term(), m.epoch(), m.block()))))
                .findFirst()
                .orElseThrow()
                .block();
    }

    /** A write of the machine has an id; one that the host owes has {@link HostState#OWED}. */
    private long writeId(int block) {
        return writeId(host, block);
    }

    static long writeId(HostState host, int block) {
        return host.owed().containsAll(extent(block)) ? HostState.OWED : id(block);
    }

    private void agreed(Change change, Action second) {
        OwnershipRecord before = record(s.record());
        List<Effect> effects = step(new Action.Propose(change, before));
        OwnershipRecord wanted = record(t.record()).withVersion(before.version() + 1);
        same("effects of Propose", List.of(new Effect.CompareAndSet(before.version(), wanted)), effects);
        last(second);
    }

    /** A first half, which must have no effect. */
    private void first(Action action) {
        same("effects of " + action.name(), List.of(), step(action));
    }

    private void last(Action action) {
        HostState before = host;
        List<Effect> effects = ExpectedEffects.singly(step(action));
        same("effects", expected.of(before, host), effects);
    }

    private List<Effect> step(Action action) {
        Step answer = Protocol.step(host, action);
        if (answer instanceof Step.Refused && mayRefuse) {
            throw new Waits();
        }
        if (answer instanceof Step.Refused refused) {
            throw new Caught(where, action + " at " + host.name(), "allows it", "refuses: " + refused.why());
        }
        Step.Taken taken = (Step.Taken) answer;
        host = taken.next();
        return new ArrayList<>(taken.effects());
    }

    private void mustRefuse(Action action) {
        if (Protocol.step(host, action) instanceof Step.Taken) {
            throw new Caught(
                    where, action + " at " + host.name(), "allows it", "takes it, though it should leave it out");
        }
    }

    private void same(String what, Object spec, Object code) {
        if (!spec.equals(code)) {
            throw new Caught(where, what + " at " + host.name(), spec, code);
        }
    }

    /** The code puts this step off until another one is whole. */
    private static final class Waits extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Waits() {
            super(null, null, false, false);
        }
    }

    /** Steps that the specification allows and the code never takes. */
    static final class LeftOut {
        private LeftOut() {}

        /**
         * A write of the machine waits until all is written that the host owes since its session broke: the
         * specification lets both go in any order, the code writes what it owes "before anything else", and without
         * FUA, which the specification leaves to the host.
         */
        static boolean applies(Chosen step, HostState host) {
            return step.action().equals("SendWrite")
                    && !host.owed().isEmpty()
                    && (step.fua() || !host.owed().containsAll(extent(step.block())));
        }
    }

    /** The writes of the machine that may go, by the specification, and that are not held back by owed ones. */
    static List<PendingWrite> sendable(SpecState state, HostState code) {
        SpecHost spec = state.host(code.name());
        List<PendingWrite> result = new ArrayList<>();
        if (!spec.is("primary") || !code.owed().isEmpty()) {
            return result;
        }
        for (PendingWrite write : code.pending()) {
            if (Guards.sendWrite(spec, (int) write.extent().first())) {
                result.add(write);
            }
        }
        return result;
    }
}
