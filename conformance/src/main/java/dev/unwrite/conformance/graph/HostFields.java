package dev.unwrite.conformance.graph;

import static dev.unwrite.conformance.graph.CodeTerms.text;

import dev.unwrite.conformance.graph.SpecHost.Held;
import dev.unwrite.conformance.graph.SpecHost.Message;
import dev.unwrite.conformance.graph.SpecHost.Tag;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Compares all that the specification and the code both know of a host, between two steps of it. */
final class HostFields {
    private HostFields() {}

    /** Throws {@link Caught} for the first field that differs. */
    static void compare(String where, SpecState state, Way way) {
        for (HostState host : way.hosts()) {
            compare(where, state, host, way.asked(host.name()) != null);
        }
    }

    private static void compare(String where, SpecState state, HostState code, boolean asked) {
        SpecHost spec = state.host(code.name());
        Fields fields = new Fields(where, code.name());
        // Of a host that is down there is nothing but its local storage.
        fields.same("role", spec.is("down") ? "idle" : spec.role(), code.role().spelling());
        fields.same("term", spec.term(), code.term());
        fields.same("mode", spec.mode(), code.mode().spelling());
        fields.same("epoch", spec.epoch(), code.epoch());
        fields.same("mine", spec.mine(), code.session());
        writes(fields, spec, code);
        fields.same("kept", text(spec.kept()), text(CodeTerms.mask(code.kept())));
        // A cold owner has the whole disk to flush; the code remembers only whether it did.
        boolean cold = code.role() == Role.COLD;
        fields.same("dirty", text(cold ? 0 : spec.dirty()), text(CodeTerms.mask(code.dirty())));
        fields.same("dirty", cold && spec.dirty() == 0, code.coldFlushed() && cold);
        fields.same("asked", asked(spec), asked(code));
        fields.same("cuts", spec.cuts().keySet(), code.cuts());
        fields.same("safe", spec.safe(), ModelCheckpoints.stateOf(state, code.name(), code.safe()));
        fields.same("staged", whole(spec, state.blocks()), code.staged());
        fields.same("reading", tags(spec.reading()), tags(code.reading()));
        fields.same("log", tags(spec.log()), tags(code.copies()));
        Held held = spec.ckpt();
        Checkpoint checkpoint = code.checkpoint();
        fields.same(
                "ckpt",
                held == null ? "None" : new Checkpoint(held.term(), held.epoch()),
                checkpoint == null ? "None" : checkpoint);
        fields.same("Restores", text(spec.restores()), text(CodeTerms.mask(code.restorable())));
        between(fields, state, code, asked);
    }

    private static Map<Long, List<String>> asked(SpecHost spec) {
        Map<Long, List<String>> asked = new TreeMap<>();
        spec.asked().forEach(flush -> asked.put(flush.n(), List.of(text(flush.writes()), text(flush.owes()))));
        return asked;
    }

    private static Map<Long, List<String>> asked(HostState code) {
        Map<Long, List<String>> asked = new TreeMap<>();
        code.asked()
                .forEach(flush -> asked.put(
                        flush.id(), List.of(text(CodeTerms.mask(flush.writes())), text(CodeTerms.mask(flush.owes())))));
        return asked;
    }

    private static void writes(Fields fields, SpecHost spec, HostState code) {
        int pending = 0;
        int sent = CodeTerms.mask(code.owedSent());
        for (PendingWrite write : code.pending()) {
            int mask = CodeTerms.mask(write.extent());
            fields.same("a block written twice at once", text(0), text(pending & mask));
            pending |= mask;
            sent |= write.sent() ? mask : 0;
        }
        int owed = CodeTerms.mask(code.owed());
        fields.same("a block that the machine writes, owed too", text(0), text(pending & owed));
        fields.same("owed blocks sent, but not owed", text(0), text(CodeTerms.mask(code.owedSent()) & ~owed));
        fields.same("pending", text(spec.pendingMask()), text(pending | owed));
        fields.same("sent", text(spec.sent()), text(sent));
    }

    /** What the code has only between the halves of a step, and what it cannot know better than the storage. */
    private static void between(Fields fields, SpecState state, HostState code, boolean asked) {
        fields.same("proposal", asked, code.proposal() != null);
        fields.same(
                "flushing what is not dirty",
                text(0),
                text(CodeTerms.mask(code.flushing().without(code.dirty()))));
        long version = CodeTerms.record(state.record()).version();
        fields.same("a record of the future", false, code.record().version() > version);
    }

    private static Map<Long, Long> whole(SpecHost spec, int blocks) {
        Map<Long, Long> epochs = new TreeMap<>();
        for (Message part : spec.staged()) {
            if (spec.whole(part.epoch(), blocks)) {
                epochs.put(part.epoch(), part.base());
            }
        }
        return epochs;
    }

    private static Set<Tag> tags(Set<SpecHost.Copy> copies) {
        Set<Tag> tags = new HashSet<>();
        copies.forEach(copy -> tags.add(copy.tag()));
        return tags;
    }

    private static Set<Tag> tags(Map<CopyKey, Blocks> copies) {
        Set<Tag> tags = new HashSet<>();
        copies.forEach((key, blocks) ->
                CodeTerms.blocks(CodeTerms.mask(blocks)).forEach(b -> tags.add(new Tag(key.term(), key.epoch(), b))));
        return tags;
    }

    /** Says where, when two values are not the same. */
    private record Fields(String where, String host) {
        void same(String field, Object spec, Object code) {
            if (!spec.equals(code)) {
                throw new Caught(where, field + "[" + host + "]", spec, code);
            }
        }
    }
}
