package dev.unwrite.conformance.cluster;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.checkpoint.StoredCheckpoint;
import dev.unwrite.host.Host;
import dev.unwrite.host.HostConfig;
import dev.unwrite.host.Listener;
import dev.unwrite.host.PeerChannel;
import dev.unwrite.host.Surroundings;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.storage.ForeignStorageException;
import dev.unwrite.store.DataFolder;
import dev.unwrite.store.LocalDisk;
import dev.unwrite.trace.Contents;
import dev.unwrite.trace.TraceWriter;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** A host, life after life: the real {@link Host} on a disk that outlives it. */
final class SimHost {
    private static final long STATE_LIMIT_BYTES = 1 << 16;
    private static final int SEGMENT_BYTES = 8 * 4096;
    /** One in so many jobs of the disk is looked at from within. */
    private static final int PROBE_EVERY = 12;

    private static final int PROBED_OPERATIONS = 6;

    final int index;
    final String name;
    private final Cluster cluster;
    private final Deque<Runnable> later = new ArrayDeque<>();
    private final SplittableRandom probes;
    private SimDisk disk = new SimDisk();
    private Data data;
    private @Nullable Remains remains;
    private @Nullable SimDisk remainsOf;
    private long remainsSince;
    private @Nullable Backup backup;
    private int life;
    private int folders;
    private @Nullable Life now;
    private boolean frozen;
    private int leaving = -1;
    private @Nullable String end;
    private @Nullable String refused;
    private long clock;
    private long wake;

    /** A copy of the folder. */
    private record Backup(SimDisk disk, Data data) {}

    /** All that ends with the process. */
    private record Life(
            Host host,
            UndoLog undo,
            CheckpointStore store,
            SimStore jobs,
            Room room,
            StorageClient storage,
            TraceWriter trace) {}

    /** The file in the data folder that says whose it is. */
    private static final class Data implements DataFolder {
        final String id;
        String storage = "";
        String undo = "";

        Data(String id) {
            this.id = id;
        }

        Data copy() {
            Data copy = new Data(id);
            copy.storage = storage;
            copy.undo = undo;
            return copy;
        }

        @Override
        public void belongsTo(String answered) throws IOException {
            if (!storage.isEmpty() && !storage.equals(answered)) {
                throw new ForeignStorageException("the folder belongs to storage " + storage);
            }
            storage = answered;
        }

        @Override
        public Map<String, String> checkpointMeta() {
            return Map.of("folder", id, "undo", undo, "storage", storage);
        }
    }

    SimHost(int index, Cluster cluster) {
        this.index = index;
        this.name = index == 0 ? "A" : "B";
        this.cluster = cluster;
        this.data = new Data(name + "-" + folders);
        this.probes = new SplittableRandom(cluster.config().dice() + index);
    }

    Cluster cluster() {
        return cluster;
    }

    // ---- Its lives.

    boolean isUp() {
        return now != null;
    }

    /** Whether it is up and does something. */
    boolean isRunning() {
        return now != null && !frozen;
    }

    boolean isFrozen() {
        return frozen;
    }

    void freeze(boolean still) {
        frozen = still && isUp();
    }

    /** Another one for each life; never 0. */
    int life() {
        return 1000 * (index + 1) + life;
    }

    private Life alive() {
        Life alive = now;
        if (alive == null) {
            throw new Violation("NoError", name + " is down");
        }
        return alive;
    }

    Host host() {
        return alive().host;
    }

    HostState state() {
        return alive().host.state();
    }

    Room room() {
        return alive().room;
    }

    SimStore store() {
        return alive().jobs;
    }

    SimDisk disk() {
        return disk;
    }

    Witness witness() {
        return cluster.witness();
    }

    Counts counts() {
        return cluster.counts();
    }

    /** Why it could not start, or null. */
    @Nullable
    String refused() {
        return refused;
    }

    /** Starts, if it is down and its disk lets it. */
    void start(PeerChannel peer) {
        if (isUp()) {
            return;
        }
        try {
            life++;
            now = open(peer);
            refused = null;
        } catch (IOException e) {
            refused = e.getMessage();
            if (disk.isDead()) {
                disk.crash(disk.leaves());
            }
            return;
        }
        later.clear();
        end = null;
        frozen = false;
        wake = 0;
        turn(() -> host().start());
    }

