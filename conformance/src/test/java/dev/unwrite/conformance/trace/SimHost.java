package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.SimStorage.OnWire;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Role;
import dev.unwrite.protocol.Step;
import dev.unwrite.trace.TraceClock;
import dev.unwrite.trace.TraceWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A node in memory: the real protocol, the real trace, and everything else played. */
final class SimHost {
    final String name;
    private final String peer;
    private final Path dir;
    private final TraceClock clock;
    private final SimStorage storage;

    /** What is on its way to this host; may be lost or doubled. */
    final List<Message> inbox = new ArrayList<>();

    final List<Copy> copies = new ArrayList<>();
    final Map<BlockId, Integer> written = new HashMap<>();
    private final Map<Long, int[]> contents = new HashMap<>();

    // Local storage.
    private final NavigableMap<CopyKey, Map<BlockId, Integer>> log = new TreeMap<>();
    private @Nullable Checkpoint checkpoint;

    @Nullable
    HostState state;

    private TraceWriter trace = TraceWriter.NONE;
    /** How many steps the host took. */
    int taken;

    private long session;
    private long writes;

    @Nullable
    SimHost other;

    /** A change of the record that the storage has answered and the protocol not yet. */
    @Nullable
    Action granted;

    Effect.@Nullable CompareAndSet asked;

    /** A message of one host to the other. */
    record Message(String type, long term, long epoch, List<Extent> extents) {}

    /** A copy under way to the undo log. */
    static final class Copy {
        final CopyKey key;
        final Extent extent;
        int @Nullable [] read;
        boolean durable;

        Copy(CopyKey key, Extent extent) {
            this.key = key;
            this.extent = extent;
        }
    }

    SimHost(String name, String peer, Path dir, TraceClock clock, SimStorage storage) {
        this.name = name;
        this.peer = peer;
        this.dir = dir;
        this.clock = clock;
        this.storage = storage;
    }

    boolean isUp() {
        return state != null;
    }

    HostState state() {
        return java.util.Objects.requireNonNull(state);
    }

    void start() throws IOException {
        NavigableMap<CopyKey, Blocks> index = new TreeMap<>();
        log.forEach((key, blocks) -> {
            Blocks set = Blocks.NONE;
            for (BlockId block : blocks.keySet()) {
                set = set.with(new Extent(block.volume(), block.number(), 1));
            }
            index.put(key, set);
        });
        state = HostState.started(name, peer, index, checkpoint);
        trace = TraceWriter.open(dir, name, clock);
        take(new Action.Restart(SimStorage.ID, name + "-folder", name + "-log"), null);
    }

    void crash() throws IOException {
        trace.close();
        state = null;
        session = 0;
        granted = null;
        asked = null;
        inbox.clear();
        copies.clear();
        contents.clear();
        written.clear();
    }

    /** Takes the action if the protocol allows it. */
    boolean take(Action action, int @Nullable [] values) {
        HostState before = state();
        if (!(Protocol.step(before, action) instanceof Step.Taken taken)) {
            return false;
        }
        trace.step(before, action, taken.next(), values);
        state = taken.next();
        this.taken++;
        taken.effects().forEach(this::perform);
        if (!(action instanceof Action.StepDown)) {
            return true;
        }
        copies.clear();
        contents.clear();
        granted = null;
        asked = null;
        return true;
    }

    private void perform(Effect effect) {
        switch (effect) {
            case Effect.SendPreserve e -> send(new Message("Preserve", e.term(), e.epoch(), e.extents()));
            case Effect.ReadAndStore e -> {
                for (Extent extent : e.extents()) {
                    copies.add(new Copy(new CopyKey(e.term(), e.epoch()), extent));
                }
            }
            case Effect.SendPreserved e -> send(new Message("Preserved", e.term(), e.epoch(), e.extents()));
            case Effect.SendState e -> send(new Message("State", e.term(), e.epoch(), List.of()));
            case Effect.SendCommitted e -> send(new Message("Committed", e.term(), e.epoch(), List.of()));
            case Effect.DiscardCopies e -> {
                // At any later time: here, when the next takes its place.
            }
            case Effect.DiscardAll e -> {
                log.clear();
                checkpoint = null;
            }
            case Effect.DiscardOthers e -> {
                log.keySet().removeIf(key -> key.term() != e.term());
                if (checkpoint != null && checkpoint.term() != e.term()) {
                    checkpoint = null;
                }
            }
            case Effect.CompareAndSet e -> asked = e;
            case Effect.Ready e -> {}
            case Effect.Release e -> {}
            case Effect.ReleaseFlushed e -> {}
            case Effect.WriteOwed e -> {}
        }
    }

