package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.sim.SimStorage.Reply;
import dev.unwrite.conformance.sim.SimStorage.Request;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.TraceWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Two hosts, a storage and a network, in one thread: what happens is what the moves say, in their order, and nothing
 * else. The same moves make the same run, to the byte. After every move the properties of the design are checked.
 */
public final class SimWorld {
    /** A simulated disk that is full or dead is no news: the log's warnings of it would be most of what a run does. */
    private static final java.util.logging.Logger UNDO = java.util.logging.Logger.getLogger("dev.unwrite.undo");

    static {
        UNDO.setLevel(java.util.logging.Level.OFF);
    }

    private static final int MAX_JOBS_A_ROUND = 60;
    private static final int MAX_MESSAGES_A_ROUND = 100;
    private static final int ROUNDS_TO_FINISH = 60;

    private final Tracing tracing;
    final SimStorage storage;
    final SimNetwork network = new SimNetwork();
    private final SimHost[] hosts = new SimHost[2];
    private final Map<CopyKey, int[]> cuts = new HashMap<>();
    private final int[] seen;
    private final Set<SimHost> toCrash = new HashSet<>();
    private final Checks checks;
    private final Counts counts = new Counts();
    private int content;
    private boolean lost;

    /** A new world of the usual size, in which both hosts have just started and nobody has claimed the group. */
    public SimWorld(Tracing tracing) {
        this(tracing, SimStorage.BLOCKS);
    }

    /** The same with a volume of so many blocks, at least as many as it always has. */
    SimWorld(Tracing tracing, int blocks) {
        this.tracing = tracing;
        this.storage = new SimStorage(tracing.observer(), blocks);
        this.seen = new int[blocks];
        Content hashes = new Content();
        hosts[0] = new SimHost(0, this, storage, network, hashes);
        hosts[1] = new SimHost(1, this, storage, network, hashes);
        checks = new Checks(this);
        hosts[0].start();
        hosts[1].start();
    }

    /** The world that these moves need. */
    public static SimWorld of(List<Move> moves, Tracing tracing) {
        int asked = moves.stream()
                .filter(move -> move.kind() == Move.Kind.VOLUME)
                .mapToInt(Move::a)
                .max()
                .orElse(0);
        return new SimWorld(tracing, Math.clamp(asked, SimStorage.BLOCKS, SimStorage.BLOCKS_MAX));
    }

    // ---- What the hosts ask.

    SimHost host(int index) {
        return hosts[index];
    }

    SimStorage storage() {
        return storage;
    }

    int[] seen() {
        return seen;
    }

    /** The state of the machine and of the disk when the checkpoint was cut. */
    int @Nullable [] cut(long term, long epoch) {
        return cuts.get(new CopyKey(term, epoch));
    }

    TraceWriter openTrace(SimHost host) {
        return tracing.open(host);
    }

    void noteCut(SimHost host, long term, long epoch) {
        int[] memory = host.machine().memory();
        checks.cut(host, memory);
        cuts.put(new CopyKey(term, epoch), memory);
    }

    void heard(List<Machine.Said> output) {
        for (Machine.Said said : output) {
            seen[said.block()] = Math.max(seen[said.block()], said.value());
            counts.heard++;
        }
    }

    void resumed(SimHost host, long term, long epoch) {
        counts.failovers++;
        checks.resumed(host, term, epoch);
    }

    /** More failed at once than the protocol survives: from here on nothing is promised. */
    void lose() {
        lost = true;
    }

    boolean isLost() {
        return lost;
    }

    /** The host's disk gave up in the middle of something: the process ends when the present step is over. */
    void toCrash(SimHost host) {
        toCrash.add(host);
    }

    // ---- What happens.

    /** Makes the move; throws {@link Violation} if a property is broken afterwards. */
    public void move(Move move) {
        try {
            perform(move);
            crashThoseWhoMust();
            checks.afterMove();
        } catch (Violation e) {
            throw e;
        } catch (RuntimeException e) {
            throw new Violation("NoError", move + " ended with " + e, e);
        }
    }

