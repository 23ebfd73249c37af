package dev.unwrite.chaos.check;

import dev.unwrite.chaos.volume.VolumeCell;
import dev.unwrite.chaos.volume.VolumeEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Judges a history of a volume. A cut is one moment between writes (rule DrainBeforeCut). So, after a takeover, there must be
 * a moment at which each cell held what it holds now and the machine had last handed over the state that it was given back;
 * and that moment lies within the command that took the checkpoint, where a command did (a join and a switchover cut, too).
 * A write that was under way then is there or not; all others are decided. Where nobody rolled back, nothing that was
 * acknowledged is missing; after a start from the disk, nothing that was flushed.
 */
public final class VolumeCheck {
    private static final int FINDINGS_MAX = 12;

    private final List<StorageHistory.Change> changes;
    private final Map<Long, String> states;
    private final List<VolumeEvent> events;

    private final List<String> notWhole = new ArrayList<>();
    private final List<String> notRolledBack = new ArrayList<>();
    private final List<String> notKept = new ArrayList<>();
    private int reads;
    private int takeovers;
    private int takeoversByCommand;
    private int quietCuts;
    private int statesSeen;
    private long cellsLeft;
    private int coldStarts;
    private int lookedBack;
    private boolean ended;

    /**
     * A check.
     *
     * @param changes of the ownership record
     * @param states the line of the state that a host had when it was primary in that term
     */
    private VolumeCheck(List<VolumeEvent> history, List<StorageHistory.Change> changes, Map<Long, String> states) {
        this.changes = changes;
        this.states = states;
        List<VolumeEvent> sorted = new ArrayList<>(history);
        sorted.sort(Comparator.comparingLong(VolumeEvent::invoke));
        this.events = Collections.unmodifiableList(sorted);
    }

    /**
     * All three checks.
     *
     * @param changes of the ownership record, in their order
     * @param states by term, the line of the state that a host had when it became primary
     */
    public static List<CheckResult> check(
            List<VolumeEvent> history, List<StorageHistory.Change> changes, Map<Long, String> states) {
        VolumeCheck check = new VolumeCheck(history, changes, states);
        check.run();
        return List.of(check.whole(), check.rolledBack(), check.kept());
    }

    private void run() {
        VolumeLife life = null;
        for (VolumeEvent read : events) {
            if (!read.isRead() || !read.isOk()) {
                continue;
            }
            reads++;
            read.wrong().forEach(line -> notWhole.add("term " + read.term() + ": " + line));
            ended |= read.op() == VolumeEvent.Kind.END;
            if (life != null && read.term() < life.term()) {
                notKept.add("term " + life.term() + " was followed by term " + read.term());
                continue;
            }
            if (life != null) {
                compare(life, read);
            } else if (read.values().stream().anyMatch(value -> value != 0)) {
                notKept.add("a volume that nobody had written was not empty");
            }
            if (life == null || life.term() != read.term()) {
                life = life(read);
            }
        }
    }

    private VolumeLife life(VolumeEvent read) {
        List<VolumeEvent> own =
                events.stream().filter(event -> event.term() == read.term()).toList();
        boolean resumed = changes.stream().anyMatch(change -> change.term() == read.term() && isRollback(change));
        String line = states.get(read.term());
        long checkpoint = !resumed ? 0 : line == null ? VolumeLife.NOT_SEEN : checkpointOf(line);
        return new VolumeLife(read.term(), read.values(), checkpoint, own);
    }

    private void compare(VolumeLife life, VolumeEvent read) {
        if (read.term() == life.term()) {
            CutMoment now = new CutMoment();
            now.after(read.invoke(), "the volume was read then");
            life.atOneMoment(read.values(), now).forEach(line -> notKept.add("term " + life.term() + ": " + line));
            lookedBack++;
            return;
        }
        // What comes after the first change has nothing of the machine's to change.
        Optional<StorageHistory.Change> next =
                changes.stream().filter(change -> change.term() > life.term()).findFirst();
        if (next.isEmpty()) {
            notKept.add("the storage has not recorded how term " + life.term() + " ended");
        } else if (isRollback(next.get())) {
            afterTakeover(life, next.get(), read);
        } else {
            life.afterColdStart(read.values())
                    .forEach(line -> notKept.add("start from the disk after term " + life.term() + ": " + line));
            coldStarts++;
        }
    }

    private void afterTakeover(VolumeLife life, StorageHistory.Change change, VolumeEvent read) {
        String where = "takeover from term " + life.term() + " to epoch " + change.base() + ": ";
        CutMoment cut = new CutMoment();
        cut.before(read.invoke(), "the volume was read then");
        List<String> findings = new ArrayList<>();
        VolumeEvent command = life.narrowByEpoch(change.base(), cut, findings);
        takeovers++;
        takeoversByCommand += command == null ? 0 : 1;
        quietCuts += command != null && command.quiet() ? 1 : 0;
        String line = change.term() == read.term() ? states.get(read.term()) : null;
        if (line != null) {
            statesSeen++;
            String finding = ofState(life, line, command, cut);
            if (finding != null) {
                findings.add(finding);
            }
        }
        findings.addAll(life.atOneMoment(read.values(), cut));
        findings.forEach(finding -> notRolledBack.add(where + finding));
        cellsLeft += read.values().size();
    }

