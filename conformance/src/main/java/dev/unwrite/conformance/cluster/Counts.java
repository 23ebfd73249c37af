package dev.unwrite.conformance.cluster;

/** What runs went through, so that runs in which nothing happens are noticed. */
public final class Counts {
    long runs;
    long failovers;
    long restored;
    long checkpoints;
    long joins;
    long coldStarts;
    long crashes;
    long storageCrashes;
    long operations;
    long heard;
    long faults;
    long lost;
    long simulatedMillis;

    /** Takeovers and rollbacks after which the machine ran. */
    public long failovers() {
        return failovers;
    }

    /** Starts of the machine from its disk. */
    public long coldStarts() {
        return coldStarts;
    }

    /** Checkpoints that were committed. */
    public long checkpoints() {
        return checkpoints;
    }

    /** Requests of clients that were answered. */
    public long operations() {
        return operations;
    }

    /** Errors of storage and disks. */
    public long faults() {
        return faults;
    }

    /** Runs in which more failed at once than the protocol promises to survive. */
    public long lost() {
        return lost;
    }

    void add(Counts other) {
        runs += other.runs;
        failovers += other.failovers;
        restored += other.restored;
        checkpoints += other.checkpoints;
        joins += other.joins;
        coldStarts += other.coldStarts;
        crashes += other.crashes;
        storageCrashes += other.storageCrashes;
        operations += other.operations;
        heard += other.heard;
        faults += other.faults;
        lost += other.lost;
        simulatedMillis += other.simulatedMillis;
    }

    @Override
    public String toString() {
        return failovers + " failovers, " + coldStarts + " cold starts, " + checkpoints + " checkpoints committed, "
                + joins
                + " joins, " + crashes + " crashes of hosts, " + storageCrashes + " of the storage, " + faults
                + " errors, " + operations + " requests of clients, " + heard + " outputs, " + simulatedMillis / 1000
                + " simulated seconds, " + lost + " runs lost to more faults than are survived";
    }
}
