package dev.unwrite.protocol;

import dev.unwrite.protocol.Action.Change;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The protocol state of a host. Immutable; the fields are the host variables of
 * {@code Unwrite.tla}, without the contents of blocks and machine, which only the caller has.
 *
 * @param name this host
 * @param peer the other host
 * @param role what it does
 * @param term the term under which it acts; 0 while idle
 * @param mode what a primary believes of its protection
 * @param epoch the epoch in which a primary writes
 * @param session the session that it uses; 0 while it has none
 * @param record the ownership record as this host last saw it
 * @param pending writes of the machine under way, in the order in which they began
 * @param kept blocks preserved in the present epoch
 * @param dirty blocks written and not yet flushed
 * @param owed blocks that the host itself has to write: again after the storage came back (rule ReplayUnflushed), or
 *     back in a rollback
 * @param owedSent the part of them that is on its way
 * @param cuts epochs that begin with a checkpoint not known to be committed
 * @param safe the newest epoch whose checkpoint is known to be committed in the present term, or -1
 * @param staged epochs whose checkpoint is received whole and not committed, and the base of each (0 if it is none on a delta)
 * @param reading copies asked for and not yet stored
 * @param copies the index of the undo log
 * @param checkpoint the committed checkpoint, or null
 * @param proposal a change of the record that the storage has not answered, or null
 * @param flushing the part of {@code dirty} that the flush under way covers
 * @param asked flushes that the machine has asked for and that are not answered
 * @param committing the epoch whose checkpoint is being switched in, or -1
 * @param coldFlushed whether a cold owner has flushed the storage in its present session (rule FlushAtColdStart)
 */
