package dev.unwrite.conformance.cluster;

import static dev.unwrite.conformance.cluster.Violation.require;

import dev.unwrite.checkpoint.StoredCheckpoint;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The properties of the design, under their names, on a simulated cluster: what is there, not what the host believes. */
final class Checks {
    private static final int DEEP_EVERY = 8;
    /** What survives a crash of what was not synced, as {@link SimDisk#crash} takes it. */
    private static final int NOTHING = 0;

    private static final int EVERYTHING = 0x55555555;

    private final Cluster cluster;
    private final Map<CopyKey, Cut> cuts = new HashMap<>();
    /** What the newest rollback that was done went back to. */
    private @Nullable CopyKey restored;

    private @Nullable History lineage;
    private int lineageBase;
    private int heard;
    private long checkedChanges = -1;
    private int sinceDeep;

    /** The disk when the machine was saved, and how much the machine had said. */
    private record Cut(int[] image, int said) {}

    Checks(Cluster cluster) {
        this.cluster = cluster;
    }

    private int[] image() {
        return cluster.storage().disk.image();
    }

    private int[] durableImage() {
        return cluster.storage().disk.durableImage();
    }

    /** Whether the record says that the machine runs there: one that is fenced and does not know yet promises nothing. */
    private boolean owns(SimHost process) {
        OwnershipRecord record = cluster.storage().record();
        return record.owner().equals(process.name)
                && record.term() == process.state().term();
    }

    private boolean isConnected(SimHost process) {
        return cluster.storage().isNewest(process.name, process.state().session());
    }

    // ---- At single moments.

    /** A machine is about to start from its disk: FlushedSurvives. */
    void coldStart(SimHost process, int[] image) {
        History before = lineage;
        if (before == null || !owns(process) || cluster.isLost()) {
            return;
        }
        int cell = before.lostBy(image);
        require(
                "FlushedSurvives",
                cell < 0,
                () -> "the machine at " + process.name + " starts with " + image[cell] + " in " + Cells.name(cell)
                        + ", which may be " + before.allowedAfterCrash(cell));
    }

    /** The machine begins, with a history of its own; if it is the one that the record knows, that counts from now on. */
    void begins(SimHost process, History history, int said) {
        if (owns(process)) {
            lineage = history;
            lineageBase = said;
        }
    }

    /** The state of a machine that stands still is saved, for a checkpoint that is about to be cut. */
    void saved(SimHost process, History history, long term, long epoch, int[] image, int said) {
        if (!owns(process) || cluster.isLost()) {
            return;
        }
        if (isConnected(process)) {
            int cell = history.differs(image, i -> false);
            require(
                    "Consistent",
                    cell < 0,
                    () -> "the machine at " + process.name + " is saved when the disk has " + image[cell] + " in "
                            + Cells.name(cell) + ", which may be " + history.allowed(cell));
        }
        cuts.put(new CopyKey(term, epoch), new Cut(image, said));
    }

    /** A cut is that of a machine whose disk agrees with it, all of it flushed. */
    void cut(SimHost process, HostState after) {
        if (!owns(process) || cluster.isLost()) {
            return;
        }
        int[] saved = imageOf(new CopyKey(after.term(), after.epoch()));
        require("Recoverable", saved != null, () -> "epoch " + after.epoch() + " is cut without a state");
        same(
                "Recoverable",
                Objects.requireNonNull(saved),
                image(),
                () -> "epoch " + after.epoch() + " is cut when its disk is not that of its state:");
        same("Recoverable", saved, durableImage(), () -> "epoch " + after.epoch() + " is cut when not all is flushed:");
    }

    private int @Nullable [] imageOf(CopyKey key) {
        Cut cut = cuts.get(key);
        return cut == null ? null : cut.image;
    }

    private static void same(String property, int[] wanted, int[] found, Supplier<String> what) {
        int cell = Arrays.mismatch(wanted, found);
        require(
                property,
                cell < 0,
                () -> what.get() + " " + Cells.name(cell) + " is " + found[cell] + " instead of " + wanted[cell]);
    }

    /**
     * KeepUntilRestored: the rollback that begins now is the one that would begin again if the host crashed, whatever survives of
     * what was not synced.
     */
    void takenOver(SimHost process, HostState after) {
        if (cluster.isLost() || process.disk().isDamaged() || process.disk().isDead()) {
            return;
        }
        for (int survives : new int[] {NOTHING, EVERYTHING}) {
            try {
                HostState again = process.startedAfterCrash(survives);
                require(
                        "KeepUntilRestored",
                        after.owed().equals(again.restorable())
                                && Objects.equals(after.checkpoint(), again.checkpoint()),
                        () -> process.name + " rolls back " + after.owed() + " to " + after.checkpoint()
                                + ", after a crash it would be " + again.restorable() + " to " + again.checkpoint());
            } catch (IOException e) {
                throw new Violation(
                        "KeepUntilRestored", process.name + " could not read its disk after a crash: " + e, e);
            }
        }
    }