    private void perform(Move move) {
        SimHost host = hosts[move.host()];
        int a = move.a();
        switch (move.kind()) {
            case RUN -> {
                for (int i = 0; i <= a % Move.MOST_ROUNDS; i++) {
                    round();
                }
            }
            case WRITE -> {
                if (host.isUp()) {
                    write(host, a, move.b());
                }
            }
            case CUT -> take(host, new Action.Cut());
            case JOB -> {
                if (host.isUp()) {
                    host.job(a % SimHost.JOBS);
                }
            }
            case DELIVER -> deliver(a, false);
            case REPEAT -> deliver(a, true);
            case AGAIN -> receive(network.again(a));
            case HOLD -> storage.hold(a);
            case LATE -> late(a);
            case DROP -> {
                if (!network.isEmpty()) {
                    network.take(a, false);
                }
            }
            case STORE -> {
                if (!storage.wire.isEmpty()) {
                    arrive(storage.wire.get(a % storage.wire.size()));
                }
            }
            case REPLY -> {
                if (!storage.replies.isEmpty()) {
                    answer(storage.replies.get(a % storage.replies.size()));
                }
            }
            case TAKE_OVER -> propose(host, Action.Change.TAKE_OVER);
            case GO_ALONE -> propose(host, Action.Change.GO_ALONE);
            case FORCE_COLD -> propose(host, Action.Change.FORCE_COLD_START);
            case ABORT_JOIN -> host.abortJoin();
            case RECONNECT -> {
                if (host.isUp()) {
                    host.openSession();
                }
            }
            case CRASH -> crash(host, a);
            case CRASH_AT -> host.disk().crashIn(a % 12, move.b());
            case RESTART -> host.start();
            case STORAGE_CRASH -> {
                counts.storageCrashes++;
                storage.crash(a);
            }
            case DESTAGE -> storage.destage(a);
            case CUT_LINK -> network.cut(1 - move.host());
            case SLOW_STATE -> network.loseState((a & 1) == 1);
            case HEAL -> network.heal();
            case FULL -> host.disk().setFull((a & 1) == 1);
            case READ_ONLY -> host.disk().setReadOnly((a & 1) == 1);
            case FLIP -> {
                if (!host.isUp()) {
                    host.disk().flip(a, move.b());
                }
            }
            case MISDIRECT -> host.disk().misdirect(a);
            case VOLUME -> {
                // Was so from the beginning.
            }
            case DO -> {
                if (host.isUp()) {
                    host.only(a % SimHost.JOBS);
                }
            }
            case SEND -> {
                if (host.isUp()) {
                    host.send(a, move.b());
                }
            }
            case COPY -> {
                if (host.is(Role.SECONDARY)) {
                    host.copy(a);
                }
            }
            case RESEND -> {
                if (host.isUp()) {
                    host.sendAgain();
                    host.settleHaggling();
                }
            }
            case REPLACE -> {
                if (!host.isUp()) {
                    host.replaceDisk();
                }
            }
        }
    }

    private void write(SimHost host, int a, int b) {
        int first = a % storage.blocks();
        int count = 1 + b % Math.min(storage.blocks() / 2, storage.blocks() - first);
        host.write(first, count, content + 1);
        content += count;
    }

    private static boolean take(SimHost host, Action action) {
        return host.isUp() && host.take(action, null);
    }

    private static void propose(SimHost host, Action.Change change) {
        if (host.isUp()) {
            host.propose(change);
        }
    }

    private void crash(SimHost host, int choice) {
        if (host.isUp()) {
            counts.crashes++;
            host.crash(choice);
        }
    }

    private void crashThoseWhoMust() {
        for (SimHost host : hosts) {
            if (host.isUp() && (toCrash.remove(host) || host.disk().isDead())) {
                crash(host, host.disk().leaves());
            }
        }
        toCrash.clear();
    }

    private void deliver(int choice, boolean again) {
        if (!network.isEmpty()) {
            receive(network.take(choice, again));
        }
    }

    private void receive(@Nullable Message message) {
        if (message != null && hosts[message.to()].isUp()) {
            hosts[message.to()].receive(message);
        }
    }

    private void arrive(Request request) {
        String wrong = storage.arrive(request);
        if (wrong != null) {
            throw new Violation("OneOwner", wrong);
        }
    }

    private void answer(Reply reply) {
        storage.replies.remove(reply);
        for (SimHost host : hosts) {
            if (host.name.equals(reply.to().host()) && host.isUp()) {
                host.answer(reply);
            }
        }
    }

    private void late(int choice) {
        if (storage.late() == 0) {
            return;
        }
        int index = choice % storage.late();
        int requests = storage.lateRequests.size();
        if (index < requests) {
            arrive(storage.lateRequests.remove(index));
        } else {
            answer(storage.lateReplies.remove(index - requests));
        }
    }

    /** Everybody does what is to be done, and all that is under way arrives. */
    private void round() {
        for (SimHost host : hosts) {
            for (int i = 0; i < MAX_JOBS_A_ROUND && host.isUp() && host.job(0); i++) {
                crashThoseWhoMust();
            }
            if (host.isUp()) {
                host.sendAgain();
                host.settleHaggling();
            }
        }
        crashThoseWhoMust();
        for (int i = 0; i < MAX_MESSAGES_A_ROUND && !network.isEmpty(); i++) {
            deliver(0, false);
            crashThoseWhoMust();
        }
        for (Request request : new ArrayList<>(storage.wire)) {
            arrive(request);
        }
        for (Reply reply : new ArrayList<>(storage.replies)) {
            answer(reply);
            crashThoseWhoMust();
        }
    }

