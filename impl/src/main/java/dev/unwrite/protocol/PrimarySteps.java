package dev.unwrite.protocol;

import static dev.unwrite.protocol.Protocol.refused;
import static dev.unwrite.protocol.Protocol.taken;

import dev.unwrite.protocol.Action.Cut;
import dev.unwrite.protocol.Action.Flush;
import dev.unwrite.protocol.Action.LearnCommitted;
import dev.unwrite.protocol.Action.MachineWrite;
import dev.unwrite.protocol.Action.OpenSession;
import dev.unwrite.protocol.Action.RecvPreserved;
import dev.unwrite.protocol.Action.SendWrite;
import dev.unwrite.protocol.Action.WriteDone;
import dev.unwrite.protocol.Effect.Ready;
import dev.unwrite.protocol.Effect.SendPreserve;
import dev.unwrite.protocol.Effect.SendState;
import dev.unwrite.protocol.Effect.WriteOwed;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The steps of a primary: writes, checkpoints, output. */
final class PrimarySteps {
    private PrimarySteps() {}

    /** Rule AskFirst: while there is, or is to be, a secondary, the first overwrite in an epoch is announced. */
    static Step machineWrite(HostState s, MachineWrite a) {
        if (s.role() != Role.PRIMARY) {
            return refused("only a primary's machine writes");
        }
        if (a.id() <= HostState.OWED || s.write(a.id()) != null) {
            return refused("write " + a.id() + " is under way");
        }
        if (overlapsPending(s, a.extent())) {
            return refused("a block of " + a.extent() + " is being written");
        }
        PendingWrite write = new PendingWrite(a.id(), a.extent(), false);
        HostState next = s.edit().add(write).done();
        List<Extent> missing = s.mode() == Mode.SOLO ? List.of() : s.kept().missing(a.extent());
        if (!missing.isEmpty()) {
            return taken(next, new SendPreserve(s.term(), s.epoch(), missing));
        }
        return mayGo(next, write) ? taken(next, new Ready(List.of(write))) : taken(next);
    }

    private static boolean overlapsPending(HostState s, Extent extent) {
        if (s.owed().containsAny(extent)) {
            return true;
        }
        for (PendingWrite other : s.pending()) {
            Extent e = other.extent();
            if (e.volume() == extent.volume() && e.first() < extent.end() && extent.first() < e.end()) {
                return true;
            }
        }
        return false;
    }

    /** Rule EpochTag: an acknowledgment of another term or epoch does not count. */
    static Step recvPreserved(HostState s, RecvPreserved a) {
        if (s.role() != Role.PRIMARY) {
            return refused("only a primary waits for copies");
        }
        if (a.term() != s.term() || a.epoch() != s.epoch()) {
            return refused("an acknowledgment of term " + a.term() + ", epoch " + a.epoch());
        }
        Blocks kept = s.kept();
        for (Extent extent : a.extents()) {
            kept = kept.with(extent);
        }
        if (kept.equals(s.kept())) {
            return refused("acknowledged before");
        }
        HostState.Edit edit = s.edit();
        edit.kept = kept;
        return withReady(edit.done());
    }

    /** Rules AskFirst and ReplayUnflushed: what the host owes goes first. */
    static Step sendWrite(HostState s, SendWrite a) {
        if (s.session() == 0) {
            return refused("no session with the storage");
        }
        return a.id() == HostState.OWED ? sendOwed(s, a) : sendPending(s, a);
    }

    private static Step sendOwed(HostState s, SendWrite a) {
        Extent extent = a.extent();
        if (a.fua()) {
            return refused("what is owed is flushed with the rest");
        }
        if (s.role() != Role.PRIMARY && s.role() != Role.RESTORING) {
            return refused("only a primary or a restoring host writes");
        }
        if (!s.owed().containsAll(extent) || s.owedSent().containsAny(extent)) {
            return refused(extent + " is not owed, or on its way");
        }
        HostState.Edit edit = s.edit();
        edit.owedSent = s.owedSent().with(extent);
        return taken(edit);
    }

    private static Step sendPending(HostState s, SendWrite a) {
        PendingWrite write = s.write(a.id());
        if (s.role() != Role.PRIMARY
                || write == null
                || write.sent()
                || !write.extent().equals(a.extent())) {
            return refused("write " + a.id() + " is not waiting to be sent");
        }
        if (!mayGo(s, write)) {
            return refused("write " + a.id() + " has to wait for its copies");
        }
        return taken(s.edit().replace(new PendingWrite(write.id(), write.extent(), true, a.fua())));
    }

    /** Rule OneConnection: an answer that came in an earlier session does not count. */
    static Step writeDone(HostState s, WriteDone a) {
        if (s.session() == 0 || a.session() != s.session()) {
            return refused("an answer of session " + a.session());
        }
        if (a.id() == HostState.OWED) {
            return owedDone(s, a.extent());
        }
        PendingWrite write = s.write(a.id());
        if (s.role() != Role.PRIMARY
                || write == null
                || !write.sent()
                || !write.extent().equals(a.extent())) {
            return refused("write " + a.id() + " is not on its way");
        }
        HostState.Edit edit = s.edit().remove(a.id());
        edit.dirty = s.dirty().with(a.extent());
        edit.flushing = s.flushing().without(a.extent());
        FlushSteps.written(edit, a.extent(), write.fua());
        return taken(edit, FlushSteps.answerable(s, edit));
    }

