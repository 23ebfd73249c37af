package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecHost.Held;
import dev.unwrite.conformance.graph.SpecHost.Message;
import dev.unwrite.conformance.graph.SpecHost.Tag;
import dev.unwrite.conformance.graph.SpecState.SpecRecord;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The guards of the specification's actions, as far as the host and what it is told decide them, and apart from them
 * what only the storage, the network or the bounds of the model decide. TLC holds them to the specification: where a
 * guard is true and none of the reasons holds, the graph must have an edge.
 */
final class Guards {
    private final Map<String, String> bounds;

    /** {@code bounds}: the constants of the model. */
    Guards(Map<String, String> bounds) {
        this.bounds = bounds;
    }

    static boolean sendWrite(SpecHost h, int block) {
        int bit = 1 << block;
        return (h.is("primary") || h.is("restoring"))
                && h.mine() != 0
                && (h.pendingMask() & bit) != 0
                && (h.sent() & bit) == 0
                && (h.is("restoring") || h.mode().equals("solo") || (h.kept() & bit) != 0);
    }

    /** Why the code may take this step, which is no edge of the graph; null if it may not. */
    @Nullable
    Exemption reason(SpecState s, HostState code, Answer answer) {
        String name = code.name();
        SpecHost h = s.host(name);
        Probe p = answer.probe();
        boolean primary = h.is("primary");
        return switch (p.action()) {
            case "MachineWrite" ->
                when(primary && h.pending().get(p.block()) == 0 && spent(s, "writes", "MaxWrites"), Exemption.BOUND);
            case "RecvPreserved" ->
                when(
                        primary
                                && p.term() == h.term()
                                && p.epoch() == h.epoch()
                                && (h.kept() & 1 << p.block()) == 0
                                && !sent(s, "Preserved", name, p),
                        Exemption.NOT_SENT);
            case "SendWrite" -> sendWithFua(h, code, answer);
            case "MachineFlush" -> {
                long n = ((dev.unwrite.protocol.Action.MachineFlush) p.code().getFirst()).id();
                yield when(
                        primary
                                && h.asked().stream().noneMatch(flush -> flush.n() == n)
                                && (spent(s, "flushes", "MaxFlushes")
                                        || n != s.spent().getOrDefault("flushes", 0L) + 1),
                        Exemption.BOUND);
            }
            case "WriteDone" -> when(isOnItsWay(h, code, answer) && !replied(s, name, h, p), Exemption.NOT_ANSWERED);
            case "Flush" -> flush(s, name, h, code, answer);
            case "Cut" ->
                when(
                        primary
                                && h.mode().equals("protected")
                                && h.quiet()
                                && (h.epoch() >= bound("MaxEpoch")
                                        || h.cuts().size() >= bound("MaxCuts")
                                        || (((Action.Cut) p.code().getFirst()).delta() && !withDeltas())),
                        Exemption.BOUND);
            case "LearnCommitted" ->
                when(
                        primary
                                && p.term() == h.term()
                                && h.cuts().containsKey(p.epoch())
                                && !sent(s, "Committed", name, p),
                        Exemption.NOT_SENT);
            case "Speak" ->
                when(
                        primary
                                && answer.next().equals(code)
                                && answer.effects().equals(List.of(ExpectedEffects.speak(s, code))),
                        Exemption.AGAIN);
            case "ReadOld" -> readOld(s, name, h, code, answer);
            case "ReadAround" -> readAround(s, name, h, p);
            case "StagePart" -> stagePart(s, name, h, p);
            case "StartJoin" ->
                when(
                        primary
                                && h.mode().equals("solo")
                                && s.owns(name, "solo")
                                && h.quiet()
                                && h.epoch() >= bound("MaxEpoch"),
                        Exemption.BOUND);
            case "OpenSession" -> openSession(s, name, h, p);
            case "ColdRead" -> when(h.is("cold") && h.dirty() == 0 && !answered(s, name, h), Exemption.NOT_ANSWERED);
            case "Restart" -> when(h.is("idle") && answer.next().equals(code), Exemption.AGAIN);
            default -> when(p.record() != null && withRecord(name, h, p), byRecord(s, name, p));
        };
    }

    private static @Nullable Exemption when(boolean holds, @Nullable Exemption reason) {
        return holds ? reason : null;
    }

    /** Whether the storage answers the host at all: its session is the newest, and its term the record's. */
    private static boolean answered(SpecState s, String name, SpecHost h) {
        return s.connected(name) && h.term() == s.record().term();
    }

    private static boolean sent(SpecState s, String type, String to, Probe p) {
        return sent(s, type, to, new Tag(p.term(), p.epoch(), p.block()));
    }

