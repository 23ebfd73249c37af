package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Answers;
import dev.unwrite.host.Host;
import dev.unwrite.host.Reply;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import dev.unwrite.trace.TraceWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Two hosts, a storage and what is between them, in one thread and in simulated time: what happens is what the moves say, in
 * their order, and nothing else. The same moves make the same run, to the byte. After every move the properties of the design
 * are checked.
 */
public final class Cluster {
    /** A simulated disk that is full or dead is no news: the log's warnings of it would be most of what a run does. */
    private static final java.util.logging.Logger UNDO = java.util.logging.Logger.getLogger("dev.unwrite.undo");

    static {
        UNDO.setLevel(java.util.logging.Level.OFF);
    }

    /** For so long the command line waits, unless it is told otherwise. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Config config;
    private final Tracing tracing;
    private final Slip slip;
    private final Witness witness;
    private final Counts counts = new Counts();
    private final SimStorage storage;
    private final SimHost[] processes;
    private final Line[] lines;
    private final FormerMessages former = new FormerMessages();
    private final Checks checks;
    private final Rounds rounds;
    private final LostFolders lostFolders = new LostFolders(this);
    private final List<String> log = new ArrayList<>();
    private long now = 1_000_000_000;
    private int values;
    private int said;
    private boolean lost;
    private boolean judged = true;
    private boolean logging;

    Cluster(Config config, Tracing tracing, Slip slip, Witness witness) {
        this.config = config;
        this.tracing = tracing;
        this.slip = slip;
        this.witness = witness;
        storage = new SimStorage(
                tracing.observer(),
                counts,
                line -> log("storage", line),
                (before, after) -> checks().recordChanged(before, after));
        storage.slip(slip);
        processes = new SimHost[] {new SimHost(0, this), new SimHost(1, this)};
        lines = new Line[] {new Line(processes[0], processes[1], former), new Line(processes[1], processes[0], former)};
        checks = new Checks(this);
        rounds = new Rounds(this);
        counts.runs = 1;
        start(0);
        start(1);
    }

    /** The cluster that these moves need: both hosts have just started, and nobody has claimed the group. */
    public static Cluster of(List<Move> moves, Tracing tracing, Slip slip) {
        int choice = 0;
        for (Move move : moves) {
            choice = move.kind() == Move.Kind.CONFIG ? move.a() : choice;
        }
        return new Cluster(Config.of(choice), tracing, slip, Witness.NONE);
    }

    // ---- What the parts ask.

    Config config() {
        return config;
    }

    Slip slip() {
        return slip;
    }

    Witness witness() {
        return witness;
    }

    Counts counts() {
        return counts;
    }

    SimStorage storage() {
        return storage;
    }

    SimHost[] processes() {
        return processes;
    }

    Line[] lines() {
        return lines;
    }

    Checks checks() {
        return checks;
    }

    long now() {
        return now;
    }

    void pass(long nanos) {
        now += nanos;
        counts.simulatedMillis = (now - 1_000_000_000) / 1_000_000;
        tracing.now(now);
    }

    int nextValue() {
        return ++values;
    }

    /** The newest of them. */
    int values() {
        return values;
    }

    /** Of how many writes somebody has told, or will. */
    int said() {
        return said;
    }

    /** The next of them. */
    int says() {
        return ++said;
    }

    TraceWriter openTrace(SimHost process) {
        return tracing.open(process);
    }

    /** More failed at once than the protocol survives: from here on nothing is promised. */
    void lose() {
        lost = true;
    }

    boolean isLost() {
        return lost;
    }

    /** Leaves it to whoever reads the traces to say what is wrong. */
    void leaveUnjudged() {
        judged = false;
        lose();
    }

    /** Whether what the hosts say and do is looked at here, whatever was lost. */
    boolean isJudged() {
        return judged;
    }

    LostFolders lostFolders() {
        return lostFolders;
    }

    /** Who says who it is to the other host has been heard. */
    void greeted(SimHost by, SimHost who) {
        lostFolders.greeted(by, who);
    }

    void machineBegins(SimHost process, History history) {
        checks.begins(process, history, process.room().said());
    }

    void heard(int number, History of, History.Write write) {
        counts.heard++;
        checks.heard(number, of, write);
        witness.heard(write);
    }

    /** A process has ended: what it had under way in memory is gone. */
    void ended(SimHost process) {
        lines[process.index].forget();
        lines[1 - process.index].breakOff();
    }

