package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Reply;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;

/**
 * No more faults: whoever is down starts, a disk that is refused is replaced, and a person does what takes a person. Then,
 * within {@link #LIMIT}, the pair must be protected, every request of a client answered, and a checkpoint committed (NoHang).
 */
final class Ending {
    /** In simulated time. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    /** After this long a person looks what is the matter, where hosts are told not to take over by themselves. */
    private static final Duration PERSON = Duration.ofSeconds(12);

    private static final long STEP = 50_000_000;

    private final Cluster cluster;
    private final Rounds rounds;
    private String committed = "";

    Ending(Cluster cluster, Rounds rounds) {
        this.cluster = cluster;
        this.rounds = rounds;
    }

    void run() {
        cluster.heal();
        long end = cluster.now() + LIMIT.toNanos();
        long person = cluster.now() + PERSON.toNanos();
        // A load from a run with manual checkpoints may wait for room: a person orders checkpoints.
        while (!cluster.isLost() && !isWell()) {
            if (cluster.now() > end) {
                throw new Violation("NoHang", "not well after " + LIMIT.toSeconds() + " s without a fault: " + cluster);
            }
            startThoseDown();
            if (cluster.now() >= person) {
                person += PERSON.toNanos() / 4;
                lookAfter();
            }
            step();
        }
        if (!cluster.isLost()) {
            lastWords();
        }
        if (cluster.isLost()) {
            cluster.counts().lost++;
        }
    }

    private void step() {
        rounds.run(STEP);
        cluster.checks().afterMove();
    }

    private void startThoseDown() {
        for (Process process : cluster.processes()) {
            if (process.isUp()) {
                continue;
            }
            cluster.start(process.index);
            String why = process.refused();
            if (why != null) {
                Violation.require(
                        "NoError",
                        process.disk().isDamaged(),
                        () -> process.name + " does not start from a disk that is not damaged: " + why);
                cluster.replaceDisk(process.index);
            }
        }
    }

    private boolean isWell() {
        Process owner = cluster.owner();
        if (owner == null || !owner.isUp()) {
            return false;
        }
        Process other = cluster.processes()[1 - owner.index];
        OwnershipRecord record = cluster.storage().record();
        return record.mode() == OwnershipRecord.Mode.PROTECTED
                && owner.room().isRunning()
                && owner.state().mode() == Mode.PROTECTED
                && owner.room().underWay() == 0
                && other.isUp()
                && other.state().role() == Role.SECONDARY;
    }

    /** What takes a person: failovers that are not to come by themselves, checkpoints by command, and a machine lost for good. */
    private void lookAfter() {
        Process owner = cluster.owner();
        if (owner == null || !owner.isUp()) {
            return;
        }
        Process other = cluster.processes()[1 - owner.index];
        boolean holds = other.isUp() && other.state().checkpoint() != null;
        switch (cluster.storage().record().mode()) {
            case PROTECTED -> {
                if (owner.room().isRunning()) {
                    cluster.checkpoint(owner, Reply.of(done -> {}, why -> {}));
                } else if (holds) {
                    other.turn(() -> other.host().failover(false, PERSON, Reply.of(done -> {}, why -> {})));
                } else if (owner.state().role() == Role.IDLE) {
                    cluster.lose(); // The owner's memory and the secondary's disk are gone: two faults at once.
                }
            }
            case ROLLBACK -> {
                if (owner.state().checkpoint() == null && owner.state().role() == Role.IDLE) {
                    cluster.lose();
                }
            }
            case SOLO, NONE -> {
                // By itself.
            }
        }
    }

    /** Writes, flushes and reads everything once more, and sees it committed. */
    private void lastWords() {
        Process owner = java.util.Objects.requireNonNull(cluster.owner());
        long before = cluster.counts().operations;
        int asked = 0;
        for (int volume = 0; volume < Cells.VOLUMES.size(); volume++) {
            for (int what : new int[] {0, 6, 8, 11, 15}) {
                int of = 16 * volume + what;
                int where = 7 * asked++;
                owner.turn(() -> owner.room().operate(of, where));
                step();
            }
        }
        cluster.checkpoint(owner, Reply.of(done -> committed = "yes", why -> committed = why.text()));
        long end = cluster.now() + 12_000_000_000L;
        while ((committed.isEmpty() || owner.room().underWay() > 0) && cluster.now() < end) {
            step();
        }
        int all = asked;
        long answered = cluster.counts().operations - before;
        Violation.require(
                "NoHang",
                committed.equals("yes") && answered >= all,
                () -> "of " + all + " requests without a fault " + answered + " were answered, and a checkpoint "
                        + (committed.isEmpty() ? "was not" : "ended with: " + committed) + "; " + cluster);
    }
}
