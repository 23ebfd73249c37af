package dev.unwrite.chaos.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the storage really did, from its own traces: who owned the machine and when that changed, and under which term each
 * write was applied.
 *
 * @param changes of the ownership record, in their order
 * @param applied writes that took effect
 * @param violations writes that took effect for somebody who did not own the machine then
 * @param fenced what hosts tried in sessions that may not have it, in the order of the first try
 */
public record StorageHistory(
        List<Change> changes, long applied, List<String> violations, int boots, List<FencedSession> fenced) {
    /** Lines about fenced hosts in the evidence. */
    private static final int FENCED_MAX = 20;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** The record from that moment on (nanoseconds since 1970). */
    public record Change(long at, long term, String owner, String mode, String secondary, long base) {}

    /** What a change meant. */
    public enum Kind {
        /** A host took over from one that was silent. */
        TAKEOVER,
        /** The end of its rollback. */
        RESTORED,
        /** A primary goes on alone. */
        DEGRADATION,
        /** A pair is protected. */
        JOIN,
        /** A host took over from one that asked it to, or starts again after both were down. */
        OTHER
    }

    /** Reads all traces of a storage in the folder, of all its processes. */
    public static StorageHistory read(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> String.valueOf(file.getFileName()).startsWith("storage-"))
                    .sorted(Comparator.comparing(file -> String.valueOf(file.getFileName())))
                    .toList();
        }
        Reader reader = new Reader();
        for (Path file : files) {
            reader.read(file);
        }
        return new StorageHistory(
                reader.changes, reader.applied, reader.violations, files.size(), List.copyOf(reader.fenced.values()));
    }

    /** Goes through the lines in their order. */
    private static final class Reader {
        private final List<Change> changes = new ArrayList<>();
        private final List<String> violations = new ArrayList<>();
        private final Map<Long, Long> sessionTerms = new HashMap<>();
        private final SequencedMap<Long, FencedSession> fenced = new LinkedHashMap<>();
        /** By session: the record's term when a write of it was refused. */
        private final Map<Long, Long> refusedWrites = new HashMap<>();

        private long applied;
        private long term;
        private String owner = "";

        void read(Path file) throws IOException {
            try (BufferedReader lines = Files.newBufferedReader(file)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    JsonNode json = line.isBlank() ? null : parse(line);
                    if (json != null) {
                        take(json, String.valueOf(file.getFileName()));
                    }
                }
            }
        }

        private void take(JsonNode json, String file) {
            switch (json.path("action").asText()) {
                case "Boot", "Record" -> record(change(json), file);
                case "Session" ->
                    sessionTerms.put(
                            json.path("session").asLong(), json.path("term").asLong());
                case "Apply" ->
                    apply(json, file + ", line seq " + json.path("seq").asLong());
                case "Refused" -> refused(json);
                default -> {
                    // Nothing that says who owns what.
                }
            }
        }

        private void record(Change change, String file) {
            if (change.term() < term) {
                violations.add(file + ": the record went back from term " + term + " to " + change.term());
            }
            term = change.term();
            owner = change.owner();
            if (changes.isEmpty() || !same(changes.getLast(), change)) {
                changes.add(change);
            }
        }

        private void apply(JsonNode json, String place) {
            applied++;
            String host = json.path("host").asText();
            if (!host.equals(owner)) {
                violations.add(place + ": a write of " + host + " was applied while " + owner
                        + " owned the machine (term " + term + ")");
            }
            // A session may be refused, become the owner's in a later term, and write; never within one term.
            if (refusedWrites.getOrDefault(json.path("session").asLong(), -1L) == term) {
                violations.add(place + ": a write of " + host
                        + " was applied in a session whose writes had been refused in term " + term);
            }
        }

        private void refused(JsonNode json) {
            long session = json.path("session").asLong();
            String what = json.path("what").asText();
            long at = json.path("t").asLong() * 1_000;
            long now = json.path("term").asLong();
            FencedSession before = fenced.computeIfAbsent(session, number -> {
                String host = json.path("host").asText();
                return new FencedSession(host, number, sessionTerms.getOrDefault(number, -1L), now, 0, 0, 0, at, at);
            });
            fenced.put(session, before.and(what, json.path("times").asLong(), at));
            if (what.equals("write")) {
                refusedWrites.put(session, now);
            }
        }
    }

    private static boolean same(Change a, Change b) {
        return a.term() == b.term() && a.mode().equals(b.mode()) && a.owner().equals(b.owner()) && a.base() == b.base();
    }

    private static Change change(JsonNode json) {
        JsonNode record = json.path("record");
        return new Change(
                json.path("t").asLong() * 1_000,
                record.path("term").asLong(),
                record.path("owner").asText(),
                record.path("mode").asText(),
                record.path("secondary").asText(),
                record.path("base").asLong());
    }

    private static @Nullable JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            // A storage that was killed in the middle of a line leaves half of it.
            return null;
        }
    }

    /** How often the record changed in that way. */
    public long count(Kind kind) {
        long count = 0;
        for (int i = 1; i < changes.size(); i++) {
            if (kind(changes.get(i - 1), changes.get(i)) == kind) {
                count++;
            }
        }
        return count;
    }

    /** What a change meant. */
    public static Kind kind(Change before, Change after) {
        if (after.mode().equals("rollback")) {
            return Kind.TAKEOVER;
        }
        if (before.mode().equals("rollback")) {
            return Kind.RESTORED;
        }
        if (after.mode().equals("protected")) {
            return Kind.JOIN;
        }
        return after.term() == before.term() && before.mode().equals("protected") ? Kind.DEGRADATION : Kind.OTHER;
    }

    /** One owner at a time. */
    public CheckResult check() {
        List<String> evidence = new ArrayList<>();
        evidence.add(applied + " writes took effect at the storage under "
                + changes.stream().map(Change::term).distinct().count() + " terms; it was started " + boots + " times");
        evidence.addAll(violations.stream().limit(10).toList());
        evidence.add(
                fenced.isEmpty()
                        ? "no host tried anything that it was fenced from"
                        : "what fenced hosts tried was refused, in " + fenced.size() + " sessions");
        fenced.stream().limit(FENCED_MAX).map(FencedSession::words).forEach(evidence::add);
        if (fenced.size() > FENCED_MAX) {
            evidence.add("and in " + (fenced.size() - FENCED_MAX) + " sessions more");
        }
        Verdict verdict = !violations.isEmpty()
                ? Verdict.INVALID
                : applied == 0 || changes.isEmpty() ? Verdict.UNKNOWN : Verdict.VALID;
        return new CheckResult(
                "one-owner", "Only the owner's writes took effect, and terms only grow", verdict, evidence);
    }
}
