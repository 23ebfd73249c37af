package dev.unwrite.node;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What the machine said and what has not left yet (rule HoldOutput). Thread-safe; releases run in the order said. */
final class Outputs {
    /** Said before the cut of {@code epoch}. */
    private record Batch(long epoch, List<Runnable> releases) {}

    private final Deque<Batch> sealed = new ArrayDeque<>();
    private List<Runnable> fresh = new ArrayList<>();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong released = new AtomicLong();
    private boolean open;

    /** From now on, until {@link #drop}, the machine may speak. */
    synchronized void open() {
        open = true;
    }

    synchronized void say(Runnable release) {
        if (open) {
            fresh.add(release);
            held.incrementAndGet();
        }
    }

    /** What was said until now is covered by the checkpoint that begins {@code epoch}. */
    synchronized void seal(long epoch) {
        if (!fresh.isEmpty()) {
            sealed.add(new Batch(epoch, fresh));
            fresh = new ArrayList<>();
        }
    }

    /** Lets go of what checkpoints up to {@code epoch} cover. */
    synchronized void release(long epoch) {
        while (!sealed.isEmpty() && sealed.peekFirst().epoch <= epoch) {
            run(sealed.removeFirst().releases);
        }
    }

    /** Lets go of all; called while the machine is paused and everything is flushed. */
    synchronized void releaseAll() {
        release(Long.MAX_VALUE);
        List<Runnable> all = fresh;
        fresh = new ArrayList<>();
        run(all);
    }

    /** What was said and did not leave never will: the machine is rolled back, or another owns it. */
    synchronized void drop() {
        open = false;
        sealed.clear();
        fresh = new ArrayList<>();
    }

    synchronized boolean isEmpty() {
        return sealed.isEmpty() && fresh.isEmpty();
    }

    private void run(List<Runnable> releases) {
        for (Runnable release : releases) {
            release.run();
            released.incrementAndGet();
        }
    }

    long heldTotal() {
        return held.get();
    }

    long releasedTotal() {
        return released.get();
    }
}
