package dev.unwrite.spec.trace;

import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.trace.TlaModule.Block;
import dev.unwrite.spec.trace.TlaModule.Definition;
import dev.unwrite.spec.trace.TlaModule.Line;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A module that tells which conjunct of an action's guard is false: made from the text of {@code Unwrite.tla} and
 * {@code UnwriteTrace.tla}, where each action is a list of conjuncts and those without a prime are its guard. They are
 * evaluated one after the other, as TLC does, up to the first that is false.
 */
public final class GuardModule {
    /** The module's name. */
    public static final String NAME = "UnwriteGuards";
    /** The invariant that reports the false conjunct of the event to be explained; it is never violated. */
    public static final String INVARIANT = "ExplainGuard";

    private static final Pattern DISPATCH = Pattern.compile("E\\.action = \"(\\w+)\" ->\\s*(.*)$");
    private static final Pattern CALL = Pattern.compile("(\\w+)(?:\\((.*)\\))?");
    private static final Pattern RULE = Pattern.compile("On\\(\"(\\w+)\"\\) =>\\s*");
    private static final Pattern EXISTS = Pattern.compile("(\\\\E \\w+ \\\\in [^:]+:)\\s*");
    private static final Pattern BOUND = Pattern.compile("(?:\\\\E|\\\\A|CHOOSE|\\{) ?(\\w+) \\\\in");
    private static final Pattern PRIMED = Pattern.compile("'|\\bUNCHANGED\\b");
    private static final Pattern WORD = Pattern.compile("\\b[A-Za-z]\\w*");
    /** Where a conjunction on one line is not one of the whole line. */
    private static final Pattern NOT_PLAIN =
            Pattern.compile("=>|\\\\/|\\\\E|\\\\A|\\bIF\\b|\\bLET\\b|\\bCHOOSE\\b|<=>");
    /** Sets and functions that may be large: told by their size. */
    private static final Set<String> LARGE =
            Set.of("net", "wire", "replies", "staged", "reading", "log", "cuts", "asked");

    private final List<TlaModule> modules;
    private final List<Guard> guards = new ArrayList<>();
    private final Set<String> variables = new LinkedHashSet<>();
    private final String text;

    /**
     * A conjunct.
     *
     * @param module where it stands
     * @param line on which it begins there
     * @param text the conjunct on one line
     * @param rule the rule that asks for it, or nothing
     */
    public record Guard(String module, int line, String text, String rule) {
        /** For people. */
        public String shown() {
            return text + " (" + (rule.isEmpty() ? "" : rule + ", ") + module + ".tla, line " + line + ")";
        }
    }

    /** Reads the modules. */
    public GuardModule(SpecFiles files) {
        modules = List.of(module(files, "UnwriteTrace"), module(files, "Unwrite"));
        modules.forEach(module -> variables.addAll(module.variables()));
        Map<String, String> actions = new TreeMap<>();
        Definition taken = definition("Taken").orElseThrow();
        for (Line line : taken.body().lines()) {
            Matcher dispatch = DISPATCH.matcher(line.text());
            if (dispatch.find()) {
                Block call =
                        new Block("UnwriteTrace", List.of(new Line(line.number(), " ".repeat(4) + dispatch.group(2))));
                actions.put(dispatch.group(1), expression(call, Set.of("h"), () -> "<<0, <<>>>>\n"));
            }
        }
        StringBuilder all = new StringBuilder("---- MODULE " + NAME + " ----\nEXTENDS UnwriteTrace\n"
                + "Brief(S) == IF Cardinality(S) <= 6 THEN ToString(S)\n"
                + "            ELSE ToString(Cardinality(S)) \\o \" elements\"\n");
        StringBuilder dispatch = new StringBuilder("FalseGuard(h) ==\n  CASE E.action = \"\" -> <<0, <<>>>>\n");
        actions.forEach((action, expression) -> {
            all.append("Guard")
                    .append(action)
                    .append("(h) ==\n")
                    .append(expression)
                    .append('\n');
            dispatch.append("    [] E.action = \"" + action + "\" -> Guard" + action + "(h)\n");
        });
        all.append(dispatch).append("    [] OTHER -> <<0, <<>>>>\n");
        all.append(INVARIANT + " ==\n  i = DiagnoseAt =>\n"
                + "    Report([at |-> \"guard\", run |-> run, guard |-> FalseGuard(E.host)])\n====\n");
        text = all.toString();
    }

