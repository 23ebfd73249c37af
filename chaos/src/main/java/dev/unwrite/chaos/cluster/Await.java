package dev.unwrite.chaos.cluster;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, but never for ever. */
public final class Await {
    private static final long POLL_MILLIS = 10;

    private Await() {}

    /**
     * Asks again and again until there is an answer.
     *
     * @param what completes "waited ... for "
     * @param hint asked after a timeout: what is to be seen instead, and where
     * @throws ClusterException that says what was awaited, after {@code within}
     */
    public static <T> T until(String what, Duration within, Supplier<Optional<T>> ask, Supplier<String> hint) {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            Optional<T> answer = ask.get();
            if (answer.isPresent()) {
                return answer.get();
            }
            if (System.nanoTime() >= deadline) {
                throw new ClusterException(
                        "waited " + within.toMillis() / 1000.0 + " s for " + what + "; " + hint.get());
            }
            pause(POLL_MILLIS);
        }
    }

    /** The same, until it is so. */
    public static void untilTrue(String what, Duration within, BooleanSupplier isSo, Supplier<String> hint) {
        boolean _ = until(what, within, () -> Optional.of(isSo.getAsBoolean()).filter(so -> so), hint);
    }

    /** Lets time pass; a run that is interrupted ends. */
    public static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        }
    }
}
