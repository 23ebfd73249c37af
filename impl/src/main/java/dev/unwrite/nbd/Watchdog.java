package dev.unwrite.nbd;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * One thread that looks, ten times a second, for connections that have waited too long. Blocking channels have no
 * timeouts of their own; a timer for each request would cost more than the request.
 */
final class Watchdog {
    private static final long PERIOD_NANOS = 100_000_000L;
    private static final Set<Watched> WATCHED = ConcurrentHashMap.newKeySet();
    private static final Thread THREAD =
            Thread.ofPlatform().daemon().name("nbd-watchdog").start(Watchdog::run);

    private Watchdog() {}

    /** Something with deadlines. The check must not block. */
    interface Watched {
        void check(long nowNanos);
    }

    static void watch(Watched watched) {
        WATCHED.add(watched);
        LockSupport.unpark(THREAD);
    }

    static void forget(Watched watched) {
        WATCHED.remove(watched);
    }

    /** One that fails must not leave the others unwatched. */
    private static void checkSafely(Watched watched, long now) {
        try {
            watched.check(now);
        } catch (RuntimeException e) {
            WATCHED.remove(watched);
            System.getLogger("dev.unwrite.nbd").log(System.Logger.Level.ERROR, "a connection is no longer watched", e);
        }
    }

    private static void run() {
        while (true) {
            if (WATCHED.isEmpty()) {
                LockSupport.park();
            } else {
                LockSupport.parkNanos(PERIOD_NANOS);
            }
            long now = System.nanoTime();
            for (Watched watched : WATCHED) {
                checkSafely(watched, now);
            }
        }
    }
}