    private static boolean sent(SpecState s, String type, String to, Tag tag) {
        return s.net().contains(new Message(type, to, tag.term(), tag.epoch(), tag.block(), 0, 0));
    }

    private static boolean isOnItsWay(SpecHost h, HostState code, Answer answer) {
        Probe p = answer.probe();
        long id = ((dev.unwrite.protocol.Action.WriteDone) p.code().getFirst()).id();
        return (h.is("primary") || h.is("restoring"))
                && (h.sent() & 1 << p.block()) != 0
                && p.session() == h.mine()
                && id == EdgeReplay.writeId(code, p.block());
    }

    /** The models send with FUA only what a flush waits for; a host may always. */
    private static @Nullable Exemption sendWithFua(SpecHost h, HostState code, Answer answer) {
        Probe p = answer.probe();
        dev.unwrite.protocol.Action.SendWrite send =
                (dev.unwrite.protocol.Action.SendWrite) p.code().getFirst();
        return when(
                send.fua()
                        && sendWrite(h, p.block())
                        && send.id() == EdgeReplay.writeId(code, p.block())
                        && h.asked().stream().noneMatch(flush -> (flush.writes() & 1 << p.block()) != 0),
                Exemption.BOUND);
    }

    private static boolean replied(SpecState s, String name, SpecHost h, Probe p) {
        int value = h.pending().get(p.block());
        return s.replies().stream()
                .anyMatch(write -> write.host().equals(name)
                        && write.session() == h.mine()
                        && write.block() == p.block()
                        && write.value() == value);
    }

    private static @Nullable Exemption flush(SpecState s, String name, SpecHost h, HostState code, Answer answer) {
        boolean owner = h.is("primary") || h.is("restoring") || h.is("cold");
        if (!owner || h.mine() == 0 || answer.probe().session() != h.mine()) {
            return null;
        }
        if (h.dirty() == 0) {
            return when(h.is("cold") && answer.next().equals(code), Exemption.AGAIN);
        }
        return when(!answered(s, name, h), Exemption.NOT_ANSWERED);
    }

    private static @Nullable Exemption readOld(SpecState s, String name, SpecHost h, HostState code, Answer answer) {
        Probe p = answer.probe();
        Held held = h.ckpt();
        if (!h.is("secondary") || p.term() != h.term() || (held != null && p.epoch() < held.epoch())) {
            return null;
        }
        Tag tag = new Tag(p.term(), p.epoch(), p.block());
        boolean stored = h.log().stream().anyMatch(copy -> copy.tag().equals(tag));
        boolean reading = h.reading().stream().anyMatch(copy -> copy.tag().equals(tag));
        if (!stored && !reading) {
            return when(!sent(s, "Preserve", name, p), Exemption.NOT_SENT);
        }
        // What is stored is acknowledged once more; the message is one that was sent before.
        List<Effect> again = stored
                ? List.of(new Effect.SendPreserved(p.term(), p.epoch(), List.of(CodeTerms.extent(p.block()))))
                : List.of();
        boolean sentBefore = !stored || sent(s, "Preserved", code.peer(), p);
        return when(answer.next().equals(code) && answer.effects().equals(again) && sentBefore, Exemption.AGAIN);
    }

    /** Nobody sent the request beside which it would read, or the models have no more of what is read unasked. */
    private @Nullable Exemption readAround(SpecState s, String name, SpecHost h, Probe p) {
        Action.ReadAround action = (Action.ReadAround) p.code().getFirst();
        Held held = h.ckpt();
        if (!h.is("secondary") || p.term() != h.term() || (held != null && p.epoch() < held.epoch())) {
            return null;
        }
        int asked = (int) action.asked().first();
        boolean isStored = h.log().stream().anyMatch(copy -> copy.tag().equals(new Tag(p.term(), p.epoch(), asked)));
        boolean isCopied = Stream.concat(h.log().stream(), h.reading().stream())
                .anyMatch(copy -> copy.tag().equals(new Tag(p.term(), p.epoch(), p.block())));
        boolean isSent = sent(s, "Preserve", name, new Tag(p.term(), p.epoch(), asked));
        if (isStored || isCopied) {
            return null;
        }
        return isSent ? when(unasked(s, name, h) >= bound("MaxAround"), Exemption.BOUND) : Exemption.NOT_SENT;
    }

    /** How many copies of its term the host has that nobody asked for. */
    private static long unasked(SpecState s, String name, SpecHost h) {
        return Stream.concat(h.log().stream(), h.reading().stream())
                .filter(copy -> copy.term() == h.term())
                .filter(copy -> !sent(s, "Preserve", name, copy.tag()))
                .distinct()
                .count();
    }

