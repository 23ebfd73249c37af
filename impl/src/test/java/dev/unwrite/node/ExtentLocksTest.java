package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Extent;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Overlapping writes go one after the other. */
@Timeout(30)
class ExtentLocksTest {
    private final ExtentLocks locks = new ExtentLocks();

    @Test
    void neighboursAndOtherVolumesDoNotWait() throws InterruptedException {
        locks.lock(new Extent(0, 10, 4));
        locks.lock(new Extent(0, 14, 1));
        locks.lock(new Extent(0, 9, 1));
        locks.lock(new Extent(1, 10, 4));
        // All of them are held: each can be given back and taken again.
        locks.unlock(new Extent(0, 10, 4));
        locks.lock(new Extent(0, 10, 4));
    }

    @Test
    void anOverlapWaitsForAllThatItOverlaps() throws Exception {
        Extent first = new Extent(0, 10, 4);
        Extent second = new Extent(0, 14, 4);
        locks.lock(first);
        locks.lock(second);
        CompletableFuture<Void> locked = new CompletableFuture<>();
        Thread later = Thread.ofPlatform().start(() -> {
            try {
                locks.lock(new Extent(0, 13, 2));
                locked.complete(null);
            } catch (InterruptedException e) {
                locked.completeExceptionally(e);
            }
        });
        awaitWaiting(later);
        locks.unlock(first);
        awaitWaiting(later);
        assertThat(locked).isNotDone();
        locks.unlock(second);
        locked.get(10, TimeUnit.SECONDS);
    }

    private static void awaitWaiting(Thread thread) {
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> thread.getState() == Thread.State.WAITING);
    }
}