    private Life open(PeerChannel peer) throws IOException {
        CheckpointStore store = CheckpointStore.open(
                disk.checkpoints(), CheckpointStore.Policy.DURABLE, STATE_LIMIT_BYTES, MachineState.PAGE_BYTES);
        StoredCheckpoint held = store.committed().orElse(null);
        if (held != null && !data.id.equals(held.meta().get("folder"))) {
            throw new IOException("the checkpoint belongs to another folder");
        }
        UndoLog undo = UndoLog.openInline(disk.undo(), options());
        if (held != null && !undo.id().equals(held.meta().get("undo"))) {
            throw new IOException("the undo log that goes with the checkpoint is gone");
        }
        if (!undo.id().equals(data.undo)) {
            discardAll(undo);
            data.undo = undo.id();
        }
        LocalDisk local = new LocalDisk(undo, store, data);
        SimStore jobs = new SimStore(this, local, disk, cluster.slip());
        Room room = new Room(this, cluster);
        StorageClient storage = new StorageClient(cluster.storage(), this, life());
        TraceWriter trace = cluster.openTrace(this);
        Host host = new Host(
                config(),
                new Surroundings(peer, storage, jobs, room, new Watcher(trace)),
                local.started(name),
                cluster.now() + clock);
        return new Life(host, undo, store, jobs, room, storage, trace);
    }

    private static void discardAll(UndoLog undo) throws IOException {
        try {
            undo.discardAll().join();
        } catch (CompletionException e) {
            throw new IOException(e.getCause());
        }
    }

    /** Small segments, so that a run sees many. */
    private UndoOptions options() {
        return new UndoOptions(
                UndoOptions.Policy.DURABLE, cluster.config().undoLimitBytes(), 75, SEGMENT_BYTES, 1, 2, Duration.ZERO);
    }

    private HostConfig config() {
        Config config = cluster.config();
        return new HostConfig(
                name,
                index == 0,
                config.checkpointEvery(),
                config.failoverAfter(),
                config.undoLimitBytes(),
                config.aloneAtUndoLimitAfter(),
                true,
                data.storage,
                data.id,
                data.undo);
    }

    /** The process ends at once, and its system with it; {@code choice} says what is left of what was not synced. */
    void crash(int choice) {
        if (isUp()) {
            counts().crashes++;
            over();
            disk.crash(choice);
        }
    }

    /** The process ends, and its system goes on: what it wrote is there, synced or not. */
    void exit() {
        Life ending = now;
        if (ending == null) {
            return;
        }
        over();
        try {
            ending.undo.close();
            ending.store.close();
        } catch (IOException e) {
            // The disk may be dead or read-only: then it is as in a crash.
        }
    }

    private void over() {
        Life ending = alive();
        now = null;
        frozen = false;
        later.clear();
        cluster.ended(this);
        try {
            ending.trace.close();
        } catch (IOException e) {
            throw new Violation("NoError", "a trace cannot be closed: " + e, e);
        }
    }

    /** An empty disk, while it is down. */
    void replaceDisk() {
        if (!isUp()) {
            disk = new SimDisk();
            data = new Data(name + "-" + ++folders);
            refused = null;
        }
    }

    /** Somebody copies the folder, as it is on the disk. */
    void backUp() {
        backup = new Backup(disk.afterCrash(), data.copy());
    }

    /** The folder is what it was when it was copied; false if it is up, or there is no copy. */
    boolean putBack() {
        Backup copy = backup;
        if (isUp() || copy == null) {
            return false;
        }
        disk = copy.disk.afterCrash();
        data = copy.data.copy();
        refused = null;
        return true;
    }

    /** Ends the process if it must: its disk died in the middle of something, or the host has nothing more to do. */
    void endIfMust() {
        if (isUp() && disk.isDead()) {
            crash(disk.leaves());
        } else if (isUp() && end != null) {
            exit();
        }
    }

    /** The host is told to leave; which life it was. */
    int toldToLeave() {
        leaving = life();
        return leaving;
    }

    /** Whether this life was told to leave, which may hold its machine for as long as a hand-over may take. */
    boolean isLeaving() {
        return leaving == life();
    }

    /** The host has left the pair in good order, if this is still the life that was asked to. */
    void leaves(int of) {
        if (isUp() && life() == of) {
            end = "left";
        }
    }

    // ---- Its turns.

    /** The clock of the host jumps ahead. */
    void jump(long nanos) {
        clock += nanos;
    }

    /** The host takes an event, unless it is down, stands still, or has given up. */
    void turn(Runnable event) {
        if (!isRunning() || end != null) {
            return;
        }
        Host host = host();
        host.now(cluster.now() + clock);
        event.run();
        if (!cluster.config().batches()) {
            wake = host.tick() - clock;
        } else {
            wake = 0;
        }
    }

    /** Whether it says that it has to be started again. */
    boolean isToBeRestarted() {
        return isRunning() && host().picture().note().endsWith("start the node again");
    }

