package dev.unwrite.chaos.cluster;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What a command leaves behind is removed when it ends, and also when its process is told to end (SIGTERM, or ctrl-C). It is
 * removed by one thread at a time: two that delete the same folder trip over each other, and what the command still makes
 * meanwhile would stay. So a signal first takes away what the command waits for, interrupts it, and lets it remove its things
 * itself, as it does at any other end; only for a command that does not come to its end they are removed without it.
 */
public final class TidyUp {
    private final Runnable stop;
    private final Runnable remove;
    private final Duration endMax;
    private final Thread command = Thread.currentThread();
    private final CountDownLatch removed = new CountDownLatch(1);
    private final Thread hook = Thread.ofPlatform().name("tidy-up").unstarted(this::signalled);

    private TidyUp(Runnable stop, Runnable remove, Duration endMax) {
        this.stop = stop;
        this.remove = remove;
        this.endMax = endMax;
    }

    /** For the thread that calls it, which calls {@link #now} at its end. {@code stop} may be called by any thread, and more than once. */
    public static TidyUp atTheEnd(Runnable stop, Runnable remove, Duration endMax) {
        TidyUp tidyUp = new TidyUp(stop, remove, endMax);
        Runtime.getRuntime().addShutdownHook(tidyUp.hook);
        return tidyUp;
    }

    private void signalled() {
        stop.run();
        command.interrupt();
        if (!isRemovedInTime()) {
            remove.run();
        }
    }

    private boolean isRemovedInTime() {
        try {
            return removed.await(endMax.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Stops and removes; for the thread that made it, at the end of what it does. */
    public void now() {
        // An interrupt was for what the command did until now; the removal is not to be cut short by it.
        boolean interrupted = Thread.interrupted();
        try {
            stop.run();
            remove.run();
        } finally {
            removed.countDown();
            unhook(hook);
            if (interrupted) {
                command.interrupt();
            }
        }
    }

    /** What a hook would do is done, or is not to be done any more. */
    public static void unhook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // This process is ending already, and the hook with it.
        }
    }
}
