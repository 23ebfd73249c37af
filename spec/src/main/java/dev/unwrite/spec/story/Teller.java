package dev.unwrite.spec.story;

import dev.unwrite.spec.story.Change.Kind;
import dev.unwrite.spec.story.Words.VariableWords;
import dev.unwrite.spec.value.TlaValue;
import dev.unwrite.spec.value.TlaValue.Fcn;
import dev.unwrite.spec.value.TlaValue.Int;
import dev.unwrite.spec.value.TlaValue.ModelValue;
import dev.unwrite.spec.value.TlaValue.Seq;
import dev.unwrite.spec.value.TlaValue.SetOf;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Puts one change into words, and into the column of the host that it happens at. */
final class Teller {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\w+)}");
    private static final VariableWords UNKNOWN = new VariableWords(Map.of(), Map.of());

    private final Words words;
    private final List<String> hosts;

    /** {@code hosts}: their names in the order of the columns. */
    Teller(Words words, List<String> hosts) {
        this.words = words;
        this.hosts = hosts;
    }

    /** One change in words; {@code host} is where it happens, or empty for the storage and everything else. */
    record Told(String host, String text) {}

    /** The change in words, or nothing if it is not worth telling. */
    Optional<Told> tell(Change change) {
        VariableWords variable = words.variables().getOrDefault(change.variable(), UNKNOWN);
        String column = variable.column(kind(change));
        if (column.equals("hidden")) {
            return Optional.empty();
        }
        boolean keyed = !change.path().isEmpty()
                && hosts.contains(change.path().getFirst().plain());
        String host = switch (column) {
            case "sender" -> peer(field(change, "to"));
            case "field" -> field(change, "host");
            case "storage" -> "";
            default -> keyed ? change.path().getFirst().plain() : "";
        };
        List<TlaValue> path = keyed ? change.path().subList(1, change.path().size()) : change.path();
        String text = phrase(change, variable, path, host, keyed && host.isEmpty());
        return text.isEmpty() ? Optional.empty() : Optional.of(new Told(hosts.contains(host) ? host : "", text));
    }

    private String phrase(
            Change change, VariableWords variable, List<TlaValue> path, String host, boolean hostToBeNamed) {
        String type = field(change, "type");
        String kind = kind(change);
        String phrase = variable.phrases().get(kind + ":" + type);
        if (phrase == null && change.kind() == Kind.SET && isNone(change.after())) {
            phrase = variable.phrases().get("none");
        }
        if (phrase == null) {
            phrase = variable.phrases().get(kind);
        }
        if (phrase == null) {
            phrase = change.kind() == Kind.SET ? "{name}: {old} → {new}" : kind + " {name}: {element}";
        }
        String key = path.stream().map(TlaValue::plain).collect(Collectors.joining("."));
        String owner = hostToBeNamed ? "[" + change.path().getFirst().plain() + "]" : "";
        String name = change.variable() + owner + (key.isEmpty() ? "" : "[" + key + "]");
        return PLACEHOLDER
                .matcher(phrase)
                .replaceAll(match -> Matcher.quoteReplacement(
                        switch (match.group(1)) {
                            case "name" -> name;
                            case "key" -> key;
                            case "host" -> host.isEmpty() ? field(change, "host") : host;
                            case "old" -> show(change.before());
                            case "new" -> show(change.after());
                            case "element" -> show(change.after());
                            default -> field(change, match.group(1));
                        }));
    }

    private static String kind(Change change) {
        return change.kind().name().toLowerCase(Locale.ROOT);
    }

    private static boolean isNone(TlaValue value) {
        return switch (value) {
            case Int(long number) -> number == 0;
            case SetOf(var elements) -> elements.isEmpty();
            case Seq(var elements) -> elements.isEmpty();
            case ModelValue(String name) -> name.equals("None") || name.equals("Nothing");
            default -> false;
        };
    }

    private static String field(Change change, String name) {
        return change.after() instanceof Fcn function
                ? function.field(name).map(Teller::show).orElse("")
                : "";
    }

    private String peer(String host) {
        return hosts.stream()
                .filter(other -> hosts.contains(host) && !other.equals(host))
                .findFirst()
                .orElse("");
    }

    /** A value as a person would write it on a board: no quotes, no arrows. */
    static String show(TlaValue value) {
        return switch (value) {
            case Fcn function -> {
                String type = function.isRecord()
                        ? function.field("type").map(TlaValue::plain).orElse("")
                        : "";
                String separator = function.isRecord() ? " " : " = ";
                yield function.entries().entrySet().stream()
                        .filter(entry ->
                                type.isEmpty() || !entry.getKey().plain().equals("type"))
                        .map(entry -> entry.getKey().plain() + separator + show(entry.getValue()))
                        .collect(Collectors.joining(", ", type + "(", ")"));
            }
            case SetOf(var elements) when elements.isEmpty() -> "none";
            case ModelValue(String name) when name.equals("None") -> "none";
            case SetOf(var elements) -> elements.stream().map(Teller::show).collect(Collectors.joining(", ", "{", "}"));
            case Seq(var elements) -> elements.stream().map(Teller::show).collect(Collectors.joining(", ", "<", ">"));
            default -> value.plain();
        };
    }
}