    // ---- The second phase: no more faults, and everything must come to its end.

    /**
     * Faults stop, whoever is down starts, a broken disk is replaced, and whoever watches over the pair does what a
     * person or a detector would do. Then each write must end, each failover must end, and the pair must be protected.
     */
    public void finish() {
        try {
            heal();
            for (int i = 0; i < ROUNDS_TO_FINISH && !lost && !isWell(); i++) {
                watch(i);
                round();
                crashThoseWhoMust();
                checks.afterMove();
            }
            if (lost) {
                counts.lost++;
            } else {
                demandWell();
                lastCheckpoint();
            }
        } catch (Violation e) {
            throw e;
        } catch (RuntimeException e) {
            throw new Violation("NoError", "after the faults: " + e, e);
        } finally {
            close();
        }
    }

    private void heal() {
        network.heal();
        storage.letGo();
        for (SimHost host : hosts) {
            host.disk().crashIn(-1, 0);
            host.disk().setFull(false);
            host.disk().setReadOnly(false);
            host.disk().misdirect(-1);
            if (host.isRefused()) {
                host.replaceDisk();
            }
            host.start();
            if (host.isRefused()) {
                host.replaceDisk();
                host.start();
            }
        }
    }

    private boolean isWell() {
        OwnershipRecord record = storage.record();
        SimHost owner = owner();
        return owner != null
                && owner.runs()
                && record.mode() == OwnershipRecord.Mode.PROTECTED
                && owner.state().mode() == Mode.PROTECTED
                && hosts[owner.peer()].is(Role.SECONDARY)
                && hosts[owner.peer()].state().proposal() == null
                && owner.state().proposal() == null
                && storage.wire.isEmpty()
                && owner.state().quiet()
                && owner.state().cuts().isEmpty();
    }

    @Nullable
    SimHost owner() {
        for (SimHost host : hosts) {
            if (host.name.equals(storage.record().owner())) {
                return host;
            }
        }
        return null;
    }

    /** What a person or a detector does about what lasts. */
    private void watch(int round) {
        for (SimHost host : hosts) {
            if (host.isRefused()) {
                host.replaceDisk();
            }
            host.start();
        }
        OwnershipRecord record = storage.record();
        SimHost owner = owner();
        if (owner == null || round % 4 != 3) {
            return;
        }
        SimHost other = hosts[owner.peer()];
        boolean holds = other.isUp() && other.state().checkpoint() != null;
        switch (record.mode()) {
            case PROTECTED -> {
                if (owner.runs()) {
                    if (!other.is(Role.SECONDARY)) {
                        owner.propose(Action.Change.GO_ALONE);
                    }
                } else if (holds) {
                    other.propose(Action.Change.TAKE_OVER);
                } else {
                    lost = true; // The owner's memory and the secondary's disk are gone: two faults at once.
                }
            }
            case ROLLBACK -> lost = owner.isUp() && owner.state().checkpoint() == null;
            case SOLO -> {
                if (round % 16 == 15) {
                    owner.abortJoin();
                }
            }
            case NONE -> {}
        }
    }

    private void demandWell() {
        SimHost owner = owner();
        String now = this + " after " + ROUNDS_TO_FINISH + " rounds without a fault";
        if (owner == null) {
            throw new Violation("FailoverEnds", "nobody owns the group: " + now);
        }
        if (storage.record().mode() == OwnershipRecord.Mode.ROLLBACK || !owner.runs()) {
            throw new Violation("FailoverEnds", now);
        }
        if (!owner.state().drained()) {
            throw new Violation("WriteEnds", now);
        }
        if (!isWell()) {
            throw new Violation("JoinEnds", now);
        }
        counts.joins++;
    }

    /** Writes everything once more, and sees it committed. */
    private void lastCheckpoint() {
        SimHost owner = java.util.Objects.requireNonNull(owner());
        write(owner, 0, 2);
        write(owner, 3, 2);
        for (int i = 0; i < 8; i++) {
            round();
            checks.afterMove();
        }
        long epoch = owner.state().epoch();
        if (!owner.take(new Action.Cut(), null)) {
            throw new Violation("WriteEnds", "no checkpoint can be cut: " + this);
        }
        for (int i = 0; i < 8; i++) {
            round();
            checks.afterMove();
        }
        if (owner.state().safe() <= epoch) {
            throw new Violation("JoinEnds", "a checkpoint is not committed: " + this);
        }
        counts.checkpoints++;
    }

    /** Ends the traces. */
    public void close() {
        for (SimHost host : hosts) {
            if (host.isUp()) {
                host.crash(0);
            }
        }
        tracing.close();
    }

    /** What the run went through. */
    public Counts counts() {
        return counts;
    }

    @Override
    public String toString() {
        return hosts[0] + "; " + hosts[1] + "; " + storage;
    }
}
