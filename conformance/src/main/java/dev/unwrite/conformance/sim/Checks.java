package dev.unwrite.conformance.sim;

import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/** The properties of the design, under their names, on a simulated world: what is there, not what the core believes. */
final class Checks {
    private final SimWorld world;
    private long checkedChanges = -1;
    private int sinceDeep;

    Checks(SimWorld world) {
        this.world = world;
    }

    void afterMove() {
        if (world.isLost()) {
            return;
        }
        consistent();
        oneOwner();
        noOutputLost();
        recoverable();
    }

    /** Consistent: the owner's machine and disk agree whenever no write is in flight. */
    private void consistent() {
        for (int i = 0; i < 2; i++) {
            SimHost host = world.host(i);
            if (host.isUp() && host.runs() && host.state().drained() && host.connected()) {
                require(
                        "Consistent",
                        Arrays.equals(host.machine().memory(), world.storage().image()),
                        () -> "nothing is in flight, and " + world);
            }
        }
    }

    /** OneOwner: in the record's term, only its owner runs the machine. What the storage applies is checked there. */
    private void oneOwner() {
        OwnershipRecord record = world.storage().record();
        for (int i = 0; i < 2; i++) {
            SimHost host = world.host(i);
            if (host.is(Role.PRIMARY) && host.state().term() == record.term()) {
                require("OneOwner", record.owner().equals(host.name), world::toString);
            }
        }
    }

    /** NoOutputLost: what the outside has heard is never taken back. */
    private void noOutputLost() {
        for (int i = 0; i < 2; i++) {
            SimHost host = world.host(i);
            if (host.isUp() && host.runs()) {
                covers(host.machine().memory(), () -> "the machine at " + host.name);
            }
        }
    }

    private void covers(int[] state, java.util.function.Supplier<String> whose) {
        int[] seen = world.seen();
        for (int i = 0; i < seen.length; i++) {
            int block = i;
            require(
                    "NoOutputLost",
                    seen[i] <= state[i],
                    () -> "the outside has heard of " + seen[block] + " in block " + block + ", " + whose.get()
                            + " knows of " + state[block] + "; " + world);
        }
    }

    /** A cut is that of a machine whose disk agrees with it, all of it flushed. */
    void cut(SimHost host, int[] memory) {
        if (host.runs() && !world.isLost()) {
            require(
                    "Recoverable",
                    Arrays.equals(memory, world.storage().image()),
                    () -> "the machine at " + host.name + " is cut when its disk is not what it wrote: " + world);
            require(
                    "Recoverable",
                    Arrays.equals(memory, world.storage().durableImage()),
                    () -> "the machine at " + host.name + " is cut when not all is flushed: " + world);
        }
    }

    /**
     * CheckpointedMachine: a failure takes machine and disk back to one checkpoint, whole. Only where the record still
     * says so: a host that is fenced and does not know yet resumes nothing that anybody sees.
     */
    void resumed(SimHost host, long term, long epoch) {
        OwnershipRecord record = world.storage().record();
        if (!record.owner().equals(host.name) || record.term() != host.state().term()) {
            return;
        }
        int[] cut = world.cut(term, epoch);
        if (host.disk().hasLied() && !Arrays.equals(cut, world.storage().image())) {
            world.lose();
            return;
        }
        require(
                "CheckpointedMachine",
                cut != null
                        && Arrays.equals(cut, host.machine().memory())
                        && Arrays.equals(cut, world.storage().image()),
                () -> host.name + " resumes checkpoint " + epoch + " of term " + term + ", which is "
                        + Arrays.toString(cut) + ", with the machine " + host.machine() + "; " + world);
        require(
                "CheckpointedMachine",
                !host.connected() || Arrays.equals(cut, world.storage().durableImage()),
                () -> host.name + " resumes when what was restored is not flushed: " + world);
    }

    /**
     * Recoverable: from what is safe on the local disk of the host that the record counts on, read by the real log and
     * store, disk and machine of its committed checkpoint can be rebuilt, whatever crashes now.
     */
    private void recoverable() {
        OwnershipRecord record = world.storage().record();
        boolean isProtected = record.mode() == OwnershipRecord.Mode.PROTECTED;
        if (!isProtected && record.mode() != OwnershipRecord.Mode.ROLLBACK) {
            return;
        }
        long changes = world.storage().changes();
        // Only what the storage or the record became can break it, or what a disk lost, which a later look sees too.
        if (changes == checkedChanges && ++sinceDeep < 8) {
            return;
        }
        checkedChanges = changes;
        sinceDeep = 0;
        SimHost holder = world.host((isProtected ? record.secondary() : record.owner()).equals("A") ? 0 : 1);
        if (holder.disk().isDamaged() || holder.isRefused()) {
            return;
        }
        rebuild(holder, record, isProtected);
    }

    private void rebuild(SimHost holder, OwnershipRecord record, boolean isProtected) {
        try {
            Mirror left =
                    Mirror.open(holder.disk().afterCrash(), world.storage().blocks());
            Checkpoint held = left.checkpoint();
            if (held == null && holder.lostAllOf(record.term())) {
                return; // Its disk was damaged, noticed, and replaced: that is said, not hidden.
            }
            require("Recoverable", held != null, () -> holder.name + " holds no checkpoint; " + world);
            if (held == null) {
                return;
            }
            if (isProtected) {
                require(
                        "Recoverable",
                        held.term() == record.term() && held.epoch() >= record.base(),
                        () -> holder.name + " holds checkpoint " + held.epoch() + " of term " + held.term() + "; "
                                + world);
                // With a base before the first cut of the join, a checkpoint that the join did not send would do.
                require(
                        "Recoverable",
                        world.cut(record.term(), record.base()) != null,
                        () -> "the record counts on checkpoint " + record.base() + ", which was never cut; " + world);
            }
            int[] cut = world.cut(held.term(), held.epoch());
            int[] state = Machine.values(left.state());
            require(
                    "Recoverable",
                    Arrays.equals(cut, state),
                    () -> holder.name + " holds " + Arrays.toString(state) + " as checkpoint " + held.epoch()
                            + " of term " + held.term() + ", which was " + Arrays.toString(cut));
            Map<Long, Integer> copies = left.copiesSince(held.term(), held.epoch());
            restores(holder, copies, world.storage().image(), state, "");
            restores(holder, copies, world.storage().durableImage(), state, ", if the storage crashed now,");
            covers(state, () -> "checkpoint " + held.epoch() + " at " + holder.name);
        } catch (IOException e) {
            throw new Violation("Recoverable", holder.name + " could not read its disk after a crash: " + e, e);
        }
    }

    private void restores(SimHost holder, Map<Long, Integer> copies, int[] image, int[] state, String when) {
        int[] restored = image.clone();
        copies.forEach((block, value) -> restored[block.intValue()] = value);
        require(
                "Recoverable",
                Arrays.equals(restored, state),
                () -> "with the copies of " + holder.name + when + " the disk would be " + Arrays.toString(restored)
                        + ", its checkpoint is of " + Arrays.toString(state) + "; " + world);
    }

    private static void require(String property, boolean holds, java.util.function.Supplier<String> how) {
        if (!holds) {
            throw new Violation(property, how.get());
        }
    }
}
