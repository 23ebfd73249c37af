package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Reply;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * No more faults: whoever is down starts, a disk that is refused is replaced, and a person does what takes a person. Then,
 * within {@link #LIMIT}, the pair must be protected, every request of a client answered, and a checkpoint committed (NoHang).
 */
final class Ending {
    /** In simulated time. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    /** For so long a request waits at most, where nothing is in the way. */
    private static final Duration PATIENCE = Duration.ofSeconds(6);

    /** After this long a person looks what is the matter, where hosts are told not to take over by themselves. */
    private static final Duration PERSON = Duration.ofSeconds(12);

    private static final long STEP = 20_000_000;
    /** Of no period of a host, or every look would find it at the same. */
    private static final long MORE = 3_300_000;

    private final Cluster cluster;
    private final Rounds rounds;
    private String committed = "";
    private boolean over;
    private int steps;
    private long begun;
    /** The oldest checkpoint that a protected machine waits for, and since when. */
    private @Nullable CopyKey cut;

    private long cutSince;

    Ending(Cluster cluster, Rounds rounds) {
        this.cluster = cluster;
        this.rounds = rounds;
    }

    void run() {
        cluster.heal();
        rounds.noMoreRepeats();
        begun = cluster.now();
        long end = cluster.now() + LIMIT.toNanos();
        long person = cluster.now() + PERSON.toNanos();
        while (!cluster.isLost() && !over) {
            if (cluster.now() > end) {
                throw new Violation("NoHang", "not well after " + LIMIT.toSeconds() + " s without a fault: " + cluster);
            }
            startThoseDown();
            if (cluster.now() >= person) {
                person += PERSON.toNanos() / 4;
                lookAfter();
            }
            step();
            if (isWell()) {
                lastWords(end);
            }
        }
        if (cluster.isLost()) {
            cluster.counts().lost++;
        }
    }

    /** Nobody who asks for something waits for long, where nothing is in the way, such as a small undo log. */
    private void prompt() {
        if (cluster.config().hasLittleRoom()) {
            return;
        }
        for (SimHost process : cluster.processes()) {
            if (process.isUp() && process.room().isRunning() && !process.isLeaving()) {
                long since = Math.max(process.room().oldest(), begun);
                Violation.require(
                        "Prompt",
                        cluster.now() - since < PATIENCE.toNanos(),
                        () -> "a client has waited for " + PATIENCE.toSeconds() + " s without a fault: " + cluster);
            }
        }
        SimHost owner = cluster.owner();
        CopyKey now = owner == null ? null : oldestCut(owner);
        if (now == null || !now.equals(cut)) {
            cut = now;
            cutSince = cluster.now();
        }
        Violation.require(
                "Prompt",
                cluster.now() - cutSince < PATIENCE.toNanos(),
                () -> "a checkpoint was not committed in " + PATIENCE.toSeconds() + " s without a fault: " + cluster);
    }

    private static @Nullable CopyKey oldestCut(SimHost owner) {
        if (!owner.isUp()
                || owner.state().mode() != Mode.PROTECTED
                || owner.state().cuts().isEmpty()) {
            return null;
        }
        HostState s = owner.state();
        return new CopyKey(s.term(), s.cuts().iterator().next());
    }

    private void step() {
        rounds.run(STEP + steps++ % 7 * MORE);
        prompt();
        cluster.checks().afterMove();
    }

    private void startThoseDown() {
        for (SimHost process : cluster.processes()) {
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
        SimHost owner = cluster.owner();
        if (owner == null || !owner.isUp()) {
            return false;
        }
        SimHost other = cluster.processes()[1 - owner.index];
        OwnershipRecord record = cluster.storage().record();
        return record.mode() == OwnershipRecord.Mode.PROTECTED
                && owner.room().isRunning()
                && owner.state().mode() == Mode.PROTECTED
                && owner.room().underWay() == 0
                && (cluster.config().checkpointEvery() != null
                        || owner.state().cuts().isEmpty())
                && other.isUp()
                && other.state().role() == Role.SECONDARY;
    }

    /** What takes a person: failovers that are not to come by themselves, checkpoints by command, and a machine lost for good. */
    private void lookAfter() {
        for (SimHost process : cluster.processes()) {
            if (process.isToBeRestarted()) {
                process.exit();
                cluster.start(process.index);
            }
        }
        SimHost owner = cluster.owner();
        if (owner == null || !owner.isUp()) {
            return;
        }
        SimHost other = cluster.processes()[1 - owner.index];
        OwnershipRecord record = cluster.storage().record();
        Checkpoint held = other.isUp() ? other.state().checkpoint() : null;
        boolean holds = held != null && held.term() == record.term() && held.epoch() >= record.base();
        switch (record.mode()) {
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
                boolean gone =
                        owner.state().checkpoint() == null && owner.state().role() == Role.IDLE;
                if (gone || owner.disk().hasLied() || cluster.lostFolders().isLost(owner)) {
                    cluster.lose();
                }
            }
            case SOLO, NONE -> {
                // By itself.
            }
        }
    }

    /** Writes, flushes and reads once more, and sees it committed; again at the other host if an order moves the machine. */
    private void lastWords(long end) {
        SimHost owner = java.util.Objects.requireNonNull(cluster.owner());
        long term = owner.state().term();
        long before = cluster.counts().operations;
        int asked = 0;
        for (int volume = 0; volume < Cells.VOLUMES.size(); volume++) {
            for (int what : new int[] {0, 6, 8, 11, 15}) {
                int of = 16 * volume + what;
                int where = 7 * asked;
                while (cluster.now() < end
                        && runsIn(owner, term)
                        && !owner.room().takesRequests()) {
                    step();
                }
                if (runsIn(owner, term)) {
                    asked++;
                    owner.turn(() -> owner.room().operate(of, where));
                }
                step();
            }
        }
        committed = "";
        if (runsIn(owner, term)) {
            cluster.checkpoint(owner, Reply.of(done -> committed = "yes", why -> committed = why.text()));
        }
        while (runsIn(owner, term) && (committed.isEmpty() || owner.room().underWay() > 0) && cluster.now() < end) {
            step();
        }
        boolean unprotected = cluster.storage().record().mode() != OwnershipRecord.Mode.PROTECTED;
        if (!runsIn(owner, term) || (unprotected && !committed.equals("yes"))) {
            return; // Somebody had ordered so: once more.
        }
        int all = asked;
        long answered = cluster.counts().operations - before;
        Violation.require(
                "NoHang",
                committed.equals("yes") && answered >= all,
                () -> "of " + all + " requests without a fault " + answered + " were answered, and a checkpoint "
                        + (committed.isEmpty() ? "was not" : "ended with: " + committed) + "; " + cluster);
        cluster.lostFolders().atTheEnd();
        over = true;
    }

    private static boolean runsIn(SimHost owner, long term) {
        return owner.isUp()
                && owner.state().role() == Role.PRIMARY
                && owner.state().term() == term
                && owner.room().isRunning();
    }
}