    void stepped(SimHost process, HostState before, Action action, HostState after) {
        witness.step(process, before, action, after);
        lostFolders.stepped(process, action);
        switch (action) {
            case Action.Cut a -> checks.cut(process, after);
            case Action.StartJoin a -> checks.cut(process, after);
            case Action.Resume a -> counts.failovers++;
            case Action.ColdRead a -> counts.coldStarts++;
            case Action.Protect a -> counts.joins++;
            case Action.Commit a -> counts.checkpoints++;
            case Action.TakeOver a -> {
                counts.restored += after.owed().size();
                checks.takenOver(process, after);
            }
            case Action.Propose a when a.change() == Action.Change.FINISH_ROLLBACK -> checks.restored(after);
            default -> {
                // Not counted.
            }
        }
    }

    void log(String name, Supplier<String> line) {
        if (logging) {
            log.add(String.format("%9.3f ms %s: %s", (now - 1_000_000_000) / 1e6, name, line.get()));
        }
    }

    /** Keeps what the hosts log from here on. */
    public void keepLog() {
        logging = true;
    }

    /** What the hosts have logged since the last call. */
    public List<String> takeLog() {
        List<String> taken = List.copyOf(log);
        log.clear();
        return taken;
    }

    // ---- What happens.

    /** Makes the move; throws {@link Violation} if a property is broken afterwards. */
    public void move(Move move) {
        happens(move, () -> perform(move));
    }

    /** The same for what is not a move; {@code what} says it in an error. */
    void happens(Object what, Runnable event) {
        try {
            event.run();
            rounds.endThoseWhoMust();
            checks.afterMove();
        } catch (Violation e) {
            throw e;
        } catch (RuntimeException e) {
            throw new Violation("NoError", what + " ended with " + e + at(e), e);
        }
    }

    static String at(RuntimeException e) {
        StackTraceElement[] trace = e.getStackTrace();
        return trace.length == 0 ? "" : " at " + trace[0];
    }

    FormerMessages former() {
        return former;
    }

    /** As a move that lets time pass, for any length of it. */
    void run(long nanos) {
        happens("run", () -> rounds.run(nanos));
    }

    /** As a move that lets only time pass. */
    void time(long nanos) {
        happens("time", () -> rounds.time(nanos));
    }

    private void perform(Move move) {
        int index = move.host();
        SimHost process = processes[index];
        Line line = lines[index];
        int a = move.a();
        boolean odd = (a & 1) == 1;
        switch (move.kind()) {
            case RUN -> rounds.run(Rounds.nanos(a));
            case TIME -> rounds.time(Rounds.nanos(a));
            case ASK -> ask(process, a, move.b());
            case LOAD -> {
                for (int i = 0; i <= a % 16; i++) {
                    ask(process, a + 7 * i + move.b(), move.b() + 5 * i);
                }
            }
            case MESSAGE -> {
                boolean _ = line.pump();
                line.deliver(odd);
            }
            case AGAIN -> former.again(a);
            case REQUEST -> {
                if (!storage.wire.isEmpty()) {
                    storage.arrive(storage.wire.get(a % storage.wire.size()));
                }
            }
            case ANSWER -> {
                if (!storage.answers.isEmpty()) {
                    storage.deliver(storage.answers.get(a % storage.answers.size()));
                }
            }
            case DISK -> {
                if (process.isUp()) {
                    process.store().work(1 + a / 2 % 8);
                    if (odd && !process.disk().isDead()) {
                        process.store().tell();
                    }
                }
            }
            case LATER -> {
                if (process.hasLater()) {
                    process.nextLater();
                } else if (process.isUp()) {
                    process.store().tell();
                }
                line.notice();
                line.connect();
            }
            case CHECKPOINT, FAILOVER, SWITCHOVER, PROTECT, LEAVE -> order(process, move.kind(), odd);
            case CRASH -> process.crash(a * 0x01234567);
            case CRASH_AT -> process.disk().crashIn(a % 12, move.b() * 0x01234567);
            case KILL -> process.exit();
            case RESTART -> start(index);
            case REPLACE -> {
                if (!process.isUp()) {
                    replaceDisk(index);
                }
            }
            case BACK_UP -> process.backUp();
            case PUT_BACK -> {
                if (process.putBack()) {
                    lostFolders.lost(process);
                }
            }
            case FREEZE -> process.freeze(odd);
            case JUMP -> process.jump(Rounds.nanos(a));
            case FULL -> process.disk().setFull(odd);
            case READ_ONLY -> process.disk().setReadOnly(odd);
            case EIO -> process.disk().failIn(a % 12);
            case FLIP -> {
                if (!process.isUp()) {
                    process.disk().flip(a, move.b());
                }
            }
            case MISDIRECT -> process.disk().misdirect(a);
            case BREAK -> line.breakOff();
            case CUT -> line.cut(odd);
            case SLOW_STATE -> {
                for (Line each : lines) {
                    each.slow(odd);
                }
            }
            case HANG_UP -> storage.hangUp(index);
            case CUT_OFF -> storage.cutOff(index, odd);
            case LOSE -> storage.faults.lose(odd);
            case HOLD -> storage.faults.hold(a);
            case FAIL -> storage.faults.fail(a, move.b());
            case NAME_IN_USE -> storage.faults.takeName(index, a);
            case STORAGE_CRASH -> storage.crash(a * 0x01234567 & Integer.MAX_VALUE);
            case DESTAGE -> storage.destage(a);
            case HEAL -> heal();
            case CONFIG -> {
                // Was so from the beginning.
            }
        }
    }

