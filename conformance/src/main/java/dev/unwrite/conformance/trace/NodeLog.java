package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.TraceEvent.FoundCopy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The events of one node, and what has to be known of them in advance to put them in order. */
final class NodeLog {
    /** Their guards read the record, so they come before the change after the one that they saw. */
    private static final Set<String> READ_RECORD = Set.of(
            "FollowJoin",
            "BecomeSecondary",
            "Learn",
            "StartJoin",
            "AbortJoin",
            "RestartRollback",
            "Resume",
            "ColdRead");
    /** What nobody receives any more has a key beyond all. */
    static final Tag NEVER = new Tag(Integer.MAX_VALUE, 0);

    private final String name;
    private final List<TraceEvent> events;
    /** By version: the last event that saw at most it. */
    private final NavigableMap<Long, Integer> lastSeen = new TreeMap<>();
    /** By term: the last event that needs a record of at most that term. */
    private final NavigableMap<Long, Integer> lastInTerm = new TreeMap<>();
    /** By boot of the storage: the last event that needs a session of it or an earlier one. */
    private final NavigableMap<Long, Integer> lastInBoot = new TreeMap<>();
    /** By version before the change: where it was asked for. */
    private final Map<Long, Integer> proposals = new HashMap<>();

    private final Tag[] leastReceived;
    private int next;

    /** A term and an epoch. */
    record Tag(long term, long epoch) implements Comparable<Tag> {
        @Override
        public int compareTo(Tag other) {
            int byTerm = Long.compare(term, other.term);
            return byTerm != 0 ? byTerm : Long.compare(epoch, other.epoch);
        }
    }

    NodeLog(String name, List<TraceEvent> events, StorageLog storage) {
        this.name = name;
        this.events = events;
        this.leastReceived = new Tag[events.size() + 1];
        leastReceived[events.size()] = NEVER;
        for (int i = events.size() - 1; i >= 0; i--) {
            Tag received = received(events.get(i));
            leastReceived[i] = received.compareTo(leastReceived[i + 1]) < 0 ? received : leastReceived[i + 1];
        }
        for (int i = 0; i < events.size(); i++) {
            index(i, events.get(i), storage);
        }
    }

    private static Tag received(TraceEvent event) {
        return switch (event.action()) {
            case "ReadOld", "ReadAround", "StoreCopy", "RecvPreserved", "StagePart", "Commit", "LearnCommitted" ->
                event.tag();
            // Just before it is asked for what it found.
            case "Restart" ->
                event.found().stream().map(FoundCopy::tag).min(Tag::compareTo).orElse(NEVER);
            default -> NEVER;
        };
    }

    private void index(int i, TraceEvent event, StorageLog storage) {
        String action = event.action();
        long boot = event.after("session") >>> 32;
        if (READ_RECORD.contains(action)) {
            lastSeen.put(event.after("version"), i);
        }
        boolean flush = action.equals("Flush");
        boolean opens = action.equals("OpenSession") && !storage.isLate(event);
        if (flush || opens || action.equals("ColdRead")) {
            lastInTerm.put(event.after("term"), i);
        }
        if (flush || opens || action.equals("ColdRead") || action.equals("WriteDone")) {
            lastInBoot.put(boot, i);
        }
        if (action.equals("Propose")) {
            proposals.put(event.recordVersion(), i);
        }
    }

    String name() {
        return name;
    }

    /** How many events were taken. */
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

    /** Null if a record of this version and term may come now, else what must come before. */
    @Nullable
    TraceEvent beforeRecord(long version, long term, boolean own) {
        Map.Entry<Long, Integer> seen =
                lastSeen.headMap(version, false).isEmpty() ? null : greatest(lastSeen.headMap(version, false));
        Map.Entry<Long, Integer> inTerm =
                lastInTerm.headMap(term, false).isEmpty() ? null : greatest(lastInTerm.headMap(term, false));
        int last = Math.max(seen == null ? -1 : seen.getValue(), inTerm == null ? -1 : inTerm.getValue());
        if (own) {
            last = Math.max(last, proposals.getOrDefault(version - 1, -1));
        }
        return last >= next ? events.get(last) : null;
    }

    boolean hasProposed(long versionBefore) {
        return proposals.containsKey(versionBefore);
    }

    /**
     * Whether the head, a start of this node, comes after the change that an earlier process asked for in this version:
     * to the specification, asking and being granted is one step of a host that is up. Not if the new process saw the
     * record as it was before.
     */
    boolean askedBefore(long versionBefore) {
        int asked = proposals.getOrDefault(versionBefore, next);
        NavigableMap<Long, Integer> earlier = lastSeen.headMap(versionBefore, true);
        return asked < next && (earlier.isEmpty() || greatest(earlier).getValue() < next);
    }

    /** The next start of this node, unless one of these events comes before. */
    @Nullable
    TraceEvent nextRestartBefore(Set<String> actions) {
        for (int i = next; i < events.size(); i++) {
            String action = events.get(i).action();
            if (action.equals("Restart")) {
                return events.get(i);
            }
            if (actions.contains(action)) {
                return null;
            }
        }
        return null;
    }

    /** The action that this node asked for in this version, as the specification calls it. */
    String asked(long versionBefore) {
        Integer at = proposals.get(versionBefore);
        StringBuilder name = new StringBuilder();
        for (String word : (at == null ? "" : events.get(at).text("change")).split("_")) {
            name.append(word, 0, Math.min(1, word.length()))
                    .append(word.substring(Math.min(1, word.length())).toLowerCase(java.util.Locale.ROOT));
        }
        return name.toString();
    }

    /** Null if the storage may start again now, else what must come before. */
    @Nullable
    TraceEvent beforeBoot(long boot) {
        NavigableMap<Long, Integer> earlier = lastInBoot.headMap(boot, false);
        if (earlier.isEmpty()) {
            return null;
        }
        int last = greatest(earlier).getValue();
        return last >= next ? events.get(last) : null;
    }

    private static Map.Entry<Long, Integer> greatest(NavigableMap<Long, Integer> map) {
        Map.Entry<Long, Integer> best = map.firstEntry();
        for (Map.Entry<Long, Integer> entry : map.entrySet()) {
            if (entry.getValue() > best.getValue()) {
                best = entry;
            }
        }
        return best;
    }

    /** The least tag of a message that this node still receives. */
    Tag leastReceived() {
        return leastReceived[next];
    }

    /** The next start of this node, or null. */
    @Nullable
    TraceEvent nextRestart() {
        for (int i = next + 1; i < events.size(); i++) {
            if (events.get(i).action().equals("Restart")) {
                return events.get(i);
            }
        }
        return null;
    }

    /** Whether an event of this name comes before the next start. */
    boolean comesBeforeRestart(Set<String> actions) {
        for (int i = next + 1; i < events.size(); i++) {
            String action = events.get(i).action();
            if (action.equals("Restart")) {
                return false;
            }
            if (actions.contains(action)) {
                return true;
            }
        }
        return false;
    }
}
