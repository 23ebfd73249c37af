package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.trace.StorageTrace;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of the storage say of each other and of those of the nodes, and the specification has no word for: who
 * has which session, what a flush covered, what a version of the record says, and who was granted it.
 */
final class StorageChecks {
    /** Whose session they name is compared where it is used. */
    private static final Set<String> ELSEWHERE = Set.of("Flush", "StoreCopy");

    private final Map<Long, JsonNode> records = new HashMap<>();
    private final Map<Long, String> hosts = new HashMap<>();
    private final Map<Long, Long> terms = new HashMap<>();
    private final Map<String, Long> newest = new HashMap<>();
    /** By session and volume: how many flushes there were. */
    private final Map<SessionVolume, Integer> flushes = new HashMap<>();
    /** By session and block: how many flushes of its volume there were before it was last written. */
    private final Map<SessionBlock, Integer> flushesBefore = new HashMap<>();
    /** The same of the last write that its host has heard of. */
    private final Map<SessionBlock, Integer> flushesBeforeDone = new HashMap<>();

    /** As the lines before say; only asked here. */
    private final StorageContents contents;

    private final Map<Long, Integer> answered = new HashMap<>();
    /** The number of the last refusal that has a line. */
    private final Map<Refusals, Long> refused = new HashMap<>();
    /** By host: the change that it was granted and has not heard of. */
    private final Map<String, Grant> grants = new HashMap<>();

    private int volumes;
    /** Ids of volumes that are no more: nobody flushes them. */
    private final Set<Integer> gone = new HashSet<>();

    private long boot;
    private String storage = "";
    private long writer = -1;
    private @Nullable JsonNode record;

    private record SessionVolume(long session, int volume) {}

    private record SessionBlock(long session, BlockId block) {}

    private record Refusals(long session, String what) {}

    private record Grant(String action, long version, boolean learned) {}

    StorageChecks(StorageContents contents) {
        this.contents = contents;
    }

    /** What is wrong with the next event of the storage, in words for a person, or null. */
    @Nullable
    String complaint(TraceEvent e) {
        return switch (e.action()) {
            case "Boot" -> boot(e);
            case "Session" -> session(e);
            case "Record" -> record(e);
            case "Apply" -> apply(e);
            case "Read" -> read(e);
            case "Flushed" -> flushed(e);
            case "Destage" -> destage(e);
            case "Refused" -> refused(e);
            default -> null;
        };
    }

    private @Nullable String boot(TraceEvent e) {
        if (boot > 0 && !storage.equals(e.text("storage"))) {
            return "storage " + e.text("storage") + " is another one than " + storage + " was";
        }
        if (e.number("boot") <= boot) {
            return "boot " + e.number("boot") + " comes after boot " + boot;
        }
        JsonNode before = record;
        if (before != null && !before.equals(e.record())) {
            return "the record was " + before + " when the storage ended";
        }
        if (before == null && e.recordVersion() == 0 && !isBlank(e.record())) {
            return "nobody has changed the record yet";
        }
        for (BlockId block : e.lost()) {
            if (!contents.isUnflushed(block)) {
                return show(block) + " was durable, and is lost";
            }
        }
        boot = e.number("boot");
        storage = e.text("storage");
        record = e.record();
        records.put(e.recordVersion(), e.record());
        volumes = e.json().path("volumes").size();
        gone.clear();
        for (int volume = 0; volume < volumes; volume++) {
            if (e.json().path("volumes").path(volume).asText().isEmpty()) {
                gone.add(volume);
            }
        }
        newest.clear();
        writer = -1;
        return null;
    }

    private static boolean isBlank(JsonNode record) {
        return record.path("term").asLong() == 0
                && record.path("base").asLong() == 0
                && record.path("owner").asText().isEmpty()
                && record.path("secondary").asText().isEmpty()
                && record.path("mode").asText().equals("none");
    }

