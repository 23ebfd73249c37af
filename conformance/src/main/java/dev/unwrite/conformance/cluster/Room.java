package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Done;
import dev.unwrite.host.Host;
import dev.unwrite.host.MachineRoom;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Saved;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.host.Trouble;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model machine with its clients. They read and write parts of blocks, at any depth; each write that is answered is told
 * to the outside. Its state is what it has written.
 */
final class Room implements MachineRoom {
    private static final int MOST_UNDER_WAY = 16;
    private static final int MOST_TRIES = 40;
    /** So many of its states are whole though they could be deltas. */
    private static final int WHOLE_EVERY = 5;

    private final SimHost process;
    private final Cluster cluster;
    private @Nullable History history;
    private @Nullable Reply<Long> pausing;
    private boolean running;
    private boolean paused;
    private long pausedAt;
    private int said;
    private int underWay;
    private int generation;
    private long writes;
    private long savedWrites = -1;
    /** By epoch, what deltas may be on. */
    private final NavigableMap<Long, MachineState> saved = new TreeMap<>();

    private final IdentityHashMap<Order<?>, Long> started = new IdentityHashMap<>();

    Room(SimHost process, Cluster cluster) {
        this.process = process;
        this.cluster = cluster;
    }

    @Nullable
    History history() {
        return history;
    }

    /** Of how many writes the outside knows or will know. */
    int said() {
        return said;
    }

    boolean isRunning() {
        return running;
    }

    boolean isPaused() {
        return paused || pausing != null;
    }

    int underWay() {
        return underWay;
    }

    /** Since when a client has waited: for an answer, or for a machine that stands still; now, if none has. */
    long oldest() {
        long still = isPaused() ? pausedAt : cluster.now();
        return started.values().stream().mapToLong(Long::longValue).min().stream()
                .map(asked -> Math.min(asked, still))
                .findFirst()
                .orElse(still);
    }

    private Host host() {
        return process.host();
    }

    /** In a later turn, unless the machine was stopped before. */
    private void later(Runnable event) {
        int now = generation;
        process.later(() -> {
            if (generation == now) {
                event.run();
            }
        });
    }

    // ---- What the host orders.

    @Override
    public void volumes(List<SharedStorage.Volume> volumes) {
        boolean same = volumes.size() == Cells.VOLUMES.size();
        for (SharedStorage.Volume volume : volumes) {
            Cells.Volume own = Cells.volume(volume.id());
            same &= own.name().equals(volume.name()) && own.sizeBytes() == volume.sizeBytes();
        }
        Violation.require("NoError", same, () -> "the machine gets volumes " + volumes);
    }

    @Override
    public void coldStart(Reply<Done> reply) {
        int[] image = cluster.storage().disk.image().clone();
        cluster.checks().coldStart(process, image);
        cluster.witness().machine(process, "start from its disk");
        begin(image, cluster.said());
        readAll(reply, 0, 0, 0);
    }

    private void begin(int[] image, int saidBefore) {
        generation++;
        history = new History(image);
        said = saidBefore;
        underWay = 0;
        started.clear();
        running = false;
        paused = false;
        pausing = null;
        writes = 0;
        savedWrites = 0;
        saved.clear();
        cluster.machineBegins(process, history);
    }

    /** A machine that starts from its disk reads it first. */
    private void readAll(Reply<Done> reply, int index, int first, int tries) {
        if (index == Cells.VOLUMES.size()) {
            later(() -> reply.done(Done.DONE));
            return;
        }
        Cells.Volume volume = Cells.VOLUMES.get(index);
        int count = Math.min(3 * Cells.PER_BLOCK, volume.cells() - first);
        int next = first + count == volume.cells() ? index + 1 : index;
        read(volume, first, count, why -> {
            if (why == null) {
                later(() -> readAll(reply, next, next == index ? first + count : 0, 0));
            } else if (why.kind() == Trouble.Kind.FAILED && tries < MOST_TRIES) {
                later(() -> readAll(reply, index, first, tries + 1));
            } else {
                later(() -> reply.failed(why));
            }
        });
    }

