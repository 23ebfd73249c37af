package dev.unwrite.conformance.sim;

/** What a run went through; so that runs in which nothing happens are noticed. */
public final class Counts {
    long failovers;
    long restored;
    long checkpoints;
    long joins;
    long crashes;
    long storageCrashes;
    long coldStarts;
    long heard;
    long lost;

    /** Takeovers after which the machine runs at the other host. */
    public long failovers() {
        return failovers;
    }

    /** Runs in which more failed at once than the protocol promises to survive. */
    public long lost() {
        return lost;
    }

    void add(Counts other) {
        failovers += other.failovers;
        restored += other.restored;
        checkpoints += other.checkpoints;
        joins += other.joins;
        crashes += other.crashes;
        storageCrashes += other.storageCrashes;
        coldStarts += other.coldStarts;
        heard += other.heard;
        lost += other.lost;
    }

    @Override
    public String toString() {
        return failovers + " failovers, " + restored + " blocks restored, " + checkpoints + " checkpoints committed, "
                + joins + " joins, " + crashes + " crashes of hosts, " + storageCrashes + " of the storage, "
                + coldStarts
                + " cold starts, " + heard + " outputs";
    }
}
