package dev.unwrite.chaos.check;

import dev.unwrite.chaos.volume.VolumeEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the machine did in one term: how it found volume and state, and what it asked for. */
final class VolumeLife {
    /** Nobody saw with which state the life began. */
    static final long NOT_SEEN = -2;

    private final long term;
    private final boolean stateSeen;
    private final List<Register> cells = new ArrayList<>();
    private final Register state;
    private final List<VolumeEvent> checkpoints;
    private long flushedUpTo = Long.MIN_VALUE;

    /**
     * A life.
     *
     * @param found the volume at its beginning
     * @param foundState the checkpoint whose state it began with; 0 is none, or {@link #NOT_SEEN}
     * @param own all events of that term, in the order in which they began
     */
    VolumeLife(long term, List<Long> found, long foundState, List<VolumeEvent> own) {
        this.term = term;
        this.stateSeen = foundState != NOT_SEEN;
        for (int cell = 0; cell < found.size(); cell++) {
            cells.add(new Register("cell " + cell, found.get(cell)));
        }
        state = new Register("the state", foundState);
        checkpoints = own.stream()
                .filter(event -> event.op() == VolumeEvent.Kind.CHECKPOINT)
                .toList();
        for (VolumeEvent event : own) {
            switch (event.op()) {
                case WRITE, TRIM, ZERO -> write(event);
                case FLUSH -> flushedUpTo = event.isOk() ? Math.max(flushedUpTo, event.invoke()) : flushedUpTo;
                case CHECKPOINT ->
                    state.add(new Register.Write(event.seq(), event.invoke(), event.complete(), event.isOk(), false));
                case READ, END, FAILOVER -> {}
            }
        }
    }

    private void write(VolumeEvent event) {
        for (int i = 0; i < event.count(); i++) {
            cells.get(event.cell() + i)
                    .add(new Register.Write(
                            event.content(i), event.invoke(), event.complete(), event.isOk(), event.durable()));
        }
    }

    long term() {
        return term;
    }

    /** Findings, where the volume must be as it was at one moment, of which {@code cut} knows something already. */
    List<String> atOneMoment(List<Long> values, CutMoment cut) {
        List<String> findings = new ArrayList<>();
        for (int cell = 0; cell < cells.size(); cell++) {
            add(findings, cells.get(cell).narrow(values.get(cell), cut));
        }
        add(findings, cut.contradiction());
        return findings;
    }

    /** Findings, where the volume must be what a start from the disk finds. */
    List<String> afterColdStart(List<Long> values) {
        List<String> findings = new ArrayList<>();
        for (int cell = 0; cell < cells.size(); cell++) {
            add(findings, cells.get(cell).afterColdStart(values.get(cell), flushedUpTo));
        }
        return findings;
    }

    /** What the state says of the moment of the cut. */
    @Nullable
    String narrowByState(long checkpoint, CutMoment cut) {
        if (!stateSeen && checkpoints.stream().noneMatch(event -> event.seq() == checkpoint)) {
            return null;
        }
        return state.narrow(checkpoint, cut);
    }

    /**
     * What the epoch of the cut says of its moment: a checkpoint that was committed is that cut, or was before it.
     *
     * @return the command that took it, or null where none is known to have
     */
    @Nullable
    VolumeEvent narrowByEpoch(long epoch, CutMoment cut, List<String> findings) {
        VolumeEvent own = null;
        for (VolumeEvent checkpoint : checkpoints) {
            if (checkpoint.isOk()) {
                String name = "checkpoint " + checkpoint.seq() + " (epoch " + checkpoint.epoch() + ")";
                if (checkpoint.epoch() <= epoch) {
                    cut.after(checkpoint.invoke(), "the cut is not before " + name + ", which was asked for then");
                }
                if (checkpoint.epoch() == epoch) {
                    cut.before(checkpoint.complete(), "the cut is that of " + name + ", which was committed then");
                    own = checkpoint;
                } else if (checkpoint.epoch() > epoch) {
                    findings.add("went back to epoch " + epoch + ", behind the committed " + name);
                }
            }
        }
        return own;
    }

    private static void add(List<String> findings, @Nullable String finding) {
        if (finding != null) {
            findings.add(finding);
        }
    }
}