    @Override
    public void resume(long term, long epoch, long session, Reply<Done> reply) {
        MachineState state;
        try {
            state = MachineState.of(process.committedState());
        } catch (IOException e) {
            later(() -> reply.failed(new Trouble(Trouble.Kind.FAILED, "the state cannot be read: " + e.getMessage())));
            return;
        }
        cluster.checks().resumed(process, state);
        cluster.witness().machine(process, "resume checkpoint " + epoch);
        // Where more faults struck than are survived, disk and state need not agree; what follows is judged all the
        // same.
        begin(cluster.isLost() ? cluster.storage().disk.image() : state.image(), state.said());
        later(() -> reply.done(Done.DONE));
    }

    @Override
    public void run() {
        Violation.require("NoError", history != null, () -> process.name + " runs a machine that there is not");
        running = true;
        paused = false;
    }

    @Override
    public void stop() {
        generation++;
        history = null;
        pausing = null;
        running = false;
        paused = false;
        underWay = 0;
        started.clear();
    }

    @Override
    public void pause(Reply<Long> reply) {
        pausedAt = cluster.now();
        if (cluster.config().holdsAtOnce() || underWay == 0) {
            paused = true;
            cluster.witness().machine(process, "pause");
            later(() -> reply.done(cluster.now() - pausedAt));
        } else {
            pausing = reply;
        }
    }

    private void pauseIfQuiet() {
        Reply<Long> reply = pausing;
        if (reply != null && underWay == 0) {
            pausing = null;
            paused = true;
            later(() -> reply.done(cluster.now() - pausedAt));
        }
    }

    @Override
    public void unpause() {
        pausing = null;
        paused = false;
        cluster.witness().machine(process, "go on");
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
        History now = history;
        if (now == null) {
            later(() -> reply.failed(new Trouble(Trouble.Kind.UNAVAILABLE, "there is no machine")));
            return;
        }
        Violation.require("NoError", isPaused(), () -> "the machine at " + process.name + " is saved while it runs");
        if (handedOver != null) {
            savedWrites = writes;
        }
        Violation.require(
                "Unchanged",
                !unchanged || writes == savedWrites,
                () -> process.name + " says that nothing was written since the last state, and there was");
        int[] image = cluster.storage().disk.image().clone();
        cluster.checks().saved(process, now, term, epoch, image, said);
        now.settle(image);
        MachineState state = new MachineState(image, said);
        MachineState before = base == 0 || epoch % WHOLE_EVERY == 0 ? null : saved.get(base);
        saved.headMap(base).clear();
        saved.put(epoch, state);
        later(() -> reply.done(before == null ? state : state.on(base, before)));
    }

    // ---- What its clients ask.

    /** Whether a client can ask for something now. */
    boolean takesRequests() {
        return running
                && underWay < MOST_UNDER_WAY
                && (!isPaused() || cluster.config().holdsAtOnce());
    }

    /** A client asks for something: what, and where, say the numbers. */
    void operate(int what, int where) {
        if (!takesRequests()) {
            return;
        }
        Cells.Volume volume = Cells.VOLUMES.get(what / 16 % Cells.VOLUMES.size());
        int first = where % volume.cells();
        int count = Math.min(1 + where / volume.cells() % 7, volume.cells() - first);
        long offset = Cells.offset(first);
        long length = Cells.offset(first + count) - offset;
        switch (what % 16) {
            case 0, 1, 2, 3, 4, 5, 6 -> {
                int value = cluster.nextValue();
                boolean fua = what % 16 == 6;
                ByteBuffer data = Cells.filled(first, count, value);
                change(volume, first, count, value, fua, reply -> host().write(volume.id(), offset, data, fua, reply));
            }
            case 7 -> {
                int block = first / Cells.PER_BLOCK;
                writeBlocks(volume, block, Math.min(1 + where % 3, volume.blocks() - block), false);
            }
            case 8, 9 -> {
                boolean noHole = what % 16 == 9;
                boolean fua = (where & 1) == 1;
                change(
                        volume,
                        first,
                        count,
                        0,
                        fua,
                        reply -> host().writeZeroes(volume.id(), offset, length, noHole, fua, reply));
            }
            case 10 -> {
                // A trim is a hint: of blocks that it does not cover whole nothing changes.
                int from = Math.ceilDiv(first, Cells.PER_BLOCK) * Cells.PER_BLOCK;
                int end = (first + count) / Cells.PER_BLOCK * Cells.PER_BLOCK;
                change(
                        volume,
                        from,
                        Math.max(0, end - from),
                        0,
                        false,
                        reply -> host().trim(volume.id(), offset, length, false, reply));
            }
            case 11, 12, 13 -> read(volume, first, count, why -> {});
            default -> flush();
        }
    }

