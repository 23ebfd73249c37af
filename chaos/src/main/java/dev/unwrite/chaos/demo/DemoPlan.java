package dev.unwrite.chaos.demo;

import java.util.Random;

/** The moments that a seed decides, in milliseconds; asked in the same order, they are the same. */
final class DemoPlan {
    private static final int WORK_MIN = 900;
    private static final int WORK_SPREAD = 700;
    private static final int WRITES_MIN = 4;
    private static final int WRITES_SPREAD = 20;
    private static final int DEAD_MIN = 300;
    private static final int DEAD_SPREAD = 300;

    private final Random chance;

    DemoPlan(long seed) {
        this.chance = new Random(seed);
    }

    /** How long the pair works undisturbed before something happens to it. */
    int nextWork() {
        return WORK_MIN + chance.nextInt(WORK_SPREAD);
    }

    /** How long the primary goes on after the first overwrite of an epoch was announced. */
    int nextWrites() {
        return WRITES_MIN + chance.nextInt(WRITES_SPREAD);
    }

    /** How long a killed host stays dead after the other one has taken over. */
    int nextDeadTime() {
        return DEAD_MIN + chance.nextInt(DEAD_SPREAD);
    }
}