    private @Nullable String session(TraceEvent e) {
        long number = e.number("session");
        if (number >>> 32 != boot) {
            return "session " + number + " is not of boot " + boot;
        }
        if (hosts.putIfAbsent(number, e.text("host")) != null) {
            return "there was a session " + number + " before";
        }
        terms.put(number, e.number("term"));
        newest.put(e.text("host"), number);
        JsonNode now = record;
        if (now != null
                && now.path("owner").asText().equals(e.text("host"))
                && now.path("term").asLong() == e.number("term")) {
            writer = number;
        } else if (e.text("host").equals(hosts.get(writer))) {
            writer = -1;
        }
        return null;
    }

    private @Nullable String ofSession(TraceEvent e) {
        String host = hosts.get(e.number("session"));
        if (!e.text("host").equals(host)) {
            return "session " + e.number("session") + " is one of " + (host == null ? "nobody" : host);
        }
        return Objects.equals(newest.get(host), e.number("session"))
                ? null
                : "OneConnection: a later session of " + host + " had begun";
    }

    private @Nullable String record(TraceEvent e) {
        String wrong = ofSession(e);
        if (wrong != null) {
            return wrong;
        }
        record = e.record();
        records.put(e.recordVersion(), e.record());
        boolean owns = e.record().path("owner").asText().equals(e.text("host"))
                && e.record().path("term").asLong() == terms.getOrDefault(e.number("session"), -1L);
        writer = owns ? e.number("session") : -1;
        return null;
    }

    private @Nullable String apply(TraceEvent e) {
        String wrong = ofSession(e);
        if (wrong != null) {
            return wrong;
        }
        if (e.number("session") != writer) {
            return "FenceBeforeRollback: session " + e.number("session") + " of " + e.text("host") + " in term "
                    + terms.get(e.number("session")) + " may not write";
        }
        for (BlockId block : e.blocks()) {
            flushesBefore.put(
                    new SessionBlock(e.number("session"), block), flushes(e.number("session"), block.volume()));
        }
        return null;
    }

    private @Nullable String read(TraceEvent e) {
        String wrong = ofSession(e);
        int index = 0;
        for (BlockId block : e.blocks()) {
            Integer held = contents.held(block);
            int value = e.value(index++);
            if (wrong == null && held != null && held != value) {
                wrong = show(block) + " held " + held + ", and was read as " + value;
            }
        }
        return wrong;
    }

    private @Nullable String flushed(TraceEvent e) {
        String host = hosts.get(e.number("session"));
        if (!e.text("host").equals(host)) {
            return "session " + e.number("session") + " is one of " + (host == null ? "nobody" : host);
        }
        if (e.number("volume") < 0 || e.number("volume") >= volumes) {
            return "there is no volume " + e.number("volume");
        }
        flushes.merge(new SessionVolume(e.number("session"), (int) e.number("volume")), 1, Integer::sum);
        return null;
    }

    private @Nullable String destage(TraceEvent e) {
        Set<BlockId> durable = new HashSet<>();
        for (BlockId block : e.blocks()) {
            if (!contents.isUnflushed(block) || !durable.add(block)) {
                return show(block) + " was durable, and becomes so";
            }
        }
        return null;
    }

    private static String show(BlockId block) {
        return "block " + block.number() + " of volume " + block.volume();
    }

    /** What may be refused: nothing that the storage had to do. So what was refused cannot have been applied as well. */
    private @Nullable String refused(TraceEvent e) {
        long session = e.number("session");
        String host = hosts.get(session);
        if (!e.text("host").equals(host)) {
            return "session " + session + " is one of " + (host == null ? "nobody" : host);
        }
        JsonNode now = record;
        if (now == null || now.path("term").asLong() != e.number("term")) {
            return "the record is not of term " + e.number("term");
        }
        boolean ended = !Objects.equals(newest.get(host), session);
        boolean fenced = terms.getOrDefault(session, 0L) < e.number("term");
        String may = switch (e.text("what")) {
            case "write" -> session == writer ? "write" : null;
            case "flush" -> ended || fenced ? null : "flush";
            case "record" -> ended ? null : "change the record";
            default -> "ask for no " + e.text("what");
        };
        if (may != null) {
            return "session " + session + " of " + host + " may " + may + ", and was refused";
        }
        Refusals key = new Refusals(session, e.text("what"));
        long before = refused.getOrDefault(key, 0L);
        long next = before < StorageTrace.REFUSALS_EACH ? before + 1 : 2 * before;
        refused.put(key, next);
        return e.number("times") == next ? null : "the next line for this is that of time " + next;
    }

