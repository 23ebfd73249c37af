package dev.unwrite.conformance.graph;

import static dev.unwrite.conformance.graph.CodeTerms.extent;

import dev.unwrite.conformance.graph.SpecHost.Flush;
import dev.unwrite.conformance.graph.SpecHost.Message;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.PendingWrite;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The effects that a step of the specification asks of the code: what it sends, discards, restores and lets go of. */
final class ExpectedEffects {
    private final SpecState s;
    private final SpecState t;
    private final Chosen step;

    ExpectedEffects(SpecState s, SpecState t, Chosen step) {
        this.s = s;
        this.t = t;
        this.step = step;
    }

    /** In the order in which the code has to give them. */
    List<Effect> of(HostState before, HostState after) {
        SpecHost from = s.host(step.host());
        SpecHost to = t.host(step.host());
        List<Effect> effects = new ArrayList<>();
        switch (step.action()) {
            case "Speak" -> effects.add(speak(s, before));
            case "ReadOld" ->
                effects.add(new Effect.ReadAndStore(step.term(), step.epoch(), List.of(extent(step.block()))));
            case "ReadAround" -> {
                // It is read with what was asked for.
            }
            case "FollowJoin" -> effects.add(new Effect.DiscardOthers(to.term()));
            case "TakeOver", "RestartRollback" -> owed(effects, to.pendingMask());
            case "OpenSession" -> {
                int machine = 0;
                for (PendingWrite write : before.pending()) {
                    machine |= CodeTerms.mask(write.extent());
                }
                owed(effects, to.pendingMask() & ~machine);
            }
            default -> sent(effects);
        }
        if (step.action().equals("Commit")) {
            effects.add(new Effect.DiscardCopies(from.term(), step.epoch()));
        }
        ready(effects, before, after);
        to.asked().stream()
                .filter(flush -> flush.owes() == 0)
                .map(Flush::n)
                .filter(n -> from.asked().stream().noneMatch(flush -> flush.n() == n && flush.owes() == 0))
                .sorted()
                .forEach(n -> effects.add(new Effect.FlushDone(n)));
        return singly(effects);
    }

    private static void owed(List<Effect> effects, int mask) {
        if (mask != 0) {
            dev.unwrite.protocol.Blocks blocks = dev.unwrite.protocol.Blocks.NONE;
            for (int b : CodeTerms.blocks(mask)) {
                blocks = blocks.with(extent(b));
            }
            effects.add(new Effect.WriteOwed(blocks));
        }
    }

    /** net' \ net. The parts of one state are one effect; its contents are the shells' affair. */
    private void sent(List<Effect> effects) {
        Set<Message> messages = new HashSet<>(t.net());
        messages.removeAll(s.net());
        Set<Long> states = new TreeSet<>();
        for (Message message : messages) {
            List<Extent> extents = message.block() < 0 ? List.of() : List.of(extent(message.block()));
            switch (message.type()) {
                case "Preserve" -> effects.add(new Effect.SendPreserve(message.term(), message.epoch(), extents));
                case "Preserved" -> effects.add(new Effect.SendPreserved(message.term(), message.epoch(), extents));
                case "Committed" -> effects.add(new Effect.SendCommitted(message.term(), message.epoch()));
                case "Part" -> {
                    if (states.add(message.epoch())) {
                        effects.add(new Effect.SendState(message.term(), message.epoch(), message.base()));
                    }
                }
                default -> throw new IllegalStateException("an unknown message " + message);
            }
        }
    }

    /** The caller must be told of each write that may go now and could not before: nobody else tells it. */
    private void ready(List<Effect> effects, HostState before, HostState after) {
        List<PendingWrite> now = new ArrayList<>(EdgeReplay.sendable(t, after));
        Set<Long> earlier = new HashSet<>();
        EdgeReplay.sendable(s, before).forEach(write -> earlier.add(write.id()));
        boolean tellsAll = switch (step.action()) {
            case "RecvPreserved", "WriteDone", "Learn", "AbortJoin", "OpenSession" -> true;
            default -> false;
        };
        if (step.action().equals("WriteDone") && !before.owed().containsAll(extent(step.block()))) {
            // The end of the machine's own write enables no other.
            return;
        }
        now.removeIf(write -> !tellsAll && earlier.contains(write.id()));
        if (!now.isEmpty()) {
            effects.add(new Effect.Ready(now));
        }
    }

    /** What the machine may say (Sayable): as much as a committed checkpoint covers, or all that is flushed. */
    static Effect speak(SpecState state, HostState code) {
        SpecHost spec = state.host(code.name());
        return spec.mode().equals("solo") && spec.quiet()
                ? new Effect.ReleaseFlushed()
                // That this is the epoch whose state is safe[h] is compared with the state.
                : new Effect.Release(code.safe());
    }

    /** Each extent of several blocks as as many extents. */
    static List<Effect> singly(List<Effect> effects) {
        List<Effect> result = new ArrayList<>();
        for (Effect effect : effects) {
            result.add(
                    switch (effect) {
                        case Effect.SendPreserve e ->
                            new Effect.SendPreserve(e.term(), e.epoch(), singles(e.extents()));
                        case Effect.SendPreserved e ->
                            new Effect.SendPreserved(e.term(), e.epoch(), singles(e.extents()));
                        case Effect.ReadAndStore e ->
                            new Effect.ReadAndStore(e.term(), e.epoch(), singles(e.extents()));
                        default -> effect;
                    });
        }
        return result;
    }

    private static List<Extent> singles(List<Extent> extents) {
        List<Extent> singles = new ArrayList<>();
        for (Extent extent : extents) {
            CodeTerms.blocks(CodeTerms.mask(extent)).forEach(b -> singles.add(extent(b)));
        }
        return singles;
    }
}
