package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.Contents;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A host whose surroundings do what they are told, in the order in which they are told it, when the test says so, and write
 * down what that was.
 */
final class Stage implements PeerChannel, SharedStorage, LocalStore, MachineRoom, Listener {
    static final int VOLUME = 3;
    static final int BLOCKS = 64;
    /** Of the other host's process. */
    static final long LIFE = 7;

    static final Trouble LOST = new Trouble(Trouble.Kind.LOST, "the connection broke");

    private static final int BLOCK = Extent.BLOCK_BYTES;

    /** Everything that was ordered, one line each. */
    final List<String> orders = new ArrayList<>();

    final List<PeerMessage> sent = new ArrayList<>();
    final List<String> log = new ArrayList<>();
    /** What the steps were reported with, for the trace. */
    final List<Contents> contents = new ArrayList<>();
    /** As large as the volume; another size counts from the next session on. */
    byte[] disk = new byte[BLOCKS * BLOCK];

    OwnershipRecord record = OwnershipRecord.INITIAL;
    /** An order that begins so fails with this. */
    @Nullable
    String failing;

    /** An order that begins so gets no answer. */
    @Nullable
    String neverAnswers;

    Trouble trouble = LOST;

    @Nullable
    String ended;

    /** An order that begins so is answered by {@link #answerLate}. */
    @Nullable
    String late;

    /** What fails is done all the same. */
    boolean failsAfterwards;

    boolean connected = true;
    boolean wantsContents = true;
    /** The checkpoint that is found once it is certain, if another one than the host holds. */
    @Nullable
    Checkpoint settled;

    /** The checkpoint with which the machine was resumed last. */
    long resumedEpoch;

    /** Whether nothing was written since the state before the one that was saved last. */
    boolean savedUnchanged;

    long savedOn = -1;
    long sentOn = -1;
    /** Whether the machine makes deltas where it may. */
    boolean savesDeltas;

    /** The undo log does not want what it is given. */
    boolean notWanted;

    private final Deque<Runnable> replies = new ArrayDeque<>();
    private final Deque<Runnable> lateReplies = new ArrayDeque<>();
    private final List<Copied> stored;
    /** So many copies come in one reading. */
    int readAtOnce = Integer.MAX_VALUE;

    private int readUpTo;
    /** What the other host says of itself ten times a second, if it does. */
    @Nullable
    String peerSays;

    /** What the other host says its undo log takes. */
    long undoBytes;

    private long sessions;
    private long position;
    private boolean held;
    private long now = 1;
    final Host host;

    Stage(String name, boolean bootstrap, @Nullable Checkpoint checkpoint, List<Copied> copied) {
        this(name, bootstrap, checkpoint, copied, true);
    }

    private Stage(
            String name, boolean bootstrap, @Nullable Checkpoint checkpoint, List<Copied> copied, boolean writeCache) {
        this(
                new HostConfig(
                        name,
                        bootstrap,
                        null,
                        Duration.ofSeconds(2),
                        1 << 20,
                        null,
                        writeCache,
                        "storage",
                        "folder",
                        "undo"),
                checkpoint,
                copied);
    }

    Stage(HostConfig config, @Nullable Checkpoint checkpoint, List<Copied> copied) {
        TreeMap<CopyKey, Blocks> index = new TreeMap<>();
        if (checkpoint != null && !copied.isEmpty()) {
            Blocks blocks = Blocks.NONE;
            for (Copied copy : copied) {
                blocks = blocks.with(copy.extent());
            }
            index.put(new CopyKey(checkpoint.term(), checkpoint.epoch()), blocks);
        }
        stored = copied;
        host = new Host(
                config,
                new Surroundings(this, this, this, this, this),
                HostState.started(config.name(), "", index, checkpoint),
                now);
    }

    static Stage alone() {
        return alone(true);
    }

    static Stage alone(boolean writeCache) {
        Stage stage = new Stage("A", true, null, List.of(), writeCache);
        stage.host.start();
        stage.carryOut();
        return stage;
    }

    /** A primary that is alone, and that another host is about to join. */
    static Stage joining() {
        Stage stage = alone();
        stage.joinBegins();
        return stage;
    }

    /** A primary whose writes a secondary protects. */
    static Stage guarded() {
        return guarded(true);
    }

    static Stage guarded(boolean writeCache) {
        Stage stage = alone(writeCache);
        stage.takesIn();
        return stage;
    }

