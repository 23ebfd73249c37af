package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Action.Change;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Two hosts, a storage that forgets what was not flushed, and a network that loses, repeats and reorders, all in one
 * thread and driven from outside. Blocks hold numbers; the state of the machine is what it believes its blocks hold.
 */
final class World {
    static final int BLOCKS = 3;

    /** A request or message under way. */
    private record Mail(int to, Action action, int @Nullable [] machine) {}

    /** A write on its way to the storage. */
    private record Sent(int host, int life, long session, long id, Extent extent, int value, boolean fua) {}

    /** One host with what only the caller of the protocol knows. */
    private static final class Host {
        final int index;
        HostState state;
        int life;
        int[] machine = new int[BLOCKS];
        Map<CopyKey, int[]> copies = new HashMap<>();
        Map<Long, int[]> received = new HashMap<>();
        int @Nullable [] checkpoint;
        final Map<Long, Integer> values = new HashMap<>();
        /** What the machine remembered when it asked for a flush. */
        final Map<Long, int[]> asked = new HashMap<>();

        Host(int index) {
            this.index = index;
            state = HostState.started(name(index), name(1 - index), new TreeMap<>(), null);
        }
    }

    private final Host[] hosts = {new Host(0), new Host(1)};
    private final int[] disk = new int[BLOCKS];
    private int[] durable = new int[BLOCKS];
    /** What flushes were answered for, and no takeover took back. */
    private final int[] flushed = new int[BLOCKS];

    private OwnershipRecord record = OwnershipRecord.INITIAL;
    private final long[] sessions = new long[2];
    private long lastSession;
    private int lastValue;
    private long lastId;
    private final List<Mail> mail = new ArrayList<>();
    private final List<Sent> sent = new ArrayList<>();

    /** What happened so often; to see that a run does something. */
    final Map<String, Integer> counts = new TreeMap<>();

    private static String name(int index) {
        return index == 0 ? "A" : "B";
    }

    /** One step; what {@code what}, {@code who} and {@code which} mean depends on what is possible. */
    void step(int what, int who, int which) {
        Host host = hosts[who % 2];
        switch (what % 22) {
            case 20, 21 -> flushMachine(host, which);
            case 0 -> write(host, which % BLOCKS);
            case 1, 2, 3, 4, 5 -> deliver(which);
            case 6, 7, 8 -> send(host);
            case 9, 10 -> apply(which);
            case 11 -> flush(host);
            case 12 -> take(host, new Action.Cut(host.state.epoch() % 3 > 0));
            case 13 -> loseOrRepeat(which);
            case 14 -> follow(host);
            case 15 -> own(host, which);
            case 16 -> join(host, which);
            case 17 -> {
                if (which % 20 == 0) {
                    crash(host);
                }
            }
            case 18 -> {
                if (which % 20 == 0) {
                    crashStorage();
                }
            }
            default -> restore(host, which);
        }
        check();
    }

    /** On return the first host is primary and the second protects it. */
    World protectedPair() {
        own(hosts[0], 1);
        flush(hosts[0]);
        own(hosts[0], 1);
        join(hosts[0], 0);
        deliver(0);
        follow(hosts[1]);
        deliver(0);
        join(hosts[0], 0);
        assertThat(record.mode()).isEqualTo(OwnershipRecord.Mode.PROTECTED);
        check();
        return this;
    }

    private boolean take(Host host, Action action) {
        HostState before = host.state;
        Step step = Protocol.step(before, action);
        if (!(step instanceof Step.Taken(HostState next, List<Effect> effects))) {
            assertThat(host.state).isSameAs(before);
            return false;
        }
        host.state = next;
        counts.merge(action.name(), 1, Integer::sum);
        effects.forEach(effect -> perform(host, effect));
        return true;
    }

