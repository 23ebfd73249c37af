package dev.unwrite.node;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import java.time.Duration;

/**
 * Keeps the undo log of the secondary within its limit, seen from the primary: near it a checkpoint is wanted, at it
 * writes are held until one is committed.
 */
final class UndoBudget {
    /** A copy takes its block and a share of headers; a lone block takes a header of its own. */
    private static final long COPY_BYTES = 2L * Extent.BLOCK_BYTES;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private final Engine engine;
    private final long limitBytes;
    private final java.util.concurrent.atomic.AtomicLong earlier = new java.util.concurrent.atomic.AtomicLong();

    UndoBudget(Engine engine, long limitBytes) {
        this.engine = engine;
        this.limitBytes = limitBytes;
    }

    /** A cut was taken: the copies of the epoch that ended stay until its checkpoint is committed. */
    void cut(long copiesOfEpoch) {
        earlier.addAndGet(copiesOfEpoch * COPY_BYTES);
    }

    /** No checkpoint is on its way any more: only copies of the present epoch are needed. */
    void allCommitted() {
        earlier.set(0);
    }

    private long used(HostState s) {
        return s.mode() == Mode.SOLO ? 0 : s.kept().size() * COPY_BYTES + earlier.get();
    }

    /** Whether a checkpoint should be cut soon. */
    boolean near() {
        return used(engine.state()) > limitBytes / 2;
    }

    /** Waits until there is room for copies of the extent. */
    void awaitRoom(Extent extent) throws InterruptedException {
        long wanted = extent.count() * COPY_BYTES;
        while (!engine.await(
                s -> s.kept().containsAll(extent) || used(s) == 0 || used(s) + wanted < limitBytes * 9 / 10,
                LOOK_AGAIN)) {
            // Another look: the budget also changes without a step.
        }
    }
}
