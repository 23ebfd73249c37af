package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.sim.Move.Kind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What struck in a recording, beside the moves that stand for it. */
final class FaultSchedule {
    private static final Set<Kind> FAULTS = EnumSet.of(
            Kind.CRASH,
            Kind.RESTART,
            Kind.REPLACE,
            Kind.STORAGE_CRASH,
            Kind.TAKE_OVER,
            Kind.GO_ALONE,
            Kind.ABORT_JOIN,
            Kind.FORCE_COLD,
            Kind.RECONNECT);
    private static final int LINES_MAX = 1_000;

    private final RecordedFaults faults;
    private final List<String> lines = new ArrayList<>();
    private final Map<Kind, Integer> counts = new TreeMap<>();
    private int struck;
    private long leftOut;

    FaultSchedule(RecordedFaults faults) {
        this.faults = faults;
    }

    /** These moves were made at a line of the recording, so many seconds from its beginning. */
    void made(double seconds, List<Move> moves) {
        while (struck < faults.faults().size() && faults.faults().get(struck).at() <= seconds) {
            RecordedFaults.Struck fault = faults.faults().get(struck++);
            add(String.format(Locale.ROOT, "%8.2f s  struck %s: %s", fault.at(), fault.hit(), fault.fault()));
        }
        for (Move move : moves) {
            if (FAULTS.contains(move.kind())) {
                counts.merge(move.kind(), 1, Integer::sum);
                add(String.format(Locale.ROOT, "%8.2f s         %s", seconds, move));
            }
        }
    }

    private void add(String line) {
        if (lines.size() < LINES_MAX) {
            lines.add(line);
        } else {
            leftOut++;
        }
    }

    /** How often each kind of fault was made. */
    Map<Kind, Integer> counts() {
        return counts;
    }

    /** In the order of the recording. */
    List<String> lines() {
        List<String> all = new ArrayList<>(lines);
        if (leftOut > 0) {
            all.add("... and " + leftOut + " more");
        }
        return all;
    }
}