    /** Writes whole blocks; returns the number that they hold then. */
    int writeBlocks(Cells.Volume volume, int block, int blocks, boolean fua) {
        int from = block * Cells.PER_BLOCK;
        int count = blocks * Cells.PER_BLOCK;
        int value = cluster.nextValue();
        ByteBuffer data = Cells.filled(from, count, value);
        change(
                volume,
                from,
                count,
                value,
                fua,
                reply -> host().write(volume.id(), Cells.offset(from), data, fua, reply));
        return value;
    }

    /** Reads a whole block. */
    void readBlock(Cells.Volume volume, int block) {
        read(volume, block * Cells.PER_BLOCK, Cells.PER_BLOCK, why -> {});
    }

    /** An order of a client. */
    private interface Order<T> {
        void give(Reply<T> reply);
    }

    private void change(Cells.Volume volume, int first, int count, int value, boolean fua, Order<Done> order) {
        History now = java.util.Objects.requireNonNull(history);
        History.Write write = now.begin(volume.firstCell() + first, count, value);
        log(() -> write + (fua ? " FUA" : "") + " is asked for");
        ask(
                order,
                done -> {
                    log(() -> write + " is answered");
                    cluster.witness().answered(process, write);
                    now.answered(write, fua);
                    writes += count == 0 ? 0 : 1;
                    said = cluster.says();
                    int number = said;
                    later(() -> host().say(() -> cluster.heard(number, now, write)));
                },
                why -> now.failed(write));
    }

    private void read(Cells.Volume volume, int first, int count, Consumer<@Nullable Trouble> then) {
        History now = java.util.Objects.requireNonNull(history);
        History.Read read = now.beginRead(volume.firstCell() + first, count);
        long offset = Cells.offset(first);
        int length = (int) (Cells.offset(first + count) - offset);
        this.<ByteBuffer>ask(
                reply -> host().read(volume.id(), offset, length, reply),
                bytes -> {
                    int[] values = Cells.values(first, count, bytes);
                    now.read(read, values);
                    cluster.witness().read(process, volume.firstCell() + first, values);
                    then.accept(null);
                },
                why -> {
                    now.gaveUp(read);
                    then.accept(why);
                });
    }

    void flush() {
        History now = java.util.Objects.requireNonNull(history);
        History.Flush flush = now.beginFlush();
        log(() -> flush + " is asked for");
        this.<Done>ask(
                reply -> host().flush(reply),
                done -> {
                    log(() -> flush + " is answered");
                    now.flushed(flush);
                    cluster.witness().flushed(process);
                },
                why -> {});
    }

    private void log(Supplier<String> what) {
        cluster.log(process.name, () -> "client: " + what.get());
    }

    private <T> void ask(Order<T> order, Consumer<T> done, Consumer<Trouble> failed) {
        int of = generation;
        underWay++;
        started.put(order, cluster.now());
        order.give(Reply.of(
                result -> ended(of, order, () -> done.accept(result), true),
                why -> ended(of, order, () -> refused(why, failed), false)));
    }

    /** A machine that is not stopped is told of errors of the disk, and of nothing else. */
    private void refused(Trouble why, Consumer<Trouble> failed) {
        Violation.require(
                "NoRefusal", why.isAnswer(), () -> "a client of the machine at " + process.name + " is told: " + why);
        failed.accept(why);
    }

    private void ended(int of, Order<?> order, Runnable then, boolean done) {
        if (of != generation) {
            return;
        }
        underWay--;
        started.remove(order);
        if (done) {
            process.counts().operations++;
        }
        then.run();
        pauseIfQuiet();
    }
}
