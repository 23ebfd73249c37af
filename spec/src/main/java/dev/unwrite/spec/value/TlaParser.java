package dev.unwrite.spec.value;

import dev.unwrite.spec.value.TlaValue.Bool;
import dev.unwrite.spec.value.TlaValue.Fcn;
import dev.unwrite.spec.value.TlaValue.Int;
import dev.unwrite.spec.value.TlaValue.ModelValue;
import dev.unwrite.spec.value.TlaValue.Raw;
import dev.unwrite.spec.value.TlaValue.Seq;
import dev.unwrite.spec.value.TlaValue.SetOf;
import dev.unwrite.spec.value.TlaValue.Str;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the values and states that TLC prints. */
public final class TlaParser {
    /** An interval of more elements stays text. */
    private static final int INTERVAL_ELEMENTS_MAX = 1_000;
    /** Values nested deeper than this stay text. */
    private static final int DEPTH_MAX = 200;

    private static final Pattern VARIABLE = Pattern.compile("(?:/\\\\ )?(\\w+) = (.*)", Pattern.DOTALL);

    private final String text;
    private int at;
    private int depth;

    private TlaParser(String text) {
        this.text = text;
    }

    /** The value that {@code text} stands for; a {@link Raw} with the same text where this parser does not know it. */
    public static TlaValue value(String text) {
        try {
            TlaParser parser = new TlaParser(text);
            TlaValue value = parser.read();
            parser.skipSpace();
            if (parser.at == text.length()) {
                return value;
            }
        } catch (UnknownSyntax unknown) {
            // Falls through: the text itself is the best answer.
        }
        return new Raw(text.strip().replaceAll("\\s+", " "));
    }

    /** The variables of a state, in the order printed: lines {@code /\ name = value}, a value may take several lines. */
    public static Map<String, TlaValue> state(String text) {
        Map<String, TlaValue> variables = new LinkedHashMap<>();
        for (String conjunct : text.strip().split("\\n(?=/\\\\ \\w+ = )")) {
            Matcher matcher = VARIABLE.matcher(conjunct);
            if (matcher.matches()) {
                variables.put(matcher.group(1), value(matcher.group(2)));
            }
        }
        return variables;
    }

    private TlaValue read() {
        if (++depth > DEPTH_MAX) {
            throw new UnknownSyntax();
        }
        skipSpace();
        TlaValue value;
        if (take("<<")) {
            value = new Seq(list(">>"));
        } else if (take("{")) {
            value = new SetOf(list("}"));
        } else if (take("[")) {
            value = record();
        } else if (take("(")) {
            value = function();
        } else if (take("\"")) {
            value = string();
        } else {
            value = atom();
        }
        depth--;
        return value;
    }

    private List<TlaValue> list(String end) {
        List<TlaValue> elements = new ArrayList<>();
        if (take(end)) {
            return elements;
        }
        do {
            elements.add(read());
        } while (take(","));
        expect(end);
        return elements;
    }

    private Fcn record() {
        Map<TlaValue, TlaValue> entries = new LinkedHashMap<>();
        do {
            skipSpace();
            String field = word();
            expect("|->");
            entries.put(new Str(field), read());
        } while (take(","));
        expect("]");
        return new Fcn(entries);
    }

    private Fcn function() {
        Map<TlaValue, TlaValue> entries = new LinkedHashMap<>();
        do {
            TlaValue key = read();
            expect(":>");
            entries.put(key, read());
        } while (take("@@"));
        expect(")");
        return new Fcn(entries);
    }

    private Str string() {
        StringBuilder content = new StringBuilder();
        while (at < text.length() && text.charAt(at) != '"') {
            if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                at++;
            }
            content.append(text.charAt(at++));
        }
        expect("\"");
        return new Str(content.toString());
    }

    private TlaValue atom() {
        boolean negative = take("-");
        String word = word();
        if (!word.chars().allMatch(c -> c >= '0' && c <= '9') || word.length() > 18) {
            if (negative) {
                throw new UnknownSyntax();
            }
            return switch (word) {
                case "TRUE" -> new Bool(true);
                case "FALSE" -> new Bool(false);
                default -> new ModelValue(word);
            };
        }
        long number = Long.parseLong(word) * (negative ? -1 : 1);
        if (take("..")) {
            return interval(number, read());
        }
        return new Int(number);
    }

    private static TlaValue interval(long from, TlaValue end) {
        if (!(end instanceof Int(long to)) || to - from >= INTERVAL_ELEMENTS_MAX) {
            throw new UnknownSyntax();
        }
        List<TlaValue> elements = new ArrayList<>();
        for (long i = from; i <= to; i++) {
            elements.add(new Int(i));
        }
        return new SetOf(elements);
    }

    private String word() {
        int start = at;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
            at++;
        }
        if (start == at) {
            throw new UnknownSyntax();
        }
        return text.substring(start, at);
    }

    private boolean take(String token) {
        skipSpace();
        if (!text.startsWith(token, at)) {
            return false;
        }
        at += token.length();
        return true;
    }

    private void expect(String token) {
        if (!take(token)) {
            throw new UnknownSyntax();
        }
    }

    private void skipSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private static final class UnknownSyntax extends RuntimeException {
        UnknownSyntax() {
            super(null, null, false, false);
        }
    }
}
