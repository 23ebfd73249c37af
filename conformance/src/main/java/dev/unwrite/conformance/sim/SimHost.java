package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.sim.SimStorage.Reply;
import dev.unwrite.conformance.sim.SimStorage.Request;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Role;
import dev.unwrite.protocol.Step;
import dev.unwrite.trace.TraceWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A host: what the node's shells do around the real {@link Protocol}, in one thread, one thing at a time. A crash may
 * come between any two of them, and at any operation of the disk within one.
 */
final class SimHost {
    /** What a host may have to do; {@link #job} tries them in this order, from any of them on. */
    static final int JOBS = 9;
    /** The jobs that a replay asks for by their number. */
    static final int ASK_FLUSH = 3;

    static final int COMMIT = 4;
    static final int DISCARD = 5;
    static final int FOLLOW = 6;
    static final int OWN = 7;
    static final int SPEAK = 8;

    final int index;
    final String name;
    private final SimWorld world;
    private final SimStorage storage;
    private final SimNetwork network;
    private final Content content;
    private SimDisk disk = new SimDisk();
    private boolean refused;
    private long emptySinceTerm = -1;

    // In memory.
    private @Nullable HostState state;
    private @Nullable Mirror mirror;
    private TraceWriter trace = TraceWriter.NONE;
    private final Machine machine;
    private final Map<Long, int[]> contents = new HashMap<>();
    private Map<Long, Integer> restores = Map.of();
    private long haggling;
    private long writes;
    /** Which process of this host it is, and which one of the other's is to join. */
    private long life;

    private long joiner;
    private Request.@Nullable Change asked;
    /** How many folders this host had before the present one. */
    private int folders;

    SimHost(int index, SimWorld world, SimStorage storage, SimNetwork network, Content content) {
        this.index = index;
        this.name = index == 0 ? "A" : "B";
        this.world = world;
        this.storage = storage;
        this.network = network;
        this.content = content;
        this.machine = new Machine(storage.blocks());
    }

    boolean isUp() {
        return state != null;
    }

    /** Whether the host found its disk damaged and does not start with it. */
    boolean isRefused() {
        return refused;
    }

    SimDisk disk() {
        return disk;
    }

    Machine machine() {
        return machine;
    }

    HostState state() {
        return java.util.Objects.requireNonNull(state, name);
    }

    Mirror mirror() {
        return java.util.Objects.requireNonNull(mirror, name);
    }

    int peer() {
        return 1 - index;
    }

    boolean is(Role role) {
        return state != null && state.role() == role;
    }

    /** Whether this host runs the machine in the record's term. */
    boolean runs() {
        return is(Role.PRIMARY)
                && storage.record().owner().equals(name)
                && storage.record().term() == state().term();
    }

    boolean connected() {
        return state().session() != 0 && storage.isNewest(name, state().session());
    }

    // ---- Life.

    void start() {
        if (isUp() || refused) {
            return;
        }
        try {
            mirror = Mirror.open(disk, storage.blocks());
        } catch (IOException e) {
            if (disk.isDead()) {
                crash(0);
                return;
            }
            if (disk.isReadOnly() || (disk.isFull() && mirror == null && disk.isNew())) {
                return; // There is no room for a new log, or nothing can be written at all.
            }
            refused = true;
            if (!disk.isDamaged()) {
                throw new Violation("Recoverable", name + " cannot read its own disk, which is sound: " + e, e);
            }
            return;
        }
        life++;
        state = HostState.started(name, world.host(peer()).name, mirror().index(), mirror().checkpoint());
        trace = world.openTrace(this);
        take(new Action.Restart(SimStorage.ID, folder(), mirror().logId()), null);
        storage.open(name, 0); // What the former life asked for does not come about any more.
    }

    private String folder() {
        return name + "-folder-" + folders;
    }

    /** The disk is replaced by an empty one; only while the host is down. */
    void replaceDisk() {
        disk = new SimDisk();
        folders++;
        refused = false;
        emptySinceTerm = storage.record().term();
    }

