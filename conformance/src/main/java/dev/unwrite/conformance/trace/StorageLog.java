package dev.unwrite.conformance.trace;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The events of the storage, in its order, and where in it sessions and terms began. */
final class StorageLog {
    private final List<TraceEvent> events;
    private final Map<Long, Integer> sessions = new HashMap<>();
    /** By term: where the record first had a greater one. */
    private final Map<Long, Integer> ends = new HashMap<>();

    /** By version: whose change it was. */
    private final Map<Long, String> changes = new HashMap<>();

    private int next;

    StorageLog(List<TraceEvent> events) {
        this.events = events;
        long term = 0;
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            if (event.action().equals("Session")) {
                sessions.put(event.number("session"), i);
            } else if (event.action().equals("Record")) {
                long now = event.record().path("term").asLong();
                for (long ended = term; ended < now && ended - term < 1000; ended++) {
                    ends.put(ended, i);
                }
                term = now;
                changes.put(event.recordVersion(), event.text("host"));
            }
        }
    }

    /** The host that made this version of the record, or nothing. */
    String changedBy(long version) {
        return changes.getOrDefault(version, "");
    }

    /** Whether a session was opened for a term that was over by then. */
    boolean isLate(TraceEvent openSession) {
        int opened = sessions.getOrDefault(openSession.after("session"), -1);
        return opened > ends.getOrDefault(openSession.after("term"), Integer.MAX_VALUE);
    }

    /** How many lines were taken. */
    int taken() {
        return next;
    }

    boolean atEnd() {
        return next == events.size();
    }

    TraceEvent head() {
        return events.get(next);
    }

    void advance() {
        next++;
    }
}