    /** A host is about to say that its rollback is over. */
    void restored(HostState state) {
        Checkpoint to = state.checkpoint();
        restored = to == null ? null : new CopyKey(to.term(), to.epoch());
    }

    /**
     * Once a rollback is over, the disk is that of its checkpoint, and what is lost is lost: should the state be lost, too, the
     * machine starts from that disk.
     */
    void recordChanged(OwnershipRecord before, OwnershipRecord after) {
        boolean finished = before.mode() == OwnershipRecord.Mode.ROLLBACK
                && after.mode() == OwnershipRecord.Mode.SOLO
                && after.term() == before.term();
        Cut cut = restored == null ? null : cuts.get(restored);
        if (!finished || cut == null || cluster.isLost()) {
            return;
        }
        SimHost owner = cluster.process(after.owner());
        if (owner.disk().hasLied() && !Arrays.equals(cut.image, durableImage())) {
            cluster.lose();
            return;
        }
        same("CheckpointedMachine", cut.image, durableImage(), () -> "the rollback by " + after.owner() + " is over:");
        lineage = new History(cut.image);
        lineageBase = cut.said;
    }

    /** CheckpointedMachine: a failure takes machine and disk back to one checkpoint, whole. */
    void resumed(SimHost process, MachineState state) {
        if (!owns(process) || cluster.isLost()) {
            return;
        }
        StoredCheckpoint held = process.committed();
        if (held == null) {
            throw new Violation("CheckpointedMachine", process.name + " resumes without a checkpoint");
        }
        int[] cut = imageOf(new CopyKey(held.term(), held.epoch()));
        if (process.disk().hasLied() && (cut == null || !Arrays.equals(cut, image()))) {
            cluster.lose();
            return;
        }
        String which = process.name + " resumes checkpoint " + held.epoch() + " of term " + held.term();
        require("CheckpointedMachine", cut != null, () -> which + ", which was never cut");
        same("CheckpointedMachine", Objects.requireNonNull(cut), state.image(), () -> which + " with another machine:");
        same("CheckpointedMachine", cut, image(), () -> which + " with another disk:");
        if (isConnected(process)) {
            same("CheckpointedMachine", cut, durableImage(), () -> which + " when not all is flushed:");
        }
        covers(state.said(), () -> "the machine that " + process.name + " resumes");
    }

    /** The outside hears of a write. */
    void heard(int number, History of, History.Write write) {
        heard = Math.max(heard, number);
        if (of == lineage) {
            of.isDurable(write);
        } else if (lineage != null && !cluster.isLost()) {
            require(
                    "NoOutputLost",
                    number <= lineageBase,
                    () -> "the outside hears of write " + number + ", the machine went on from " + lineageBase);
        }
    }

    private void covers(int said, Supplier<String> whose) {
        require(
                "NoOutputLost",
                heard <= said,
                () -> "the outside has heard of write " + heard + ", " + whose.get() + " knows of " + said);
    }

    /** What a secondary says that it holds, it holds: StoreBeforeAck, EpochTag, StateBeforeDiscard. */
    void said(SimHost process, PeerMessage message) {
        boolean follows = process.state().role() == Role.SECONDARY; // Else, whom it says it to is no owner any more.
        if (!follows || !cluster.isJudged()) {
            return;
        }
        StoredCheckpoint held = process.committed();
        switch (message) {
            case PeerMessage.Preserved m -> {
                // With a later checkpoint nobody counts on the copies.
                boolean isOver = held != null
                        && (held.term() > m.term() || (held.term() == m.term() && held.epoch() > m.epoch()));
                for (Extent extent : isOver ? List.<Extent>of() : m.extents()) {
                    require(
                            "StoreBeforeAck",
                            process.stored(m.term(), m.epoch(), extent),
                            () -> process.name + " acknowledges " + Cells.name(extent) + " of epoch " + m.epoch()
                                    + ", of which it has no copy");
                }
            }
            case PeerMessage.Committed m ->
                require(
                        "StateBeforeDiscard",
                        held != null && held.term() == m.term() && held.epoch() >= m.epoch(),
                        () -> process.name + " says that checkpoint " + m.epoch() + " is committed, and holds " + held);
            default -> {
                // Says nothing of what is held.
            }
        }
    }

    // ---- After every move.

    void afterMove() {
        if (cluster.isLost()) {
            return;
        }
        for (SimHost process : cluster.processes()) {
            if (process.isUp()) {
                consistent(process);
                oneOwner(process);
            }
        }
        recoverable();
    }