    /** Of a primary that is alone: the other host joins, and protects it from then on. */
    void takesIn() {
        joinBegins();
        peerSays = "secondary";
        host.received(
                new PeerMessage.Committed(host.state().term(), host.state().epoch()), LIFE);
        settle();
    }

    private void joinBegins() {
        greeted(LIFE, PeerMessage.Ids.NONE);
        peerSays = "idle";
        settle();
    }

    /** A secondary that holds checkpoint 1 of term 1, and a copy of block 3, which are zeroes. */
    static Stage secondary() {
        Stage stage = new Stage(
                "B",
                false,
                new Checkpoint(1, 1),
                List.of(new Copied(new Extent(VOLUME, 3, 1), ByteBuffer.allocate(BLOCK))));
        stage.record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        stage.host.start();
        stage.carryOut();
        return stage;
    }

    // ---- Time and replies.

    /** All that was ordered is carried out, and what follows from it. */
    void carryOut() {
        do {
            host.tick();
            while (!replies.isEmpty() && !held) {
                replies.remove().run();
                host.tick();
            }
        } while (!replies.isEmpty() && !held);
    }

    /** As above, with a second that goes by. */
    void settle() {
        for (int i = 0; i < 10; i++) {
            now += 100_000_000;
            host.now(now);
            String role = peerSays;
            if (role != null) {
                boolean joins =
                        record.mode() == OwnershipRecord.Mode.SOLO && !role.equals("primary") && !role.equals("failed");
                host.received(
                        new PeerMessage.Heartbeat(
                                role, 1, 1, 1, record.version(), joins, role.equals("idle"), false, undoBytes),
                        LIFE);
            }
            carryOut();
        }
    }

    long now() {
        return now;
    }

    void pass(Duration time) {
        now += time.toNanos();
        host.now(now);
    }

    /** So many milliseconds go by, and all that was ordered is carried out. */
    void goesBy(long millis) {
        pass(Duration.ofMillis(millis));
        carryOut();
    }

    /** As {@link #settle()}, for so many seconds. */
    void settle(int seconds) {
        for (int i = 0; i < seconds; i++) {
            settle();
        }
    }

    /** The order is given once, then, and not a millisecond before. */
    void isGivenAfter(long millis, String order) {
        int before = orders(order).size();
        goesBy(millis - 1);
        assertThat(orders(order)).hasSize(before);
        goesBy(1);
        assertThat(orders(order)).hasSize(before + 1);
    }

    /** From here on nothing is answered, until {@link #goOn}. */
    void hold() {
        held = true;
    }

    void goOn() {
        held = false;
        carryOut();
    }

    private <T> void order(String what, Reply<T> reply, Supplier<T> result) {
        orders.add(what);
        String bad = failing;
        Trouble why = trouble;
        boolean fails = bad != null && what.startsWith(bad);
        String lost = neverAnswers;
        if (lost != null && what.startsWith(lost)) {
            return;
        }
        String waits = late;
        (waits != null && what.startsWith(waits) ? lateReplies : replies).add(() -> {
            if (fails) {
                if (failsAfterwards) {
                    T _ = result.get();
                }
                reply.failed(why);
            } else {
                reply.done(result.get());
            }
        });
    }

    /** What is late is answered, and all that follows is carried out. */
    void answerLate() {
        answerLate(null);
    }

    /** As above; orders that begin with {@code next} are answered late from now on. */
    void answerLate(@Nullable String next) {
        late = next;
        replies.addAll(lateReplies);
        lateReplies.clear();
        carryOut();
    }

    /** The orders that begin with one of these words. */
    List<String> orders(String... words) {
        return orders.stream()
                .filter(order -> List.of(words).stream().anyMatch(order::startsWith))
                .toList();
    }

    boolean is(Role role, Mode mode) {
        return host.state().role() == role && host.state().mode() == mode;
    }

    <M extends PeerMessage> List<M> sent(Class<M> type) {
        return sent.stream().filter(type::isInstance).map(type::cast).toList();
    }

    boolean hasSent(Predicate<PeerMessage> such) {
        return sent.stream().anyMatch(such);
    }

    // ---- Clients.

    /** What became of a request: its first answer counts. */
    static final class Asked<T> implements Reply<T> {
        @Nullable
        T result;

        @Nullable
        Trouble trouble;

        /** Each request has one. */
        int answers;

