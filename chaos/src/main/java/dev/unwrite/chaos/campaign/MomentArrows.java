package dev.unwrite.chaos.campaign;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Finds which step of one program caused which of another. Clocks are not exact, so an effect may seem a little early. */
final class MomentArrows {
    private static final long EARLY_NANOS = 40_000_000;
    private static final Set<String> LATER_READERS = Set.of("Restart", "Propose");

    private MomentArrows() {}

    static List<int[]> of(List<MomentDiagrams.Group> groups) {
        List<int[]> arrows = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            MomentLine line = groups.get(i).first();
            switch (line.action()) {
                case "Record" -> record(groups, i, arrows);
                case "Cut", "StartJoin" -> first(groups, i, "StagePart", arrows);
                case "Commit" -> first(groups, i, "LearnCommitted", arrows);
                default -> {
                    // Its effect is not at another program, or nobody wrote it down.
                }
            }
        }
        return arrows;
    }

    /** The change was proposed by its host before; each host that acts on this version does so after. */
    private static void record(List<MomentDiagrams.Group> groups, int at, List<int[]> arrows) {
        MomentLine record = groups.get(at).first();
        for (int i = at - 1; i >= 0; i--) {
            MomentLine line = groups.get(i).first();
            if (line.action().equals("Propose") && line.lane().equals(record.host())) {
                arrows.add(new int[] {i, at});
                break;
            }
        }
        for (String lane : List.of("A", "B")) {
            for (int i = 0; i < groups.size(); i++) {
                MomentLine line = groups.get(i).first();
                if (line.lane().equals(lane)
                        && line.version() == record.version()
                        && line.at() >= record.at() - EARLY_NANOS
                        && !LATER_READERS.contains(line.action())) {
                    arrows.add(new int[] {at, i});
                    break;
                }
            }
        }
    }

    private static void first(List<MomentDiagrams.Group> groups, int at, String action, List<int[]> arrows) {
        MomentLine cause = groups.get(at).first();
        for (int i = 0; i < groups.size(); i++) {
            MomentLine line = groups.get(i).first();
            if (line.action().equals(action)
                    && !line.lane().equals(cause.lane())
                    && line.term() == cause.term()
                    && line.epoch() == cause.epoch()
                    && line.at() >= cause.at() - EARLY_NANOS) {
                arrows.add(new int[] {at, i});
                return;
            }
        }
    }
}
