package dev.unwrite.host;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongConsumer;

/** Output of the machine that is held (rule HoldOutput). It is released in the order in which it was said. */
final class Outputs {
    /** Said before the cut of {@code epoch}. */
    private record Batch(long epoch, List<Said> outputs) {}

    /** What the machine said in {@code epoch}. */
    private record Said(long epoch, Runnable release) {}

    private final Deque<Batch> sealed = new ArrayDeque<>();
    private final LongConsumer left;
    private List<Said> fresh = new ArrayList<>();
    private long held;
    private long released;
    private boolean open;

    /** {@code left} is told when output has left: the newest epoch in which any of it was said. */
    Outputs(LongConsumer left) {
        this.left = left;
    }

    /** Accepts output from now on, until {@link #drop}. */
    void open() {
        open = true;
    }

    void say(long epoch, Runnable release) {
        if (open) {
            fresh.add(new Said(epoch, release));
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
        List<Said> leaving = new ArrayList<>();
        takeSealed(epoch, leaving);
        run(leaving);
    }

    private void takeSealed(long epoch, List<Said> leaving) {
        while (!sealed.isEmpty() && sealed.peekFirst().epoch <= epoch) {
            leaving.addAll(sealed.removeFirst().outputs);
        }
    }

    /** Releases everything; called while the machine is paused and everything is flushed. */
    void releaseAll() {
        List<Said> leaving = new ArrayList<>();
        takeSealed(Long.MAX_VALUE, leaving);
        leaving.addAll(fresh);
        fresh = new ArrayList<>();
        run(leaving);
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

    /** How many outputs wait. */
    int waiting() {
        int waiting = fresh.size();
        for (Batch batch : sealed) {
            waiting += batch.outputs.size();
        }
        return waiting;
    }

    private void run(List<Said> leaving) {
        long newest = 0;
        for (Said output : leaving) {
            output.release.run();
            released++;
            newest = Math.max(newest, output.epoch);
        }
        if (!leaving.isEmpty()) {
            left.accept(newest);
        }
    }

    long heldTotal() {
        return held;
    }

    long releasedTotal() {
        return released;
    }
}
