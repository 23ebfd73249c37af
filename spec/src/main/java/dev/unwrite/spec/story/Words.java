package dev.unwrite.spec.story;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What things are called when a person reads: from {@code words.json} beside the specification.
 *
 * @param rules each rule and what it says
 * @param properties each property and what it means
 * @param actions each action and what happens in it
 * @param hostsFrom the variable whose keys are the hosts
 * @param start the variables of which the first state tells
 * @param variables how the changes of a variable are told
 */
public record Words(
        Map<String, String> rules,
        Map<String, String> properties,
        Map<String, String> actions,
        String hostsFrom,
        List<String> start,
        Map<String, VariableWords> variables) {
    /** The file. */
    public static final String FILE = "words.json";

    private static final Words BUNDLED = load();

    /**
     * How the changes of a variable are told.
     *
     * @param column {@code host} (by its key), {@code sender} (the host that the element is not addressed to),
     *     {@code field} (the host in the element's field {@code host}), {@code storage}, or {@code hidden}
     * @param phrases by {@code set}, {@code none} (set to 0, nothing or empty), {@code add}, {@code remove}, also with
     *     the element's type as in {@code add:Preserve}; an empty phrase says nothing
     */
    public record VariableWords(String column, Map<String, String> phrases) {}

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
        List<String> start = new ArrayList<>();
        root.path("start").forEach(name -> start.add(name.asText()));
        Map<String, VariableWords> variables = new LinkedHashMap<>();
        root.path("variables").properties().forEach(entry -> {
            Map<String, String> phrases = texts(entry.getValue());
            String column = phrases.remove("column");
            variables.put(entry.getKey(), new VariableWords(column == null ? "host" : column, phrases));
        });
        return new Words(
                texts(root.path("rules")),
                texts(root.path("properties")),
                texts(root.path("actions")),
                root.path("hostsFrom").asText(""),
                start,
                variables);
    }

    private static Map<String, String> texts(JsonNode node) {
        Map<String, String> texts = new LinkedHashMap<>();
        node.properties()
                .forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
        return texts;
    }
}
