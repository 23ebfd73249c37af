package dev.unwrite.conformance.graph;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The halves of which the code makes one step of the specification. Between them, everything else may happen: a first
 * half is taken wherever the specification allows the step, and the second one comes whenever it allows it later.
 */
final class Halves {
    private Halves() {}

    /** A step of the code that is none of the specification: the hosts after it, and its name. */
    record Half(Way way, Chosen step) {}

    /** What the action changes in the record, or null if it changes nothing there. */
    static @Nullable Change change(String action) {
        return switch (action) {
            case "GoAlone" -> Change.GO_ALONE;
            case "Protect" -> Change.PROTECT;
            case "TakeOver" -> Change.TAKE_OVER;
            case "FinishRollback" -> Change.FINISH_ROLLBACK;
            case "Bootstrap" -> Change.BOOTSTRAP;
            case "ColdStart" -> Change.COLD_START;
            case "ForceColdStart" -> Change.FORCE_COLD_START;
            default -> null;
        };
    }

    static String action(Change change) {
        return switch (change) {
            case GO_ALONE -> "GoAlone";
            case PROTECT -> "Protect";
            case TAKE_OVER -> "TakeOver";
            case FINISH_ROLLBACK -> "FinishRollback";
            case BOOTSTRAP -> "Bootstrap";
            case COLD_START -> "ColdStart";
            case FORCE_COLD_START -> "ForceColdStart";
        };
    }

    /** The second half, when the storage has answered with the record. */
    static Action second(Change change, OwnershipRecord now, long session) {
        return switch (change) {
            case GO_ALONE -> new Action.GoAlone(now);
            case PROTECT -> new Action.Protect(now);
            case TAKE_OVER -> new Action.TakeOver(now, session);
            case FINISH_ROLLBACK -> new Action.FinishRollback(now);
            case BOOTSTRAP -> new Action.Bootstrap(now, session);
            case COLD_START -> new Action.ColdStart(now, session);
            case FORCE_COLD_START -> new Action.ForceColdStart(now, session);
        };
    }

    /** Whether the specification lets the host go on as before until it learns that the record has changed. */
    static boolean answerMayBeLate(Change change) {
        return change == Change.GO_ALONE || change == Change.PROTECT || change == Change.FINISH_ROLLBACK;
    }

    /** First halves of the allowed steps; answers that are due; and word that the storage will not do it. */
    static List<Half> from(String where, SpecState s, Way way, Set<Chosen> allowed) {
        List<Half> halves = new ArrayList<>();
        OwnershipRecord now = CodeTerms.record(s.record());
        for (Chosen step : allowed) {
            if (!step.host().isEmpty()) {
                first(where, now, way, step, halves);
            }
        }
        for (HostState host : way.hosts()) {
            Change change = host.proposal();
            Way.Asked asked = way.asked(host.name());
            if (change != null && asked != null) {
                answers(where, now, way, host, change, asked, allowed, halves);
            }
        }
        return halves;
    }

    private static void first(String where, OwnershipRecord now, Way way, Chosen step, List<Half> halves) {
        Action half = firstHalf(step, now);
        HostState host = way.host(step.host());
        if (half == null || (!Way.atRest(host) && Protocol.step(host, half) instanceof Step.Refused)) {
            return; // Between the halves of one step, the code may put off another.
        }
        Step.Taken taken = taken(where, host, half);
        Way after = way.with(taken.next());
        if (half instanceof Action.Propose) {
            Effect.CompareAndSet set = (Effect.CompareAndSet) taken.effects().getFirst();
            after = way.asking(taken.next(), new Way.Asked(set.expectedVersion(), set.record(), false));
        }
        halves.add(new Half(after, new Chosen("Ask" + step.action(), host.name(), 0, step.epoch(), -1)));
    }

    private static @Nullable Action firstHalf(Chosen step, OwnershipRecord now) {
        Change change = change(step.action());
        if (change != null) {
            return new Action.Propose(change, now);
        }
        return switch (step.action()) {
            case "Flush" -> new Action.AskFlush();
            case "Commit" -> new Action.AskCommit(step.epoch());
            default -> null;
        };
    }

    private static void answers(
            String where,
            OwnershipRecord now,
            Way way,
            HostState host,
            Change change,
            Way.Asked asked,
            Set<Chosen> allowed,
            List<Half> halves) {
        String name = host.name();
        if (asked.done()) {
            // It changes only what the host remembers.
            Step.Taken late = taken(where, host, second(change, asked.record(), host.session()));
            same(where, action(change) + " late", List.of(), late.effects());
            halves.add(new Half(way.with(late.next()), new Chosen(action(change) + " late", name, 0, 0, -1)));
            // A host is never told that it was not agreed when it was: a lost answer is looked up in a new session.
            return;
        }
        if (asked.expectedVersion() == now.version()) {
            // The storage may do it at any moment, so the specification must still allow it.
            same(
                    where,
                    action(change) + " proposed earlier by " + name,
                    true,
                    allowed.contains(new Chosen(action(change), name, 0, 0, -1)));
        }
        Step.Taken never = taken(where, host, new Action.NotAgreed());
        same(where, "NotAgreed", List.of(), never.effects());
        halves.add(new Half(way.with(never.next()), new Chosen("NotAgreed", name, 0, 0, -1)));
    }

    private static void same(String where, String what, Object spec, Object code) {
        if (!spec.equals(code)) {
            throw new Caught(where, what, spec, code);
        }
    }

    private static Step.Taken taken(String where, HostState host, Action action) {
        return switch (Protocol.step(host, action)) {
            case Step.Taken taken -> taken;
            case Step.Refused refused ->
                throw new Caught(where, action + " at " + host.name(), "allows it", "refuses: " + refused.why());
        };
    }
}