    private static TlaModule module(SpecFiles files, String name) {
        return new TlaModule(
                name, files.module(name).orElseThrow(() -> new IllegalArgumentException("there is no module " + name)));
    }

    /** The text of the module. */
    public String text() {
        return text;
    }

    /** The conjunct that the module calls by this number. */
    public Optional<Guard> guard(int number) {
        return number >= 1 && number <= guards.size() ? Optional.of(guards.get(number - 1)) : Optional.empty();
    }

    /** All conjuncts. */
    public List<Guard> guards() {
        return List.copyOf(guards);
    }

    private Optional<Definition> definition(String name) {
        return modules.stream()
                .flatMap(module -> module.definition(name).stream())
                .findFirst();
    }

    // ---- An expression that comes to the number of the first false conjunct of a block, else to what comes then.

    private String expression(Block block, Set<String> scope, Supplier<String> then) {
        String plain = block.plain();
        if (plain.startsWith("LET ")) {
            int in = lineOf(block, "IN ");
            if (in < 0) {
                return then.get();
            }
            int column = block.lines().get(in).text().indexOf("IN ") + 3;
            String definitions = new Block(block.module(), block.lines().subList(0, in)).aligned();
            return definitions + "  IN\n" + expression(block.from(in, column), scope, then);
        }
        List<Block> conjuncts = conjuncts(block);
        return conjuncts(conjuncts, 0, scope, "", then);
    }

    private String conjuncts(List<Block> blocks, int from, Set<String> scope, String rule, Supplier<String> then) {
        if (from == blocks.size()) {
            return then.get();
        }
        Supplier<String> rest = () -> conjuncts(blocks, from + 1, scope, rule, then);
        Block block = blocks.get(from);
        String plain = block.plain();
        Optional<Call> call = call(plain);
        if (isPrimed(plain, new LinkedHashSet<>())) {
            if (call.isPresent()) {
                return called(call.get(), scope, rest);
            }
            Matcher exists = EXISTS.matcher(plain);
            return exists.lookingAt() ? exists(block, exists.group(1), rule, scope, rest) : rest.get();
        }
        Matcher ruled = RULE.matcher(plain);
        if (ruled.lookingAt()) {
            Block body = after(block, RULE);
            return conjuncts(conjuncts(body), 0, scope, ruled.group(1), rest);
        }
        if (call.isPresent()
                && call.get().isPlain()
                && !call.get().definition.body().plain().isEmpty()) {
            Block body = call.get().definition.body();
            if (conjuncts(body).size() > 1 || call.get().definition.name().equals("Drained")) {
                return conjuncts(conjuncts(body), 0, scope, rule, rest);
            }
        }
        return test(block, block.aligned(), plain, scope, rule, rest);
    }

    private String test(
            Block place, String expression, String shown, Set<String> scope, String rule, Supplier<String> rest) {
        guards.add(new Guard(place.module(), place.line(), shown, rule));
        int number = guards.size();
        return "IF ~(\n" + expression + ")\nTHEN <<" + number + ", " + values(shown, scope) + ">>\nELSE\n" + rest.get();
    }