    private @Nullable String ofState(VolumeLife life, String line, @Nullable VolumeEvent command, CutMoment cut) {
        if (line.isEmpty()) {
            // The cut of a join: what was handed over before it goes with an earlier disk. It says nothing of the
            // moment.
            return command == null ? null : "the state of checkpoint " + command.seq() + " was not handed back";
        }
        long checkpoint = checkpointOf(line);
        if (checkpoint < 0) {
            return "the state is none that the machine handed over: " + line;
        }
        // A command hands its own state over before it cuts; only one without an answer can still come between.
        if (command != null && checkpoint != command.seq() && !isOpen(checkpoint)) {
            return "the state is that of checkpoint " + checkpoint + ", and the cut that of checkpoint "
                    + command.seq();
        }
        return life.narrowByState(checkpoint, cut);
    }

    private boolean isOpen(long checkpoint) {
        return events.stream()
                .anyMatch(event ->
                        event.op() == VolumeEvent.Kind.CHECKPOINT && event.seq() == checkpoint && !event.isOk());
    }

    /** The checkpoint command that handed such a state over; 0 for an empty state, -1 if none did. */
    private long checkpointOf(String line) {
        return line.isEmpty()
                ? 0
                : events.stream()
                        .filter(event -> line.equals(event.state()))
                        .mapToLong(VolumeEvent::seq)
                        .findFirst()
                        .orElse(-1);
    }

    private static boolean isRollback(StorageHistory.Change change) {
        return change.mode().equals("rollback");
    }

    private CheckResult whole() {
        List<String> evidence = new ArrayList<>();
        evidence.add(reads + " times the whole volume was read over NBD");
        return result(
                "volume-cells-whole",
                "Each piece of the volume is one that was written, whole and in its place",
                evidence,
                notWhole,
                reads > 0 && ended);
    }

    private CheckResult rolledBack() {
        List<String> evidence = new ArrayList<>();
        evidence.add("after " + takeovers + " takeovers all cells (" + cellsLeft
                + " together) were compared with what the machine was told; " + takeoversByCommand
                + " went back to a checkpoint by command, " + quietCuts + " of these with no write under way");
        evidence.add(statesSeen + " times the state that was handed back was compared, too");
        return result(
                "volume-equals-checkpoint",
                "After each takeover the volume is what it was at the checkpoint's cut, as the machine sees it",
                evidence,
                notRolledBack,
                takeovers > 0 && statesSeen > 0 && takeoversByCommand > 0);
    }

    private CheckResult kept() {
        List<String> evidence = new ArrayList<>();
        List<VolumeEvent> written =
                events.stream().filter(event -> event.isWrite() && event.isOk()).toList();
        long zeroed = written.stream()
                .filter(event -> event.op() != VolumeEvent.Kind.WRITE)
                .count();
        evidence.add(
                written.size() + " writes were acknowledged, " + zeroed + " of them trims and zeroings; " + lookedBack
                        + " times read back by the same machine, " + coldStarts + " times after a start from the disk");
        evidence.add(written.stream()
                        .filter(event -> !VolumeCell.areBlocks(event.cell(), event.count()))
                        .count()
                + " of them began or ended within a block; " + overlapping(written)
                + " overlapped another one that was under way");
        if (!ended) {
            evidence.add("the volume was not read at the end");
        }
        return result(
                "volume-keeps-writes",
                "Without a rollback no acknowledged write is missing",
                evidence,
                notKept,
                ended && !written.isEmpty() && lookedBack > 0);
    }

    /** Of writes in the order in which they began. */
    private static long overlapping(List<VolumeEvent> written) {
        long overlapping = 0;
        List<VolumeEvent> underWay = new ArrayList<>();
        for (VolumeEvent event : written) {
            underWay.removeIf(earlier -> earlier.complete() < event.invoke());
            overlapping += underWay.stream()
                            .anyMatch(earlier -> earlier.cell() < event.cell() + event.count()
                                    && event.cell() < earlier.cell() + earlier.count())
                    ? 1
                    : 0;
            underWay.add(event);
        }
        return overlapping;
    }

    private static CheckResult result(
            String name, String title, List<String> evidence, List<String> findings, boolean enough) {
        findings.stream().limit(FINDINGS_MAX).forEach(evidence::add);
        if (findings.size() > FINDINGS_MAX) {
            evidence.add("and " + (findings.size() - FINDINGS_MAX) + " more");
        }
        Verdict verdict = !findings.isEmpty() ? Verdict.INVALID : enough ? Verdict.VALID : Verdict.UNKNOWN;
        return new CheckResult(name, title, verdict, evidence);
    }
}
