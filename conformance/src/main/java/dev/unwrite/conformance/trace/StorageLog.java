package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.TraceEvent.BlockId;
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

    private final Map<Content, Integer> lastSeen = new HashMap<>();

    private int next;

    private record Content(BlockId block, int hash) {}

    StorageLog(List<TraceEvent> events) {
        this.events = events;
        long term = 0;
        StorageContents contents = new StorageContents();
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            if (event.action().equals("Session")) {
                sessions.put(event.number("session"), i);
            } else if (event.action().equals("Apply")) {
                int index = 0;
                for (BlockId block : event.blocks()) {
                    lastSeen.put(new Content(block, event.value(index++)), i);
                }
            } else if (event.action().equals("Boot")) {
                for (BlockId block : event.lost()) {
                    lastSeen.put(new Content(block, contents.durable(block)), i);
                }
            } else if (event.action().equals("Record")) {
                long now = event.record().path("term").asLong();
                for (long ended = term; ended < now && ended - term < 1000; ended++) {
                    ends.put(ended, i);
                }
                term = now;
                changes.put(event.recordVersion(), event.text("host"));
            }
            contents.take(event);
        }
    }

    /** The host that made this version of the record, or nothing. */
    String changedBy(long version) {
        return changes.getOrDefault(version, "");
    }

    /** Whether the block gets this content at the head or later: it is written, or comes back. */
    boolean appliesLater(BlockId block, int hash) {
        return lastSeen.getOrDefault(new Content(block, hash), -1) >= next;
    }

    /** Whether a session was opened for a term that was over by then. */
    boolean isLate(TraceEvent openSession) {
        int opened = sessions.getOrDefault(openSession.after("session"), -1);
        return opened > ends.getOrDefault(openSession.after("term"), Integer.MAX_VALUE);
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
