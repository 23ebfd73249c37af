package dev.unwrite.conformance.cluster;

import java.util.ArrayList;

/** What happens where nothing is in the way: everything arrives in its order, everybody does what is to be done, time passes. */
final class Rounds {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final long[] NANOS = {
        MILLI / 2, MILLI, 2 * MILLI, 5 * MILLI, 20 * MILLI, 60 * MILLI, 150 * MILLI, 400 * MILLI, 1_000 * MILLI, 2_500 * MILLI
    };
    /** How long a message, a request or a job takes. */
    private static final long STEP = 100 * MICRO;

    private static final int MOST_A_ROUND = 100;

    private final Cluster cluster;

    Rounds(Cluster cluster) {
        this.cluster = cluster;
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
        for (Process process : cluster.processes()) {
            if (process.isRunning()) {
                next = Math.min(next, process.wake());
            }
        }
        return next;
    }

    private void tickDue() {
        for (Process process : cluster.processes()) {
            if (process.isRunning() && process.wake() <= cluster.now()) {
                process.tick();
            }
        }
        endThoseWhoMust();
    }

    /** Whether something happened. */
    private boolean round() {
        boolean busy = false;
        for (Process process : cluster.processes()) {
            busy |= work(process);
        }
        for (Line line : cluster.lines()) {
            busy |= carry(line);
        }
        SimStorage storage = cluster.storage();
        for (Request<?> request : new ArrayList<>(storage.wire)) {
            if (!storage.faults.isHeld(request.what) && storage.wire.contains(request)) {
                busy = true;
                storage.arrive(request);
            }
        }
        for (SimStorage.Sent sent : new ArrayList<>(storage.answers)) {
            if (!sent.client().process.isFrozen() && storage.answers.contains(sent)) {
                busy = true;
                storage.deliver(sent);
                endThoseWhoMust();
            }
        }
        tickDue();
        return busy;
    }

    private boolean work(Process process) {
        boolean busy = false;
        for (int i = 0; i < MOST_A_ROUND && process.isRunning() && process.store().hasJobs(); i++) {
            busy = true;
            process.store().work(8);
            endThoseWhoMust();
        }
        for (int i = 0; i < MOST_A_ROUND && process.isRunning() && process.store().hasAnswers(); i++) {
            busy = true;
            process.store().tell();
            endThoseWhoMust();
        }
        for (int i = 0; i < MOST_A_ROUND && process.isRunning() && process.hasLater(); i++) {
            busy = true;
            process.nextLater();
            endThoseWhoMust();
        }
        return busy;
    }

    private boolean carry(Line line) {
        boolean busy = line.isToNotice() || line.canConnect();
        line.notice();
        line.connect();
        busy |= line.pump();
        for (int i = 0; i < MOST_A_ROUND && line.canDeliver(); i++) {
            busy = true;
            line.deliver(false);
            endThoseWhoMust();
        }
        return busy;
    }

    /** A host whose disk died in the middle of something, or that gave up, is no more. */
    void endThoseWhoMust() {
        for (Process process : cluster.processes()) {
            process.endIfMust();
        }
    }
}
