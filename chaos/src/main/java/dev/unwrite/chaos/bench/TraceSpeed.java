package dev.unwrite.chaos.bench;

/**
 * How fast traces are compared with the specification, in this process and in TLC's.
 *
 * @param runs how many were compared, each by itself
 * @param events lines of their traces
 * @param seconds from reading the files to the verdicts; starts of TLC are in it
 */
record TraceSpeed(int runs, long events, double seconds) {
    double eventsPerSecond() {
        return events / seconds;
    }
}