    /** Consistent: the owner's machine and disk agree, up to writes in flight. FlushedSurvives: so does what is durable. */
    private void consistent(SimHost process) {
        Room room = process.room();
        History history = room.history();
        if (history == null || !room.isRunning() || !owns(process)) {
            return;
        }
        covers(room.said(), () -> "the machine at " + process.name);
        int[] image = image();
        HostState s = process.state();
        boolean replayed = s.owed().isEmpty() && isConnected(process);
        if (replayed && !cluster.storage().hasFailedWrite(s.session())) {
            // A write may be answered before it is done, so that only those of which nothing is pending are looked at.
            int cell = history.differs(image, i -> isPending(s, i));
            require(
                    "Consistent",
                    cell < 0,
                    () -> "the disk has " + image[cell] + " in " + Cells.name(cell) + ", which may be "
                            + history.allowed(cell));
        }
        if (history == lineage) {
            int[] durable = durableImage();
            int cell = history.lostBy(durable);
            require(
                    "FlushedSurvives",
                    cell < 0,
                    () -> "if all crashed now, " + durable[cell] + " would be in " + Cells.name(cell)
                            + ", which may be " + history.allowedAfterCrash(cell));
        }
    }

    private static boolean isPending(HostState s, int cell) {
        Extent block = Cells.block(cell);
        for (PendingWrite write : s.pending()) {
            Extent e = write.extent();
            if (e.volume() == block.volume() && e.first() <= block.first() && block.first() < e.end()) {
                return true;
            }
        }
        return false;
    }

    /** OneOwner: in the record's term, only its owner runs the machine. What the storage applies is checked there. */
    private void oneOwner(SimHost process) {
        OwnershipRecord record = cluster.storage().record();
        if (process.state().role() == Role.PRIMARY && process.state().term() == record.term()) {
            require("OneOwner", record.owner().equals(process.name), cluster::toString);
        }
    }

    /**
     * Recoverable: from what is safe on the local disk of the host that the record counts on, read by the real log and
     * store, disk and machine of its committed checkpoint can be rebuilt, whatever crashes now.
     */
    private void recoverable() {
        OwnershipRecord record = cluster.storage().record();
        boolean isProtected = record.mode() == OwnershipRecord.Mode.PROTECTED;
        if (!isProtected && record.mode() != OwnershipRecord.Mode.ROLLBACK) {
            return;
        }
        long changes = cluster.storage().changes();
        // Only what the storage or the record became can break it, or what a disk lost, which a later look sees too.
        if (changes == checkedChanges && ++sinceDeep < DEEP_EVERY) {
            return;
        }
        checkedChanges = changes;
        sinceDeep = 0;
        SimHost holder = cluster.process(isProtected ? record.secondary() : record.owner());
        if (holder.disk().isDamaged() || cluster.lostFolders().isLost(holder)) {
            return;
        }
        try {
            rebuild(holder, holder.remains(), record);
        } catch (IOException e) {
            throw new Violation("Recoverable", holder.name + " could not read its disk after a crash: " + e, e);
        }
    }

    /** Whether the record counts on what this host does not hold. */
    boolean isGone(SimHost holder) {
        try {
            rebuild(holder, holder.remains(), cluster.storage().record());
            return false;
        } catch (Violation | IOException e) {
            return true;
        }
    }

    /**
     * The host would crash now, within a job of its disk, and this would be left: it must be able to start from it, and if the
     * record counts on it, Recoverable holds.
     */
    void crashedWithin(SimHost holder, SimDisk disk) {
        if (cluster.isLost() || disk.isDamaged()) {
            return;
        }
        OwnershipRecord record = cluster.storage().record();
        boolean countedOn = switch (record.mode()) {
            case PROTECTED -> record.secondary().equals(holder.name);
            case ROLLBACK -> record.owner().equals(holder.name);
            case SOLO, NONE -> false;
        };
        try {
            Remains left = holder.remains(disk);
            if (countedOn && !cluster.lostFolders().isLost(holder)) {
                rebuild(holder, left, record);
            }
        } catch (IOException e) {
            throw new Violation(
                    "Recoverable", holder.name + " could not read its disk after a crash within a job: " + e, e);
        }
    }

    private void rebuild(SimHost holder, Remains left, OwnershipRecord record) throws IOException {
        boolean isProtected = record.mode() == OwnershipRecord.Mode.PROTECTED;
        StoredCheckpoint held = left.checkpoint();
        if (held == null) {
            throw new Violation(
                    "Recoverable", holder.name + " holds no checkpoint after a crash, and the record is " + record);
        }
        long term = isProtected ? record.term() : held.term();
        require(
                "Recoverable",
                held.term() == term && held.epoch() >= record.base(),
                () -> holder.name + " holds checkpoint " + held.term() + "." + held.epoch() + ", and the record is "
                        + record);
        int[] cut = imageOf(new CopyKey(held.term(), held.epoch()));
        require("Recoverable", cut != null, () -> holder.name + " holds a checkpoint that was never cut");
        MachineState state = left.state();
        same("Recoverable", Objects.requireNonNull(cut), state.image(), () -> holder.name + " holds another machine:");
        same("Recoverable", cut, left.restored(image()), () -> "with the copies of " + holder.name + ",");
        same(
                "Recoverable",
                cut,
                left.restored(durableImage()),
                () -> "with the copies of " + holder.name + ", if the storage crashed now,");
        covers(state.said(), () -> "checkpoint " + held.epoch() + " at " + holder.name);
    }
}