    private void perform(Host host, Effect effect) {
        int peer = 1 - host.index;
        switch (effect) {
            case Effect.SendPreserve e -> post(peer, new Action.ReadOld(e.term(), e.epoch(), e.extents()), null);
            case Effect.ReadAndStore e -> {
                for (Extent extent : e.extents()) {
                    // Reads now; the acknowledgment comes when it is stored.
                    int old = disk[(int) extent.first()];
                    host.copies
                            .computeIfAbsent(new CopyKey(e.term(), e.epoch()), k -> new int[BLOCKS])[
                            (int) extent.first()] = old;
                    take(host, new Action.StoreCopy(e.term(), e.epoch(), extent));
                }
            }
            case Effect.SendPreserved e -> post(peer, new Action.RecvPreserved(e.term(), e.epoch(), e.extents()), null);
            case Effect.SendState e ->
                post(peer, new Action.StagePart(e.term(), e.epoch(), e.base()), host.machine.clone());
            case Effect.SendCommitted e -> post(peer, new Action.LearnCommitted(e.term(), e.epoch()), null);
            case Effect.DiscardOthers e -> host.copies.keySet().removeIf(key -> key.term() != e.term());
            case Effect.DiscardCopies e ->
                host.copies.keySet().removeIf(key -> key.compareTo(new CopyKey(e.term(), e.epoch())) < 0);
            case Effect.FlushDone e -> answerFlush(host, e.id());
            default -> {}
        }
    }

    /** All blocks, or one, as a write of it with FUA asks for. */
    private void flushMachine(Host host, int which) {
        int[] machine = host.machine.clone();
        boolean all = which % 2 == 0;
        int only = which % BLOCKS;
        for (int block = 0; block < BLOCKS; block++) {
            machine[block] = all || block == only ? machine[block] : 0;
        }
        long id = ++lastId;
        host.asked.put(id, machine);
        take(host, new Action.MachineFlush(id, all ? null : Blocks.of(new Extent(0, only, 1))));
    }

    private void answerFlush(Host host, long id) {
        take(host, new Action.AnswerFlush(id));
        int[] machine = Objects.requireNonNull(host.asked.remove(id));
        if (record.owner().equals(host.state.name()) && record.term() == host.state.term()) {
            for (int block = 0; block < BLOCKS; block++) {
                flushed[block] = Math.max(flushed[block], machine[block]);
            }
        }
    }

    private void post(int to, Action action, int @Nullable [] machine) {
        mail.add(new Mail(to, action, machine));
    }

    private void write(Host host, int block) {
        Extent extent = new Extent(0, block, 1);
        long id = ++lastId;
        if (take(host, new Action.MachineWrite(id, extent))) {
            host.values.put(id, ++lastValue);
            host.machine[block] = lastValue;
        }
    }

    private void deliver(int which) {
        if (mail.isEmpty()) {
            return;
        }
        Mail next = mail.remove(which % mail.size());
        Host host = hosts[next.to];
        if (host.state.role() == Role.IDLE) {
            take(host, new Action.FollowJoin(record));
        }
        boolean taken = take(host, next.action);
        if (taken && next.action instanceof Action.StagePart part && next.machine != null) {
            host.received.put(part.epoch(), next.machine);
        }
    }

    /** Sends one thing that may go: what is owed first. */
    private void send(Host host) {
        HostState s = host.state;
        if (s.role() == Role.PRIMARY) {
            for (Extent extent : s.owed().extents()) {
                for (long block = extent.first(); block < extent.end(); block++) {
                    Extent one = new Extent(0, block, 1);
                    if (take(host, new Action.SendWrite(HostState.OWED, one))) {
                        sent.add(
                                new Sent(host.index, host.life, s.session(), 0, one, host.machine[(int) block], false));
                        return;
                    }
                }
            }
        }
        for (PendingWrite write : s.pending()) {
            boolean fua = write.id() % 3 == 0;
            if (take(host, new Action.SendWrite(write.id(), write.extent(), fua))) {
                int value = Objects.requireNonNull(host.values.get(write.id()));
                sent.add(new Sent(host.index, host.life, s.session(), write.id(), write.extent(), value, fua));
                return;
            }
        }
    }