    /** The parts that are missing must all have been sent, or the state is not whole. */
    private static @Nullable Exemption stagePart(SpecState s, String name, SpecHost h, Probe p) {
        Held held = h.ckpt();
        boolean wanted = h.is("secondary")
                && p.term() == h.term()
                && (held == null || p.epoch() > held.epoch())
                && !h.whole(p.epoch(), s.blocks());
        return when(wanted && parts(s, name, p) < s.blocks(), Exemption.NOT_SENT);
    }

    /** How many parts of the state that the code is told of were sent. */
    static long parts(SpecState s, String name, Probe p) {
        long base = ((Action.StagePart) p.code().getFirst()).base();
        return s.net().stream()
                .filter(m -> m.type().equals("Part")
                        && m.to().equals(name)
                        && m.term() == p.term()
                        && m.epoch() == p.epoch()
                        && m.base() == base)
                .count();
    }

    private boolean withDeltas() {
        return Boolean.parseBoolean(bounds.get("WithDeltas"));
    }

    private @Nullable Exemption openSession(SpecState s, String name, SpecHost h, Probe p) {
        boolean owner = h.is("primary") || h.is("restoring") || h.is("cold");
        if (!owner || p.session() <= h.mine()) {
            return null;
        }
        boolean given =
                h.term() == s.record().term() && p.session() == s.session().getOrDefault(name, 0L) + 1;
        if (!given) {
            return Exemption.NOT_ANSWERED;
        }
        return when(s.connected(name) && spent(s, "reconnects", "Reconnects"), Exemption.BOUND);
    }

    /** The guards of those actions that are told what the record says. */
    static boolean withRecord(String name, SpecHost h, Probe p) {
        SpecRecord r = p.told();
        Held held = h.ckpt();
        boolean mine = r.owner().equals(name);
        boolean current = mine && r.term() == h.term();
        boolean solo = r.mode().equals("solo");
        boolean isProtected = r.mode().equals("protected");
        return switch (p.action()) {
            case "FollowJoin" -> h.is("idle") && !mine && !r.owner().isEmpty() && solo;
            case "BecomeSecondary" ->
                h.is("idle") && isProtected && r.secondary().equals(name) && held != null && held.term() == r.term();
            case "Learn" ->
                h.is("primary")
                        && current
                        && ((h.mode().equals("joining") && isProtected)
                                || (h.mode().equals("protected") && solo));
            case "AbortJoin" -> h.is("primary") && h.mode().equals("joining") && current && solo;
            case "StepDown" -> !h.is("idle") && !h.is("down") && h.term() < r.term();
            case "RestartRollback" -> h.is("idle") && mine && (solo || r.mode().equals("rollback")) && held != null;
            case "GoAlone" -> h.is("primary") && h.mode().equals("protected") && current && isProtected;
            case "Protect" ->
                h.is("primary")
                        && h.mode().equals("joining")
                        && current
                        && solo
                        && h.cuts().isEmpty();
            case "TakeOver" ->
                h.is("secondary")
                        && held != null
                        && held.term() == h.term()
                        && r.term() == h.term()
                        && !mine
                        && isProtected
                        && r.secondary().equals(name)
                        && held.epoch() >= r.base();
            case "FinishRollback" -> h.is("restoring") && current && r.mode().equals("rollback") && h.quiet();
            case "Bootstrap" -> h.is("idle") && r.owner().isEmpty();
            case "ColdStart" -> h.is("idle") && mine && solo && held == null;
            case "ForceColdStart" -> h.is("idle") && mine && isProtected;
            default -> false;
        };
    }

    private @Nullable Exemption byRecord(SpecState s, String name, Probe p) {
        return switch (p.action()) {
            case "FollowJoin" -> when(!someState(s, name), Exemption.NOT_SENT);
            case "TakeOver", "Bootstrap", "ColdStart" -> when(s.record().term() >= bound("MaxTerm"), Exemption.BOUND);
            case "ForceColdStart" ->
                when(s.record().term() >= bound("MaxTerm") || spent(s, "forced", "Forced"), Exemption.BOUND);
            default -> null;
        };
    }

    private static boolean someState(SpecState s, String name) {
        return s.net().stream()
                .anyMatch(m -> m.type().equals("Part")
                        && m.to().equals(name)
                        && m.term() == s.record().term());
    }

    private boolean spent(SpecState s, String what, String bound) {
        return s.spent().getOrDefault(what, 0L) >= bound(bound);
    }

    private long bound(String name) {
        String value = bounds.get(name);
        if (value == null) {
            throw new IllegalStateException("the model has no bound " + name);
        }
        return Long.parseLong(value);
    }
}
