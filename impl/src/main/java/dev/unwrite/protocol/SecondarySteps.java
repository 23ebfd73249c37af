package dev.unwrite.protocol;

import static dev.unwrite.protocol.Protocol.refused;
import static dev.unwrite.protocol.Protocol.taken;

import dev.unwrite.protocol.Action.AskCommit;
import dev.unwrite.protocol.Action.BecomeSecondary;
import dev.unwrite.protocol.Action.Commit;
import dev.unwrite.protocol.Action.CommitFailed;
import dev.unwrite.protocol.Action.FollowJoin;
import dev.unwrite.protocol.Action.ReadAround;
import dev.unwrite.protocol.Action.ReadOld;
import dev.unwrite.protocol.Action.StagePart;
import dev.unwrite.protocol.Action.StoreCopy;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The steps of a secondary: copies and checkpoints. */
final class SecondarySteps {
    private SecondarySteps() {}

    static Step followJoin(HostState s, FollowJoin a) {
        OwnershipRecord record = a.record();
        if (s.role() != Role.IDLE || s.proposal() != null) {
            return refused("only an idle host begins to follow");
        }
        if (record.owner().isEmpty() || record.owner().equals(s.name()) || record.mode() != OwnershipRecord.Mode.SOLO) {
            return refused("the record names no other host that is alone");
        }
        HostState.Edit edit = s.edit();
        edit.role = Role.SECONDARY;
        edit.term = record.term();
        edit.record = record;
        edit.copies = copiesSince(s.copies(), record.term(), 0);
        Checkpoint held = s.checkpoint();
        edit.checkpoint = held != null && held.term() == record.term() ? held : null;
        return taken(edit, new Effect.DiscardOthers(record.term()));
    }

    static Step becomeSecondary(HostState s, BecomeSecondary a) {
        OwnershipRecord record = a.record();
        Checkpoint held = s.checkpoint();
        if (s.role() != Role.IDLE || s.proposal() != null) {
            return refused("only an idle host comes back as secondary");
        }
        if (record.mode() != OwnershipRecord.Mode.PROTECTED
                || !record.secondary().equals(s.name())) {
            return refused("the record does not count on this host");
        }
        if (held == null || held.term() != record.term()) {
            return refused("this host holds no checkpoint of term " + record.term());
        }
        HostState.Edit edit = s.edit();
        edit.role = Role.SECONDARY;
        edit.term = record.term();
        edit.record = record;
        return taken(edit);
    }

    /** Rules FirstCopyWins and EpochTag. What is stored already is acknowledged again. */
    static Step readOld(HostState s, ReadOld a) {
        String not = notCopying(s, a.term(), a.epoch());
        if (not != null) {
            return refused(not);
        }
        CopyKey key = new CopyKey(a.term(), a.epoch());
        Blocks stored = s.copies(key);
        Blocks reading = s.reading(key);
        List<Extent> fresh = new ArrayList<>();
        List<Extent> repeated = new ArrayList<>();
        Blocks now = reading;
        for (Extent extent : a.extents()) {
            List<Extent> missing = stored.missing(extent);
            for (Extent part : missing) {
                fresh.addAll(now.missing(part));
                now = now.with(part);
            }
            repeated.addAll(without(extent, missing));
        }
        List<Effect> effects = new ArrayList<>();
        if (!fresh.isEmpty()) {
            effects.add(new Effect.ReadAndStore(a.term(), a.epoch(), List.copyOf(fresh)));
        }
        if (!repeated.isEmpty()) {
            effects.add(new Effect.SendPreserved(a.term(), a.epoch(), List.copyOf(repeated)));
        }
        HostState.Edit edit = s.edit();
        edit.reading = HostState.Edit.with(s.reading(), key, now);
        return new Step.Taken(fresh.isEmpty() ? s : edit.done(), effects);
    }

    private static @Nullable String notCopying(HostState s, long term, long epoch) {
        String not = notFollowing(s, term);
        Checkpoint held = s.checkpoint();
        return not == null && held != null && epoch < held.epoch()
                ? "epoch " + epoch + " is behind the committed checkpoint"
                : not;
    }

    /** Rule AroundWhileAsked: until what was asked for is stored, the primary cannot have left that epoch. */
    static Step readAround(HostState s, ReadAround a) {
        String not = notCopying(s, a.term(), a.epoch());
        if (not != null) {
            return refused(not);
        }
        CopyKey key = new CopyKey(a.term(), a.epoch());
        Blocks stored = s.copies(key);
        Blocks reading = s.reading(key);
        if (stored.containsAny(a.asked())) {
            return refused("what was asked for is stored: its primary may be in a later epoch");
        }
        if (stored.containsAny(a.around()) || reading.containsAny(a.around())) {
            return refused("a block of " + a.around() + " is copied already");
        }
        HostState.Edit edit = s.edit();
        edit.reading = HostState.Edit.with(s.reading(), key, reading.with(a.around()));
        return taken(edit);
    }