public record HostState(
        String name,
        String peer,
        Role role,
        long term,
        Mode mode,
        long epoch,
        long session,
        OwnershipRecord record,
        List<PendingWrite> pending,
        Blocks kept,
        Blocks dirty,
        Blocks owed,
        Blocks owedSent,
        NavigableSet<Long> cuts,
        long safe,
        NavigableMap<Long, Long> staged,
        NavigableMap<CopyKey, Blocks> reading,
        NavigableMap<CopyKey, Blocks> copies,
        @Nullable Checkpoint checkpoint,
        @Nullable Change proposal,
        Blocks flushing,
        List<AskedFlush> asked,
        long committing,
        boolean coldFlushed) {

    /** The id, in {@link Action.SendWrite} and {@link Action.WriteDone}, of writes that the host owes. */
    public static final long OWED = 0;

    /** The blocks of which a copy is stored, by term and epoch. */
    public Blocks copies(CopyKey key) {
        return copies.getOrDefault(key, Blocks.NONE);
    }

    /** The blocks that are being read for a copy, by term and epoch. */
    public Blocks reading(CopyKey key) {
        return reading.getOrDefault(key, Blocks.NONE);
    }

    /** A host that has just started, with what it found in its local storage. */
    public static HostState started(
            String name, String peer, NavigableMap<CopyKey, Blocks> copies, @Nullable Checkpoint checkpoint) {
        return new HostState(
                name,
                peer,
                Role.IDLE,
                0,
                dev.unwrite.protocol.Mode.SOLO,
                0,
                0,
                OwnershipRecord.INITIAL,
                List.of(),
                Blocks.NONE,
                Blocks.NONE,
                Blocks.NONE,
                Blocks.NONE,
                new TreeSet<>(),
                -1,
                new TreeMap<>(),
                new TreeMap<>(),
                copies,
                checkpoint,
                null,
                Blocks.NONE,
                List.of(),
                -1,
                false);
    }

    /** This state, with the name of the other host, which may be learned late. */
    public HostState withPeer(String other) {
        Edit edit = edit();
        edit.peer = other;
        return edit.done();
    }

    /** Whether no write is under way. */
    public boolean drained() {
        return pending.isEmpty() && owed.isEmpty();
    }

    /** Whether a checkpoint may be cut: no write in flight, all flushed (DrainBeforeCut, FlushBeforeCheckpoint). */
    public boolean quiet() {
        return drained() && dirty.isEmpty();
    }

    /** The pending write with this id, or null. */
    public @Nullable PendingWrite write(long id) {
        for (PendingWrite write : pending) {
            if (write.id() == id) {
                return write;
            }
        }
        return null;
    }

    /** The machine's flush with this id that is not answered, or null. */
    public @Nullable AskedFlush flush(long id) {
        for (AskedFlush flush : asked) {
            if (flush.id() == id) {
                return flush;
            }
        }
        return null;
    }

    /** The copies that a rollback writes back: those of the checkpoint's term since its epoch. */
    public Blocks restorable() {
        Checkpoint from = checkpoint;
        if (from == null) {
            return Blocks.NONE;
        }
        Blocks result = Blocks.NONE;
        for (Blocks blocks : copies.subMap(
                        new CopyKey(from.term(), from.epoch()), true, new CopyKey(from.term(), Long.MAX_VALUE), true)
                .values()) {
            result = result.with(blocks);
        }
        return result;
    }

    /** This state, changed by what the edit says. */
    Edit edit() {
        return new Edit(this);
    }

    /** A copy under way; every collection that it changes is a new one. */
    static final class Edit {
        String peer;
        Role role;
        long term;
        Mode mode;
        long epoch;
        long session;
        OwnershipRecord record;
        List<PendingWrite> pending;
        Blocks kept;
        Blocks dirty;
        Blocks owed;
        Blocks owedSent;
        NavigableSet<Long> cuts;
        long safe;
        NavigableMap<Long, Long> staged;
        NavigableMap<CopyKey, Blocks> reading;
        NavigableMap<CopyKey, Blocks> copies;

        @Nullable
        Checkpoint checkpoint;

        @Nullable
        Change proposal;

        Blocks flushing;
        List<AskedFlush> asked;
        long committing;
        boolean coldFlushed;
        private final HostState from;

        private Edit(HostState from) {
            this.from = from;
            peer = from.peer;
            role = from.role;
            term = from.term;
            mode = from.mode;
            epoch = from.epoch;
            session = from.session;
            record = from.record;
            pending = from.pending;
            kept = from.kept;
            dirty = from.dirty;
            owed = from.owed;
            owedSent = from.owedSent;
            cuts = from.cuts;
            safe = from.safe;
            staged = from.staged;
            reading = from.reading;
            copies = from.copies;
            checkpoint = from.checkpoint;
            proposal = from.proposal;
            flushing = from.flushing;
            asked = from.asked;
            committing = from.committing;
            coldFlushed = from.coldFlushed;
        }

        /** What a host forgets when it steps down; its local storage stays. */
        Edit forget() {
            term = 0;
            mode = dev.unwrite.protocol.Mode.SOLO;
            epoch = 0;
            session = 0;
            proposal = null;
            safe = -1;
            coldFlushed = false;
            return forgetMachine().forgetMirror();
        }

        Edit forgetMachine() {
            pending = List.of();
            kept = Blocks.NONE;
            dirty = Blocks.NONE;
            owed = Blocks.NONE;
            owedSent = Blocks.NONE;
            flushing = Blocks.NONE;
            asked = List.of();
            cuts = new TreeSet<>();
            return this;
        }

        Edit forgetMirror() {
            staged = new TreeMap<>();
            reading = new TreeMap<>();
            committing = -1;
            return this;
        }

        // An array is copied once for each of these: they are taken for each write.

        Edit replace(PendingWrite write) {
            PendingWrite[] all = pending.toArray(PendingWrite[]::new);
            for (int i = 0; i < all.length; i++) {
                all[i] = all[i].id() == write.id() ? write : all[i];
            }
            pending = Collections.unmodifiableList(Arrays.asList(all));
            return this;
        }

        Edit remove(long id) {
            PendingWrite[] all = new PendingWrite[pending.size() - 1];
            int at = 0;
            for (PendingWrite write : pending) {
                if (write.id() != id) {
                    all[at++] = write;
                }
            }
            pending = Collections.unmodifiableList(Arrays.asList(all));
            return this;
        }

        Edit add(PendingWrite write) {
            PendingWrite[] all = pending.toArray(new PendingWrite[pending.size() + 1]);
            all[all.length - 1] = write;
            pending = Collections.unmodifiableList(Arrays.asList(all));
            return this;
        }

        static NavigableMap<CopyKey, Blocks> with(NavigableMap<CopyKey, Blocks> map, CopyKey key, Blocks blocks) {
            NavigableMap<CopyKey, Blocks> changed = new TreeMap<>(map);
            if (blocks.isEmpty()) {
                changed.remove(key);
            } else {
                changed.put(key, blocks);
            }
            return changed;
        }

        HostState done() {
            return new HostState(
                    from.name,
                    peer,
                    role,
                    term,
                    mode,
                    epoch,
                    session,
                    record,
                    pending,
                    kept,
                    dirty,
                    owed,
                    owedSent,
                    cuts,
                    safe,
                    staged,
                    reading,
                    copies,
                    checkpoint,
                    proposal,
                    flushing,
                    List.copyOf(asked),
                    committing,
                    coldFlushed);
        }
    }
}