    private void send(Message message) {
        SimHost to = java.util.Objects.requireNonNull(other);
        if (to.isUp()) {
            to.inbox.add(message);
        }
    }

    // ---- Writes.

    boolean machineWrite(Extent extent, int content) {
        int[] values = new int[extent.count()];
        int[] hashes = new int[extent.count()];
        for (int i = 0; i < values.length; i++) {
            values[i] = content + i;
            hashes[i] = SimStorage.hash(values[i]);
        }
        long id = ++writes;
        if (!take(new Action.MachineWrite(id, extent), hashes)) {
            return false;
        }
        contents.put(id, values);
        for (int i = 0; i < values.length; i++) {
            written.put(new BlockId(extent.volume(), extent.first() + i), values[i]);
        }
        return true;
    }

    boolean sendWrites() {
        boolean any = false;
        for (PendingWrite write : state().pending()) {
            if (take(new Action.SendWrite(write.id(), write.extent()), null)) {
                int[] values = java.util.Objects.requireNonNull(contents.get(write.id()));
                wire(write.id(), write.extent(), values);
                any = true;
            }
        }
        return any;
    }

    boolean sendOwed() {
        for (Extent extent : state().owed().without(state().owedSent()).extents()) {
            Extent one = new Extent(extent.volume(), extent.first(), 1);
            if (take(new Action.SendWrite(HostState.OWED, one), null)) {
                BlockId block = new BlockId(one.volume(), one.first());
                int value = state().role() == Role.RESTORING ? oldest(block) : written.getOrDefault(block, -1);
                wire(HostState.OWED, one, new int[] {value});
                return true;
            }
        }
        return false;
    }

    private int oldest(BlockId block) {
        Checkpoint from = java.util.Objects.requireNonNull(checkpoint);
        for (Map.Entry<CopyKey, Map<BlockId, Integer>> entry : log.entrySet()) {
            CopyKey key = entry.getKey();
            Integer value = entry.getValue().get(block);
            if (key.term() == from.term() && key.epoch() >= from.epoch() && value != null) {
                return value;
            }
        }
        throw new AssertionError("no copy of " + block);
    }

    private void wire(long id, Extent extent, int[] values) {
        if (storage.isNewest(name, state().session())) {
            storage.wire.add(new OnWire(name, state().session(), id, extent, values, false));
        }
    }

    boolean askFlush() {
        boolean open = storage.isNewest(name, state().session())
                && storage.wire.stream().noneMatch(w -> w.host().equals(name) && w.flush())
                && storage.replies.stream().noneMatch(w -> w.host().equals(name) && w.flush());
        if (open && take(new Action.AskFlush(), null)) {
            storage.wire.add(new OnWire(name, state().session(), 0, new Extent(0, 0, 1), new int[0], true));
            return true;
        }
        return false;
    }

    void answer(OnWire reply) {
        storage.replies.remove(reply);
        if (!isUp() || reply.session() != state().session()) {
            return;
        }
        if (reply.flush()) {
            take(new Action.Flush(reply.session()), null);
        } else {
            take(new Action.WriteDone(reply.id(), reply.extent(), reply.session()), null);
        }
    }

    // ---- Messages.

    void receive(Message message) {
        switch (message.type()) {
            case "Preserve" -> take(new Action.ReadOld(message.term(), message.epoch(), message.extents()), null);
            case "Preserved" ->
                take(new Action.RecvPreserved(message.term(), message.epoch(), message.extents()), null);
            case "State" -> take(new Action.StagePart(message.term(), message.epoch()), null);
            default -> take(new Action.LearnCommitted(message.term(), message.epoch()), null);
        }
    }

    /** The link broke and is there again: what was not answered is sent once more. */
    void sendAgain() {
        for (PendingWrite write : state().pending()) {
            if (!write.sent() && state().mode() != dev.unwrite.protocol.Mode.SOLO) {
                List<Extent> missing = state().kept().missing(write.extent());
                if (!missing.isEmpty()) {
                    send(new Message("Preserve", state().term(), state().epoch(), missing));
                }
            }
        }
        for (long epoch : state().cuts()) {
            send(new Message("State", state().term(), epoch, List.of()));
        }
        if (state().role() == Role.SECONDARY && checkpoint != null) {
            send(new Message("Committed", checkpoint.term(), checkpoint.epoch(), List.of()));
        }
    }

