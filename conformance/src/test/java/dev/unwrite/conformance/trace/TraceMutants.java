package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Traces with one mistake: an event dropped, doubled or swapped with the next one of its process, or one field of it
 * altered. Every kind of event times every mutation, at several places each.
 */
final class TraceMutants {
    private static final JsonMapper MAPPER = new JsonMapper();
    /** Who wrote the line and when: it places the event and says nothing of it. */
    private static final Set<String> PLACE = Set.of("seq", "t", "node", "start", "action", "group", "volumes", "boot");

    private static final List<String> ROLES = List.of("idle", "primary", "secondary", "restoring", "cold");

    private TraceMutants() {}

    /**
     * A mutant.
     *
     * @param mutation what was done: drop, double, swap, or the field that was altered
     * @param action the event's name
     * @param file where it stands
     * @param line of the event, from 1
     * @param files the mutated traces
     * @param first the event before the mutation
     * @param second the one after it in its process, or null
     */
    record Mutant(
            String mutation,
            String action,
            String file,
            int line,
            Map<String, List<String>> files,
            JsonNode first,
            @org.jspecify.annotations.Nullable JsonNode second) {
        /** Of the kind of mutation, the same for all places. */
        String name() {
            return action + " " + mutation;
        }
    }

    /**
     * What became of a mutant.
     *
     * @param mutant the mutant
     * @param rejected whether it was
     * @param reason why it was rejected, or why it survived
     * @param equivalent whether the mutated trace is as right as the original
     */
    record Outcome(Mutant mutant, boolean rejected, String reason, boolean equivalent) {
        /** The same, for those who only count. */
        Outcome withoutTraces() {
            Mutant m = mutant;
            return new Outcome(
                    new Mutant(m.mutation, m.action, m.file, m.line, Map.of(), m.first, m.second),
                    rejected,
                    reason,
                    equivalent);
        }
    }

    /** All mutants of the traces, at {@code places} places of each kind, spread over the run. */
    static List<Mutant> of(Map<String, List<String>> files, int places) throws IOException {
        return of(files, places, event -> true);
    }

    /** Those of the wanted events. */
    static List<Mutant> of(Map<String, List<String>> files, int places, Predicate<JsonNode> wanted) throws IOException {
        Map<String, List<int[]>> events = new TreeMap<>();
        List<String> names = new ArrayList<>(new TreeMap<>(files).keySet());
        for (int file = 0; file < names.size(); file++) {
            List<String> lines = lines(files, names.get(file));
            for (int line = 0; line < lines.size(); line++) {
                JsonNode event = parse(lines.get(line));
                if (wanted.test(event)) {
                    events.computeIfAbsent(event.path("action").asText(), a -> new ArrayList<>())
                            .add(new int[] {file, line});
                }
            }
        }
        List<Mutant> mutants = new ArrayList<>();
        for (List<int[]> found : events.values()) {
            Set<Integer> chosen = new LinkedHashSet<>();
            for (int place = 0; place < places; place++) {
                chosen.add((int) ((long) found.size() * (2L * place + 1) / (2L * places)));
            }
            for (int index : chosen) {
                int[] at = found.get(index);
                mutate(files, names.get(at[0]), at[1], mutants);
            }
        }
        return mutants;
    }

    private static void mutate(Map<String, List<String>> files, String file, int at, List<Mutant> into)
            throws IOException {
        List<String> lines = lines(files, file);
        JsonNode event = parse(lines.get(at));
        JsonNode next = at + 1 < lines.size() ? parse(lines.get(at + 1)) : null;
        List<String> dropped = new ArrayList<>(lines);
        dropped.remove(at);
        into.add(mutant("drop", files, file, at, dropped, event, next));
        List<String> doubled = new ArrayList<>(lines);
        doubled.add(at + 1, lines.get(at));
        into.add(mutant("double", files, file, at, doubled, event, next));
        if (next != null) {
            List<String> swapped = new ArrayList<>(lines);
            java.util.Collections.swap(swapped, at, at + 1);
            into.add(mutant("swap", files, file, at, swapped, event, next));
        }
        for (Map.Entry<String, ObjectNode> altered : altered((ObjectNode) event).entrySet()) {
            List<String> changed = new ArrayList<>(lines);
            changed.set(at, altered.getValue().toString());
            into.add(mutant(altered.getKey(), files, file, at, changed, event, next));
        }
    }