        @Override
        public void done(T value) {
            answers++;
            result = trouble == null ? value : null;
        }

        @Override
        public void failed(Trouble why) {
            answers++;
            trouble = trouble == null && result == null ? why : trouble;
        }

        boolean isDone() {
            return result != null;
        }
    }

    Asked<Done> write(long offset, int length, int value, boolean fua) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        Asked<Done> asked = new Asked<>();
        host.write(VOLUME, offset, ByteBuffer.wrap(bytes), fua, asked);
        host.tick();
        return asked;
    }

    /** There is a connection to a process of the other host, which says what it holds. */
    void greeted(long life, PeerMessage.Ids ids) {
        host.peerUp(new PeerMessage.Hello("g", host.config().name().equals("A") ? "B" : "A", life, "none", ids));
        carryOut();
    }

    /** The secondary acknowledges all that it was asked for in this epoch. */
    void acknowledge() {
        for (PeerMessage.Preserve asked : sent(PeerMessage.Preserve.class)) {
            host.received(new PeerMessage.Preserved(1, 0, asked.term(), asked.epoch(), asked.extents()), LIFE);
        }
        carryOut();
    }

    Asked<Done> flush() {
        Asked<Done> asked = new Asked<>();
        host.flush(asked);
        host.tick();
        return asked;
    }

    Asked<ByteBuffer> read(long offset, int length) {
        Asked<ByteBuffer> asked = new Asked<>();
        host.read(VOLUME, offset, length, asked);
        host.tick();
        return asked;
    }

    // ---- The other host.

    @Override
    public void send(PeerMessage message) {
        sent.add(message);
        if (!(message instanceof PeerMessage.Heartbeat)) {
            orders.add("send " + message.getClass().getSimpleName());
        }
    }

    @Override
    public void sendState(long term, long epoch, long base, Saved state, Reply<Long> reply) {
        sentOn = base;
        order("sendState " + epoch, reply, () -> 16L);
    }

    @Override
    public boolean isConnected() {
        return connected;
    }

    // ---- The storage.

    @Override
    public void readRecord(Reply<OwnershipRecord> reply) {
        order("readRecord", reply, () -> record);
    }

    @Override
    public void open(long term, Reply<Session> reply) {
        order(
                "open " + term,
                reply,
                () -> new Session(++sessions, 1, "storage", record, List.of(new Volume(VOLUME, "disk", disk.length))));
    }

    @Override
    public void close(long session) {
        orders.add("close " + session);
    }

    @Override
    public void compareAndSet(long session, long expectedVersion, OwnershipRecord next, Reply<Changed> reply) {
        order("compareAndSet " + next.mode().wire(), reply, () -> {
            boolean agreed = record.version() == expectedVersion;
            record = agreed ? next : record;
            return new Changed(agreed, record);
        });
    }

    @Override
    public void read(long session, int volume, long offset, int length, Reply<ByteBuffer> reply) {
        order(
                "read " + offset / BLOCK,
                reply,
                () -> ByteBuffer.wrap(Arrays.copyOfRange(disk, (int) offset, (int) offset + length)));
    }

    @Override
    public void readOld(long session, long epoch, Extent extent, Reply<OldData> reply) {
        order("readOld " + extent.first() + "+" + extent.count(), reply, () -> OldData.of(extent, content(extent)));
    }

    /** Beyond the end of the disk are zeroes, so that volumes can be as large as a test likes. */
    private @Nullable ByteBuffer content(Extent extent) {
        return extent.end() * BLOCK > disk.length
                ? null
                : ByteBuffer.wrap(disk.clone(), (int) extent.offsetBytes(), (int) extent.lengthBytes())
                        .slice();
    }

    @Override
    public void write(long session, Extent extent, @Nullable ByteBuffer data, boolean fua, Reply<Done> reply) {
        String what = "write " + extent.first() + "+" + extent.count() + (data == null ? " zeroes" : "")
                + (fua ? " fua" : "") + " in " + session;
        order(what, reply, () -> {
            ByteBuffer bytes = data == null ? ByteBuffer.allocate((int) extent.lengthBytes()) : data.duplicate();
            bytes.get(bytes.position(), disk, (int) extent.offsetBytes(), (int) extent.lengthBytes());
            return Done.DONE;
        });
    }

    @Override
    public void flush(long session, Reply<Done> reply) {
        order("flush in " + session, reply, () -> Done.DONE);
    }

    // ---- The local store.

    @Override
    public void append(long term, long epoch, OldData old, Reply<Stored> reply) {
        order("append " + old.extent().first() + "+" + old.extent().count(), reply, () -> {
            position++;
            return notWanted ? Stored.NOT_WANTED : Stored.STORED;
        });
    }

    @Override
    public void discardBefore(long term, long epoch, Reply<Done> reply) {
        order("discardBefore " + epoch, reply, () -> Done.DONE);
    }

    @Override
    public void discardOthers(long term, Reply<Done> reply) {
        order("discardOthers", reply, () -> Done.DONE);
    }

    @Override
    public void discardAll(Reply<Done> reply) {
        order("discardAll", reply, () -> Done.DONE);
    }

    @Override
    public void settle(Reply<Settled> reply) {
        order("settle", reply, () -> new Settled(settled == null ? host.state().checkpoint() : settled));
    }

    @Override
    public void beginState(long term, long epoch, long base, Reply<Done> reply) {
        order("beginState " + epoch, reply, () -> Done.DONE);
    }

    @Override
    public void writeState(long term, long epoch, long offset, ByteBuffer bytes, Reply<Done> reply) {
        order("writeState " + epoch, reply, () -> Done.DONE);
    }

    @Override
    public void endState(long term, long epoch, long length, int crc32c, Reply<Done> reply) {
        order("endState " + epoch, reply, () -> Done.DONE);
    }

    @Override
    public void commitState(long term, long epoch, Reply<Done> reply) {
        order("commitState " + epoch, reply, () -> Done.DONE);
    }

    @Override
    public void dropState(long term, long epoch) {
        orders.add("dropState " + epoch);
    }

    @Override
    public void readBack(long term, long epoch) {
        orders.add("readBack " + epoch);
        readUpTo = 0;
    }

    @Override
    public void nextCopies(Reply<List<Copied>> reply) {
        order("nextCopies", reply, () -> {
            int from = readUpTo;
            readUpTo = (int) Math.min(stored.size(), (long) from + readAtOnce);
            return stored.subList(from, readUpTo);
        });
    }

    @Override
    public void belongsTo(String storage, Reply<Done> reply) {
        order("belongsTo", reply, () -> Done.DONE);
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public long usedBytes() {
        return position * 2L * BLOCK;
    }

    // ---- The machine.

    @Override
    public void volumes(List<Volume> volumes) {
        orders.add("volumes of " + volumes.getFirst().sizeBytes() / BLOCK + " blocks");
    }

    @Override
    public void coldStart(Reply<Done> reply) {
        order("coldStart", reply, () -> Done.DONE);
    }

    @Override
    public void resume(long term, long epoch, long session, Reply<Done> reply) {
        resumedEpoch = epoch;
        order("resume", reply, () -> Done.DONE);
    }

    @Override
    public void run() {
        orders.add("run");
    }

    @Override
    public void stop() {
        orders.add("stop");
    }

    @Override
    public void pause(Reply<Long> reply) {
        order("pause", reply, () -> 0L);
    }

    @Override
    public void unpause() {
        orders.add("unpause");
    }

    @Override
    public void save(
            long term,
            long epoch,
            long base,
            long session,
            @Nullable Object handedOver,
            boolean unchanged,
            Reply<Saved> reply) {
        savedUnchanged = unchanged;
        savedOn = base;
        order("save " + epoch, reply, () -> new State(epoch, savesDeltas && base != 0));
    }

    // ---- Whoever watches.

    @Override
    public void step(HostState before, Action action, HostState after, @Nullable Contents contents) {
        orders.add("step " + action.name());
        if (contents != null) {
            this.contents.add(contents);
        }
    }

    @Override
    public void spoke(HostState state, long said) {
        orders.add("spoke " + said);
    }

    @Override
    public boolean wantsContents() {
        return wantsContents;
    }

    @Override
    public void log(String line) {
        log.add(line);
    }

    private final class State implements Saved {
        private final long epoch;
        private final boolean delta;

        State(long epoch, boolean delta) {
            this.epoch = epoch;
            this.delta = delta;
        }

        @Override
        public boolean isDelta() {
            return delta;
        }

        @Override
        public void drop() {
            orders.add("drop " + epoch);
        }
    }

    @Override
    public void end(String why) {
        ended = why;
    }
}
