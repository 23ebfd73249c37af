package dev.unwrite.chaos.bench;

/**
 * How much the simulator gets done.
 *
 * @param runs how many were made
 * @param failovers takeovers and rollbacks in them after which the machine ran
 * @param processorSeconds what this process took of the processors for it, its compiler and garbage collector among it
 */
record SimulatorSpeed(long runs, long failovers, double processorSeconds) {
    double failoversPerSecond() {
        return failovers / processorSeconds;
    }
}
