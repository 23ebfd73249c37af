package dev.unwrite.conformance.cluster;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;

/**
 * Folders that are not what they were: the disk was replaced, or the folder was put back from a copy. What the record counted on
 * may be gone then, and only a primary that hears of it can help: it must not count on that host any more (rules OneLife,
 * JoinWhole).
 */
final class LostFolders {
    private static final long NONE = -1;

    private final Cluster cluster;
    private final boolean[] lost = new boolean[2];
    /** The version of the record with which a primary has heard that what it counts on is gone. */
    private final long[] heard = {NONE, NONE};

    LostFolders(Cluster cluster) {
        this.cluster = cluster;
    }

    /** The folder of the host is not what it was. */
    void lost(SimHost process) {
        lost[process.index] = true;
        heard[process.index] = NONE;
    }

    /** Whether nobody can be blamed for what the host does not hold. */
    boolean isLost(SimHost process) {
        return lost[process.index];
    }

    /** One host has heard who the other is. */
    void greeted(SimHost by, SimHost who) {
        if (!lost[who.index] || !by.isUp() || !who.isUp()) {
            return;
        }
        OwnershipRecord record = cluster.storage().record();
        HostState s = by.state();
        boolean owns = s.role() == Role.PRIMARY && record.owner().equals(by.name) && record.term() == s.term();
        if (!owns || s.proposal() != null) {
            return;
        }
        boolean countedOn = record.mode() == OwnershipRecord.Mode.PROTECTED
                && record.secondary().equals(who.name)
                && s.mode() == Mode.PROTECTED;
        if (countedOn && cluster.checks().isGone(who)) {
            heard[who.index] = record.version();
        } else if (countedOn || record.mode() == OwnershipRecord.Mode.SOLO) {
            // From here on the owner knows whom it is dealing with.
            lost[who.index] = false;
        }
    }

    void stepped(SimHost process, Action action) {
        if (!lost[process.index]) {
            return;
        }
        switch (action) {
            case Action.Commit a -> {
                // With a checkpoint of a join all that counts is there again.
                if (cluster.storage().record().mode() == OwnershipRecord.Mode.SOLO) {
                    lost[process.index] = false;
                }
            }
            case Action.TakeOver a -> cluster.lose();
            case Action.RestartRollback a -> cluster.lose();
            default -> {
                // Changes nothing of that.
            }
        }
    }

    /** At the end nobody counts on a host of which it has heard that it cannot be counted on. */
    void atTheEnd() {
        for (SimHost process : cluster.processes()) {
            boolean counted = heard[process.index] == cluster.storage().record().version();
            Violation.require(
                    "OneLife",
                    !counted,
                    () -> process.name + " has come back with less than the primary counts on, and still does; "
                            + cluster);
        }
    }
}
