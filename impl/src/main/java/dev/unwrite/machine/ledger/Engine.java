package dev.unwrite.machine.ledger;

import dev.unwrite.machine.MachineHost;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that executes requests, batch by batch: apply in memory, write the pages, say the replies. It can be
 * paused between two batches. A failed write ends it for good, since memory and volume may differ from then on.
 */
final class Engine implements Closeable {
    /** A transfer changes two account pages and a client page. */
    private static final int REQUEST_PAGES_MAX = 3;

    private static final Duration CLOSE_WAIT_MAX = Duration.ofSeconds(10);

    private final Ledger ledger;
    private final Store store;
    private final MachineHost host;
    private final Runnable onFailure;
    private final Thread thread = Thread.ofVirtual().name("ledger").unstarted(this::run);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock, as all that follows. */
    private final Deque<Submitted> queue = new ArrayDeque<>();

    private boolean paused;
    private boolean busy;
    private boolean closed;
    private @Nullable String failure;

    /** A request with who sent it and where its reply goes; {@code reply} must not block. */
    record Submitted(@Nullable String client, LedgerRequest request, Consumer<String> reply) {}

    private record Said(Consumer<String> to, String line) {}

    /** {@code onFailure} runs before the host hears of a failure. */
    Engine(Ledger ledger, Store store, MachineHost host, Runnable onFailure) {
        this.ledger = ledger;
        this.store = store;
        this.host = host;
        this.onFailure = onFailure;
    }

    void start() {
        thread.start();
    }

    /** Queues a request; its reply comes later or, if the machine ends first, never. */
    void submit(Submitted submitted) {
        lock.lock();
        try {
            if (!closed && failure == null) {
                queue.add(submitted);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Requests that wait for a batch. */
    int queued() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /** Returns when no batch is under way; none begins until {@link #unpause}. */
    void pause() throws IOException {
        lock.lock();
        try {
            paused = true;
            while (busy) {
                changed.awaitUninterruptibly();
            }
            requireWhole();
        } finally {
            lock.unlock();
        }
    }

    void unpause() {
        lock.lock();
        try {
            paused = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** A copy of the state; only while paused. */
    SavedLedger save() throws IOException {
        lock.lock();
        try {
            requirePaused();
            return new SavedLedger(ledger.copy(), store.nextJournalSlot());
        } finally {
            lock.unlock();
        }
    }

    /** What first disagrees between memory and volume, or null; only while paused. */
    @Nullable
    String selfCheck() throws IOException {
        lock.lock();
        try {
            requirePaused();
            return store.check(ledger);
        } finally {
            lock.unlock();
        }
    }

    private void requirePaused() throws IOException {
        requireWhole();
        if (!paused || busy) {
            throw new IllegalStateException("the ledger is not paused");
        }
    }

    private void requireWhole() throws IOException {
        if (failure != null) {
            throw new IOException(failure);
        }
    }

    private void run() {
        try {
            while (awaitWork()) {
                say(batch());
                idle(null);
            }
        } catch (IOException e) {
            fail("the volume failed the ledger: " + e.getMessage());
        } catch (RuntimeException e) {
            fail("the ledger failed: " + e);
        }
    }

    /** Waits for a request and for not being paused; false at the end. On true, the engine counts as busy. */
    private boolean awaitWork() {
        lock.lock();
        try {
            while (!closed && (paused || queue.isEmpty())) {
                changed.awaitUninterruptibly();
            }
            busy = !closed;
            return busy;
        } finally {
            lock.unlock();
        }
    }

    private void idle(@Nullable String why) {
        lock.lock();
        try {
            busy = false;
            failure = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void fail(String why) {
        idle(why);
        onFailure.run();
        if (!stopped()) {
            host.failed(why);
        }
    }

    /** Forgets what is queued; whether the machine was closed before. */
    private boolean stopped() {
        lock.lock();
        try {
            queue.clear();
            return closed;
        } finally {
            lock.unlock();
        }
    }

    private List<Said> batch() throws IOException {
        List<Said> replies = new ArrayList<>();
        for (Submitted next = poll(replies.size()); next != null; next = poll(replies.size())) {
            if (next.request() instanceof LedgerRequest.Check) {
                store.commit(ledger);
                replies.add(new Said(next.reply(), checked()));
            } else {
                replies.add(new Said(next.reply(), ledger.execute(next.client(), next.request())));
            }
        }
        store.commit(ledger);
        return replies;
    }

    /** The next request that still fits into the batch, or null. */
    private @Nullable Submitted poll(int taken) {
        int room = LedgerLimits.BATCH_PAGES_MAX - ledger.dirty().cardinality();
        if (taken == LedgerLimits.BATCH_REQUESTS_MAX || room < REQUEST_PAGES_MAX) {
            return null;
        }
        lock.lock();
        try {
            return queue.poll();
        } finally {
            lock.unlock();
        }
    }

    private String checked() throws IOException {
        String problem = store.check(ledger);
        if (problem != null) {
            return "BAD " + problem;
        }
        return "OK total=" + ledger.total() + " seq=" + ledger.seq() + " pages="
                + ledger.layout().dataPages();
    }

    private void say(List<Said> replies) {
        for (Said reply : replies) {
            host.say(() -> reply.to().accept(reply.line()));
        }
    }

    /** Ends the thread; a batch that waits for the volume gets a bounded time to end. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            queue.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (!thread.equals(Thread.currentThread())) {
            joinThread();
        }
    }

    private void joinThread() {
        try {
            if (!thread.join(CLOSE_WAIT_MAX)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