    /** The storage applies a write if it may still; its answer may find nobody. */
    private void apply(int which) {
        if (sent.isEmpty()) {
            return;
        }
        Sent next = sent.remove(which % sent.size());
        Host host = hosts[next.host];
        if (sessions[next.host] != next.session || !record.owner().equals(name(next.host))) {
            return;
        }
        disk[(int) next.extent.first()] = next.value;
        if (next.fua) {
            durable[(int) next.extent.first()] = next.value;
        }
        if (host.life == next.life) {
            take(host, new Action.WriteDone(next.id, next.extent, next.session));
        }
    }

    private void flush(Host host) {
        HostState s = host.state;
        if (s.session() == 0 || s.session() != sessions[host.index]) {
            return;
        }
        if (s.role() == Role.COLD || take(host, new Action.AskFlush())) {
            durable = disk.clone();
            take(host, new Action.Flush(s.session()));
        }
    }

    private void loseOrRepeat(int which) {
        if (!mail.isEmpty()) {
            Mail one = mail.get(which / 2 % mail.size());
            if (which % 2 == 0) {
                mail.remove(one);
            } else if (mail.size() < 50) {
                mail.add(one);
            }
        }
    }

    /** The secondary's part: commits what it received, comes back, takes over. */
    private void follow(Host host) {
        for (long epoch : List.copyOf(host.state.staged().keySet())) {
            if (take(host, new Action.AskCommit(epoch))) {
                host.checkpoint = host.received.get(epoch);
                take(host, new Action.Commit(epoch));
                return;
            }
        }
        take(host, new Action.BecomeSecondary(record));
    }

    private long open(Host host) {
        sessions[host.index] = ++lastSession;
        return lastSession;
    }

    private boolean agree(Host host, Change change) {
        if (!take(host, new Action.Propose(change, record))) {
            return false;
        }
        record = nextRecord(host, change);
        return true;
    }

    private OwnershipRecord nextRecord(Host host, Change change) {
        HostState s = host.state;
        // The protocol's own words, asked of a state that has not proposed yet.
        HostState.Edit edit = s.edit();
        edit.proposal = null;
        Step.Taken step = (Step.Taken) Protocol.step(edit.done(), new Action.Propose(change, record));
        return ((Effect.CompareAndSet) step.effects().getFirst()).record();
    }

    /** Becomes owner, or starts again as one. */
    private void own(Host host, int which) {
        int[] restored = host.checkpoint;
        if (agree(host, Change.BOOTSTRAP)) {
            take(host, new Action.Bootstrap(record, open(host)));
        } else if (agree(host, Change.COLD_START)) {
            take(host, new Action.ColdStart(record, open(host)));
        } else if (restored != null && take(host, new Action.RestartRollback(record, lastSession + 1))) {
            open(host);
        } else if (which % 3 == 0 && agree(host, Change.TAKE_OVER)) {
            take(host, new Action.TakeOver(record, open(host)));
            for (int block = 0; block < BLOCKS; block++) {
                flushed[block] = Math.min(flushed[block], Objects.requireNonNull(restored)[block]);
            }
        } else if (record.term() > host.state.term()) {
            take(host, new Action.StepDown(record));
        } else if (which % 5 == 0 && host.state.role() != Role.IDLE && host.state.role() != Role.SECONDARY) {
            take(host, new Action.OpenSession(open(host)));
        }
        if (take(host, new Action.ColdRead())) {
            host.machine = disk.clone();
            discardAll(host);
        }
    }

    private static void discardAll(Host host) {
        host.copies.clear();
        host.checkpoint = null;
    }

    private void join(Host host, int which) {
        if (take(host, new Action.StartJoin())) {
            return;
        }
        if (agree(host, Change.PROTECT)) {
            take(host, new Action.Protect(record));
        } else if (which % 5 == 0 && agree(host, Change.GO_ALONE)) {
            take(host, new Action.GoAlone(record));
        } else if (which % 5 == 1) {
            take(host, new Action.AbortJoin(record));
        }
        take(host, new Action.Learn(record));
    }

