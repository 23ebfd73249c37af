package dev.unwrite.node;

import dev.unwrite.host.Done;
import dev.unwrite.host.LocalStore.Stored;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import dev.unwrite.store.LocalDisk;
import dev.unwrite.store.Outcome;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Stores copies in the undo log: all that have come while others were stored go next, together. */
final class CopyThread implements Closeable {
    private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

    /** In the order in which they were given. */
    private sealed interface Order {
        record Append(LocalDisk.Append copies, Reply<Stored> reply) implements Order {}

        record Discard(long term, long epoch, Reply<Done> reply) implements Order {}

        record End() implements Order {}
    }

    private final LocalDisk disk;
    private final Loop loop;
    private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();
    private final Thread thread;

    CopyThread(LocalDisk disk, Loop loop) {
        this.disk = disk;
        this.loop = loop;
        this.thread = Thread.ofPlatform().name("copies").daemon().start(this::run);
    }

    void append(LocalDisk.Append copies, Reply<Stored> reply) {
        orders.add(new Order.Append(copies, reply));
    }

    void discardBefore(long term, long epoch, Reply<Done> reply) {
        orders.add(new Order.Discard(term, epoch, reply));
    }

    private void run() {
        List<Order> batch = new ArrayList<>();
        List<Order.Append> appends = new ArrayList<>();
        try {
            while (true) {
                batch.add(orders.take());
                orders.drainTo(batch);
                for (Order order : batch) {
                    switch (order) {
                        case Order.Append append -> appends.add(append);
                        case Order.Discard discard -> {
                            store(appends);
                            discard(discard);
                        }
                        case Order.End end -> {
                            store(appends);
                            return;
                        }
                    }
                }
                store(appends);
                batch.clear();
            }
        } catch (InterruptedException e) {
            // Nobody but this class knows its thread.
            throw new IllegalStateException(e);
        }
    }

    private void store(List<Order.Append> appends) {
        if (appends.isEmpty()) {
            return;
        }
        List<Order.Append> all = List.copyOf(appends);
        appends.clear();
        List<Outcome<Stored>> outcomes = new ArrayList<>(all.size());
        try {
            outcomes.addAll(disk.append(all.stream().map(Order.Append::copies).toList()));
        } catch (RuntimeException e) {
            Trouble why = new Trouble(Trouble.Kind.FAILED, e.toString());
            all.forEach(append -> outcomes.add(new Outcome<>(null, why)));
        }
        loop.post(() -> {
            for (int i = 0; i < all.size(); i++) {
                outcomes.get(i).tell(all.get(i).reply());
            }
        });
    }

    private void discard(Order.Discard order) {
        Outcome<Done> outcome = DiskShell.attempt(() -> disk.discardBefore(order.term, order.epoch));
        loop.post(() -> outcome.tell(order.reply));
    }

    /** What was ordered is carried out; waits for that, but not for ever. */
    @Override
    public void close() {
        orders.add(new Order.End());
        try {
            thread.join(CLOSE_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