    /** What the conjunct speaks of: each with its value. */
    private String values(String shown, Set<String> scope) {
        Set<String> bound = new LinkedHashSet<>();
        Matcher binder = BOUND.matcher(shown);
        while (binder.find()) {
            bound.add(binder.group(1));
        }
        Set<String> parts = new LinkedHashSet<>();
        Matcher access = Pattern.compile("(?<![.\\w])(?:(?:" + String.join("|", variables)
                        + ")\\b(?:\\[\\w+\\])*(?:\\.\\w+)*|(?:" + String.join("|", scope) + "|E)(?:\\.\\w+)+)")
                .matcher(shown);
        while (access.find()) {
            String part = access.group();
            if (WORD.matcher(part).results().noneMatch(word -> bound.contains(word.group()))) {
                parts.add(part);
            }
        }
        List<String> told = new ArrayList<>();
        for (String part : parts) {
            String name = part.replaceFirst("\\W.*", "");
            String value = LARGE.contains(name) ? "Brief(" + part + ")" : "ToString(" + part + ")";
            if (part.startsWith("ckpt[h].")) {
                value = "IF ckpt[h] = None THEN \"None\" ELSE " + value;
            }
            told.add("<<\"" + part + "\", " + value + ">>");
        }
        return "<<" + String.join(", ", told) + ">>";
    }

    /** Conjuncts below a quantifier: those up to each in turn. */
    private String exists(Block block, String head, String rule, Set<String> scope, Supplier<String> rest) {
        List<Block> inner = new ArrayList<>();
        flatten(conjuncts(after(block, EXISTS)), inner);
        return exists(inner, 0, head, rule, scope, rest);
    }

    private String exists(
            List<Block> inner, int last, String head, String rule, Set<String> scope, Supplier<String> rest) {
        if (last == inner.size()) {
            return rest.get();
        }
        StringBuilder expression = new StringBuilder(head).append(" TRUE\n");
        for (Block block : inner.subList(0, last + 1)) {
            expression.append("  /\\ (\n").append(block.aligned()).append("  )\n");
        }
        Block at = inner.get(last);
        return test(
                at,
                expression.toString(),
                head + " " + at.plain(),
                scope,
                rule,
                () -> exists(inner, last + 1, head, rule, scope, rest));
    }

    /** Actions that are called with their own parameters' names give their conjuncts; what is primed is left out. */
    private void flatten(List<Block> blocks, List<Block> into) {
        for (Block block : blocks) {
            String plain = block.plain();
            Optional<Call> call = call(plain);
            boolean primed = isPrimed(plain, new LinkedHashSet<>());
            if (call.isPresent()
                    && call.get().isPlain()
                    && (primed || isList(call.get().definition.body()))) {
                flatten(conjuncts(call.get().definition.body()), into);
            } else if (!primed) {
                into.add(block);
            }
        }
    }

    private static boolean isList(Block block) {
        return block.plain().startsWith("/\\");
    }

    private String called(Call call, Set<String> scope, Supplier<String> rest) {
        Set<String> inside = new LinkedHashSet<>(scope);
        StringBuilder let = new StringBuilder();
        Block body = call.definition.body();
        for (int i = 0; i < call.arguments.size(); i++) {
            String parameter = call.definition.parameters().get(i);
            String argument = call.arguments.get(i);
            if (!parameter.equals(argument)) {
                String local = variables.contains(parameter) ? parameter + "_" : parameter;
                body = renamed(body, parameter, local);
                let.append("  ").append(local).append(" == ").append(argument).append('\n');
                inside.add(local);
            } else {
                inside.add(parameter);
            }
        }
        int before = guards.size();
        String expression = expression(body, inside, rest);
        boolean used = guards.size() > before;
        return let.isEmpty() || !used ? expression : "LET\n" + let + "IN\n" + expression;
    }

    private static Block renamed(Block block, String from, String to) {
        if (from.equals(to)) {
            return block;
        }
        return new Block(
                block.module(),
                block.lines().stream()
                        .map(line -> new Line(line.number(), line.text().replaceAll("\\b" + from + "\\b", to)))
                        .toList());
    }

    // ---- Reading.

    /** {@code Name(arguments)} of a definition of the modules. */
    private record Call(Definition definition, List<String> arguments) {
        boolean isPlain() {
            return arguments.equals(definition.parameters());
        }
    }

