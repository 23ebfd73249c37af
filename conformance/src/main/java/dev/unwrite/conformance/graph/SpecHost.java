package dev.unwrite.conformance.graph;

import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The variables of one host in a state of the specification, by the names that they have there. Blocks are numbered
 * from 0; a set of blocks is a bit mask, a function of blocks a list.
 */
record SpecHost(
        String role,
        long term,
        String mode,
        long epoch,
        long mine,
        List<Integer> mem,
        List<Integer> pending,
        int sent,
        int kept,
        int dirty,
        Set<Flush> asked,
        NavigableMap<Long, List<Integer>> cuts,
        List<Integer> safe,
        Set<Message> staged,
        Set<Copy> reading,
        Set<Copy> log,
        @Nullable Held ckpt) {

    /** A message between the hosts; {@code block} is -1 and {@code value} 0 where it has none. */
    record Message(String type, String to, long term, long epoch, int block, int value, long base) {}

    /** A copy, with its content. */
    record Copy(long term, long epoch, int block, int value) {
        Tag tag() {
            return new Tag(term, epoch, block);
        }
    }

    /** A flush that the machine has asked for. */
    record Flush(long n, List<Integer> state, int writes, int owes) {}

    /** What the code knows of a copy: all but its content. */
    record Tag(long term, long epoch, int block) {}

    /** The committed checkpoint. */
    record Held(long term, long epoch, List<Integer> state) {}

    boolean is(String name) {
        return role.equals(name);
    }

    /** The blocks of a write under way. */
    int pendingMask() {
        int mask = 0;
        for (int b = 0; b < pending.size(); b++) {
            mask |= pending.get(b) != 0 ? 1 << b : 0;
        }
        return mask;
    }

    boolean drained() {
        return pendingMask() == 0;
    }

    boolean quiet() {
        return drained() && dirty == 0;
    }

    /** The blocks of which a rollback writes a copy back. */
    int restores() {
        Held held = ckpt;
        int mask = 0;
        if (held != null) {
            for (Copy copy : log) {
                mask |= copy.term == held.term && copy.epoch >= held.epoch ? 1 << copy.block : 0;
            }
        }
        return mask;
    }

    /** What the checkpoint is a delta on, of which parts are here; 0 if it is whole. */
    long base(long atEpoch) {
        return staged.stream().filter(part -> part.epoch == atEpoch).findFirst().orElseThrow().base;
    }

    /** Whether all parts of the checkpoint are here. */
    boolean whole(long atEpoch, int blocks) {
        return staged.stream().filter(part -> part.epoch == atEpoch).count() == blocks;
    }
}