    /** A copy that is durable is told of before the host stands aside: the specification has no step that finds it later. */
    void tellCopies() {
        List.copyOf(copies).stream().filter(copy -> copy.durable).forEach(this::copy);
    }

    boolean hasStateOf(long term) {
        return inbox.stream().anyMatch(m -> m.type().equals("State") && m.term() == term);
    }

    /** A copy goes one step on: read, stored, acknowledged. */
    boolean copy(Copy copy) {
        Extent extent = copy.extent;
        int[] read = copy.read;
        if (read == null) {
            read = new int[extent.count()];
            for (int i = 0; i < read.length; i++) {
                read[i] = storage.read(extent.volume(), extent.first() + i);
            }
            copy.read = read;
            return true;
        }
        if (state().proposal() != null) {
            return false;
        }
        boolean wanted = state().reading().getOrDefault(copy.key, Blocks.NONE).containsAll(extent);
        if (!copy.durable && wanted) {
            for (int i = 0; i < read.length; i++) {
                log.computeIfAbsent(copy.key, key -> new HashMap<>())
                        .put(new BlockId(extent.volume(), extent.first() + i), read[i]);
            }
            copy.durable = true;
            return true;
        }
        copies.remove(copy);
        int[] hashes = new int[read.length];
        for (int i = 0; i < read.length; i++) {
            hashes[i] = SimStorage.hash(read[i]);
        }
        return take(new Action.StoreCopy(copy.key.term(), copy.key.epoch(), extent), hashes);
    }

    /** {@code half}: the process is about to be killed, right after the switch. */
    boolean commit(boolean half) {
        if (state().staged().isEmpty()) {
            return false;
        }
        long epoch = state().staged().last();
        if (!take(new Action.AskCommit(epoch), null)) {
            return false;
        }
        Checkpoint next = new Checkpoint(state().term(), epoch);
        checkpoint = next;
        if (half) {
            return true;
        }
        log.keySet().removeIf(key -> key.term() != next.term() || key.epoch() < epoch);
        return take(new Action.Commit(epoch), null);
    }

    // ---- The record.

    boolean propose(Action.Change change) {
        if (session == 0 || !storage.isNewest(name, session)) {
            session = storage.open(name, state().term()).number();
        }
        tellCopies();
        return take(new Action.Propose(change, storage.record()), null);
    }

    /** The storage hears the proposal. */
    boolean arriveProposal() {
        Effect.CompareAndSet change = asked;
        if (change == null) {
            return false;
        }
        asked = null;
        long by = state().session() == 0 ? session : state().session();
        if (!storage.compareAndSet(name, by, change.expectedVersion(), change.record())) {
            take(new Action.NotAgreed(), null);
            return false;
        }
        OwnershipRecord now = change.record();
        Action.Change what = java.util.Objects.requireNonNull(state().proposal());
        granted = switch (what) {
            case GO_ALONE -> new Action.GoAlone(now);
            case PROTECT -> new Action.Protect(now);
            case FINISH_ROLLBACK -> new Action.FinishRollback(now);
            case TAKE_OVER -> new Action.TakeOver(now, 0);
            case BOOTSTRAP -> new Action.Bootstrap(now, 0);
            case COLD_START -> new Action.ColdStart(now, 0);
            case FORCE_COLD_START -> new Action.ForceColdStart(now, 0);
        };
        return true;
    }

    /** The host hears the storage's answer. */
    boolean hearGranted() {
        Action action = granted;
        if (action == null) {
            return false;
        }
        granted = null;
        return take(
                switch (action) {
                    case Action.TakeOver a -> new Action.TakeOver(a.record(), open(a.record()));
                    case Action.Bootstrap a -> new Action.Bootstrap(a.record(), open(a.record()));
                    case Action.ColdStart a -> new Action.ColdStart(a.record(), open(a.record()));
                    case Action.ForceColdStart a -> new Action.ForceColdStart(a.record(), open(a.record()));
                    default -> action;
                },
                null);
    }

    boolean restartRollback() {
        OwnershipRecord now = storage.record();
        if (state().role() != Role.IDLE || !now.owner().equals(name) || checkpoint == null) {
            return false;
        }
        return take(new Action.RestartRollback(now, open(now)), null);
    }

    boolean openSession() {
        if (state().session() == 0
                || granted != null
                || asked != null
                || storage.record().term() > state().term()) {
            return false;
        }
        return take(new Action.OpenSession(open(storage.record())), null);
    }

    private long open(OwnershipRecord record) {
        session = storage.open(name, record.term()).number();
        return session;
    }

    void close() throws IOException {
        trace.close();
    }
}
