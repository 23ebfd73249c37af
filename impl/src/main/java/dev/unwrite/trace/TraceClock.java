package dev.unwrite.trace;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Microseconds since 1970, for display: the order of events does not rest on it. */
@FunctionalInterface
public interface TraceClock {
    /** The clock of this machine. */
    TraceClock SYSTEM = () -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());

    /** The time now. */
    long micros();
}