    private int flushes(long session, int volume) {
        return flushes.getOrDefault(new SessionVolume(session, volume), 0);
    }

    /** What a flush that a node heard of waits for: that of each volume, and after the writes that it covers. */
    @Nullable
    String missingFlush(TraceEvent e) {
        long session = e.after("session");
        int earlier = answered.getOrDefault(session, 0);
        for (int volume = 0; volume < volumes; volume++) {
            if (!gone.contains(volume) && flushes(session, volume) <= earlier) {
                return "a flush of volume " + volume + " at the storage in session " + session;
            }
        }
        for (BlockId block : e.blocks()) {
            Integer before = flushesBeforeDone.get(new SessionBlock(session, block));
            if (before != null && flushes(session, block.volume()) <= before) {
                return "a flush at the storage after the write of " + show(block) + " in session " + session;
            }
        }
        return null;
    }

    /** A node hears that a block was written. */
    void done(long session, BlockId block) {
        SessionBlock key = new SessionBlock(session, block);
        Integer before = flushesBefore.get(key);
        if (before != null) {
            flushesBeforeDone.put(key, before);
        }
    }

    void answeredFlush(TraceEvent e) {
        answered.merge(e.after("session"), 1, Integer::sum);
    }

    // ---- The nodes.

    /** The storage has agreed to a change; the host has yet to hear of it. */
    void granted(String host, String action, long version) {
        grants.put(host, new Grant(action, version, false));
    }

    /** What is wrong with what a node says of the record, or null. */
    @Nullable
    String ofNode(String node, TraceEvent e) {
        if (e.json().has("record") && !e.record().equals(records.get(e.recordVersion()))) {
            return "the record of version " + e.recordVersion() + " is " + shown(records.get(e.recordVersion()));
        }
        if (e.json().has("session")
                && !ELSEWHERE.contains(e.action())
                && !node.equals(hosts.get(e.number("session")))) {
            return "session " + e.number("session") + " is not one of " + node;
        }
        if (e.action().equals("OpenSession") && terms.getOrDefault(e.number("session"), -1L) != e.after("term")) {
            return "session " + e.number("session") + " was opened for term " + terms.get(e.number("session"));
        }
        return ofGrant(node, e);
    }

    private @Nullable String ofGrant(String node, TraceEvent e) {
        Grant grant = grants.get(node);
        return switch (e.action()) {
            case "GoAlone", "Protect", "FinishRollback", "TakeOver", "Bootstrap", "ColdStart", "ForceColdStart" -> {
                grants.remove(node);
                yield grant != null && grant.action.equals(e.action()) && grant.version == e.recordVersion()
                        ? null
                        : "the storage did not grant this to " + node;
            }
            case "Learn" -> {
                if (grant != null) {
                    grants.put(node, new Grant(grant.action, grant.version, true)); // It saw it before it heard.
                }
                yield null;
            }
            case "Restart", "StepDown", "Propose" -> {
                grants.remove(node); // It will never hear.
                yield null;
            }
            default -> {
                if (grant == null || grant.learned || e.after("version") < grant.version) {
                    yield null;
                }
                yield node + " knows version " + grant.version + " of the record and never heard that it was granted "
                        + grant.action;
            }
        };
    }

    private static String shown(@Nullable JsonNode record) {
        return record instanceof ObjectNode node ? node.toString() : "not known";
    }
}
