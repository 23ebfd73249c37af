package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecHost.Copy;
import dev.unwrite.conformance.graph.SpecHost.Flush;
import dev.unwrite.conformance.graph.SpecHost.Held;
import dev.unwrite.conformance.graph.SpecHost.Message;
import dev.unwrite.conformance.graph.SpecState.Write;
import dev.unwrite.spec.graph.StepLabel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which step exactly: the parameters of the action's definition in the model, and those that a quantifier inside it
 * chose. TLC tells the former; the latter follow from the two states, and only one choice leads from one to the other.
 *
 * @param action name
 * @param host the host that acts; empty for what happens to the storage
 * @param term of the message or copy; 0 where there is none
 * @param epoch of the message, copy or checkpoint; of a cut, that of its base
 * @param block number; -1 where there is none, or of a flush that is one of all
 * @param flush number of the machine's flush; 0 where there is none
 * @param fua whether a write is sent with FUA
 */
record Chosen(String action, String host, long term, long epoch, int block, long flush, boolean fua) {
    Chosen(String action, String host, long term, long epoch, int block) {
        this(action, host, term, epoch, block, 0, false);
    }

    static Chosen of(StepLabel label, SpecStates names, SpecState s, SpecState t) {
        String h = label.parameter("h");
        String action = label.action();
        int block = label.parameter("b").isEmpty() ? -1 : names.block(label.parameter("b"));
        if (h.isEmpty()) {
            return new Chosen(action, "", 0, 0, block);
        }
        SpecHost before = s.host(h);
        SpecHost after = t.host(h);
        return switch (action) {
            case "RecvPreserved" ->
                new Chosen(
                        action,
                        h,
                        before.term(),
                        before.epoch(),
                        CodeTerms.blocks(after.kept() & ~before.kept()).getFirst());
            case "LearnCommitted" ->
                new Chosen(
                        action,
                        h,
                        before.term(),
                        newestGone(before.cuts().keySet(), after.cuts().keySet()),
                        -1);
            case "ReadOld", "ReadAround" -> copy(action, h, after.reading(), before.reading());
            case "StoreCopy" -> copy(action, h, before.reading(), after.reading());
            case "StagePart" -> {
                Set<Message> more = new HashSet<>(after.staged());
                more.removeAll(before.staged());
                Message part = more.iterator().next();
                yield new Chosen(action, h, part.term(), part.epoch(), part.block());
            }
            case "Cut" -> {
                Set<Message> parts = new HashSet<>(t.net());
                parts.removeAll(s.net());
                yield new Chosen(action, h, 0, parts.iterator().next().base(), -1);
            }
            case "Commit" -> {
                Held held = after.ckpt();
                yield new Chosen(action, h, before.term(), held == null ? -1 : held.epoch(), -1);
            }
            case "SendWrite" -> {
                Set<Write> more = new HashSet<>(t.wire());
                more.removeAll(s.wire());
                yield new Chosen(
                        action, h, 0, 0, block, 0, more.iterator().next().fua());
            }
            case "MachineFlush" -> {
                Flush flush = difference(after.asked(), before.asked());
                yield new Chosen(action, h, 0, 0, only(flush, before), flush.n(), false);
            }
            case "AnswerFlush" ->
                new Chosen(
                        action,
                        h,
                        0,
                        0,
                        -1,
                        difference(before.asked(), after.asked()).n(),
                        false);
            default -> new Chosen(action, h, 0, 0, block);
        };
    }

    private static Flush difference(Set<Flush> more, Set<Flush> fewer) {
        return more.stream().filter(flush -> !fewer.contains(flush)).findFirst().orElseThrow();
    }

    /** The block that a flush is of, or -1 if it may be one of all. */
    private static int only(Flush flush, SpecHost before) {
        int unflushed = before.pendingMask() | before.dirty();
        if (flush.state().equals(before.mem()) && flush.owes() == unflushed) {
            return -1;
        }
        for (int b = 0; b < flush.state().size(); b++) {
            List<Integer> alone =
                    new ArrayList<>(Collections.nCopies(flush.state().size(), 1));
            alone.set(b, before.mem().get(b));
            if (flush.state().equals(alone) && flush.owes() == (unflushed & 1 << b)) {
                return b;
            }
        }
        throw new IllegalStateException("MachineFlush is of neither all blocks nor one: " + flush);
    }

    /** The newest of those that are gone: the older ones went with it. */
    private static long newestGone(Set<Long> before, Set<Long> after) {
        return before.stream()
                .filter(epoch -> !after.contains(epoch))
                .max(Long::compare)
                .orElseThrow(() -> new IllegalStateException("LearnCommitted took no checkpoint"));
    }

    private static Chosen copy(String action, String h, Set<Copy> more, Set<Copy> fewer) {
        Set<Copy> gone = new HashSet<>(more);
        gone.removeAll(fewer);
        Copy copy = gone.iterator().next();
        return new Chosen(action, h, copy.term(), copy.epoch(), copy.block());
    }

    @Override
    public String toString() {
        if (host.isEmpty() && block < 0) {
            return action;
        }
        StringBuilder text = new StringBuilder(action).append('(').append(host);
        if (term > 0 || epoch > 0) {
            text.append(", term ").append(term).append(", epoch ").append(epoch);
        }
        if (flush > 0) {
            text.append(", flush ").append(flush);
        }
        if (block >= 0) {
            text.append(host.isEmpty() ? "" : ", ").append('b').append(block + 1);
        }
        text.append(fua ? ", FUA" : "");
        return text.append(')').toString();
    }
}