    /** A rollback in whatever pieces come. */
    private void restore(Host host, int which) {
        HostState s = host.state;
        int[] machine = host.checkpoint;
        if (s.role() != Role.RESTORING || machine == null) {
            return;
        }
        for (Extent extent : s.owed().extents()) {
            Extent one = new Extent(0, extent.first() + which % extent.count(), 1);
            if (take(host, new Action.SendWrite(HostState.OWED, one))) {
                sent.add(new Sent(host.index, host.life, s.session(), 0, one, oldest(host, (int) one.first()), false));
                return;
            }
        }
        flush(host);
        if (agree(host, Change.FINISH_ROLLBACK)) {
            take(host, new Action.FinishRollback(record));
        }
        if (take(host, new Action.Resume())) {
            host.machine = machine.clone();
            discardAll(host);
        }
    }

    private static int oldest(Host host, int block) {
        Checkpoint from = Objects.requireNonNull(host.state.checkpoint());
        CopyKey key = host.state.copies().entrySet().stream()
                .filter(copies -> copies.getKey().term() == from.term())
                .filter(copies -> copies.getKey().epoch() >= from.epoch())
                .filter(copies -> copies.getValue().containsAll(new Extent(0, block, 1)))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        return Objects.requireNonNull(host.copies.get(key))[block];
    }

    private void crash(Host host) {
        host.life++;
        host.asked.clear();
        host.state =
                HostState.started(host.state.name(), host.state.peer(), host.state.copies(), host.state.checkpoint());
        host.received.clear();
        counts.merge("crash", 1, Integer::sum);
    }

    /** What was not flushed is gone, and all sessions end. */
    private void crashStorage() {
        System.arraycopy(durable, 0, disk, 0, BLOCKS);
        Arrays.fill(sessions, 0);
        counts.merge("crashStorage", 1, Integer::sum);
        for (Host host : hosts) {
            Role role = host.state.role();
            if (role != Role.IDLE && role != Role.SECONDARY && record.owner().equals(host.state.name())) {
                take(host, new Action.OpenSession(open(host)));
            }
        }
    }

    private void check() {
        for (int block = 0; block < BLOCKS; block++) {
            assertThat(durable[block]).as("FlushedSurvives: block %s", block).isGreaterThanOrEqualTo(flushed[block]);
        }
        List<Host> owners = new ArrayList<>();
        for (Host host : hosts) {
            if (host.state.role() == Role.PRIMARY && host.state.term() == record.term()) {
                owners.add(host);
                HostState s = host.state;
                if (s.drained()) {
                    assertThat(disk).as("Consistent: %s", s).isEqualTo(host.machine);
                }
            }
        }
        assertThat(owners).as("OneOwner").hasSizeLessThan(2);
        if (record.mode() == OwnershipRecord.Mode.PROTECTED) {
            Host secondary = hosts[record.secondary().equals("A") ? 0 : 1];
            Checkpoint held = secondary.state.checkpoint();
            int[] machine = secondary.checkpoint;
            if (held == null || machine == null) {
                throw new AssertionError("Recoverable: no checkpoint in " + secondary.state);
            }
            assertThat(held.term()).as("Recoverable").isEqualTo(record.term());
            for (int block = 0; block < BLOCKS; block++) {
                boolean copied = secondary.state.restorable().containsAll(new Extent(0, block, 1));
                int rebuilt = copied ? oldest(secondary, block) : disk[block];
                assertThat(rebuilt)
                        .as("Recoverable: block %s, copied %s, %s", block, copied, secondary.state)
                        .isEqualTo(machine[block]);
                if (!copied) {
                    assertThat(durable[block]).as("Recoverable after a crash").isEqualTo(rebuilt);
                }
            }
        }
    }
}