    /** Whether the move changes anything now; those that let time or messages pass always may. */
    boolean isPossible(Move move) {
        SimHost host = processes[move.host()];
        return switch (move.kind()) {
            case ASK, LOAD ->
                (runsMachine(host) ? host : processes[1 - host.index]).isUp()
                        && (runsMachine(host) ? host : processes[1 - host.index])
                                .room()
                                .takesRequests();
            case CHECKPOINT, FAILOVER, SWITCHOVER, PROTECT, LEAVE, HANG_UP -> host.isRunning();
            case CRASH, KILL, FREEZE -> host.isUp();
            case RESTART, REPLACE, PUT_BACK, FLIP -> !host.isUp();
            default -> true;
        };
    }

    /** Of the machine at this host, or, if none runs there, of that at the other. */
    private void ask(SimHost wanted, int what, int where) {
        SimHost process = runsMachine(wanted) ? wanted : processes[1 - wanted.index];
        if (runsMachine(process)) {
            process.turn(() -> process.room().operate(what, where));
        }
    }

    private static boolean runsMachine(SimHost process) {
        return process.isRunning() && process.room().isRunning();
    }

    /** What a person asks of a host; nobody waits for the answer. */
    private void order(SimHost wanted, Move.Kind kind, boolean odd) {
        // Who is to fail over is the one that does not run the machine, who is to hand over the one that does.
        SimHost there = processes[1 - wanted.index];
        boolean other = switch (kind) {
            case FAILOVER -> runsMachine(wanted);
            case SWITCHOVER -> runsMachine(there);
            default -> false;
        };
        SimHost process = other ? there : wanted;
        if (!process.isRunning()) {
            return;
        }
        Host host = process.host();
        process.turn(() -> {
            switch (kind) {
                case CHECKPOINT -> host.checkpoint(odd ? "a state" : null, PATIENCE, ignored());
                case FAILOVER -> host.failover(odd, PATIENCE, ignored());
                case SWITCHOVER -> host.switchover(PATIENCE, ignored());
                case PROTECT -> host.protect(PATIENCE, ignored());
                default -> {
                    int life = process.toldToLeave();
                    host.leave(Reply.of(line -> process.leaves(life), why -> process.leaves(life)));
                }
            }
        });
    }

    private static <T> Reply<T> ignored() {
        return Reply.of(done -> {}, why -> {});
    }

    void start(int index) {
        processes[index].start(lines[index]);
    }

    void replaceDisk(int index) {
        processes[index].replaceDisk();
        lostFolders.lost(processes[index]);
    }

    void heal() {
        boolean dead = storage.faults.isDead();
        storage.faults.heal();
        if (dead) {
            storage.crash(0);
        }
        for (Line line : lines) {
            line.cut(false);
            line.slow(false);
        }
        for (SimHost process : processes) {
            process.freeze(false);
            process.disk().setFull(false);
            process.disk().setReadOnly(false);
            process.disk().failIn(-1);
            process.disk().crashIn(-1, 0);
            process.disk().misdirect(-1);
        }
    }

    /**
     * The second phase: no more faults, and within a stated simulated time the pair is protected, every request of a client is
     * answered, and a checkpoint is committed.
     */
    public void finish() {
        try {
            new Ending(this, rounds).run();
        } catch (Violation e) {
            throw e;
        } catch (RuntimeException e) {
            throw new Violation("NoError", "after the faults: " + e + at(e), e);
        } finally {
            close();
        }
    }

    /** Asks for a checkpoint; tells how it went. */
    void checkpoint(SimHost process, Reply<Answers.Committed> reply) {
        process.turn(() -> process.host().checkpoint(null, PATIENCE, reply));
    }

    @Nullable
    SimHost owner() {
        String owner = storage.record().owner();
        return owner.isEmpty() ? null : process(owner);
    }

    SimHost process(String name) {
        return processes[name.equals("A") ? 0 : 1];
    }

    /** Ends the traces. */
    public void close() {
        long crashes = counts.crashes;
        for (SimHost process : processes) {
            process.crash(0);
        }
        counts.crashes = crashes;
        tracing.close();
    }

    /** What the run went through. */
    public Counts countsOfRun() {
        return counts;
    }

    @Override
    public String toString() {
        return processes[0] + "; " + processes[1] + "; " + lines[0] + ", " + lines[1] + "; " + storage;
    }
}
