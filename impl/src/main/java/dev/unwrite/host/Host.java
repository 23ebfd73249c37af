package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A host: takes one event at a time and orders what follows from it. Its owner sets the time ({@link #now}), hands over the
 * events that have come, calls {@link #tick}, and returns with the next event, or at the latest at the time that {@code tick}
 * returned. Used by one thread. No method blocks, and no order is carried out before the method that gave it has returned.
 */
public final class Host {
    static final Trouble NOT_OWNER = new Trouble(Trouble.Kind.NOT_OWNER, "this host does not own the volume any more");

    private static final long HEARTBEAT = 100 * Timers.MILLI;
    private static final long SPEAK_EVERY = 50 * Timers.MILLI;
    /** How long a start waits for the last signs of life of a process that used this name or folder before. */
    private static final long ALIVE_MAX = 10 * Timers.SECOND;

    private static final long RETRY = 100 * Timers.MILLI;
    private static final long RETRY_MAX = 2 * Timers.SECOND;
    /** The most different lines about one takeover. */
    private static final int SAID_MAX = 32;

    /** Writes that wait for less are not logged: the next checkpoint is on its way. */
    private static final long WAITING_SAID = Timers.SECOND;

    private static final long FOR_GOOD = Long.MIN_VALUE;

    private final HostConfig config;
    private final Surroundings with;
    final Timers timers;
    final Core core;
    final Sessions sessions = new Sessions(this);
    final OwnershipChannel ownership = new OwnershipChannel(this);
    private final Unflushed unflushed = new Unflushed();
    private final UndoRoom undoRoom;
    final Writes writes;
    final Reads reads = new Reads(this);
    final Flushes flushes = new Flushes(this, unflushed);
    final Copies copies = new Copies(this);
    final CopyMessages copyMessages;
    final StatesReceived received = new StatesReceived(this);
    final StatesSent states = new StatesSent(this);
    final Outputs outputs = new Outputs(this::spoke);
    final Cuts cuts = new Cuts(this);
    final Takeover takeover = new Takeover(this);
    final Peer peer = new Peer(this);
    final Orders orders = new Orders(this);

    private final long startedAt;
    private boolean ended;
    private boolean formerLivesEnded;
    private String storageId;
    private List<SharedStorage.Volume> volumes = List.of();
    private boolean running;
    private @Nullable String failure;
    /** {@link #FOR_GOOD}, or since when the machine is tried again. */
    private long failedSince;

    private String note = "";
    private String recordTrouble = "";
    private String startTrouble = "";
    private @Nullable String abortJoin;
    private @Nullable String saidAlone;
    private boolean waitingSaid;
    private long roleSince;
    private long modeSince;
    private Role lastRole = Role.IDLE;
    private Mode lastMode = Mode.SOLO;
    private long unprotectedSince;
    private long nextBeat;
    private long nextCut;
    private long nextJoin;
    private long nextTry;
    /** The pause after the last claim that was refused, and the record of which it was asked. */
    private long claimPause;

    private long claimedVersion = -1;
    /** What was logged of a takeover that is not granted, so as not to log it with each try. */
    private final Set<String> saidOfTakeover = new HashSet<>();

    private long waitingWrite = -1;
    private long waitingWriteSince;
    private long joins;

    /**
     * A host that has just started.
     *
     * @param initial what it found on its own disk ({@link HostState#started})
     */
    public Host(HostConfig config, Surroundings with, HostState initial, long nowNanos) {
        this.config = config;
        this.with = with;
        timers = new Timers(nowNanos);
        core = new Core(initial, with.listener(), this::perform);
        copyMessages = new CopyMessages(with.store(), with.peer()::send);
        undoRoom = new UndoRoom(config.undoLimitBytes());
        writes = new Writes(this, unflushed, undoRoom);
        startedAt = nowNanos;
        roleSince = nowNanos;
        modeSince = nowNanos;
        unprotectedSince = nowNanos;
        nextBeat = nowNanos;
        nextCut = nowNanos;
        nextJoin = nowNanos;
        nextTry = nowNanos;
        storageId = config.storage();
    }

    // ---- Events: the process.

    /** The first event. */
    public void start() {
        core.must(new Action.Restart(storageId, config.folder(), config.undo()));
        endFormerLives();
    }

    /** Sets the time of the events that follow, in nanoseconds from any origin. A smaller time than before is ignored. */
    public void now(long nanos) {
        timers.now(nanos);
    }

    /** Does what is due, and what follows from the events since the last call. Returns the latest time of the next call. */
    public long tick() {
        if (ended) {
            return Long.MAX_VALUE;
        }
        timers.run();
        noteChanges();
        if (formerLivesEnded && !ended) {
            ownership.readIfDue();
            sayIfWritesWait();
            giveUpWhatIsAway();
            if (!takeover.isAsking() && core.state().proposal() == null) {
                carryOut(decision());
            }
        }
        if (ended) {
            return Long.MAX_VALUE;
        }
        writes.answerEarly();
        if (now() >= nextBeat) {
            nextBeat = now() + HEARTBEAT;
            peer.beat();
        }
        copyMessages.sendAll();
        noteChanges();
        long next = Math.min(nextBeat, formerLivesEnded ? ownership.nextRead() : Long.MAX_VALUE);
        // What waits for something else than the time is looked at again with each event, and now and then.
        next = Math.min(next, core.state().role() == Role.PRIMARY && nextCut > now() ? nextCut : Long.MAX_VALUE);
        return timers.next(Math.max(next, now() + Timers.MILLI));
    }

    /**
     * Gives up a session whose storage answers nothing at all. A storage that is busy with a flush still answers other requests,
     * and is waited for.
     */
    private void giveUpWhatIsAway() {
        long limit = Policy.STALLED;
        if (flushes.waitingNanos() > limit && ownership.silentNanos() > limit) {
            sessions.broke(sessions.number(), new Trouble(Trouble.Kind.LOST, "the storage does not answer"));
        }
    }

    // ---- Events: the other host.

    /** A message has come, from the life of the other host's process that opened that connection. */
    public void received(PeerMessage message, long life) {
        if (!ended) {
            peer.received(message, life);
        }
    }

    /** There is a new connection to the other host, who says who it is. */
    public void peerUp(PeerMessage.Hello hello) {
        if (!ended) {
            peer.up(hello);
        }
    }

    /** The connection is lost; messages that were sent over it may be lost too. */
    public void peerDown() {
        states.disconnected();
    }

    /** This many bytes of a state have been sent. */
    public void stateSent(long term, long epoch, long bytes) {
        states.progress(term, epoch, bytes);
    }

    // ---- Events: the storage.

    /** The storage has hung up on a session. */
    public void hungUp(long session, Trouble why) {
        sessions.broke(session, why);
        copies.hungUp(session);
    }

    // ---- Events: clients of the volumes, one of which may be the machine.

    /** Reads bytes of a volume. Fails with EINVAL, EIO, or, once this host does not own the volume, ESHUTDOWN. */
    public void read(int volume, long offset, int length, Reply<ByteBuffer> reply) {
        Trouble why = whyNot(volume, offset, length);
        if (why == null) {
            reads.read(volume, offset, length, reply);
        } else {
            reply.failed(why);
        }
    }

    /** Writes what remains in {@code data}, which belongs to the host from here on. With {@code fua}, it is durable on reply. */
    public void write(int volume, long offset, ByteBuffer data, boolean fua, Reply<Done> reply) {
        Trouble why = whyNot(volume, offset, data.remaining());
        if (why == null) {
            writes.write(volume, offset, data.remaining(), data, fua, reply);
        } else {
            reply.failed(why);
        }
    }

    /** Writes zeroes; with {@code noHole} the range keeps its space. */
    public void writeZeroes(int volume, long offset, long length, boolean noHole, boolean fua, Reply<Done> reply) {
        Trouble why = whyNot(volume, offset, length);
        if (why == null) {
            writes.writeZeroes(volume, offset, length, noHole, fua, reply);
        } else {
            reply.failed(why);
        }
    }

    /** Trims a range, which then reads as zeroes. Blocks that are covered only in part stay as they are. */
    public void trim(int volume, long offset, long length, boolean fua, Reply<Done> reply) {
        Trouble why = whyNot(volume, offset, length);
        long first = Math.ceilDiv(offset, (long) Extent.BLOCK_BYTES) * Extent.BLOCK_BYTES;
        long end = Math.floorDiv(offset + length, (long) Extent.BLOCK_BYTES) * Extent.BLOCK_BYTES;
        if (why == null) {
            writes.writeZeroes(volume, first, Math.max(0, end - first), false, fua, reply);
        } else {
            reply.failed(why);
        }
    }

    /** On reply, every write that was answered before this call is durable. Fails only if this host does not own the volumes. */
    public void flush(Reply<Done> reply) {
        if (owns()) {
            flushes.flush(reply);
        } else {
            reply.failed(NOT_OWNER);
        }
    }

    private boolean owns() {
        Role role = core.state().role();
        return !ended && (role == Role.PRIMARY || role == Role.RESTORING);
    }

    private @Nullable Trouble whyNot(int volume, long offset, long length) {
        if (!owns()) {
            return NOT_OWNER;
        }
        for (SharedStorage.Volume known : volumes) {
            if (known.id() == volume) {
                return offset >= 0 && length >= 0 && offset <= known.sizeBytes() - length
                        ? null
                        : Trouble.of(Trouble.Kind.INVALID, "a request beyond the end of the volume");
            }
        }
        return Trouble.of(Trouble.Kind.INVALID, "the storage has no volume of id " + volume);
    }

    // ---- Events: the machine.

    /**
     * The machine says something to the outside (rule HoldOutput): {@code release} runs, in the order of the calls, once it is
     * covered by a committed checkpoint, or, while the machine is alone, once all that was written before is flushed. It never
     * runs if the machine is rolled back or another host owns it.
     */
    public void say(Runnable release) {
        outputs.say(core.state().epoch(), release);
    }

    /**
     * The same of a machine that flushes by itself what its words rest on, as a computer does. While it is alone they leave at
     * once, so that it is heard as if there were no host between: nothing is promised of them, and they are no step of the
     * protocol.
     */
    public void sayOfItself(Runnable release) {
        HostState s = core.state();
        if (running && s.role() == Role.PRIMARY && s.mode() == Mode.SOLO && outputs.isEmpty()) {
            release.run();
        } else {
            say(release);
        }
    }

    private void spoke(long said) {
        with.listener().spoke(core.state(), said);
    }

    /** The machine can never go on. A protected primary ends then, so that the other host goes on from the last checkpoint. */
    public void machineFailed(String why) {
        failure = why;
        failedSince = FOR_GOOD;
        log("the machine cannot go on: " + why);
    }

    /** The machine stands still, and is tried again; if that lasts, it is as if it could never go on. */
    public void machineStands(String why) {
        if (failure == null) {
            failedSince = now();
        } else if (failedSince == FOR_GOOD || failure.equals(why)) {
            return;
        }
        failure = why;
        log("the machine stands still: " + why);
    }

    /** The machine stands still no longer. */
    public void machineGoesOn() {
        if (failure != null && failedSince != FOR_GOOD) {
            failure = null;
            log("the machine goes on");
        }
    }

    private long failedFor() {
        return failure == null ? 0 : failedSince == FOR_GOOD ? Long.MAX_VALUE : now() - failedSince;
    }

    // ---- Events: people.

    /** Takes a checkpoint; it is committed on reply. */
    public void checkpoint(@Nullable Object handedOver, Duration limit, Reply<Answers.Committed> reply) {
        orders.checkpoint(handedOver, now() + limit.toNanos(), reply);
    }

    /** As {@link #checkpoint}; it is cut on reply, and committed later, or, if protection ends, never. */
    public void cut(@Nullable Object handedOver, Duration limit, Reply<Answers.Cut> reply) {
        orders.cut(handedOver, now() + limit.toNanos(), reply);
    }

    /** The failure notification: on reply this host runs the machine; {@code cold}: without the checkpoint, if need be. */
    public void failover(boolean cold, Duration limit, Reply<Answers.FailedOver> reply) {
        orders.failover(cold, now() + limit.toNanos(), reply);
    }

    /** Hands over to the secondary; nothing is lost. */
    public void switchover(Duration limit, Reply<Answers.HandedOver> reply) {
        orders.switchover(now() + limit.toNanos(), reply);
    }

    /** Waits until the pair is protected. */
    public void protect(Duration limit, Reply<Answers.Protected> reply) {
        orders.protect(now() + limit.toNanos(), reply);
    }

    /** The process is being stopped: leaves the pair in good order, in a bounded time. The reply is a line for the log. */
    public void leave(Reply<String> reply) {
        orders.leave(reply);
    }

    // ---- The picture.

    /** What the protocol knows. */
    public HostState state() {
        return core.state();
    }

    /** A snapshot for status and metrics. */
    public HostSnapshot picture() {
        SharedStorage.Session session = sessions.current();
        return new HostSnapshot(
                core.state(),
                ownership.record(),
                ownership.answers(),
                session == null ? 0 : session.boot(),
                isPeerConnected(),
                peer.heardAt(),
                unprotectedSince,
                peer.ids(),
                running,
                failure,
                note(),
                volumes,
                new HostSnapshot.Room(
                        undoRoom.bytes(), undoRoom.limitBytes(), writes.withoutRoom(), writes.withoutRoomNanos()),
                outputs.waiting(),
                new HostSnapshot.Counters(
                        writes.doneTotal(),
                        writes.doneBytes(),
                        copyMessages.requestsSent(),
                        copyMessages.blocksAcknowledged(),
                        cuts.committedTotal(),
                        takeover.rollbacks(),
                        takeover.restoredTotal(),
                        takeover.failovers(),
                        joins,
                        outputs.heldTotal(),
                        outputs.releasedTotal(),
                        cuts.pauses(),
                        cuts.durations()),
                cuts.last());
    }

    /** What a person should know or do now; empty if nothing. */
    String note() {
        if (failure != null) {
            return failure;
        }
        String mirrored = copies.failure();
        if (mirrored != null) {
            return mirrored + "; start the node again";
        }
        if (!sessions.trouble().isEmpty()) {
            return "no use of the storage for " + sessions.troubleNanos() / Timers.SECOND + " s: " + sessions.trouble();
        }
        if (!recordTrouble.isEmpty() || !startTrouble.isEmpty()) {
            return recordTrouble.isEmpty() ? startTrouble : recordTrouble;
        }
        return waitingSaid ? "writes wait: " + undoLimitReached() : note;
    }

    // ---- For the parts.

    HostConfig config() {
        return config;
    }

    long now() {
        return timers.now();
    }

    SharedStorage storage() {
        return with.storage();
    }

    LocalStore store() {
        return with.store();
    }

    MachineRoom room() {
        return with.room();
    }

    PeerChannel peerChannel() {
        return with.peer();
    }

    boolean isPeerConnected() {
        return with.peer().isConnected();
    }

    boolean wantsContents() {
        return with.listener().wantsContents();
    }

    void send(PeerMessage message) {
        copyMessages.sendAll();
        with.peer().send(message);
    }

    void log(String line) {
        with.listener().log(line);
    }

    /** This host cannot go on: its machine stops at once, and its process is to end. */
    void end(String why) {
        if (!ended) {
            ended = true;
            stopMachine(NOT_OWNER);
            copies.end();
            with.listener().end(why);
        }
    }

    boolean isEnded() {
        return ended;
    }

    boolean isRunning() {
        return running;
    }

    @Nullable
    String failure() {
        return failure;
    }

    /** Whether this host should tell the other that it cannot do its work. */
    boolean isFailing() {
        return copies.failure() != null || sessions.troubleNanos() > Policy.STALLED;
    }

    /** Whether the storage knows that earlier processes of this host are over; nothing is decided before. */
    boolean hasEndedFormerLives() {
        return formerLivesEnded;
    }

    /** Why the record cannot be read or changed now; empty if it can. */
    String recordTrouble() {
        return recordTrouble;
    }

    void recordTrouble(String what) {
        recordTrouble = said(recordTrouble, what);
    }

    void startTrouble(String what) {
        startTrouble = said(startTrouble, what);
    }

    private String said(String before, String what) {
        if (!what.isEmpty() && !what.equals(before)) {
            log("trouble: " + what);
        }
        return what;
    }

    void undoReported(long bytes) {
        undoRoom.reported(bytes);
        writes.admit();
    }

    /** The volumes and sizes, as the storage has them. */
    void volumesAre(List<SharedStorage.Volume> now) {
        if (!now.equals(volumes)) {
            volumes = now;
            room().volumes(now);
        }
    }

    // ---- Sessions and roles.

    /** The session has ended. */
    void onSessionBroken() {
        reads.sessionEnded();
        flushes.sessionEnded();
        takeover.sessionEnded();
    }

    /** There is a new session, and what is owed in it is on its way. */
    void onSession() {
        String why = abortJoin;
        abortJoin = null;
        SharedStorage.Session session = sessions.current();
        if (why != null && session != null && core.take(new Action.AbortJoin(session.record()))) {
            joinEnded(why);
        }
        lookIfReadable();
        takeover.proceed();
    }

    private void joinEnded(String why) {
        cuts.forgetAll();
        peer.forgetHeartbeat();
        log(why + "; is alone");
        writes.admit();
    }

    /** Once a primary owes nothing, its volumes read as they should. */
    void lookIfReadable() {
        HostState s = core.state();
        if (s.role() == Role.PRIMARY && s.owed().isEmpty()) {
            sessions.readable();
        }
    }

    /** The volumes read as they should. */
    void onReadable() {
        reads.start();
        flushes.start();
        writes.admit();
    }

    /** This host owns the storage, and does not run the machine yet. */
    void onOwner() {
        copies.end();
        received.end();
        ownership.look();
        outputs.open();
        failure = null;
        unprotectedSince = now();
    }

    /** The machine starts from its volumes: it may write while it does. */
    void onPrimaryStarts() {
        started();
        writes.open();
    }

    /** The machine runs. */
    void onPrimary() {
        if (!running) {
            running = true;
            room().run();
        }
        started();
        writes.open();
        // Those that were asked for while this host was restoring, when its volumes were readable already.
        flushes.start();
    }

    private void started() {
        unprotectedSince = now();
        nextCut = now();
        ownership.look();
        note = "";
        startTrouble = "";
        abortJoin = null;
    }

    /** The record names a newer owner. */
    void onSteppedDown(OwnershipRecord record) {
        stopMachine(NOT_OWNER);
        copies.end();
        received.end();
        abortJoin = null;
    }

    private void stopMachine(Trouble why) {
        running = false;
        room().stop();
        outputs.drop();
        takeover.end();
        sessions.clear();
        cuts.end(why);
        writes.end(why);
        reads.end(why);
        flushes.end(why);
        startTrouble = "";
    }

    void learnCommitted(long term, long epoch) {
        if (core.take(new Action.LearnCommitted(term, epoch))) {
            cuts.committed(epoch);
            core.take(new Action.Speak());
        }
    }

    /** A primary reads the record. */
    void learn(OwnershipRecord now) {
        if (core.take(new Action.Learn(now)) && core.state().mode() == Mode.SOLO) {
            cuts.forgetAll();
            writes.admit();
        }
    }

    private void noteChanges() {
        HostState s = core.state();
        if (s.role() != lastRole) {
            lastRole = s.role();
            roleSince = now();
        }
        if (s.mode() != lastMode) {
            lastMode = s.mode();
            modeSince = now();
            saidAlone = null;
        }
        boolean isProtected = s.role() == Role.PRIMARY
                ? s.mode() == Mode.PROTECTED
                : ownership.record().mode() == OwnershipRecord.Mode.PROTECTED;
        if (isProtected) {
            unprotectedSince = Long.MIN_VALUE;
        } else if (unprotectedSince == Long.MIN_VALUE) {
            unprotectedSince = now();
        }
    }

    // ---- The start.

    /**
     * Ends the sessions of earlier processes of this host, before anything else (rule OneConnection). Otherwise a takeover that
     * one of them requested could be granted late, and fence the owner for a host that holds nothing by now.
     */
    private void endFormerLives() {
        storage().open(0, Reply.of(this::formerLivesEnded, this::formerLivesMayLive));
    }

    private void formerLivesEnded(SharedStorage.Session session) {
        storage().close(session.number());
        // Before anything is decided: a group that this process has not looked at yet is not one that nobody owns.
        ownership.seen(session.record());
        recordTrouble("");
        if (!storageId.isEmpty()) {
            formerLivesEnded = true;
            return;
        }
        // Before anything is stored here: it will be known whose it is.
        store().belongsTo(
                        session.storage(),
                        Reply.of(
                                done -> {
                                    storageId = session.storage();
                                    formerLivesEnded = true;
                                },
                                why -> end(why.text())));
    }

    private void formerLivesMayLive(Trouble why) {
        boolean never = switch (why.kind()) {
            case WRONG_IDENTITY, NO_STORAGE -> true;
            // It may be the last sign of this host's own former life.
            case NAME_IN_USE -> now() - startedAt > ALIVE_MAX;
            default -> false;
        };
        if (never) {
            end(why.text());
        } else {
            recordTrouble(why.text());
            timers.after(RETRY, this::endFormerLives);
        }
    }

    // ---- Policy.

    /** What policy decides in the present state. */
    Policy.Decision decision() {
        HostState s = core.state();
        long since =
                Math.max(peer.heardAt(), s.role() == Role.PRIMARY && s.mode() != Mode.SOLO ? modeSince : roleSince);
        return Policy.decide(new Policy.View(
                config,
                s,
                ownership.record(),
                ownership.answersNanos(),
                peer.heard(),
                peer.heartbeatAgo(),
                now() - since,
                isPeerConnected(),
                peer.unfit(),
                peer.joinerChanged(),
                states.overdue(),
                copyOverdue(s),
                undoRoom.isNear(s),
                writes.withoutRoomNanos(),
                now() >= nextCut,
                now() >= nextJoin,
                failure,
                failedFor(),
                !outputs.isEmpty()));
    }

    /** Whether the oldest write that waits for its copies has waited too long. */
    private boolean copyOverdue(HostState s) {
        for (PendingWrite write : s.pending()) {
            if (s.mode() != Mode.SOLO && !write.sent() && !s.kept().containsAll(write.extent())) {
                if (write.id() != waitingWrite) {
                    waitingWrite = write.id();
                    waitingWriteSince = now();
                }
                return now() - waitingWriteSince > Policy.COPY_MAX;
            }
        }
        waitingWrite = -1;
        return false;
    }

    void carryOut(Policy.Decision decision) {
        OwnershipRecord record = ownership.record();
        note = decision.what() == Policy.What.NOTHING ? decision.why() : note;
        if (decision.what() != Policy.What.TAKE_OVER) {
            saidOfTakeover.clear();
        }
        if (decision.later()) {
            nextJoin = now() + Policy.JOIN_AGAIN;
        }
        if (decision.what().asksForTheRecord() && now() < nextTry) {
            return;
        }
        switch (decision.what()) {
            case NOTHING -> paceCuts();
            case BOOTSTRAP -> startCold(Change.BOOTSTRAP, record);
            case COLD_START -> startCold(Change.COLD_START, record);
            case RESTART_ROLLBACK -> takeover.restartRollback(record);
            case BECOME_SECONDARY -> {
                if (core.take(new Action.BecomeSecondary(record))) {
                    log("is secondary again: " + OwnershipChannel.describe(record));
                    peer.countsAsHeard();
                }
            }
            case TAKE_OVER -> takeOver(decision.why(), record);
            case SPEAK -> {
                nextCut = now() + SPEAK_EVERY;
                cuts.speakAlone();
            }
            case START_JOIN -> startJoin();
            case ABORT_JOIN -> {
                if (abortJoin == null) {
                    abortJoin = decision.why();
                    // A new session ends the earlier one, so that no change of the record can come late.
                    sessions.renew();
                }
            }
            case PROTECT -> protect();
            case GO_ALONE -> goAlone(decision.why());
            case FORGIVE -> peer.forgive();
            case CUT -> cut();
            case END -> end(decision.why());
        }
    }

    /** The record was not changed: reads it, and tries again a little later. */
    void tryLater() {
        nextTry = now() + RETRY;
        ownership.look();
    }

    /**
     * The record was not claimed. While it stays as it is, as when the storage cannot store another, the pauses between tries
     * grow: each opens sessions with the storage.
     */
    private void claimLater() {
        long version = ownership.record().version();
        claimPause = version == claimedVersion ? Math.min(RETRY_MAX, 2 * claimPause) : RETRY;
        claimedVersion = version;
        nextTry = now() + claimPause;
        ownership.look();
    }

    private void startCold(Change change, OwnershipRecord record) {
        takeover.startCold(change, record, why -> {
            note = why;
            claimLater();
        });
    }

    private void takeOver(String why, OwnershipRecord known) {
        if (ownership.isFreshWanted()) {
            return;
        }
        sayOfTakeover(why);
        ownership.fresh(Reply.of(
                fresh -> {
                    if (core.state().role() == Role.SECONDARY && fresh.version() == known.version()) {
                        takeover.takeOver(fresh, no -> {
                            sayOfTakeover("does not take over: " + no);
                            claimLater();
                        });
                    }
                },
                no -> tryLater()));
    }

    private void sayOfTakeover(String line) {
        if (saidOfTakeover.size() < SAID_MAX && saidOfTakeover.add(line)) {
            log(line);
        }
    }

    private void startJoin() {
        if (!cuts.isBusy()) {
            peer.joinerIsThere();
            cuts.startJoin(Reply.of(
                    epoch -> log("takes " + core.state().peer() + " in: sends its state"),
                    why -> nextJoin = now() + RETRY));
        }
    }

    private void protect() {
        ownership.change(Change.PROTECT, new OwnershipChannel.Outcome() {
            @Override
            public void agreed(OwnershipRecord record, SharedStorage.Session session) {
                core.must(new Action.Protect(record));
                learn(record);
                joins++;
                log("is protected by " + core.state().peer() + ": term "
                        + core.state().term() + ", epoch " + core.state().epoch());
            }

            @Override
            public void refused(String why) {
                tryLater();
            }
        });
    }

    private void goAlone(String why) {
        if (!why.equals(saidAlone)) {
            saidAlone = why;
            log(why + ": asks to go on alone");
        }
        ownership.change(Change.GO_ALONE, new OwnershipChannel.Outcome() {
            @Override
            public void agreed(OwnershipRecord record, SharedStorage.Session session) {
                core.must(new Action.GoAlone(record));
                learn(record);
                peer.forgetHeartbeat();
                log("is alone: unprotected from now on");
            }

            @Override
            public void refused(String no) {
                tryLater();
            }
        });
    }

    private void cut() {
        Duration every = config.checkpointEvery();
        if (!cuts.isBusy()) {
            nextCut = now() + (every == null ? 0 : every.toNanos());
            cuts.cut(false, null, Reply.of(epoch -> {}, why -> {}));
        }
    }

    /** Sets when the next cut, or the next release of output while alone, is due. */
    private void paceCuts() {
        if (now() >= nextCut) {
            boolean alone = core.state().mode() == Mode.SOLO;
            nextCut = now() + (alone ? SPEAK_EVERY : config.checkpointEvery() == null ? HEARTBEAT : SPEAK_EVERY / 10);
        }
    }

    /** Logs once when writes begin to wait. */
    private void sayIfWritesWait() {
        boolean waits = writes.withoutRoomNanos() > WAITING_SAID;
        if (waits && !waitingSaid) {
            log("writes wait: " + undoLimitReached());
        }
        waitingSaid = waits;
    }

    /** What a person can do about it. */
    private String undoLimitReached() {
        return "the undo log of " + core.state().peer() + " takes " + (undoRoom.bytes() >> 20) + " of "
                + (undoRoom.limitBytes() >> 20)
                + " MiB; "
                + (config.checkpointEvery() == null
                        ? "take a checkpoint (unwrite checkpoint), or start both nodes with a larger --undo-limit or with"
                                + " --at-undo-limit alone:30s"
                        : "the next checkpoint makes room; if this lasts, raise --undo-limit on both nodes");
    }

    // ---- Effects: each is performed here, and nowhere else.

    private void perform(Effect effect) {
        switch (effect) {
            case Effect.SendPreserve e -> copyMessages.preserve(e.term(), e.epoch(), e.extents());
            case Effect.Ready e -> writes.ready(e.writes());
            case Effect.ReadAndStore e -> copies.readAndStore(e.term(), e.epoch(), e.extents());
            case Effect.SendPreserved e -> copyMessages.preserved(e.term(), e.epoch(), e.extents());
            case Effect.SendCommitted e -> send(new PeerMessage.Committed(e.term(), e.epoch()));
            case Effect.DiscardCopies e ->
                store().discardBefore(e.term(), e.epoch(), Reply.of(done -> {}, this::storeFailed));
            case Effect.DiscardOthers e -> store().discardOthers(e.term(), Reply.of(done -> {}, this::storeFailed));
            case Effect.Release e -> outputs.release(e.epoch());
            case Effect.ReleaseFlushed e -> outputs.releaseAll();
            case Effect.WriteOwed e -> {
                if (core.state().role() == Role.PRIMARY) {
                    writes.replay();
                } else {
                    takeover.restore();
                }
            }
            case Effect.FlushDone e -> flushes.done(e.id());
            case Effect.CompareAndSet e -> ownership.compareAndSet(e);
            case Effect.SendState e -> cuts.send(e.term(), e.epoch(), e.base());
        }
    }

    private void storeFailed(Trouble why) {
        copies.fail("cannot discard old copies: " + why.text());
    }
}