    void logs(Object message) {
        cluster.log(name, () -> "gets " + message);
    }

    /** When the host wants to be woken, in the time of the cluster. */
    long wake() {
        return wake;
    }

    /** The host looks at the time. */
    void tick() {
        if (isRunning() && end == null) {
            Host host = host();
            host.now(cluster.now() + clock);
            wake = host.tick() - clock;
        }
    }

    /** An event that comes in a later turn of this life. */
    void later(Runnable event) {
        later.add(event);
    }

    boolean hasLater() {
        return !later.isEmpty();
    }

    void nextLater() {
        Runnable event = isRunning() ? later.poll() : null;
        if (event != null) {
            turn(event);
        }
    }

    // ---- What it holds.

    byte[] committedState() throws IOException {
        try (InputStream state = alive().store.open()) {
            return state.readAllBytes();
        }
    }

    @Nullable
    StoredCheckpoint committed() {
        return alive().store.committed().orElse(null);
    }

    /** Whether the undo log has copies of all of the extent in that epoch. */
    boolean stored(long term, long epoch, Extent extent) {
        return alive().undo.stored(term, epoch, extent.volume()).containsRange(extent.first(), extent.count());
    }

    PeerMessage.Hello hello() {
        StoredCheckpoint held = committed();
        return new PeerMessage.Hello(
                "vm",
                name,
                life(),
                "none",
                new PeerMessage.Ids(
                        data.storage,
                        data.id,
                        data.undo,
                        alive().undo.position(),
                        held == null ? 0 : held.term(),
                        held == null ? 0 : held.epoch(),
                        name + ":1"));
    }

    /** What a crash would leave on its disk now, read by the real log and store; read anew only when it has become another. */
    Remains remains() throws IOException {
        Remains known = remains;
        if (known == null || remainsOf != disk || remainsSince != disk.durableChanges()) {
            known = remains(disk.afterCrash());
            remains = known;
            remainsOf = disk;
            remainsSince = disk.durableChanges();
        }
        return known;
    }

    /** What it would start with after a crash now, of which {@code choice} says what survives of what was not synced. */
    HostState startedAfterCrash(int choice) throws IOException {
        return remains(disk.afterCrash(choice)).started(name, data);
    }

    /** The same of what is left of its disk. */
    Remains remains(SimDisk left) throws IOException {
        return Remains.of(left, options(), STATE_LIMIT_BYTES);
    }

    /** Now and then, what would be left if it crashed within the next job of its disk. */
    void probe() {
        if (probes.nextInt(PROBE_EVERY) == 0) {
            disk.probeIn(probes.nextInt(PROBED_OPERATIONS), probes.nextInt());
        }
    }

    /** After the job: looks at what would have been left. */
    void probed() {
        SimDisk left = disk.takeProbed();
        if (left != null && !disk.isDead()) {
            cluster.checks().crashedWithin(this, left);
        }
    }

    private final class Watcher implements Listener {
        private final TraceWriter trace;

        Watcher(TraceWriter trace) {
            this.trace = trace;
        }

        @Override
        public void step(HostState before, Action action, HostState after, @Nullable Contents contents) {
            trace.step(before, action, after, contents);
            cluster.stepped(SimHost.this, before, action, after);
        }

        @Override
        public void spoke(HostState state, long said) {
            trace.spoke(state, said);
        }

        @Override
        public boolean wantsContents() {
            return trace.active();
        }

        @Override
        public void log(String line) {
            cluster.log(name, () -> line);
        }

        @Override
        public void end(String why) {
            end = why;
            log("ends: " + why);
            witness().ended(SimHost.this, why);
        }
    }

    @Override
    public String toString() {
        if (!isUp()) {
            return name + " down" + (refused == null ? "" : " (" + refused + ")");
        }
        HostState s = state();
        Room room = room();
        return name + (frozen ? " frozen " : " ") + s.role().spelling() + " "
                + s.mode().spelling() + " " + s.term() + "."
                + s.epoch()
                + (s.checkpoint() == null
                        ? ""
                        : " holds " + s.checkpoint().term() + "."
                                + s.checkpoint().epoch())
                + (room.isRunning() ? " runs" : "") + (room.isPaused() ? " paused" : "") + ", " + room.underWay()
                + " under way, pending " + s.pending().size() + ", dirty "
                + s.dirty().size() + ", owed " + s.owed().size()
                + ", cuts " + s.cuts() + (s.proposal() == null ? "" : ", proposes " + s.proposal()) + ", disk jobs "
                + store().jobs();
    }
}
