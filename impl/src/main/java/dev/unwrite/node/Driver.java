package dev.unwrite.node;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.peer.MessageId;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import dev.unwrite.storage.NameTakenException;
import dev.unwrite.storage.NotAStorageException;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.WrongIdentityException;
import dev.unwrite.undo.UndoLog;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides which step to take when: the policy around the protocol. One thread runs {@link #run}; it follows the ownership
 * record, looks at the other host, and cuts checkpoints. Whatever it decides, {@link dev.unwrite.protocol.Protocol} has the
 * last word.
 */
final class Driver implements Closeable, PeerLink.Listener {
    private static final Duration IDLE_TICK = Duration.ofMillis(100);
    private static final Duration HEARTBEAT = Duration.ofMillis(100);
    /** A driver that has made no turn for so long is stuck, and its host says nothing any more. */
    private static final Duration TURN_LIMIT = Duration.ofSeconds(20);

    private static final Duration RECORD_EVERY = Duration.ofMillis(500);
    private static final String LOST = "the host that was to join is lost";
    /** The role, in a heartbeat, of a host whose local storage failed it. */
    private static final String FAILED = "failed";
    /** A secondary that does not store a copy for so long is not waited for any longer. */
    private static final Duration COPY_MAX = Duration.ofSeconds(10);
    /** How long the machine speaks freely after a host did not take its state, before that host is asked again. */
    private static final Duration JOIN_AGAIN = Duration.ofSeconds(5);

    /** For so long a start waits for the last signs of life of the one who had the name, or this folder, before. */
    private static final Duration ALIVE_MAX = Duration.ofSeconds(10);

    /** Writes that wait for less are not worth a line: the next checkpoint is on its way. */
    private static final Duration WAITING_SAID = Duration.ofSeconds(1);

    private static final Duration SPEAK_EVERY = Duration.ofMillis(50);

    private final NodeConfig config;
    private final Engine engine;
    private final StorageClient storage;
    private final UndoLog undo;
    private final Folder folder;
    private final Consumer<String> log;
    private final Consumer<String> fatal;
    final SessionHolder sessions = new SessionHolder();
    final Gate gate = new Gate();
    final Outputs outputs = new Outputs();
    final WritePath path;
    final MachineRoom room;
    final Recovery recovery;
    private final Ownership ownership;
    private final Mirror mirror;
    private final UndoBudget budget;
    private final @Nullable Witness witness;
    private final SessionKeeper keeper;
    private final ExecutorService cutting = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("cutter").daemon().factory());
    /** Apart from the driver, which waits for the storage: one that hangs must not look like a host that died. */
    private final ScheduledExecutorService heartbeats = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("heartbeats").daemon().factory());

    private final AtomicBoolean cutUnderWay = new AtomicBoolean();
    private final AtomicLong preserveRequests = new AtomicLong();
    private final AtomicLong preservedBlocks = new AtomicLong();
    private final AtomicLong failovers = new AtomicLong();
    private final AtomicLong joins = new AtomicLong();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();
    private final Deque<Order> orders = new ArrayDeque<>();
    private boolean woken;
    private volatile boolean stopping;
    private volatile OwnershipRecord record = OwnershipRecord.INITIAL;
    private volatile boolean storageAnswers;
    private volatile PeerMessage.@Nullable Heartbeat heard;
    private volatile long heardAt;
    /** The life of the other host's process, by {@link PeerLink.Listener#outgoingUp}; 0 before the first. */
    private volatile long peerLife;
    /** The process that was to join has ended in the middle of it, and another has taken its place. */
    private volatile boolean joinerChanged;

    private final Acknowledged acknowledged = new Acknowledged();
    private volatile PeerMessage.Ids peerIds = PeerMessage.Ids.NONE;
    /** Why the other host does not count any more although it speaks, or null. */
    private volatile @Nullable String unfit;

    private volatile @Nullable Instant unprotectedSince = Instant.now();
    private volatile @Nullable String handOverRefused;
    private volatile String note = "";
    private volatile String troubled = "";
    /** The last reason for which a checkpoint was not taken, as it was logged. */
    private volatile @Nullable Refusal refused;

    private @Nullable PeerLink link;
    private @Nullable Cutter cutter;
    private @Nullable StateSender sender;
    private @Nullable Thread thread;
    private long nextCut;
    private long nextJoin = System.nanoTime();
    private volatile long lastTurn = System.nanoTime();
    private long nextRecord;
    private boolean formerLivesEnded;
    private final long startedNanos = System.nanoTime();
    private volatile boolean waitingSaid;
    private long waitingWrite = -1;
    private long waitingSince;
    private long roleSince = System.nanoTime();
    private long modeSince = System.nanoTime();
    private Mode lastMode = Mode.SOLO;

    /** How an order to run the machine here ended. */
    enum Done {
        /** The former primary is fenced, and the disk is back at the checkpoint. */
        TAKEOVER,
        /** As above; the takeover was decided before, and its rollback was not over. */
        ROLLBACK,
        /** The machine was started from its disk, without a checkpoint. */
        COLD,
        /** This host was primary already: nothing was done. */
        ALREADY
    }

    /** What became of an order: {@code why} is null if it is done, else it says why not. */
    record Outcome(Done done, @Nullable String why) {}

    /**
     * Something that a person or the other host wants done by this thread.
     *
     * @param handOver what the other host asks for, or null: a person asks for a failover
     * @param cold whether that person gives the checkpoint up
     * @param atNanos when it came
     */
    private record Order(
            PeerMessage.@Nullable HandOver handOver, boolean cold, long atNanos, CompletableFuture<Outcome> outcome) {}

    /** Orders whose way was decided and which met trouble: they go on. Used by the driver's thread only. */
    private final List<Order> unfinished = new ArrayList<>();

    private Done unfinishedAs = Done.ROLLBACK;

    Driver(
            NodeConfig config,
            Folder folder,
            Engine engine,
            StorageClient storage,
            UndoLog undo,
            CheckpointStore store,
            boolean tracing,
            Consumer<String> log,
            Consumer<String> fatal)
            throws IOException {
        this.config = config;
        this.folder = folder;
        this.fatal = fatal;
        this.engine = engine;
        this.storage = storage;
        this.undo = undo;
        this.log = log;
        budget = new UndoBudget(engine, config.undoLimitBytes());
        path = new WritePath(engine, sessions, tracing);
        room = new MachineRoom(config, sessions, path, gate, outputs, budget);
        ownership = new Ownership(engine, storage);
        mirror = new Mirror(engine, storage, undo, store, folder::checkpointMeta, tracing, this::refuse);
        witness = config.witness() == null ? null : new Witness(config.witness());
        recovery = new Recovery(engine, storage, ownership, sessions, path, room, mirror, undo, store, witness, log);
        keeper = new SessionKeeper(engine, sessions, recovery, log, this::end);
        sessions.onBroken(keeper::broken);
        engine.connect(this::perform);
    }

    /** Begins; the link exists already and may call at once. */
    void start(PeerLink peerLink) {
        lock.lock();
        try {
            link = peerLink;
            StateSender states = new StateSender(peerLink);
            sender = states;
            cutter = new Cutter(engine, path, room, outputs, states, sessions, witness);
            thread = Thread.ofPlatform().name("driver").start(this::run);
            heartbeats.scheduleAtFixedRate(this::beat, 0, HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            lock.unlock();
        }
    }

    // ---- Effects: under the engine's lock, never waiting for the network.

    private void perform(Effect effect) {
        switch (effect) {
            case Effect.SendPreserve e -> {
                preserveRequests.incrementAndGet();
                sendPreserve(e);
            }
            case Effect.Ready e -> path.ready(e.writes());
            case Effect.ReadAndStore e -> mirror.readAndStore(e);
            case Effect.SendPreserved e -> {
                long blocks = 0;
                for (Extent extent : e.extents()) {
                    blocks += extent.count();
                }
                preservedBlocks.addAndGet(blocks);
                for (List<Extent> part : parts(e.extents())) {
                    send(new PeerMessage.Preserved(undo.position(), undo.usedBytes(), e.term(), e.epoch(), part));
                }
            }
            case Effect.SendCommitted e -> send(new PeerMessage.Committed(e.term(), e.epoch()));
            case Effect.DiscardCopies e -> mirror.discardBefore(e.term(), e.epoch());
            case Effect.DiscardOthers e -> mirror.discardOthers(e.term());
            case Effect.Release e -> outputs.release(e.epoch());
            case Effect.ReleaseFlushed e -> outputs.releaseAll();
            // Recovery has discarded all before it asked for the step: the machine runs after it.
            case Effect.DiscardAll e -> {}
            // The one who asked for these steps does what follows.
            case Effect.SendState e -> {}
            case Effect.CompareAndSet e -> {}
            case Effect.WriteOwed e -> {}
        }
    }

    private void sendPreserve(Effect.SendPreserve e) {
        for (List<Extent> part : parts(e.extents())) {
            send(new PeerMessage.Preserve(e.term(), e.epoch(), part));
        }
    }

    private static List<List<Extent>> parts(List<Extent> extents) {
        List<List<Extent>> result = new ArrayList<>();
        for (int from = 0; from < extents.size(); from += PeerMessage.EXTENTS_MAX) {
            result.add(extents.subList(from, Math.min(extents.size(), from + PeerMessage.EXTENTS_MAX)));
        }
        return result;
    }

    private void send(PeerMessage message) {
        PeerLink out = link;
        if (out != null) {
            out.send(message);
        }
    }

    // ---- The link.

    @Override
    public void received(PeerMessage message, MessageId id) {
        switch (message) {
            case PeerMessage.Heartbeat m -> {
                heard = m;
                heardAt = System.nanoTime();
                budget.reported(m.undoBytes());
                if (m.recordVersion() > record.version()) {
                    nextRecord = 0;
                    wakeUp();
                }
            }
            case PeerMessage.Preserve m -> {
                follow(m.term());
                engine.take(new Action.ReadOld(m.term(), m.epoch(), m.extents()));
            }
            case PeerMessage.Preserved m -> {
                budget.reported(m.undoBytes());
                if (engine.take(new Action.RecvPreserved(m.term(), m.epoch(), m.extents()))) {
                    acknowledged.acknowledged(id.incarnation(), m.position());
                }
            }
            case PeerMessage.StateBegin m -> {
                follow(m.term());
                String why = mirror.stateBegin(m);
                Checkpoint held = engine.state().checkpoint();
                boolean have = held != null && held.term() == m.term() && held.epoch() >= m.epoch();
                if (why != null && !have) {
                    refuse(m.term(), m.epoch(), why);
                    lookAtRecord();
                }
            }
            case PeerMessage.StateChunk m -> {
                String why = mirror.stateChunk(m);
                if (why != null) {
                    refuse(m.term(), m.epoch(), why);
                }
            }
            case PeerMessage.StateEnd m -> {
                Checkpoint held = engine.state().checkpoint();
                if (held != null && held.term() == m.term() && held.epoch() >= m.epoch()) {
                    send(new PeerMessage.Committed(m.term(), held.epoch()));
                }
                mirror.stateEnd(m);
            }
            case PeerMessage.Committed m -> learnCommitted(m);
            case PeerMessage.HandOver m -> order(m, false);
            case PeerMessage.Leaving m -> {
                if (engine.state().role() == Role.PRIMARY
                        && m.term() == engine.state().term()) {
                    unfit = "the secondary is being stopped";
                    wakeUp();
                }
            }
            case PeerMessage.HandOverRefused m -> handOverRefused = m.reason();
            case PeerMessage.StateRefused m -> {
                StateSender states = sender;
                if (states != null) {
                    states.refused(m.term(), m.epoch(), m.reason());
                    wakeUp();
                }
            }
            case PeerMessage.Hello m -> {}
        }
    }

    /** Why a checkpoint was refused, and which one this host had then. */
    private record Refusal(String why, @Nullable Checkpoint held) {}

    private void refuse(long term, long epoch, String why) {
        Refusal now = new Refusal(why, engine.state().checkpoint());
        if (!now.equals(refused)) {
            // Once for each reason, until a checkpoint was taken again: the primary sends it over and over.
            refused = now;
            log.accept("a checkpoint cannot be taken: " + why);
        }
        send(new PeerMessage.StateRefused(term, epoch, why));
    }

    private void follow(long term) {
        OwnershipRecord known = record;
        if (engine.state().role() == Role.IDLE && known.term() == term) {
            engine.take(new Action.FollowJoin(known));
        }
    }

    private void learnCommitted(PeerMessage.Committed m) {
        if (engine.take(new Action.LearnCommitted(m.term(), m.epoch()))) {
            Cutter cuts = cutter;
            if (cuts != null) {
                cuts.committed(m.epoch());
            }
            engine.take(new Action.Speak());
            wakeUp();
        }
    }

    @Override
    public void outgoingUp(PeerMessage.Hello peer, long connection) {
        engine.peerIs(peer.from());
        heardAt = System.nanoTime();
        boolean another = peerLife != 0 && peerLife != peer.incarnation();
        peerLife = peer.incarnation();
        peerIds = peer.ids();
        if (another) {
            unfit = holdsLess(peer);
        }
        if (engine.state().mode() == Mode.SOLO) {
            acknowledged.begin(peer.ids().undo(), peer.ids().position());
        }
        if (another && engine.state().mode() == Mode.JOINING) {
            joinerChanged = true;
        }
        StateSender states = sender;
        if (states != null) {
            states.connected();
        }
        // What was asked for over the old connection may be lost.
        HostState s = engine.state();
        List<Extent> missing = new ArrayList<>();
        if (s.mode() != Mode.SOLO) {
            for (PendingWrite write : s.pending()) {
                missing.addAll(s.kept().missing(write.extent()));
            }
        }
        if (!missing.isEmpty()) {
            sendPreserve(new Effect.SendPreserve(s.term(), s.epoch(), missing));
        }
        Checkpoint held = s.checkpoint();
        if (s.role() == Role.SECONDARY && held != null) {
            send(new PeerMessage.Committed(held.term(), held.epoch()));
        }
        wakeUp();
    }

    /**
     * Why what the other host holds in a new life is less than it had acknowledged, however that came about (a folder put back
     * from a copy, a disk that lost what it had synced, another undo log), or null (rule OneLife).
     */
    private @Nullable String holdsLess(PeerMessage.Hello peer) {
        PeerMessage.Ids ids = peer.ids();
        HostState s = engine.state();
        if (s.mode() != Mode.PROTECTED) {
            return null;
        }
        if (!acknowledged.isOf(ids.undo())) {
            return "the secondary has come back with another undo log";
        }
        boolean lessCopies = acknowledged.isMoreThan(peer.incarnation(), ids.position());
        boolean lessState = ids.checkpointTerm() != s.term() || ids.checkpointEpoch() < s.safe();
        return lessCopies || lessState ? "the secondary has come back with less than it had acknowledged" : null;
    }

    @Override
    public void outgoingLost() {
        wakeUp();
    }

    // ---- The loop.

    private void wakeUp() {
        lock.lock();
        try {
            woken = true;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Has this thread make this host primary; {@code cold}: without its checkpoint, if another host holds it. */
    CompletableFuture<Outcome> failover(boolean cold) {
        return order(null, cold);
    }

    private CompletableFuture<Outcome> order(PeerMessage.@Nullable HandOver handOver, boolean cold) {
        Order order = new Order(handOver, cold, System.nanoTime(), new CompletableFuture<>());
        lock.lock();
        try {
            orders.add(order);
        } finally {
            lock.unlock();
        }
        wakeUp();
        return order.outcome;
    }

    /** This node cannot go on: its machine stops at once, and its process is to end. */
    private void end(String why) {
        stopping = true;
        room.stop();
        mirror.endSession();
        fatal.accept(why);
    }

    private void run() {
        Role lastRole = Role.IDLE;
        while (!stopping) {
            try {
                Role role = engine.state().role();
                if (role != lastRole) {
                    lastRole = role;
                    roleSince = System.nanoTime();
                    if (role != Role.PRIMARY) {
                        cuts().none();
                    }
                }
                if (engine.state().mode() != lastMode) {
                    lastMode = engine.state().mode();
                    modeSince = System.nanoTime();
                }
                lastTurn = System.nanoTime();
                readRecordIfDue();
                carryOutOrders();
                switch (engine.state().role()) {
                    case IDLE -> idle();
                    case SECONDARY -> secondary();
                    case PRIMARY -> primary();
                    case RESTORING, COLD -> again();
                }
                troubled = "";
                finishOrder();
                waitForMore();
            } catch (InterruptedException e) {
                return;
            } catch (NameTakenException e) {
                if (!e.alive() || formerLivesEnded || System.nanoTime() - startedNanos > ALIVE_MAX.toNanos()) {
                    end(String.valueOf(e.getMessage()));
                    return;
                }
                // It may be the last sign of this host's own former life.
                trouble(e);
            } catch (WrongIdentityException e) {
                end(String.valueOf(e.getMessage()));
                return;
            } catch (IOException | RuntimeException e) {
                if (!formerLivesEnded && isNoStorageOfOurs(e)) {
                    end(String.valueOf(e.getMessage()));
                    return;
                }
                trouble(e);
            }
        }
    }

    /** What answers there will never be a storage that has this group. Only at the start: ports change hands for a moment. */
    private static boolean isNoStorageOfOurs(Exception e) {
        return e instanceof NotAStorageException || (e instanceof NbdRefusedException refused && !refused.isShutdown());
    }

    private void trouble(Exception e) {
        String what = e.getMessage() == null ? e.toString() : e.getMessage();
        if (!what.equals(troubled)) {
            troubled = what;
            log.accept("trouble: " + what);
            System.getLogger(Driver.class.getName()).log(System.Logger.Level.DEBUG, "trouble", e);
        }
        try {
            nextRecord = 0;
            engine.await(s -> stopping, IDLE_TICK);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void waitForMore() throws InterruptedException {
        long until = Math.min(lastTurn + HEARTBEAT.toNanos(), nextRecord);
        if (engine.state().role() == Role.PRIMARY) {
            until = Math.min(until, nextCut);
        }
        lock.lockInterruptibly();
        try {
            long left = until - System.nanoTime();
            while (!woken && left > 0 && !stopping) {
                left = wake.awaitNanos(left);
            }
            woken = false;
        } finally {
            lock.unlock();
        }
    }

    /** An exception would end the heartbeats for good, and the host would look dead. */
    private void beat() {
        try {
            heartbeat();
        } catch (RuntimeException e) {
            log.accept("trouble: no heartbeat could be sent: " + e);
        }
    }

    private void heartbeat() {
        if (System.nanoTime() - lastTurn > TURN_LIMIT.toNanos()) {
            return;
        }
        HostState s = engine.state();
        Checkpoint held = s.checkpoint();
        send(new PeerMessage.Heartbeat(
                mirror.failure() == null ? s.role().spelling() : FAILED,
                s.term(),
                s.epoch(),
                held == null ? 0 : held.epoch(),
                record.version(),
                wouldJoin(s),
                held == null,
                false,
                undo.usedBytes()));
    }

    /** Whether this host would take the state of the owner's machine. */
    private boolean wouldJoin(HostState s) {
        return (s.role() == Role.IDLE || s.role() == Role.SECONDARY)
                && mirror.failure() == null
                && record.mode() == OwnershipRecord.Mode.SOLO
                && !record.owner().equals(config.name());
    }

    private void readRecordIfDue() throws IOException {
        if (System.nanoTime() >= nextRecord) {
            readRecord();
        }
    }

    private OwnershipRecord readRecord() throws IOException {
        nextRecord = System.nanoTime() + RECORD_EVERY.toNanos();
        try {
            endFormerLives();
            OwnershipRecord now = storage.readRecord();
            storageAnswers = true;
            seen(now);
            return now;
        } catch (IOException e) {
            storageAnswers = false;
            throw e;
        }
    }

    /**
     * Before this process knows anything: what an earlier one had on its way to the storage does not come about any more (rule
     * OneConnection). A takeover that it asked for, granted late, could fence the owner for a host that holds nothing by now.
     */
    private void endFormerLives() throws IOException {
        if (!formerLivesEnded) {
            // The name is this folder's from here on.
            storage.openSession(0).close();
            formerLivesEnded = true;
        }
        if (folder.storage().isEmpty()) {
            // Before anything is stored here: it will be known whose it is.
            folder.belongsTo(storage.storageId());
        }
    }

    /** Follows the record: a newer owner means to step down. */
    private void seen(OwnershipRecord now) {
        if (now.version() >= record.version()) {
            record = now;
        }
        HostState s = engine.state();
        if (s.role() != Role.IDLE && now.term() > s.term() && engine.take(new Action.StepDown(now))) {
            log.accept("steps down: the record is " + Ownership.describe(now));
            room.stop();
            mirror.endSession();
            cuts().none();
        }
    }

    private Cutter cuts() {
        Cutter cuts = cutter;
        if (cuts == null) {
            throw new IllegalStateException("the node is not started");
        }
        return cuts;
    }

    private void carryOutOrders() throws IOException, InterruptedException {
        while (true) {
            Order order;
            lock.lockInterruptibly();
            try {
                order = orders.poll();
            } finally {
                lock.unlock();
            }
            if (order == null) {
                return;
            }
            PeerMessage.HandOver handOver = order.handOver;
            try {
                Outcome outcome = handOver == null ? failover(order) : handedOver(handOver, order.atNanos);
                if (outcome.why() != null && handOver != null) {
                    send(new PeerMessage.HandOverRefused(handOver.term(), outcome.why()));
                }
                order.outcome.complete(outcome);
            } catch (IOException e) {
                Role role = engine.state().role();
                if (role == Role.RESTORING || role == Role.COLD) {
                    // What was decided is decided: the order ends when this host is primary.
                    unfinished.add(order);
                    unfinishedAs = role == Role.COLD ? Done.COLD : Done.TAKEOVER;
                } else {
                    order.outcome.complete(
                            new Outcome(Done.TAKEOVER, e.getMessage() == null ? e.toString() : e.getMessage()));
                }
                throw e;
            }
        }
    }

    private void finishOrder() {
        Role role = engine.state().role();
        if (role != Role.RESTORING && role != Role.COLD) {
            String why = role == Role.PRIMARY
                    ? null
                    : "another host has taken over; the record is " + Ownership.describe(record);
            unfinished.forEach(order -> order.outcome.complete(new Outcome(unfinishedAs, why)));
            unfinished.clear();
        }
    }

    /** The other host asks: only for the checkpoint that it named, and only as long as it waits. */
    private Outcome handedOver(PeerMessage.HandOver asked, long atNanos) throws IOException, InterruptedException {
        OwnershipRecord now = readRecord();
        HostState s = engine.state();
        Checkpoint held = s.checkpoint();
        if (s.role() != Role.SECONDARY
                || held == null
                || held.term() != asked.term()
                || held.epoch() != asked.epoch()) {
            return new Outcome(
                    Done.TAKEOVER, "it does not hold checkpoint " + asked.epoch() + " of term " + asked.term());
        }
        if (System.nanoTime() - atNanos > TimeUnit.MILLISECONDS.toNanos(asked.millis())) {
            return new Outcome(Done.TAKEOVER, "the order came too late");
        }
        return new Outcome(Done.TAKEOVER, takeOver(now));
    }

    private Outcome failover(Order order) throws IOException, InterruptedException {
        OwnershipRecord now = readRecord();
        if (engine.state().role() == Role.IDLE) {
            // What this host does by itself, it does now.
            boolean checkpoint = engine.state().checkpoint() != null;
            idle();
            if (engine.state().role() == Role.PRIMARY) {
                return new Outcome(checkpoint ? Done.ROLLBACK : Done.COLD, null);
            }
            now = readRecord();
        }
        return switch (engine.state().role()) {
            case SECONDARY -> new Outcome(Done.TAKEOVER, takeOver(now));
            case PRIMARY -> new Outcome(Done.ALREADY, null);
            case RESTORING, COLD -> {
                Done as = engine.state().role() == Role.COLD ? Done.COLD : Done.ROLLBACK;
                again();
                yield new Outcome(as, engine.state().role() == Role.PRIMARY ? null : note);
            }
            case IDLE -> new Outcome(Done.COLD, idleFailover(now, order.cold));
        };
    }

    private @Nullable String idleFailover(OwnershipRecord now, boolean cold) throws IOException, InterruptedException {
        if (!now.owner().equals(config.name()) || now.mode() != OwnershipRecord.Mode.PROTECTED) {
            return "this node holds no checkpoint to fail over to; the record is " + Ownership.describe(now);
        }
        if (!cold) {
            return "this node was the primary and has lost its memory; the checkpoint is at " + now.secondary()
                    + ": give \"failover\" to that node. Only if it will never come back: \"failover --cold\" here starts the"
                    + " machine from its disk, and what " + now.secondary() + " holds is given up";
        }
        String why = recovery.startCold(Change.FORCE_COLD_START, now);
        afterStart();
        return why;
    }

    private @Nullable String takeOver(OwnershipRecord now) throws IOException, InterruptedException {
        String why = recovery.takeOver(now);
        if (why == null) {
            failovers.incrementAndGet();
            afterStart();
        }
        nextRecord = 0;
        return why;
    }

    private void afterStart() {
        unprotectedSince = Instant.now();
        nextCut = System.nanoTime();
        nextRecord = 0;
        record = engine.state().record();
        note = "";
    }

    // ---- Roles.

    private void idle() throws IOException, InterruptedException {
        OwnershipRecord now = record;
        String me = config.name();
        HostState s = engine.state();
        if (now.owner().isEmpty()) {
            if (config.bootstrap() && now.version() == 0 && storageAnswers) {
                note = orEmpty(recovery.startCold(Change.BOOTSTRAP, now));
                afterStart();
            }
        } else if (now.owner().equals(me)) {
            startAgain(now, s);
        } else if (now.mode() == OwnershipRecord.Mode.PROTECTED
                && now.secondary().equals(me)) {
            if (engine.take(new Action.BecomeSecondary(now))) {
                log.accept("is secondary again: " + Ownership.describe(now));
                heardAt = System.nanoTime();
            } else {
                note = "the record counts on this node, but it holds no checkpoint of term " + now.term();
            }
        }
    }

    private void startAgain(OwnershipRecord now, HostState s) throws IOException, InterruptedException {
        switch (now.mode()) {
            case SOLO -> {
                if (s.checkpoint() != null) {
                    recovery.restartRollback(now);
                } else {
                    note = orEmpty(recovery.startCold(Change.COLD_START, now));
                }
                afterStart();
            }
            case ROLLBACK -> {
                if (s.checkpoint() == null) {
                    note = "was rolling back, and its copies are gone from --data: no host can tell what belongs on the"
                            + " disk; restore the volumes from a backup, and begin again with a storage whose --data is empty";
                } else {
                    recovery.restartRollback(now);
                    afterStart();
                }
            }
            case PROTECTED ->
                note = "was the primary and lost its memory: waits for " + now.secondary()
                        + " to take over; if it does not by itself, give \"failover\" to " + now.secondary()
                        + " (or, if that host will never come back, \"failover --cold\" here)";
            case NONE -> {}
        }
    }

    private static String orEmpty(@Nullable String why) {
        return why == null ? "" : why;
    }

    /** A recovery that an error had interrupted. */
    private void again() throws IOException, InterruptedException {
        OwnershipRecord now = readRecord();
        HostState s = engine.state();
        if (s.role() == Role.RESTORING) {
            recovery.resumeRollback();
        } else if (s.role() == Role.COLD) {
            recovery.resumeCold();
        }
        if (engine.state().role() == Role.PRIMARY) {
            afterStart();
        } else {
            note = "is not primary yet: " + Ownership.describe(now);
        }
    }

    private void secondary() throws IOException, InterruptedException {
        Duration patience = config.failoverAfter();
        HostState s = engine.state();
        OwnershipRecord now = record;
        unprotectedSince = now.mode() == OwnershipRecord.Mode.PROTECTED ? null : unprotectedSince;
        if (now.mode() != OwnershipRecord.Mode.PROTECTED || now.term() != s.term()) {
            return;
        }
        long limit = (patience == null ? NodeConfig.SILENCE_DEFAULT : patience).toNanos();
        boolean silent = System.nanoTime() - Math.max(heardNanos(), roleSince) > limit;
        PeerMessage.Heartbeat last = heard;
        boolean lostItsMemory = last != null
                && last.role().equals(Role.IDLE.spelling())
                && last.recordVersion() >= now.version()
                && System.nanoTime() - heardAt < limit;
        if (patience == null) {
            note = lostItsMemory
                    ? "the primary " + now.owner()
                            + " has started again without its memory: \"failover\" here goes on from"
                            + " the checkpoint"
                    : silent
                            ? "the primary " + now.owner() + " is silent: if it is lost, \"failover\" here takes over"
                            : "";
            return;
        }
        if (silent || lostItsMemory) {
            log.accept(silent ? "the primary is silent" : "the primary has started again without its memory");
            OwnershipRecord fresh = readRecord();
            if (engine.state().role() == Role.SECONDARY && fresh.version() == now.version()) {
                String why = takeOver(fresh);
                if (why != null) {
                    log.accept("does not take over: " + why);
                }
            }
        }
    }

    private long heardNanos() {
        return heardAt;
    }

    private void primary() throws IOException, InterruptedException {
        HostState s = engine.state();
        OwnerSession own = sessions.current();
        if (own != null && !own.isConnected()) {
            // Also where nobody reads or writes: volumes may have grown meanwhile, and what is owed is written at once.
            sessions.broken(own, new IOException("the storage hung up"));
        }
        switch (s.mode()) {
            case SOLO -> alone();
            case JOINING -> joining(s);
            case PROTECTED -> guarded();
        }
    }

    /** A step that holds the machine. */
    private interface Held {
        void run() throws IOException, InterruptedException;
    }

    /**
     * Runs it beside this thread, one at a time: to hold the machine is to wait for its writes, which may wait for copies
     * or a session, and this thread is needed to end such a wait.
     */
    private void holding(Held held) {
        if (!cutUnderWay.compareAndSet(false, true)) {
            return;
        }
        cutting.execute(() -> {
            try {
                held.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException | RuntimeException e) {
                System.getLogger(Driver.class.getName()).log(System.Logger.Level.DEBUG, "holding the machine", e);
            } finally {
                cutUnderWay.set(false);
                wakeUp();
            }
        });
    }

    private void alone() throws IOException, InterruptedException {
        unprotectedSince = unprotectedSince == null ? Instant.now() : unprotectedSince;
        if (unfit != null) {
            takeInLater();
        }
        if (room.failure() != null) {
            note = "the machine cannot go on: " + room.failure();
            return;
        }
        if (System.nanoTime() >= nextCut) {
            nextCut = System.nanoTime() + SPEAK_EVERY.toNanos();
            holding(() -> cuts().speakAlone());
        }
        PeerMessage.Heartbeat last = heard;
        boolean fresh = System.nanoTime() - heardAt < config.lonelyAfter().toNanos();
        PeerLink out = link;
        if (last != null
                && fresh
                && System.nanoTime() - nextJoin >= 0
                && last.readyToJoin()
                && last.recordVersion() >= record.version()
                && out != null
                && out.connection() != PeerLink.NOT_CONNECTED) {
            holding(() -> {
                if (cuts().startJoin() >= 0) {
                    log.accept("takes " + engine.state().peer() + " in: sends its state");
                }
            });
        }
    }

    private void joining(HostState s) throws IOException, InterruptedException {
        String why = unfit;
        if (why != null) {
            abortJoin(why);
            takeInLater();
        } else if (joinerChanged) {
            // It may have come back with another disk: what the one before it stored does not count (rule JoinWhole).
            abortJoin(LOST);
            joinerChanged = engine.state().mode() == Mode.JOINING;
        } else if (engine.state().cuts().isEmpty()) {
            Ownership.Outcome outcome = ownership.change(Change.PROTECT, sessions.await(), s.record());
            recovery.adopt(outcome.session());
            if (outcome.agreed()) {
                engine.take(new Action.Protect(outcome.record()));
                learn(outcome.record());
                joins.incrementAndGet();
                unprotectedSince = null;
                log.accept("is protected by " + engine.state().peer() + ": term "
                        + engine.state().term() + ", epoch " + engine.state().epoch());
            } else {
                seen(outcome.record());
                learn(outcome.record());
            }
        } else if (lonely()) {
            abortJoin(LOST);
        } else {
            String overdue = overdue();
            if (overdue != null) {
                abortJoin(overdue);
                joinLater();
            }
        }
    }

    /** Why the checkpoint that the other host gets is waited for no longer, else null. */
    private @Nullable String overdue() {
        StateSender states = sender;
        return states == null ? null : states.overdue();
    }

    private void abortJoin(String why) throws IOException, InterruptedException {
        // A new session ends the earlier one, so that no change of the record can come late.
        keeper.renew();
        OwnerSession own = sessions.current();
        if (own == null) {
            return;
        }
        OwnershipRecord now = own.session().record();
        if (engine.take(new Action.AbortJoin(now))) {
            cuts().none();
            heard = null;
            log.accept(why + "; is alone");
        } else {
            learn(now);
        }
    }

    private void learn(OwnershipRecord now) {
        record = now.version() >= record.version() ? now : record;
        if (engine.take(new Action.Learn(now)) && engine.state().mode() == Mode.SOLO) {
            cuts().none();
            unprotectedSince = Instant.now();
        }
    }

    private boolean lonely() {
        return System.nanoTime() - Math.max(heardAt, modeSince)
                > config.lonelyAfter().toNanos();
    }

    private void guarded() throws IOException, InterruptedException {
        sayIfWritesWait();
        boolean stuck = overdue() != null;
        String why = whyAlone();
        if (why != null) {
            goAlone(why);
            if (unfit != null) {
                takeInLater();
            } else if (stuck) {
                joinLater();
            }
            return;
        }
        Duration every = config.checkpointEvery();
        boolean due = every != null && System.nanoTime() >= nextCut;
        if ((due || (budget.near() && every != null)) && engine.state().cuts().size() < 2) {
            nextCut = System.nanoTime() + (every == null ? 0 : every.toNanos());
            holding(() -> cuts().cut(false, null));
        } else if (every == null) {
            nextCut = System.nanoTime() + IDLE_TICK.toNanos();
        } else if (due) {
            nextCut = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(5);
        }
    }

    /** Once for each time that writes begin to wait. */
    private void sayIfWritesWait() {
        boolean waits = budget.picture().waitingNanos() > WAITING_SAID.toNanos();
        if (waits && !waitingSaid) {
            log.accept("writes wait: " + undoLimitReached());
        }
        waitingSaid = waits;
    }

    /** What a person can do about it. */
    private String undoLimitReached() {
        UndoBudget.Picture room = budget.picture();
        return "the undo log of " + engine.state().peer() + " takes " + (room.bytes() >> 20) + " of "
                + (room.limitBytes() >> 20)
                + " MiB; "
                + (config.checkpointEvery() == null
                        ? "take a checkpoint (unwrite checkpoint), or start both nodes with a larger --undo-limit or with"
                                + " --at-undo-limit alone:30s"
                        : "the next checkpoint makes room; if this lasts, raise --undo-limit on both nodes");
    }

    /** Why the secondary is no longer waited for, else null. */
    private @Nullable String whyAlone() {
        PeerMessage.Heartbeat last = heard;
        if (last != null
                && last.role().equals(Role.IDLE.spelling())
                && last.holdsNothing()
                && last.recordVersion() >= record.version()) {
            return "the secondary has lost its checkpoint";
        }
        if (last != null && last.role().equals(FAILED)) {
            return "the local storage of the secondary failed";
        }
        if (unfit != null) {
            return unfit;
        }
        if (lonely()) {
            return "the secondary is silent";
        }
        UndoBudget.Picture room = budget.picture();
        Duration limit = config.aloneAtUndoLimitAfter();
        if (limit != null && room.waitingNanos() > limit.toNanos()) {
            return "writes have waited for " + limit.toSeconds() + " s since the undo log is at its limit";
        }
        return copyOverdue() ? "the secondary does not store copies" : overdue();
    }

    /** The machine has held its output for a while, and speaks freely before that host is asked again. */
    private void joinLater() {
        nextJoin = System.nanoTime() + JOIN_AGAIN.toNanos();
    }

    /** It does not count as it is; as one that joins anew, with a whole state and an undo log of its own, it does. */
    private void takeInLater() {
        unfit = null;
        acknowledged.begin(peerIds.undo(), peerIds.position());
        joinLater();
    }

    /** Whether the oldest write that waits for its copies has waited too long. */
    private boolean copyOverdue() {
        HostState s = engine.state();
        for (PendingWrite write : s.pending()) {
            if (!write.sent() && !s.kept().containsAll(write.extent())) {
                if (write.id() != waitingWrite) {
                    waitingWrite = write.id();
                    waitingSince = System.nanoTime();
                }
                return System.nanoTime() - waitingSince > COPY_MAX.toNanos();
            }
        }
        waitingWrite = -1;
        return false;
    }

    private void goAlone(String why) throws IOException {
        log.accept(why + ": asks to go on alone");
        Ownership.Outcome outcome = ownership.change(
                Change.GO_ALONE, sessions.await(), engine.state().record());
        recovery.adopt(outcome.session());
        if (outcome.agreed()) {
            engine.take(new Action.GoAlone(outcome.record()));
            learn(outcome.record());
            log.accept("is alone: unprotected from now on");
        } else {
            seen(outcome.record());
            learn(outcome.record());
        }
        heard = null;
    }

    // ---- For the control interface.

    Engine engine() {
        return engine;
    }

    Cutter cutter() {
        return cuts();
    }

    OwnershipRecord knownRecord() {
        return record;
    }

    boolean storageAnswers() {
        return storageAnswers;
    }

    @Nullable
    PeerLink link() {
        return link;
    }

    /** Whether the other host says that it runs the machine in the newest term. */
    boolean peerIsPrimary() {
        PeerMessage.Heartbeat last = heard;
        return last != null && last.role().equals(Role.PRIMARY.spelling()) && last.term() >= record.term();
    }

    long lastHeardNanos() {
        return heardAt;
    }

    @Nullable
    Instant unprotectedSince() {
        return unprotectedSince;
    }

    String note() {
        String machine = room.failure();
        String mirrored = mirror.failure();
        if (machine != null || mirrored != null) {
            return machine != null ? machine : String.valueOf(mirrored);
        }
        if (!troubled.isEmpty()) {
            return troubled;
        }
        return waitingSaid ? "writes wait: " + undoLimitReached() : note;
    }

    UndoBudget.Picture undoRoom() {
        return budget.picture();
    }

    /** What the other host said of itself when it was last connected to. */
    PeerMessage.Ids peerIds() {
        return peerIds;
    }

    UndoLog undo() {
        return undo;
    }

    /** Tells the other host to take over, within {@code limit}. */
    void handOver(long term, long epoch, Duration limit) {
        handOverRefused = null;
        send(new PeerMessage.HandOver(term, epoch, limit.toMillis()));
    }

    /**
     * Makes sure that the other host does not take over any more: the record says solo, and one compare-and-set decides (rule
     * AgreeToBeAlone). False if it had taken over before.
     */
    boolean callOff(Duration limit) throws InterruptedException {
        unfit = "the other host did not take over in time";
        wakeUp();
        return engine.await(s -> s.role() != Role.PRIMARY || s.mode() == Mode.SOLO, limit)
                && engine.state().role() == Role.PRIMARY;
    }

    /** Tells the other host that this one is being stopped. */
    void sayLeaving() {
        send(new PeerMessage.Leaving(engine.state().term()));
    }

    /** Why the other host did not take over when it was told to, or null. */
    @Nullable
    String handOverRefused() {
        return handOverRefused;
    }

    /** Looks at the record soon. */
    void lookAtRecord() {
        nextRecord = 0;
        wakeUp();
    }

    long preserveRequests() {
        return preserveRequests.get();
    }

    long preservedBlocks() {
        return preservedBlocks.get();
    }

    long failovers() {
        return failovers.get();
    }

    long joins() {
        return joins.get();
    }

    @Override
    public void close() {
        stopping = true;
        heartbeats.shutdownNow();
        wakeUp();
        Thread running = thread;
        if (running != null) {
            running.interrupt();
            try {
                running.join(Duration.ofSeconds(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        cutting.shutdownNow();
        keeper.close();
        room.stop();
        mirror.close();
        StateSender states = sender;
        if (states != null) {
            states.close();
        }
    }
}
