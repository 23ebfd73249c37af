package dev.unwrite.host;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Output of the machine that is held (rule HoldOutput). It is released in the order in which it was said. */
final class Outputs {
    /** Said before the cut of {@code epoch}. */
    private record Batch(long epoch, List<Runnable> releases) {}

    private final Deque<Batch> sealed = new ArrayDeque<>();
    private List<Runnable> fresh = new ArrayList<>();
    private long held;
    private long released;
    private boolean open;

    /** Accepts output from now on, until {@link #drop}. */
    void open() {
        open = true;
    }

    void say(Runnable release) {
        if (open) {
            fresh.add(release);
            held++;
        }
    }

    /** What was said until now is covered by the checkpoint that begins {@code epoch}. */
    void seal(long epoch) {
        if (!fresh.isEmpty()) {
            sealed.add(new Batch(epoch, fresh));
            fresh = new ArrayList<>();
        }
    }

    /** Releases what checkpoints up to {@code epoch} cover. */
    void release(long epoch) {
        while (!sealed.isEmpty() && sealed.peekFirst().epoch <= epoch) {
            run(sealed.removeFirst().releases);
        }
    }

    /** Releases everything; called while the machine is paused and everything is flushed. */
    void releaseAll() {
        release(Long.MAX_VALUE);
        List<Runnable> all = fresh;
        fresh = new ArrayList<>();
        run(all);
    }

    /** Drops held output for good: the machine is rolled back, or another host owns it. */
    void drop() {
        open = false;
        sealed.clear();
        fresh = new ArrayList<>();
    }

    boolean isEmpty() {
        return sealed.isEmpty() && fresh.isEmpty();
    }

    private void run(List<Runnable> releases) {
        for (Runnable release : releases) {
            release.run();
            released++;
        }
    }

    long heldTotal() {
        return held;
    }

    long releasedTotal() {
        return released;
    }
}