    /** Whether a host that is down would find a checkpoint or copies; not if its disk is damaged. */
    boolean holdsSomething() {
        try {
            Mirror left = Mirror.open(disk.afterCrash(), storage.blocks());
            return left.checkpoint() != null || !left.index().isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether all that this host held for the term, or for the one that it took over from, was lost with its disk. */
    boolean lostAllOf(long term) {
        return emptySinceTerm >= 0 && emptySinceTerm >= term - 1;
    }

    void crash(int choice) {
        try {
            trace.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        trace = TraceWriter.NONE;
        disk.crash(choice);
        state = null;
        mirror = null;
        machine.forget();
        contents.clear();
        restores = Map.of();
        haggling = 0;
        asked = null;
    }

    // ---- Steps.

    boolean take(Action action, int @Nullable [] values) {
        HostState before = state();
        if (!(Protocol.step(before, action) instanceof Step.Taken taken)) {
            return false;
        }
        int[] hashes = values == null || !trace.active() ? null : content.hashes(values);
        trace.step(before, action, taken.next(), hashes);
        state = taken.next();
        for (Effect effect : taken.effects()) {
            perform(effect);
        }
        if (action instanceof Action.StepDown) {
            machine.forget();
            mirror().forget();
            contents.clear();
            restores = Map.of();
            asked = null;
        }
        return true;
    }

    private void perform(Effect effect) {
        switch (effect) {
            case Effect.SendPreserve e -> network.send(new Message.Preserve(peer(), e.term(), e.epoch(), e.extents()));
            case Effect.ReadAndStore e -> mirror().toCopy(e.term(), e.epoch(), e.extents());
            case Effect.SendPreserved e ->
                network.send(new Message.Preserved(peer(), e.term(), e.epoch(), e.extents()));
            case Effect.SendState e -> {
                machine.save(e.epoch());
                world.noteCut(this, e.term(), e.epoch());
                sendState(e.epoch());
            }
            case Effect.SendCommitted e -> network.send(new Message.Committed(peer(), e.term(), e.epoch()));
            case Effect.DiscardCopies e -> mirror().toDiscard(e.term(), e.epoch());
            case Effect.DiscardAll e -> {} // Done before the step: see discardAll.
            case Effect.DiscardOthers e -> disk(() -> mirror().discardOthers(e.term()));
            case Effect.Release e -> world.heard(machine.release(e.epoch()));
            case Effect.ReleaseFlushed e -> world.heard(machine.releaseAll());
            case Effect.CompareAndSet e -> {
                long session = state().session() == 0 ? haggling : state().session();
                asked = new Request.Change(name, session, e.expectedVersion(), e.record());
                storage.ask(asked);
            }
            case Effect.Ready e -> {}
            case Effect.WriteOwed e -> {}
        }
    }

    /** Something that the disk may fail at. A host whose log or store has failed ends, as the node's process does. */
    interface DiskWork {
        void run() throws IOException;
    }

    /** Whether it was done. */
    private boolean disk(DiskWork work) {
        try {
            work.run();
            return true;
        } catch (IOException e) {
            world.toCrash(this);
            return false;
        }
    }

    // ---- The machine.

    void write(int first, int count, int value) {
        int[] values = new int[count];
        Arrays.setAll(values, i -> value + i);
        long id = ++writes;
        Extent extent = new Extent(0, first, count);
        contents.put(id, values);
        if (take(new Action.MachineWrite(id, extent), values)) {
            machine.write(first, values, state().epoch());
        } else {
            contents.remove(id);
        }
    }

    private void sendState(long epoch) {
        for (Message.Part part : machine.parts(peer(), state().term(), epoch)) {
            network.send(part);
        }
    }

    // ---- What a host does of itself.

    /** Does the first thing that is to be done, from the {@code choice}-th on; false if there is nothing. */
    boolean job(int choice) {
        for (int i = 0; i < JOBS && isUp(); i++) {
            if (one((i + choice) % JOBS)) {
                return true;
            }
        }
        return false;
    }

    /** Does what this job is, and nothing else; false if there is nothing of it to do. */
    boolean only(int job) {
        if (job == SPEAK) {
            return take(new Action.Speak(), null);
        }
        // Whether the other's start or the word that it is to join comes first, no line says. That it was given up has
        // a line.
        if (job == OWN && is(Role.PRIMARY) && state().mode() == Mode.JOINING) {
            return propose(Change.PROTECT);
        }
        return one(job);
    }

    private boolean one(int job) {
        return switch (job) {
            case 0 -> sendOwed();
            case 1 -> sendWrites();
            case 2 -> is(Role.SECONDARY) && copy(0);
            case ASK_FLUSH -> askFlush();
            case COMMIT -> commit();
            case DISCARD -> mirror().hasToDiscard() && disk(() -> mirror().discard());
            case FOLLOW -> follow();
            case OWN -> own();
            default -> speak();
        };
    }

    private boolean sendWrites() {
        for (PendingWrite write : state().pending()) {
            if (!write.sent() && take(new Action.SendWrite(write.id(), write.extent()), null)) {
                wire(write.id(), write.extent(), java.util.Objects.requireNonNull(contents.get(write.id())));
                return true;
            }
        }
        return false;
    }

    private boolean sendOwed() {
        for (Extent extent : state().owed().without(state().owedSent()).extents()) {
            Extent one = new Extent(extent.volume(), extent.first(), 1);
            if (take(new Action.SendWrite(HostState.OWED, one), null)) {
                wire(HostState.OWED, one, new int[] {owedValue(one.first())});
                return true;
            }
        }
        return false;
    }

    /** The extents that may be sent, as {@link #send} counts them: blocks that are owed, then writes of the machine. */
    List<Extent> sendable() {
        List<Extent> extents = new ArrayList<>();
        for (Extent owed : state().owed().without(state().owedSent()).extents()) {
            for (long block = owed.first(); block < owed.end(); block++) {
                extents.add(new Extent(owed.volume(), block, 1));
            }
        }
        state().pending().stream().filter(write -> !write.sent()).forEach(write -> extents.add(write.extent()));
        return extents;
    }

    /** Sends one of these; with an owed block, at most so many more that follow it. */
    void send(int choice, int more) {
        List<Extent> extents = sendable();
        if (extents.isEmpty()) {
            return;
        }
        Extent extent = extents.get(choice % extents.size());
        if (state().owed().containsAll(extent)) {
            sendOwed(extent, more);
            return;
        }
        for (PendingWrite write : state().pending()) {
            if (write.extent().equals(extent) && take(new Action.SendWrite(write.id(), extent), null)) {
                wire(write.id(), extent, java.util.Objects.requireNonNull(contents.get(write.id())));
                return;
            }
        }
    }

    private void sendOwed(Extent first, int more) {
        Blocks left = state().owed().without(state().owedSent());
        int count = 1;
        while (count <= more && left.containsAny(new Extent(first.volume(), first.first() + count, 1))) {
            count++;
        }
        Extent all = new Extent(first.volume(), first.first(), count);
        if (take(new Action.SendWrite(HostState.OWED, all), null)) {
            int[] values = new int[count];
            Arrays.setAll(values, i -> owedValue(all.first() + i));
            wire(HostState.OWED, all, values);
        }
    }

    private int owedValue(long block) {
        if (!is(Role.RESTORING)) {
            return machine.value((int) block);
        }
        Integer value = restores.get(block);
        if (value == null) {
            throw new Violation("Recoverable", name + " has no copy of block " + block + ", which it has to restore");
        }
        return value;
    }

    private void wire(long id, Extent extent, int[] values) {
        storage.ask(new Request.Write(name, state().session(), state().term(), id, extent, values));
    }

    /** One at a time in a session: the node holds a lock meanwhile. */
    private boolean askFlush() {
        boolean wanted = is(Role.COLD)
                ? !state().coldFlushed()
                : !state().dirty().isEmpty() && state().flushing().isEmpty();
        if (wanted && storage.isNoneUnderWay(this::isOwnFlush) && take(new Action.AskFlush(), null)) {
            storage.ask(new Request.Flush(name, state().session()));
            return true;
        }
        return false;
    }

    private boolean isOwnFlush(Request request) {
        return request instanceof Request.Flush flush
                && flush.host().equals(name)
                && flush.session() == state().session();
    }

    private boolean speak() {
        int before = machine.unsaid();
        return is(Role.PRIMARY) && before > 0 && take(new Action.Speak(), null) && machine.unsaid() < before;
    }

    /** One step of one copy that is wanted: read the old data, or store it. */
    boolean copy(int choice) {
        List<Mirror.Wanted> copies = mirror().wanted();
        if (copies.isEmpty()) {
            return false;
        }
        Mirror.Wanted next = copies.get(choice % copies.size());
        if (next.values == null) {
            next.values = new int[next.extent.count()];
            Arrays.setAll(next.values, i -> storage.read(next.extent.first() + i));
            return true;
        }
        if (state().proposal() != null) {
            return false; // A takeover is being decided; if it is not agreed, the copy still counts.
        }
        int[] values = next.values;
        boolean wanted = state().reading().getOrDefault(next.key, Blocks.NONE).containsAll(next.extent);
        Mirror.Outcome outcome = wanted ? mirror().store(next) : Mirror.Outcome.STORED;
        switch (outcome) {
            case STORED -> {
                mirror().done(next);
                if (wanted) {
                    take(new Action.StoreCopy(next.key.term(), next.key.epoch(), next.extent), values);
                }
            }
            case FULL -> {
                return false;
            }
            case FAILED -> world.toCrash(this);
        }
        return true;
    }

    /** While a takeover is being decided the protocol refuses; if it is not agreed, the state still counts. */
    private void stage() {
        for (long epoch : mirror().whole(state().term())) {
            take(new Action.StagePart(state().term(), epoch), null);
        }
    }

    private boolean commit() {
        if (!is(Role.SECONDARY)) {
            return false;
        }
        stage();
        // What a full disk has refused is staged still, and counts when it has come once more.
        List<Long> ready = new ArrayList<>(mirror().whole(state().term()));
        ready.retainAll(state().staged());
        if (ready.isEmpty()) {
            return false;
        }
        long epoch = Collections.max(ready);
        if (!take(new Action.AskCommit(epoch), null)) {
            return false;
        }
        try {
            mirror().commit(state().term(), epoch);
            take(new Action.Commit(epoch), null);
        } catch (IOException e) {
            if (disk.isDead()) {
                world.toCrash(this);
            } else {
                take(new Action.CommitFailed(epoch), null);
            }
        }
        return true;
    }

    /** What the record says and this host has not followed yet. */
    private boolean follow() {
        OwnershipRecord record = storage.record();
        if (record.term() > state().term() && take(new Action.StepDown(record), null)) {
            return true;
        }
        return take(new Action.BecomeSecondary(record), null)
                || restartRollback(record)
                || take(new Action.Learn(record), null)
                || reconnect();
    }

    private boolean reconnect() {
        return state().session() != 0 && !connected() && openSession();
    }

    private boolean own() {
        return switch (state().role()) {
            case PRIMARY -> state().mode() == Mode.JOINING ? join() : startJoin();
            case RESTORING -> propose(Change.FINISH_ROLLBACK) || resume();
            case COLD -> coldRead();
            case IDLE ->
                (index == 0 && storage.record().owner().isEmpty() && propose(Change.BOOTSTRAP))
                        || propose(Change.COLD_START);
            case SECONDARY -> false;
        };
    }

    private boolean startJoin() {
        SimHost other = world.host(peer());
        joiner = other.life;
        return other.isUp() && take(new Action.StartJoin(), null);
    }

    /** A process that took the place of the one that was to join may have another disk: its join begins anew. */
    private boolean join() {
        SimHost other = world.host(peer());
        if (other.isUp() && other.life != joiner) {
            abortJoin();
            return state().mode() != Mode.JOINING;
        }
        return propose(Change.PROTECT);
    }

    private boolean resume() {
        HostState before = state();
        if (before.role() != Role.RESTORING || before.checkpoint() == null) {
            return false;
        }
        byte[] saved;
        try {
            saved = mirror().state();
        } catch (IOException e) {
            throw new Violation("Recoverable", name + " cannot read the state of its checkpoint: " + e, e);
        }
        dev.unwrite.protocol.Checkpoint from = before.checkpoint();
        if (!(Protocol.step(before, new Action.Resume()) instanceof Step.Taken)) {
            return false;
        }
        if (!discardAll()) {
            return false;
        }
        machine.load(saved);
        world.resumed(this, from.term(), from.epoch());
        return take(new Action.Resume(), null);
    }

    private boolean coldRead() {
        if (!(Protocol.step(state(), new Action.ColdRead()) instanceof Step.Taken) || !connected()) {
            return false;
        }
        if (!discardAll()) {
            return false;
        }
        machine.load(storage.image());
        world.counts().coldStarts++;
        return take(new Action.ColdRead(), null);
    }

    /**
     * Before the machine runs, as in the node: the checkpoint is durably gone, or the host does not go on. A process that
     * cannot delete its checkpoint tries again; one whose disk died in it crashes.
     */
    private boolean discardAll() {
        try {
            mirror().discardAll();
            return true;
        } catch (IOException e) {
            if (disk.isDead()) {
                world.toCrash(this);
            }
            return false;
        }
    }

    // ---- The record and sessions.

    boolean propose(Change change) {
        if (state().proposal() != null) {
            return false;
        }
        OwnershipRecord now = storage.record();
        if (!(Protocol.step(state(), new Action.Propose(change, now)) instanceof Step.Taken)) {
            return false;
        }
        if (state().session() == 0 && !storage.isNewest(name, haggling)) {
            haggling = storage.open(name, state().term());
        }
        return take(new Action.Propose(change, now), null);
    }

    private boolean granted(OwnershipRecord now) {
        Change what = state().proposal();
        asked = null;
        if (what == null) {
            return false;
        }
        return switch (what) {
            case GO_ALONE -> take(new Action.GoAlone(now), null);
            case PROTECT -> take(new Action.Protect(now), null);
            case FINISH_ROLLBACK -> take(new Action.FinishRollback(now), null);
            case TAKE_OVER -> {
                loadCopies();
                yield isUp() && take(new Action.TakeOver(now, storage.open(name, now.term())), null);
            }
            case BOOTSTRAP -> take(new Action.Bootstrap(now, storage.open(name, now.term())), null);
            case COLD_START -> take(new Action.ColdStart(now, storage.open(name, now.term())), null);
            case FORCE_COLD_START -> take(new Action.ForceColdStart(now, storage.open(name, now.term())), null);
        };
    }

    private boolean restartRollback(OwnershipRecord now) {
        if (!is(Role.IDLE)
                || state().checkpoint() == null
                || !(Protocol.step(state(), new Action.RestartRollback(now, 1)) instanceof Step.Taken)) {
            return false;
        }
        loadCopies();
        return isUp() && take(new Action.RestartRollback(now, storage.open(name, now.term())), null);
    }

    /** What a rollback writes back, from the real undo log. */
    private void loadCopies() {
        dev.unwrite.protocol.Checkpoint from = state().checkpoint();
        try {
            restores = from == null ? Map.of() : mirror().copiesSince(from.term(), from.epoch());
            world.counts().restored += restores.size();
        } catch (IOException e) {
            if (!disk.isDamaged()) {
                throw new Violation("Recoverable", name + " cannot read its copies: " + e, e);
            }
            refused = true; // The node ends with a word to its operator, and so does this one.
            world.toCrash(this);
        }
    }

    /** A new session; what was asked in an earlier one is settled by what the record says now. */
    boolean openSession() {
        OwnershipRecord now = storage.record();
        if (state().session() == 0 || now.term() > state().term()) {
            return false;
        }
        if (!take(new Action.OpenSession(storage.open(name, now.term())), null)) {
            return false;
        }
        settle();
        return true;
    }

    /** Nothing of an earlier session is under way any more: either the record was changed as asked, or it never will be. */
    private void settle() {
        Request.Change change = asked;
        if (change != null && state().proposal() != null) {
            asked = null;
            if (storage.record().equals(change.next())) {
                granted(storage.record());
            } else {
                take(new Action.NotAgreed(), null);
            }
        }
    }

    /** The answer to a change of the record of a host without a session may be lost: it asks anew. */
    void settleHaggling() {
        if (state().session() == 0 && asked != null && !storage.wire.contains(asked) && !hasReply(asked)) {
            haggling = storage.open(name, state().term());
            settle();
        }
    }

    private boolean hasReply(Request request) {
        return storage.replies.stream().anyMatch(reply -> reply.to().equals(request));
    }

    /** A person or a detector says so; the two may be wrong. */
    void abortJoin() {
        if (isUp() && state().mode() == Mode.JOINING && state().proposal() == null && openSession()) {
            take(new Action.AbortJoin(storage.record()), null);
        }
    }

    // ---- What arrives.

    void answer(Reply reply) {
        switch (reply.to()) {
            case Request.Write write -> take(new Action.WriteDone(write.id(), write.extent(), write.session()), null);
            case Request.Flush flush -> take(new Action.Flush(flush.session()), null);
            case Request.Change change -> {
                if (change.equals(asked)) {
                    if (reply.agreed()) {
                        granted(change.next());
                    } else {
                        asked = null;
                        take(new Action.NotAgreed(), null);
                    }
                }
            }
        }
    }

    void receive(Message message) {
        switch (message) {
            case Message.Preserve m -> take(new Action.ReadOld(m.term(), m.epoch(), m.extents()), null);
            case Message.Preserved m -> take(new Action.RecvPreserved(m.term(), m.epoch(), m.extents()), null);
            case Message.Committed m -> take(new Action.LearnCommitted(m.term(), m.epoch()), null);
            case Message.Part m -> part(m);
        }
    }

    private void part(Message.Part part) {
        OwnershipRecord record = storage.record();
        if (is(Role.IDLE) && part.term() == record.term()) {
            take(new Action.FollowJoin(record), null);
        }
        if (isUp() && is(Role.SECONDARY) && part.term() == state().term()) {
            try {
                mirror().receive(part);
                stage();
            } catch (IOException e) {
                if (disk.isDead()) {
                    world.toCrash(this);
                } else {
                    mirror().drop(part.epoch()); // There is no room: it is sent again.
                }
            }
        }
    }

    /** The link broke and is there again: what was not answered is sent once more. */
    void sendAgain() {
        HostState s = state();
        for (PendingWrite write : s.pending()) {
            List<Extent> missing = s.mode() == Mode.SOLO ? List.of() : s.kept().missing(write.extent());
            if (!write.sent() && !missing.isEmpty()) {
                network.send(new Message.Preserve(peer(), s.term(), s.epoch(), missing));
            }
        }
        for (long epoch : new ArrayList<>(s.cuts())) {
            sendState(epoch);
        }
        dev.unwrite.protocol.Checkpoint held = s.checkpoint();
        if (s.role() == Role.SECONDARY && held != null) {
            network.send(new Message.Committed(peer(), held.term(), held.epoch()));
        }
    }

    @Override
    public String toString() {
        HostState s = state;
        if (s == null) {
            return name + " is down" + (refused ? ", its disk is damaged" : "");
        }
        return name + " is " + s.role().spelling() + ", term " + s.term()
                + (s.role() == Role.PRIMARY ? ", " + s.mode().spelling() + ", epoch " + s.epoch() : "")
                + (s.checkpoint() == null
                        ? ""
                        : ", holds checkpoint " + s.checkpoint().epoch())
                + (s.copies().isEmpty() ? "" : ", copies " + s.restorable().size())
                + (s.pending().isEmpty()
                        ? ""
                        : ", writes under way " + s.pending().size())
                + (s.role() == Role.PRIMARY ? ", machine " + machine : "");
    }
}
