package dev.unwrite.node;

import dev.unwrite.host.Done;
import dev.unwrite.host.LocalStore;
import dev.unwrite.host.OldData;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import dev.unwrite.store.LocalDisk;
import dev.unwrite.store.Outcome;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Carries a host's orders to its local disk. Copies of one turn are handed to the log together, whose own thread stores all that
 * wait with one sync: they need not wait for the sync of a checkpoint. All other orders are carried out one after the other by
 * another thread.
 */
final class DiskShell implements LocalStore, Closeable {
    private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

    private final LocalDisk disk;
    private final Loop loop;
    private List<LocalDisk.Append> appends = new ArrayList<>();
    private List<Reply<Stored>> replies = new ArrayList<>();
    private final ExecutorService states = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("disk").daemon().factory());

    DiskShell(LocalDisk disk, Loop loop) {
        this.disk = disk;
        this.loop = loop;
        loop.events().atEndOfTurn(this::store);
    }

    @Override
    public void append(long term, long epoch, OldData old, Reply<Stored> reply) {
        appends.add(new LocalDisk.Append(term, epoch, old));
        replies.add(reply);
    }

    /** Hands the log what was to be appended in this turn. */
    private void store() {
        if (appends.isEmpty()) {
            return;
        }
        List<LocalDisk.Append> all = appends;
        List<Reply<Stored>> waiting = replies;
        appends = new ArrayList<>();
        replies = new ArrayList<>();
        disk.append(all)
                .thenAccept(outcomes -> loop.post(() -> {
                    for (int i = 0; i < waiting.size(); i++) {
                        outcomes.get(i).tell(waiting.get(i));
                    }
                }));
    }

    @Override
    public void discardBefore(long term, long epoch, Reply<Done> reply) {
        store();
        disk.discardBefore(term, epoch).thenAccept(outcome -> loop.post(() -> outcome.tell(reply)));
    }

    @Override
    public void discardOthers(long term, Reply<Done> reply) {
        order(() -> disk.discardOthers(term), reply);
    }

    @Override
    public void discardAll(Reply<Done> reply) {
        order(disk::discardAll, reply);
    }

    @Override
    public void settle(Reply<Settled> reply) {
        order(disk::settle, reply);
    }

    @Override
    public void beginState(long term, long epoch, long base, Reply<Done> reply) {
        order(() -> disk.beginState(term, epoch, base), reply);
    }

    @Override
    public void writeState(long term, long epoch, long offset, ByteBuffer bytes, Reply<Done> reply) {
        order(() -> disk.writeState(term, epoch, offset, bytes), reply);
    }

    @Override
    public void endState(long term, long epoch, long length, int crc32c, Reply<Done> reply) {
        order(() -> disk.endState(term, epoch, length, crc32c), reply);
    }

    @Override
    public void commitState(long term, long epoch, Reply<Done> reply) {
        order(() -> disk.commitState(term, epoch), reply);
        states.execute(disk::applyDelta);
    }

    @Override
    public void dropState(long term, long epoch) {
        states.execute(() -> disk.dropState(term, epoch));
    }

    @Override
    public void readBack(long term, long epoch) {
        states.execute(() -> disk.readBack(term, epoch));
    }

    @Override
    public void nextCopies(Reply<List<Copied>> reply) {
        order(disk::nextCopies, reply);
    }

    @Override
    public void belongsTo(String storage, Reply<Done> reply) {
        order(() -> disk.belongsTo(storage), reply);
    }

    @Override
    public long position() {
        return disk.position();
    }

    @Override
    public long usedBytes() {
        return disk.usedBytes();
    }

    /** Runs it once all states that were ordered to be written until now are: whoever receives more may wait for that. */
    void whenWritten(Runnable action) {
        states.execute(action);
    }

    private <T> void order(Supplier<Outcome<T>> order, Reply<T> reply) {
        states.execute(() -> {
            Outcome<T> outcome = attempt(order);
            loop.post(() -> outcome.tell(reply));
        });
    }

    /** No order is left without an end, whatever went wrong. */
    private static <T> Outcome<T> attempt(Supplier<Outcome<T>> order) {
        try {
            return order.get();
        } catch (RuntimeException e) {
            return new Outcome<>(null, new Trouble(Trouble.Kind.FAILED, e.toString()));
        }
    }

    /** What was ordered is carried out; waits for that, but not for ever. The loop has ended; the log is closed by the caller. */
    @Override
    public void close() {
        states.shutdown();
        try {
            if (!states.awaitTermination(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        disk.close();
    }
}
