package dev.unwrite.spec.story;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What things are called when a person reads: from {@code words.json} beside the specification.
 *
 * @param rules each rule and what it says
 * @param properties each property and what it means
 * @param actions each action and what happens in it
 * @param hostsFrom the variable whose keys are the hosts
 * @param start the variables of which the first state tells, in this order, and what they are called there
 * @param end the same for the last state
 * @param unnamed how to know an action that TLC does not name (it names none below a quantifier over a variable)
 * @param variables how the changes of a variable are told, and in which order
 */
public record Words(
        Map<String, String> rules,
        Map<String, String> properties,
        Map<String, String> actions,
        String hostsFrom,
        Map<String, String> start,
        Map<String, String> end,
        List<Signature> unnamed,
        Map<String, VariableWords> variables) {
    /** The file. */
    public static final String FILE = "words.json";

    private static final Words BUNDLED = load();

    /**
     * How the changes of a variable are told.
     *
     * @param columns where a change is told: under "column", or "column:add" and so on for one kind of
     *     change. {@code host} (by its key), {@code sender} (the host that the element is not addressed to),
     *     {@code field} (the host in the element's field {@code host}), {@code storage}, or {@code hidden}
     * @param phrases by {@code set}, {@code none} (set to 0, nothing or empty), {@code add}, {@code remove}, also with
     *     the element's type as in {@code add:Preserve}; an empty phrase says nothing
     */
    public record VariableWords(Map<String, String> columns, Map<String, String> phrases) {
        /** The column for a kind of change: set, add or remove. */
        String column(String kind) {
            return columns.getOrDefault("column:" + kind, columns.getOrDefault("column", "host"));
        }

        boolean hidden() {
            return "hidden".equals(columns.get("column"));
        }
    }

    /**
     * What an action changes.
     *
     * @param action its name
     * @param must changed by every step of it
     * @param may changed by some step of it
     */
    public record Signature(String action, Set<String> must, Set<String> may) {
        boolean fits(Set<String> changed) {
            return changed.containsAll(must)
                    && changed.stream().allMatch(variable -> must.contains(variable) || may.contains(variable));
        }
    }

    /** The words of this project. */
    public static Words bundled() {
        return BUNDLED;
    }

    private static Words load() {
        try (InputStream in = Words.class.getResourceAsStream("/tla/" + FILE)) {
            if (in == null) {
                throw new IllegalStateException("there is no tla/" + FILE + " beside the classes");
            }
            return read(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Words from a file's content. */
    static Words read(InputStream in) throws IOException {
        JsonNode root = JsonMapper.builder()
                .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS, JsonReadFeature.ALLOW_TRAILING_COMMA)
                .build()
                .readTree(in);
        List<Signature> unnamed = new ArrayList<>();
        root.path("unnamed")
                .forEach(node -> unnamed.add(new Signature(
                        node.path("action").asText(), names(node.path("must")), names(node.path("may")))));
        Map<String, VariableWords> variables = new LinkedHashMap<>();
        root.path("variables").properties().forEach(entry -> {
            Map<String, String> phrases = texts(entry.getValue());
            Map<String, String> columns = new LinkedHashMap<>(phrases);
            columns.keySet().removeIf(name -> !name.startsWith("column"));
            phrases.keySet().removeAll(columns.keySet());
            variables.put(entry.getKey(), new VariableWords(columns, phrases));
        });
        return new Words(
                texts(root.path("rules")),
                texts(root.path("properties")),
                texts(root.path("actions")),
                root.path("hostsFrom").asText(""),
                texts(root.path("start")),
                texts(root.path("end")),
                unnamed,
                variables);
    }

    private static Set<String> names(JsonNode node) {
        Set<String> names = new LinkedHashSet<>();
        node.forEach(name -> names.add(name.asText()));
        return names;
    }

    private static Map<String, String> texts(JsonNode node) {
        Map<String, String> texts = new LinkedHashMap<>();
        node.properties()
                .forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
        return texts;
    }
}