    /** The extent without some parts of it, which are ascending. */
    private static List<Extent> without(Extent extent, List<Extent> parts) {
        List<Extent> rest = new ArrayList<>();
        long from = extent.first();
        for (Extent part : parts) {
            addUpTo(rest, extent.volume(), from, part.first());
            from = part.end();
        }
        addUpTo(rest, extent.volume(), from, extent.end());
        return rest;
    }

    private static void addUpTo(List<Extent> extents, int volume, long from, long end) {
        if (from < end) {
            extents.add(new Extent(volume, from, (int) (end - from)));
        }
    }

    /** Rule StoreBeforeAck: the caller takes this step when the copy is safe. */
    static Step storeCopy(HostState s, StoreCopy a) {
        String not = notFollowing(s, a.term());
        if (not != null) {
            return refused(not);
        }
        CopyKey key = new CopyKey(a.term(), a.epoch());
        Blocks reading = s.reading(key);
        if (!reading.containsAll(a.extent())) {
            return refused("the copy is not wanted any more");
        }
        HostState.Edit edit = s.edit();
        edit.reading = HostState.Edit.with(s.reading(), key, reading.without(a.extent()));
        edit.copies = HostState.Edit.with(s.copies(), key, s.copies(key).with(a.extent()));
        return taken(edit, new Effect.SendPreserved(a.term(), a.epoch(), List.of(a.extent())));
    }

    static Step stagePart(HostState s, StagePart a) {
        String not = notFollowing(s, a.term());
        if (not != null) {
            return refused(not);
        }
        Checkpoint held = s.checkpoint();
        if (held != null && a.epoch() <= held.epoch()) {
            return refused("epoch " + a.epoch() + " is not ahead of the committed checkpoint");
        }
        NavigableMap<Long, Long> staged = new TreeMap<>(s.staged());
        if (staged.putIfAbsent(a.epoch(), a.base()) != null) {
            return refused("received before");
        }
        HostState.Edit edit = s.edit();
        edit.staged = staged;
        return taken(edit);
    }

    /** Rule DeltaOnItsBase: what came as a delta waits for the checkpoint that it was taken from. */
    static Step askCommit(HostState s, AskCommit a) {
        if (s.role() != Role.SECONDARY || s.proposal() != null || s.committing() >= 0) {
            return refused("a takeover or another commit is under way");
        }
        Long base = s.staged().get(a.epoch());
        if (base == null) {
            return refused("the checkpoint of epoch " + a.epoch() + " is not whole");
        }
        Checkpoint held = s.checkpoint();
        if (base != 0 && (held == null || held.epoch() != base)) {
            return refused("a delta on the checkpoint of epoch " + base + ", which this host does not hold");
        }
        HostState.Edit edit = s.edit();
        edit.committing = a.epoch();
        return taken(edit);
    }

    static Step commitFailed(HostState s, CommitFailed a) {
        if (s.committing() != a.epoch()) {
            return refused("no such commit is under way");
        }
        HostState.Edit edit = s.edit();
        edit.committing = -1;
        return taken(edit);
    }

    /** Rule StateBeforeDiscard: the caller has switched the state in, durably and in one piece. */
    static Step commit(HostState s, Commit a) {
        if (s.role() != Role.SECONDARY
                || s.committing() != a.epoch()
                || !s.staged().containsKey(a.epoch())) {
            return refused("the checkpoint of epoch " + a.epoch() + " was not switched in");
        }
        HostState.Edit edit = s.edit();
        edit.committing = -1;
        edit.checkpoint = new Checkpoint(s.term(), a.epoch());
        edit.copies = copiesSince(s.copies(), s.term(), a.epoch());
        edit.reading = copiesSince(s.reading(), s.term(), a.epoch());
        edit.staged = new TreeMap<>(s.staged().tailMap(a.epoch(), false));
        return taken(
                edit, new Effect.SendCommitted(s.term(), a.epoch()), new Effect.DiscardCopies(s.term(), a.epoch()));
    }

    private static @Nullable String notFollowing(HostState s, long term) {
        if (s.role() != Role.SECONDARY) {
            return "only a secondary mirrors";
        }
        if (term != s.term()) {
            return "a message of term " + term;
        }
        return s.proposal() != null ? "a takeover is under way" : null;
    }

    private static NavigableMap<CopyKey, Blocks> copiesSince(
            NavigableMap<CopyKey, Blocks> copies, long term, long epoch) {
        return new TreeMap<>(copies.subMap(new CopyKey(term, epoch), true, new CopyKey(term, Long.MAX_VALUE), true));
    }
}
