package dev.unwrite.spec.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.spec.tlc.TlcJob;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Reads one entry of the file of models. */
final class ModelReader {
    private static final Set<String> FIELDS = Set.of(
            "name",
            "abstract",
            "like",
            "purpose",
            "module",
            "specification",
            "constants",
            "invariants",
            "properties",
            "constraints",
            "actionConstraints",
            "symmetry",
            "view",
            "workers",
            "heap",
            "deadlock",
            "size",
            "off",
            "fails",
            "simulation");

    private final JsonNode node;
    private final Map<String, JsonNode> earlier;

    ModelReader(JsonNode node, Map<String, JsonNode> earlier) {
        this.node = node;
        this.earlier = earlier;
        node.fieldNames().forEachRemaining(field -> {
            if (!FIELDS.contains(field)) {
                throw new ModelException(Models.FILE + ": model " + name() + " has an unknown field " + field);
            }
        });
    }

    String name() {
        String name = node.path("name").asText("");
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*")) {
            throw new ModelException(
                    Models.FILE + ": a model's name is letters, digits, '-', '_' and '.', not '" + name + "'");
        }
        return name;
    }

    /** The entry with what it takes over from the earlier one that it is like; constants are merged. */
    JsonNode inherited() {
        String like = node.path("like").asText("");
        if (like.isEmpty()) {
            return node;
        }
        if (!(earlier.get(like) instanceof ObjectNode parent)) {
            throw new ModelException(
                    Models.FILE + ": model " + name() + " is like " + like + ", which is not above it");
        }
        ObjectNode whole = parent.deepCopy();
        whole.remove("abstract");
        node.properties().forEach(field -> {
            if (field.getKey().equals("constants") && whole.get("constants") instanceof ObjectNode constants) {
                field.getValue()
                        .properties()
                        .forEach(constant -> constants.set(constant.getKey(), constant.getValue()));
            } else {
                whole.set(field.getKey(), field.getValue());
            }
        });
        return whole;
    }

    static Model model(JsonNode node) {
        Set<String> off = new LinkedHashSet<>(names(node, "off"));
        Set<String> fails = new LinkedHashSet<>(names(node, "fails"));
        Model model = new Model(
                text(node, "name"),
                text(node, "purpose"),
                text(node, "module"),
                node.path("specification").asText("Spec"),
                constants(node, off),
                names(node, "invariants"),
                names(node, "properties"),
                names(node, "constraints"),
                names(node, "actionConstraints"),
                optional(node, "symmetry"),
                optional(node, "view"),
                node.path("workers").asInt(1),
                node.path("heap").asText(TlcJob.HEAP_DEFAULT),
                node.path("deadlock").asBoolean(false),
                size(node, fails),
                off,
                fails,
                simulation(node.path("simulation")));
        check(model);
        return model;
    }

    private static void check(Model model) {
        if (!model.properties().isEmpty() && model.workers() > 1) {
            throw wrong(model, "has properties and more than one worker; TLC can miss violations then");
        }
        if (!model.properties().isEmpty() && model.symmetry() != null) {
            throw wrong(model, "has properties and a symmetry; TLC can miss violations then");
        }
        if (model.invariants().isEmpty() && model.properties().isEmpty() && !model.deadlock()) {
            throw wrong(model, "asks nothing: give it invariants, properties or \"deadlock\": true");
        }
        if (model.mustHold() == (model.size() == Model.Size.MUSTFAIL)) {
            throw wrong(model, "must have \"fails\" if and only if its size is mustfail");
        }
        if (!model.mustHold() && model.workers() > 1) {
            throw wrong(model, "must fail with one worker: only then is its counterexample always the same");
        }
    }

    private static ModelException wrong(Model model, String why) {
        return new ModelException(Models.FILE + ": model " + model.name() + " " + why);
    }

    private static Map<String, String> constants(JsonNode node, Set<String> off) {
        Map<String, String> constants = new LinkedHashMap<>();
        node.path("constants").properties().forEach(entry -> constants.put(entry.getKey(), value(entry.getValue())));
        if (!off.isEmpty()) {
            constants.put(Model.OFF, Model.offSet(off));
        }
        return constants;
    }

    /** A number or boolean as it is, an array as a set of strings or numbers; any other text is TLA+ already. */
    private static String value(JsonNode value) {
        if (value.isArray()) {
            StringJoiner set = new StringJoiner(", ", "{", "}");
            value.forEach(element -> set.add(element.isTextual() ? '"' + element.asText() + '"' : value(element)));
            return set.toString();
        }
        return value.isBoolean() ? value.asText().toUpperCase(Locale.ROOT) : value.asText();
    }

    private static List<String> names(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (value.isTextual()) {
            return List.of(value.asText());
        }
        List<String> names = new ArrayList<>();
        value.forEach(name -> names.add(name.asText()));
        return List.copyOf(names);
    }

    private static String text(JsonNode node, String field) {
        String text = node.path(field).asText("");
        if (text.isEmpty()) {
            throw new ModelException(
                    Models.FILE + ": model " + node.path("name").asText("?") + " has no \"" + field + "\"");
        }
        return text;
    }

    private static @Nullable String optional(JsonNode node, String field) {
        String text = node.path(field).asText("");
        return text.isEmpty() ? null : text;
    }

    private static Model.Size size(JsonNode node, Set<String> fails) {
        String size = node.path("size").asText("");
        if (size.isEmpty() || !fails.isEmpty()) {
            return fails.isEmpty() ? Model.Size.SMALL : Model.Size.MUSTFAIL;
        }
        try {
            return Model.Size.valueOf(size.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ModelException(Models.FILE + ": model "
                    + node.path("name").asText() + ": size is small, large" + " or mustfail, not " + size);
        }
    }

    private static TlcJob.@Nullable Simulation simulation(JsonNode node) {
        return node.isMissingNode()
                ? null
                : new TlcJob.Simulation(
                        node.path("behaviours").asLong(1000),
                        node.path("depth").asInt(100),
                        node.path("seed").asLong(1));
    }
}