    private static Mutant mutant(
            String mutation,
            Map<String, List<String>> files,
            String file,
            int at,
            List<String> lines,
            JsonNode event,
            @org.jspecify.annotations.Nullable JsonNode next)
            throws IOException {
        Map<String, List<String>> changed = new LinkedHashMap<>(files);
        changed.put(file, renumbered(lines));
        return new Mutant(mutation, event.path("action").asText(), file, at + 1, changed, event, next);
    }

    /** Each field altered in its way: numbers by one, truths flipped, lists shortened, names exchanged. */
    private static Map<String, ObjectNode> altered(ObjectNode event) {
        Map<String, ObjectNode> all = new LinkedHashMap<>();
        for (String name : names(event)) {
            JsonNode value = event.get(name);
            boolean whose =
                    name.equals("storage") && event.path("action").asText().equals("Boot");
            if (PLACE.contains(name) || whose) {
                continue;
            }
            if (value.isObject()) {
                for (String inner : names((ObjectNode) value)) {
                    ObjectNode copy = event.deepCopy();
                    alter((ObjectNode) copy.get(name), inner);
                    all.put(name + "." + inner, copy);
                }
            } else {
                ObjectNode copy = event.deepCopy();
                alter(copy, name);
                all.put(name, copy);
            }
        }
        all.values().removeIf(event::equals);
        return all;
    }

    private static List<String> names(ObjectNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static void alter(ObjectNode node, String name) {
        JsonNode value = node.get(name);
        if (value.isIntegralNumber()) {
            node.put(name, value.asLong() + 1);
        } else if (value.isBoolean()) {
            node.put(name, !value.asBoolean());
        } else if (value.isTextual()) {
            node.put(name, other(name, value.asText()));
        } else if (name.equals("extent") || name.equals("lost")) {
            JsonNode extent = name.equals("extent") ? value : value.get(value.size() - 1);
            ((ArrayNode) extent).set(1, node.numberNode(extent.get(1).asLong() + 1));
        } else if (value.isArray() && name.equals("values")) {
            ((ArrayNode) value).set(0, node.numberNode(value.get(0).asInt() ^ 1));
        } else if (value.isArray() && !value.isEmpty()) {
            ((ArrayNode) value).remove(value.size() - 1);
        } else if (value.isArray() && name.equals("cuts")) {
            ((ArrayNode) value).add(1);
        }
    }

    private static String other(String name, String text) {
        return switch (name) {
            case "role" -> ROLES.get((ROLES.indexOf(text) + 1) % ROLES.size());
            case "mode" -> text.equals("solo") ? "protected" : "solo";
            case "change" -> text.equals("GO_ALONE") ? "PROTECT" : "GO_ALONE";
            default -> text.equals("A") ? "B" : "A";
        };
    }

    private static List<String> lines(Map<String, List<String>> files, String file) {
        return files.getOrDefault(file, List.of()).stream()
                .filter(line -> !line.isBlank())
                .toList();
    }

    /** So that the numbers do not give the change away; the times keep their order, as a clock would. */
    private static List<String> renumbered(List<String> lines) throws IOException {
        List<Long> times = new ArrayList<>();
        for (String line : lines) {
            times.add(parse(line).path("t").asLong());
        }
        times.sort(null);
        List<String> result = new ArrayList<>();
        for (String line : lines) {
            ObjectNode node = (ObjectNode) parse(line);
            node.put("t", times.get(result.size()));
            node.put("seq", result.size());
            result.add(node.toString());
        }
        return result;
    }

    private static JsonNode parse(String line) throws JsonProcessingException {
        return MAPPER.readTree(line);
    }
}