    private static Step owedDone(HostState s, Extent extent) {
        if (!s.owedSent().containsAll(extent)) {
            return refused(extent + " is not on its way");
        }
        HostState.Edit edit = s.edit();
        edit.owed = s.owed().without(extent);
        edit.owedSent = s.owedSent().without(extent);
        edit.dirty = s.dirty().with(extent);
        edit.flushing = s.flushing().without(extent);
        FlushSteps.written(edit, extent, false);
        return withReady(edit.done());
    }

    static Step askFlush(HostState s) {
        if (s.session() == 0) {
            return refused("no session with the storage");
        }
        if (!s.flushing().isEmpty()) {
            return refused("a flush is under way");
        }
        HostState.Edit edit = s.edit();
        edit.flushing = s.dirty();
        return taken(edit);
    }

    static Step flush(HostState s, Flush a) {
        if (s.session() == 0 || a.session() != s.session()) {
            return refused("an answer of session " + a.session());
        }
        HostState.Edit edit = s.edit();
        switch (s.role()) {
            case PRIMARY, RESTORING -> {
                if (s.flushing().isEmpty()) {
                    return refused("nothing was written before the flush");
                }
                edit.dirty = s.dirty().without(s.flushing());
                edit.flushing = Blocks.NONE;
                FlushSteps.flushed(edit, s.flushing());
            }
            case COLD -> edit.coldFlushed = true;
            default -> {
                return refused("only an owner flushes");
            }
        }
        return taken(edit, FlushSteps.answerable(s, edit));
    }

    static Step cut(HostState s, Cut a) {
        if (s.role() != Role.PRIMARY || s.mode() != Mode.PROTECTED) {
            return refused("only a protected primary cuts checkpoints");
        }
        if (s.cuts().size() >= Protocol.MAX_CUTS) {
            return refused("enough checkpoints are on their way");
        }
        return s.quiet()
                ? takeCut(s, Mode.PROTECTED, a.delta() ? s.epoch() : 0)
                : refused("writes are in flight or not flushed");
    }

    /** The cut itself, shared with {@link RecordSteps#startJoin}; {@code base} is 0 for a state that is whole. */
    static Step takeCut(HostState s, Mode mode, long base) {
        HostState.Edit edit = s.edit();
        edit.mode = mode;
        edit.epoch = s.epoch() + 1;
        edit.kept = Blocks.NONE;
        NavigableSet<Long> cuts = new TreeSet<>(s.cuts());
        cuts.add(edit.epoch);
        edit.cuts = cuts;
        return taken(edit, new SendState(s.term(), edit.epoch, base));
    }

    static Step learnCommitted(HostState s, LearnCommitted a) {
        if (s.role() != Role.PRIMARY || a.term() != s.term() || !s.cuts().contains(a.epoch())) {
            return refused("no checkpoint of term " + a.term() + ", epoch " + a.epoch() + " is on its way");
        }
        HostState.Edit edit = s.edit();
        edit.safe = a.epoch();
        edit.cuts = new TreeSet<>(s.cuts().tailSet(a.epoch(), false));
        return taken(edit);
    }

    /** Rules HoldOutput and HoldWhileJoining. */
    static Step speak(HostState s) {
        if (s.role() != Role.PRIMARY) {
            return refused("only a primary's machine speaks");
        }
        if (s.mode() == Mode.SOLO && s.quiet()) {
            return taken(s, new Effect.ReleaseFlushed());
        }
        return taken(s, new Effect.Release(s.safe()));
    }

    /** Rules OneConnection and ReplayUnflushed. */
    static Step openSession(HostState s, OpenSession a) {
        if (s.role() == Role.IDLE || s.role() == Role.SECONDARY) {
            return refused("only an owner has a session");
        }
        if (a.session() <= s.session()) {
            return refused("session " + a.session() + " is not newer than " + s.session());
        }
        HostState.Edit edit = s.edit();
        edit.session = a.session();
        edit.flushing = Blocks.NONE;
        edit.coldFlushed = false;
        List<PendingWrite> unsent = new ArrayList<>();
        Blocks owed = s.owed().with(s.dirty());
        for (PendingWrite write : s.pending()) {
            unsent.add(new PendingWrite(write.id(), write.extent(), false));
            // What is being written anyway need not be written again.
            owed = owed.without(write.extent());
        }
        edit.pending = List.copyOf(unsent);
        edit.owed = owed;
        edit.owedSent = Blocks.NONE;
        edit.dirty = Blocks.NONE;
        HostState next = edit.done();
        return owed.isEmpty() ? withReady(next) : taken(next, new WriteOwed(owed));
    }

    /** The step to {@code next}, and word of the writes that may go now. */
    static Step withReady(HostState next, Effect... more) {
        List<PendingWrite> ready = new ArrayList<>();
        for (PendingWrite write : next.pending()) {
            if (!write.sent() && mayGo(next, write)) {
                ready.add(write);
            }
        }
        List<Effect> effects = new ArrayList<>(List.of(more));
        if (!ready.isEmpty()) {
            effects.add(new Ready(ready));
        }
        return new Step.Taken(next, effects);
    }

    private static boolean mayGo(HostState s, @Nullable PendingWrite write) {
        return write != null
                && s.session() != 0
                && s.owed().isEmpty()
                && (s.mode() == Mode.SOLO || s.kept().containsAll(write.extent()));
    }
}
