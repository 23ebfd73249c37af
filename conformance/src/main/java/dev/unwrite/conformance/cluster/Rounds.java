package dev.unwrite.conformance.cluster;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/** What happens where nothing is in the way: everything arrives in its order, everybody does what is to be done, time passes. */
final class Rounds {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final long[] NANOS = {
        MILLI / 2,
        MILLI,
        2 * MILLI,
        5 * MILLI,
        20 * MILLI,
        60 * MILLI,
        150 * MILLI,
        400 * MILLI,
        1_000 * MILLI,
        2_500 * MILLI
    };
    /** How many lengths of time there are. */
    static final int CHOICES = NANOS.length;
    /** How long a message, a request or a job takes. */
    private static final long STEP = 100 * MICRO;

    private static final int MOST_A_ROUND = 100;
    /** In one of so many rounds a message comes again. */
    private static final int REPEATED = 3;

    private final Cluster cluster;
    private final boolean orderly;
    private final SplittableRandom dice;
    private boolean repeats;

    Rounds(Cluster cluster) {
        this.cluster = cluster;
        orderly = cluster.config().orderly();
        dice = new SplittableRandom(cluster.config().dice());
        repeats = cluster.config().repeats();
    }

    /** From here on each message arrives once. */
    void noMoreRepeats() {
        repeats = false;
    }

    /** The length of time with this number. */
    static long nanos(int choice) {
        return NANOS[choice % NANOS.length];
    }

    /** Goes on for so long. */
    void run(long nanos) {
        long end = cluster.now() + nanos;
        while (cluster.now() < end) {
            boolean busy = round();
            long next = busy ? cluster.now() + STEP : Math.max(cluster.now() + STEP, nextWake());
            cluster.pass(Math.min(next, end) - cluster.now());
            tickDue();
        }
    }

    /** Only time passes, and what is due is done. */
    void time(long nanos) {
        long end = cluster.now() + nanos;
        while (cluster.now() < end) {
            cluster.pass(Math.min(end, Math.max(cluster.now() + STEP, nextWake())) - cluster.now());
            tickDue();
        }
    }

    private long nextWake() {
        long next = Long.MAX_VALUE;
        for (SimHost process : cluster.processes()) {
            if (process.isRunning()) {
                next = Math.min(next, process.wake());
            }
        }
        return next;
    }

    private void tickDue() {
        for (SimHost process : cluster.processes()) {
            if (process.isRunning() && process.wake() <= cluster.now()) {
                process.tick();
            }
        }
        endThoseWhoMust();
    }

    /** Whether something is under way that this round could have carried on. */
    private boolean round() {
        boolean busy = false;
        if (repeats && dice.nextInt(REPEATED) == 0) {
            cluster.former().again(dice.nextInt(Integer.MAX_VALUE));
        }
        for (SimHost process : cluster.processes()) {
            busy |= work(process);
        }
        for (Line line : cluster.lines()) {
            busy |= carry(line);
        }
        SimStorage storage = cluster.storage();
        for (Request<?> request : some(storage.wire)) {
            if (!storage.faults.isHeld(request.what) && storage.wire.contains(request)) {
                busy = true;
                if (isTime()) {
                    storage.arrive(request);
                }
            }
        }
        for (SimStorage.Sent sent : some(storage.answers)) {
            if (!sent.client().process.isFrozen() && storage.answers.contains(sent)) {
                busy = true;
                if (isTime()) {
                    storage.deliver(sent);
                    endThoseWhoMust();
                }
            }
        }
        tickDue();
        return busy;
    }

    /** Whether what is next on some way arrives in this round. */
    private boolean isTime() {
        return orderly || dice.nextInt(3) > 0;
    }

    /** What is on its way, in the order in which it may arrive. */
    private <T> List<T> some(List<T> all) {
        if (all.isEmpty()) {
            return List.of();
        }
        List<T> result = new ArrayList<>(all);
        for (int i = result.size(); !orderly && i > 1; i--) {
            Collections.swap(result, i - 1, dice.nextInt(i));
        }
        return result;
    }

    private boolean work(SimHost process) {
        boolean busy = false;
        for (int i = 0;
                i < MOST_A_ROUND && process.isRunning() && process.store().hasJobs();
                i++) {
            busy = true;
            if (!isTime()) {
                break;
            }
            process.store().work(8);
            endThoseWhoMust();
        }
        for (int i = 0;
                i < MOST_A_ROUND && process.isRunning() && process.store().hasAnswers();
                i++) {
            busy = true;
            if (!isTime()) {
                break;
            }
            process.store().tell();
            endThoseWhoMust();
        }
        for (int i = 0; i < MOST_A_ROUND && process.isRunning() && process.hasLater(); i++) {
            busy = true;
            if (!isTime()) {
                break;
            }
            process.nextLater();
            endThoseWhoMust();
        }
        return busy;
    }

    private boolean carry(Line line) {
        boolean busy = line.isToNotice() || line.canConnect();
        if (isTime()) {
            line.notice();
            line.connect();
        }
        busy |= line.pump();
        for (int i = 0; i < MOST_A_ROUND && line.canDeliver(); i++) {
            busy = true;
            if (!isTime()) {
                break;
            }
            line.deliver(!orderly && dice.nextBoolean());
            endThoseWhoMust();
        }
        return busy;
    }

    /** A host whose disk died in the middle of something, or that gave up, is no more. */
    void endThoseWhoMust() {
        for (SimHost process : cluster.processes()) {
            process.endIfMust();
        }
    }
}
