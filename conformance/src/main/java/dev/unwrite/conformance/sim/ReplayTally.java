package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.trace.RecordedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How much of what was recorded a replay did, by action: what it may claim and what not. */
public final class ReplayTally {
    /** So many of the lines that were not taken are kept, the first ones. */
    private static final int MISSED_KEPT = 50;

    private final Map<String, Share> actions = new TreeMap<>();
    private final Map<String, Integer> beside = new TreeMap<>();
    private final List<Missed> missed = new ArrayList<>();
    private long resynchronized;
    private boolean apart;

    /** How a line was taken. */
    enum How {
        /** Where it stands. */
        IN_ORDER,
        /** Along with an earlier line. */
        EARLIER,
        /** Not at all. */
        NOT
    }

    /**
     * How the lines of an action were taken.
     *
     * @param inOrder where they stand
     * @param earlier along with an earlier line
     * @param not not at all
     */
    public record Share(long inOrder, long earlier, long not) {
        private static final Share NONE = new Share(0, 0, 0);

        private Share and(How how) {
            return switch (how) {
                case IN_ORDER -> new Share(inOrder + 1, earlier, not);
                case EARLIER -> new Share(inOrder, earlier + 1, not);
                case NOT -> new Share(inOrder, earlier, not + 1);
            };
        }

        /** Lines that were taken, where they stand or earlier. */
        public long taken() {
            return inOrder + earlier;
        }
    }

    /**
     * A line that was not taken.
     *
     * @param event the line
     * @param instead what the simulated host was then
     */
    public record Missed(RecordedEvent event, String instead) {}

    /**
     * Whether a replay does the line at all: it opens sessions by itself, begins where the storage does, and what the storage refused
     * changed nothing there.
     */
    static boolean isReplayed(RecordedEvent e, int line) {
        return switch (e.action()) {
            case "Session", "Flushed", "Refused" -> false;
            case "Boot" -> line > 0 && e.record() != null && e.record().version() > 0;
            case "Apply" -> e.host() >= 0 && !e.values().isEmpty();
            case "Destage" -> true;
            default -> e.host() >= 0;
        };
    }

    void took(RecordedEvent e, How how, String instead) {
        actions.put(e.action(), actions.getOrDefault(e.action(), Share.NONE).and(how));
        if (how == How.NOT) {
            apart = true;
            if (missed.size() < MISSED_KEPT) {
                missed.add(new Missed(e, instead));
            }
        } else if (apart) {
            apart = false;
            resynchronized++;
        }
    }

    void beside(String action, int count) {
        beside.merge(action, count, Integer::sum);
    }

    /** By action: how its lines were taken. */
    public Map<String, Share> actions() {
        return actions;
    }

    /** What the simulated hosts did that no line tells of. */
    public Map<String, Integer> beside() {
        return beside;
    }

    /** The first lines that were not taken. */
    public List<Missed> missed() {
        return missed;
    }

    /** Lines that were to be taken. */
    public long lines() {
        return actions.values().stream()
                .mapToLong(share -> share.taken() + share.not())
                .sum();
    }

    /** Lines that were taken, where they stand or earlier. */
    public long taken() {
        return actions.values().stream().mapToLong(Share::taken).sum();
    }

    /** How often it left what was recorded and came back. */
    public long resynchronized() {
        return resynchronized;
    }
}
