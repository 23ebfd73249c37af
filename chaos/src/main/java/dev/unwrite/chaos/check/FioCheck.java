package dev.unwrite.chaos.check;

import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent;
import dev.unwrite.chaos.volume.VolumeEvent.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges a history of fio. After a takeover the whole volume must be the pass that the state names, and that must not be an
 * older one than the last whose checkpoint was answered; within a life it must be the pass that was written and flushed. A cut
 * that no command took (joins and switchovers cut, too) may lie in the middle of a pass, and then nothing follows from it; a
 * start from the disk hands no state back.
 */
public final class FioCheck {
    private static final int FINDINGS_MAX = 12;

    private final List<VolumeEvent> events;
    private final List<StorageHistory.Change> changes;
    private final List<String> findings = new ArrayList<>();
    private int takeovers;
    private int empty;
    private int midPass;
    private int starts;
    private int lookedBack;
    private int undecided;
    private boolean ended;

    private FioCheck(List<VolumeEvent> history, List<StorageHistory.Change> changes) {
        this.events = history.stream()
                .sorted(Comparator.comparingLong(VolumeEvent::invoke))
                .toList();
        this.changes = changes;
    }

    /** The check; {@code changes} are those of the ownership record, in their order. */
    public static CheckResult check(List<VolumeEvent> history, List<StorageHistory.Change> changes) {
        FioCheck check = new FioCheck(history, changes);
        check.run();
        return check.result();
    }

    private void run() {
        Set<Long> lives = new HashSet<>();
        for (VolumeEvent read : events) {
            if (!read.isRead()) {
                continue;
            }
            if (read.outcome() == Outcome.INFO) {
                undecided++;
            } else if (read.op() == Kind.READ && lives.add(read.term())) {
                begin(read);
            } else if (read.isOk()) {
                lookedBack++;
                ended |= read.op() == Kind.END;
            } else {
                add(read, "pass " + read.seq() + " was written and flushed, and is not there any more");
            }
        }
    }

    /** The first look in a life. */
    private void begin(VolumeEvent read) {
        Optional<StorageHistory.Change> rollback = changes.stream()
                .filter(change -> change.term() == read.term() && isRollback(change))
                .findFirst();
        if (rollback.isEmpty()) {
            // What state lies there is of an earlier life.
            starts++;
            return;
        }
        VolumeEvent committed = lastCommitted(read);
        String older = older(read, committed, rollback.get());
        if (older != null) {
            add(read, older);
        }
        if (read.isOk()) {
            takeovers += read.seq() > 0 ? 1 : 0;
            empty += read.seq() > 0 ? 0 : 1;
        } else if (read.seq() >= 0 && isMidPass(read, committed, rollback.get())) {
            midPass++;
        } else {
            add(
                    read,
                    "went back to epoch " + rollback.get().base() + ", and the volume is not pass " + read.seq()
                            + ", which the state names");
        }
    }

    private @Nullable VolumeEvent lastCommitted(VolumeEvent read) {
        return events.stream()
                .filter(event -> event.op() == Kind.CHECKPOINT && event.isOk() && event.term() < read.term())
                .reduce((earlier, later) -> later)
                .orElse(null);
    }

    /** Says so where the state is older than it may be. A start from the disk in between has forgotten all states. */
    private @Nullable String older(VolumeEvent read, @Nullable VolumeEvent committed, StorageHistory.Change rollback) {
        if (committed == null || read.seq() >= committed.seq()) {
            return null;
        }
        if (read.seq() == 0 && rollback.base() > committed.epoch()) {
            // The cut of a join carries no state: the pass that was handed over before goes with an earlier disk.
            return null;
        }
        long from = committed.term();
        boolean onlyTakeovers = changes.stream()
                .map(StorageHistory.Change::term)
                .filter(term -> term > from && term <= read.term())
                .allMatch(term -> changes.stream().anyMatch(change -> change.term() == term && isRollback(change)));
        return onlyTakeovers
                ? "the state names pass " + read.seq() + ", and the checkpoint of pass " + committed.seq() + " (epoch "
                        + committed.epoch() + ") was committed before"
                : null;
    }

    /** A pass that is newer than the state had begun, and the cut was one that came after the last answered command. */
    private boolean isMidPass(VolumeEvent read, @Nullable VolumeEvent committed, StorageHistory.Change rollback) {
        boolean begun = events.stream()
                .anyMatch(event -> event.op() == Kind.WRITE && event.seq() > read.seq() && event.term() < read.term());
        return begun && rollback.base() > (committed == null ? 0 : committed.epoch());
    }

    private static boolean isRollback(StorageHistory.Change change) {
        return change.mode().equals("rollback");
    }

    private void add(VolumeEvent read, String what) {
        findings.add("term " + read.term() + ": " + what
                + (read.wrong().isEmpty() ? "" : ": " + String.join("; ", read.wrong())));
    }

    private long count(Kind kind, boolean ok) {
        return events.stream()
                .filter(event -> event.op() == kind && event.isOk() == ok)
                .count();
    }

    private CheckResult result() {
        List<String> evidence = new ArrayList<>();
        evidence.add("fio wrote " + count(Kind.WRITE, true) + " passes over the whole volume, and "
                + count(Kind.WRITE, false) + " were cut off; " + count(Kind.CHECKPOINT, true)
                + " checkpoints by command were answered, " + count(Kind.CHECKPOINT, false) + " were not");
        evidence.add("after " + takeovers + " takeovers it found the pass that the state names, " + lookedBack
                + " times the pass that it had written in the same life");
        evidence.add(empty + " takeovers went back to the empty volume, " + midPass
                + " into the middle of a pass (the cut of a join or switchover), " + starts
                + " lives began without a state, " + undecided + " verifications were cut off");
        findings.stream().limit(FINDINGS_MAX).forEach(evidence::add);
        if (findings.size() > FINDINGS_MAX) {
            evidence.add("and " + (findings.size() - FINDINGS_MAX) + " more");
        }
        if (!ended) {
            evidence.add("the volume was not verified at the end");
        }
        Verdict verdict =
                !findings.isEmpty() ? Verdict.INVALID : takeovers > 0 && ended ? Verdict.VALID : Verdict.UNKNOWN;
        return new CheckResult(
                "fio-verifies", "After each takeover fio finds the pass of the checkpoint, whole", verdict, evidence);
    }
}
