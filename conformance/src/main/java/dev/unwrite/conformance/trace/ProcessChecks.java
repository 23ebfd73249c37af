package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of one node say of each other, and of themselves, and the specification has no word for: numbers of sessions
 * and of writes, versions of the record, how far output may be let go of, and what a field and the state after it both say.
 */
final class ProcessChecks {
    private static final Set<String> OPENS =
            Set.of("OpenSession", "TakeOver", "RestartRollback", "Bootstrap", "ColdStart", "ForceColdStart");
    private static final Set<String> FORGETS = Set.of("Restart", "StepDown");
    /** The highest epoch whose output may leave is forgotten. */
    private static final Set<String> HOLDS = Set.of("Restart", "StepDown", "TakeOver", "RestartRollback", "ColdRead");

    private final String node;
    private long start = -1;
    private long session;
    private long version;
    private long safe = -1;
    private long newest = -1;
    private String role = "";
    private final Map<Long, JsonNode> writes = new HashMap<>();
    private final Set<Long> sent = new HashSet<>();

    ProcessChecks(String node) {
        this.node = node;
    }

    /** What is wrong with the next event of the node, in words for a person, or null. */
    @Nullable
    String complaint(TraceEvent e) {
        String action = e.action();
        boolean begins = e.start() != start;
        if (begins != action.equals("Restart")) {
            return begins
                    ? "a process begins with Restart, not with " + action
                    : "a process starts once, and this line is not its first";
        }
        start = e.start();
        if (FORGETS.contains(action)) {
            writes.clear();
            sent.clear();
        }
        String wrong = ofSession(action, e);
        wrong = wrong == null ? ofVersion(action, e) : wrong;
        wrong = wrong == null ? ofSafe(action, e) : wrong;
        wrong = wrong == null ? ofWrite(action, e) : wrong;
        wrong = wrong == null ? ofItself(action, e) : wrong;
        role = e.afterText("role");
        return wrong;
    }

    private @Nullable String ofItself(String action, TraceEvent e) {
        return switch (action) {
            case "Cut", "StartJoin" -> begins(e, e.after("term"), e.after("epoch"));
            case "Commit" -> begins(e, e.after("ckptTerm"), e.after("ckptEpoch"));
            case "StepDown" -> role.equals("idle") ? node + " was idle, and steps down" : null;
            case "Restart" -> differs("copies", e.after("copies"), live(e));
            default -> null;
        };
    }

    private static @Nullable String begins(TraceEvent e, long term, long epoch) {
        return e.number("term") == term && e.number("epoch") == epoch
                ? null
                : e.action() + " of term " + e.number("term") + ", epoch " + e.number("epoch")
                        + " leaves the host in term " + term + ", epoch " + epoch;
    }

    /** How many of the copies that a start found may be restored. */
    private static long live(TraceEvent restart) {
        boolean any = restart.after("ckptEpoch") < 0;
        long count = 0;
        for (JsonNode copy : restart.json().path("log")) {
            boolean of = copy.path(0).asLong() == restart.after("ckptTerm")
                    && copy.path(1).asLong() >= restart.after("ckptEpoch");
            count += any || of ? copy.path(4).asLong() : 0;
        }
        return count;
    }

    private @Nullable String ofSession(String action, TraceEvent e) {
        if (OPENS.contains(action)) {
            session = e.number("session");
            if (session <= newest) {
                return node + " opened session " + newest + " before " + session;
            }
            newest = session;
        } else if (FORGETS.contains(action)) {
            session = 0;
        }
        if (action.equals("Flush") && e.number("session") != session) {
            return "the answer came in session " + e.number("session") + ", " + node + " uses " + session;
        }
        return differs("session", e.after("session"), session);
    }

    private @Nullable String ofVersion(String action, TraceEvent e) {
        if (action.equals("Restart")) {
            version = 0;
        } else if (e.recordVersion() >= 0 && !action.equals("Propose")) {
            version = e.recordVersion();
        }
        return differs("version", e.after("version"), version);
    }

    private @Nullable String ofSafe(String action, TraceEvent e) {
        if (HOLDS.contains(action)) {
            safe = -1;
        } else if (action.equals("LearnCommitted")) {
            safe = e.number("epoch");
        } else if (action.equals("Resume")) {
            safe = e.after("epoch");
        }
        if (action.equals("Speak") && e.number("said") >= safe && !isAloneAndFlushed(e)) {
            return "output left that was said in epoch " + e.number("said")
                    + ", the newest checkpoint that is known to be" + " committed began epoch " + safe;
        }
        return differs("safe", e.after("safe"), safe);
    }

    private static boolean isAloneAndFlushed(TraceEvent e) {
        return e.afterText("mode").equals("solo")
                && e.after("pending") == 0
                && e.after("dirty") == 0
                && e.after("owed") == 0;
    }

    private static @Nullable String differs(String field, long said, long follows) {
        return said == follows
                ? null
                : field + " is " + said + ", from the lines before it follows that it is " + follows;
    }

    private @Nullable String ofWrite(String action, TraceEvent e) {
        long id = e.number("id");
        JsonNode extent = e.json().path("extent");
        switch (action) {
            case "MachineWrite" -> {
                if (id == 0 || writes.put(id, extent) != null) {
                    return "there is a write " + id + " already";
                }
            }
            case "SendWrite" -> {
                if (id != 0 && !extent.equals(writes.get(id))) {
                    return "no write " + id + " of these blocks is under way";
                }
                sent.add(id);
            }
            case "WriteDone" -> {
                if (!sent.contains(id) || (id != 0 && !extent.equals(writes.remove(id)))) {
                    return "no write " + id + " of these blocks was sent";
                }
            }
            default -> {
                // No write.
            }
        }
        return null;
    }
}
