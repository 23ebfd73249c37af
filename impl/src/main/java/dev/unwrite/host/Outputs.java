package dev.unwrite.host;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What the machine said and what has not left yet (rule HoldOutput); it leaves in the order in which it was said. */
final class Outputs {
    /** Said before the cut of {@code epoch}. */
    private record Batch(long epoch, List<Runnable> releases) {}

    private final Deque<Batch> sealed = new ArrayDeque<>();
    private List<Runnable> fresh = new ArrayList<>();
    private long held;
    private long released;
    private boolean open;

    /** From now on, until {@link #drop}, the machine may speak. */
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

    /** Lets go of what checkpoints up to {@code epoch} cover. */
    void release(long epoch) {
        while (!sealed.isEmpty() && sealed.peekFirst().epoch <= epoch) {
            run(sealed.removeFirst().releases);
        }
    }

    /** Lets go of all; called while the machine is paused and everything is flushed. */
    void releaseAll() {
        release(Long.MAX_VALUE);
        List<Runnable> all = fresh;
        fresh = new ArrayList<>();
        run(all);
    }

    /** What was said and did not leave never will: the machine is rolled back, or another owns it. */
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