    private Optional<Call> call(String plain) {
        Matcher matcher = CALL.matcher(plain);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        List<String> arguments = new ArrayList<>();
        String all = matcher.group(2);
        if (all != null) {
            int depth = 0;
            int start = 0;
            for (int i = 0; i < all.length(); i++) {
                char c = all.charAt(i);
                depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
                if (depth < 0) {
                    return Optional.empty();
                }
                if (c == ',' && depth == 0) {
                    arguments.add(all.substring(start, i).strip());
                    start = i + 1;
                }
            }
            arguments.add(all.substring(start).strip());
        }
        return definition(matcher.group(1))
                .filter(found -> found.parameters().size() == arguments.size())
                .map(found -> new Call(found, arguments));
    }

    private boolean isPrimed(String text, Set<String> seen) {
        String plain = text.replaceAll("\"[^\"]*\"", "");
        if (PRIMED.matcher(plain).find()) {
            return true;
        }
        Matcher word = WORD.matcher(plain);
        while (word.find()) {
            Optional<Definition> called = definition(word.group());
            if (called.isPresent()
                    && seen.add(word.group())
                    && isPrimed(called.get().body().plain(), seen)) {
                return true;
            }
        }
        return false;
    }

    /** What comes after the first match, which is at the beginning of the block. */
    private static Block after(Block block, Pattern pattern) {
        for (int i = 0; i < block.lines().size(); i++) {
            String text = block.lines().get(i).text();
            if (text.isBlank()) {
                continue;
            }
            Matcher matcher = Pattern.compile("\\s*" + pattern.pattern()).matcher(text);
            if (matcher.lookingAt()) {
                return block.from(i, matcher.end());
            }
            break;
        }
        return block;
    }

    private static int lineOf(Block block, String word) {
        for (int i = 0; i < block.lines().size(); i++) {
            if (block.lines().get(i).text().strip().startsWith(word)) {
                return i;
            }
        }
        return -1;
    }

    private static List<Block> conjuncts(Block block) {
        int column = -1;
        for (Line line : block.lines()) {
            if (!line.text().isBlank()) {
                String text = line.text();
                int first = text.length() - text.stripLeading().length();
                column = text.startsWith("/\\", first) ? first : -1;
                break;
            }
        }
        return column < 0 ? ofOneLine(block) : bulleted(block, column);
    }

    private static List<Block> bulleted(Block block, int column) {
        List<Block> found = new ArrayList<>();
        List<Line> item = new ArrayList<>();
        for (Line line : block.lines()) {
            String text = line.text();
            boolean bullet = text.length() > column
                    && text.startsWith("/\\", column)
                    && text.substring(0, column).isBlank();
            if (bullet) {
                add(found, block, item);
                item = new ArrayList<>();
                text = text.substring(0, column) + "  " + text.substring(column + 2);
            }
            item.add(new Line(line.number(), text));
        }
        add(found, block, item);
        return found;
    }

    private static void add(List<Block> found, Block from, List<Line> item) {
        if (item.stream().anyMatch(line -> !line.text().isBlank())) {
            found.addAll(ofOneLine(new Block(from.module(), item)));
        }
    }

    /** {@code a /\ b} on one line, if it is nothing but that. */
    private static List<Block> ofOneLine(Block block) {
        List<Line> lines =
                block.lines().stream().filter(line -> !line.text().isBlank()).toList();
        String plain = block.plain();
        boolean ruled = RULE.matcher(plain).lookingAt();
        if (lines.size() != 1
                || ruled
                || !plain.contains("/\\")
                || NOT_PLAIN.matcher(outside(plain)).find()) {
            return List.of(block);
        }
        Line line = lines.getFirst();
        List<Block> found = new ArrayList<>();
        int start = 0;
        int depth = 0;
        String text = line.text();
        for (int i = 0; i <= text.length(); i++) {
            if (i == text.length() || (depth == 0 && text.startsWith("/\\", i))) {
                found.add(new Block(
                        block.module(),
                        List.of(new Line(line.number(), " ".repeat(start) + text.substring(start, i)))));
                start = i + 2;
            } else {
                char c = text.charAt(i);
                depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            }
        }
        return found;
    }

    /** What stands in no parentheses. */
    private static String outside(String text) {
        StringBuilder kept = new StringBuilder();
        int depth = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            if (depth == 0) {
                kept.append(c);
            }
        }
        return kept.toString();
    }
}
