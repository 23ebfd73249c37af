package dev.unwrite.chaos.bench;

/**
 * A takeover by command, from the SIGKILL of the primary on. Times are in milliseconds.
 *
 * @param copiedBytes what was overwritten since the checkpoint
 * @param restoredBlocks of 4 KiB, which the rollback wrote back
 * @param fencedMillis until the storage had granted the new term and the rollback began
 * @param runsMillis from then until everything was back and flushed and the machine ran
 * @param servedMillis from then until a first write with FUA was answered over a new connection
 */
record Takeover(long copiedBytes, long restoredBlocks, double fencedMillis, double runsMillis, double servedMillis) {
    private static final double MIB = 1 << 20;
    private static final double SECOND = 1_000;

    /** What the rollback wrote back, in MiB a second; its flush and the start of the machine are in it. */
    double restoredMibPerSecond() {
        return restoredBlocks * 4096 / MIB / (runsMillis / SECOND);
    }
}
