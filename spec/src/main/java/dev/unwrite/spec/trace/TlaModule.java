package dev.unwrite.spec.trace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The definitions of a module, as text that has kept its lines and columns, without comments. */
final class TlaModule {
    private static final Pattern DEFINITION = Pattern.compile("^(\\w+)(?:\\(([^)]*)\\))?\\s*==");
    private static final Pattern COMMENT = Pattern.compile("\\\\\\*.*$");

    private final String name;
    private final Map<String, Definition> definitions = new LinkedHashMap<>();
    private final Set<String> variables = new LinkedHashSet<>();

    /** A line of a module, from 1. */
    record Line(int number, String text) {}

    /** Some text with its place: alignment has a meaning in TLA+. */
    record Block(String module, List<Line> lines) {
        /** The number of the first line that is not blank. */
        int line() {
            return lines.stream()
                    .filter(line -> !line.text.isBlank())
                    .mapToInt(Line::number)
                    .findFirst()
                    .orElse(0);
        }

        /** On one line, for people. */
        String plain() {
            StringBuilder text = new StringBuilder();
            lines.forEach(line -> text.append(' ').append(line.text.strip()));
            return text.toString().strip().replaceAll("\\s+", " ");
        }

        /** As it stands in the module. */
        String aligned() {
            StringBuilder text = new StringBuilder();
            lines.stream()
                    .filter(line -> !line.text.isBlank())
                    .forEach(line -> text.append(line.text).append('\n'));
            return text.toString();
        }

        /** Without what comes before this column of its first line; columns stay. */
        Block from(int lineIndex, int column) {
            List<Line> rest = new ArrayList<>();
            Line first = lines.get(lineIndex);
            rest.add(new Line(first.number, " ".repeat(column) + first.text.substring(column)));
            rest.addAll(lines.subList(lineIndex + 1, lines.size()));
            return new Block(module, rest);
        }
    }

    /** {@code name(parameters) == body}. */
    record Definition(String name, List<String> parameters, Block body) {}

    TlaModule(String name, String text) {
        this.name = name;
        List<Line> lines = withoutComments(text);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).text;
            if (line.startsWith("VARIABLES")) {
                for (i++; i < lines.size() && !lines.get(i).text.matches("^\\S.*"); i++) {
                    Matcher word = Pattern.compile("\\w+").matcher(lines.get(i).text);
                    while (word.find()) {
                        variables.add(word.group());
                    }
                }
                i--;
                continue;
            }
            Matcher head = DEFINITION.matcher(line);
            if (!head.find()) {
                continue;
            }
            List<Line> body = new ArrayList<>();
            body.add(new Line(lines.get(i).number, " ".repeat(head.end()) + line.substring(head.end())));
            int end = i + 1;
            while (end < lines.size() && !lines.get(end).text.matches("^\\S.*")) {
                body.add(lines.get(end++));
            }
            List<String> parameters = head.group(2) == null
                    ? List.of()
                    : List.of(head.group(2).strip().split("\\s*,\\s*"));
            definitions.put(head.group(1), new Definition(head.group(1), parameters, new Block(name, body)));
            i = end - 1;
        }
    }

    private static List<Line> withoutComments(String text) {
        List<Line> lines = new ArrayList<>();
        int depth = 0;
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            StringBuilder kept = new StringBuilder();
            for (int i = 0; i < line.length(); i++) {
                if (line.startsWith("(*", i)) {
                    depth++;
                    kept.append("  ");
                    i++;
                } else if (depth > 0 && line.startsWith("*)", i)) {
                    depth--;
                    kept.append("  ");
                    i++;
                } else {
                    kept.append(depth > 0 ? ' ' : line.charAt(i));
                }
            }
            lines.add(new Line(number, COMMENT.matcher(kept).replaceFirst("").stripTrailing()));
        }
        return lines;
    }

    String name() {
        return name;
    }

    Set<String> variables() {
        return variables;
    }

    Optional<Definition> definition(String wanted) {
        return Optional.ofNullable(definitions.get(wanted));
    }
}
