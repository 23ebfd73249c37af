package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.spec.trace.GuardModule;
import dev.unwrite.spec.value.TlaValue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * Why a step was rejected.
 *
 * @param why one line
 * @param conjunct what of the specification is false, with its place and the values it speaks of
 * @param enabled the actions that were enabled
 * @param details what the specification has there
 */
record Explanation(String why, String conjunct, List<String> enabled, List<String> details) {
    private static final JsonMapper MAPPER = new JsonMapper();
    /** A value is shown up to so many characters. */
    private static final int VALUE_MAX = 200;

    /** Reads what UnwriteTrace reported before the step and, if {@code taken}, after it. */
    static Explanation of(
            MergedStep step, boolean taken, List<TlaValue.Fcn> report, GuardModule guards, BlockTable blocks)
            throws IOException {
        JsonNode json = MAPPER.readTree(step.json());
        Optional<TlaValue.Fcn> before = find(report, "before");
        Optional<TlaValue.Fcn> after = find(report, "after");
        List<String> details = new ArrayList<>();
        details.add("step: " + step.json());
        int block = json.path("block").asInt();
        if (block > 0) {
            details.add("block " + block + " of the step is " + blocks.block(block));
        }
        before.ifPresent(state -> state.entries().forEach((name, value) -> {
            if (!name.plain().equals("at") && !name.plain().equals("run")) {
                details.add("before, " + name.plain() + ": " + value.plain());
            }
        }));
        String why;
        String conjunct;
        if (!taken || after.isEmpty()) {
            why = "the guard of " + step.action() + " is false"
                    + (step.hidden() == null ? "" : " (" + step.hidden() + ")");
            conjunct = find(report, "guard")
                    .flatMap(guard -> falseConjunct(guard, guards))
                    .orElse("");
            why = conjunct.isEmpty() ? why : why + ": " + conjunct;
        } else {
            List<String> differences = differences(json, after.get());
            after.get().entries().forEach((name, value) -> {
                if (!name.plain().equals("at") && !name.plain().equals("run")) {
                    details.add("after, " + name.plain() + ": " + value.plain());
                }
            });
            why = "after " + step.action() + ": " + String.join("; ", differences);
            conjunct = differences.getFirst();
        }
        return new Explanation(why, conjunct, enabled(before), details);
    }

    /** When TLC could not tell. */
    static Explanation without(MergedStep step, String error) {
        return new Explanation(
                step.action() + " does not fit (and TLC cannot say why: " + error + ")",
                "",
                List.of(),
                List.of("step: " + step.json()));
    }

    private static List<String> enabled(Optional<TlaValue.Fcn> before) {
        List<String> names = new ArrayList<>();
        before.flatMap(state -> state.field("enabled")).ifPresent(set -> {
            for (String name : set.plain().replaceAll("[{}\"]", "").split(", *")) {
                if (!name.isBlank()) {
                    names.add(name);
                }
            }
        });
        return names;
    }

    /** The conjunct that the report names by its number, with the values of what it speaks of. */
    private static Optional<String> falseConjunct(TlaValue.Fcn report, GuardModule guards) {
        if (!(report.field("guard").orElse(null) instanceof TlaValue.Seq(List<TlaValue> told))
                || told.size() != 2
                || !(told.get(0) instanceof TlaValue.Int(long number))
                || !(told.get(1) instanceof TlaValue.Seq(List<TlaValue> pairs))) {
            return Optional.empty();
        }
        List<String> values = new ArrayList<>();
        for (TlaValue pair : pairs) {
            if (pair instanceof TlaValue.Seq(List<TlaValue> parts) && parts.size() == 2) {
                String value = parts.get(1).plain();
                values.add(parts.get(0).plain() + " is "
                        + (value.length() > VALUE_MAX ? value.substring(0, VALUE_MAX) + "..." : value));
            }
        }
        return guards.guard((int) number)
                .map(guard -> guard.shown() + (values.isEmpty() ? "" : ", where " + String.join(", ", values)));
    }

    private static Optional<TlaValue.Fcn> find(List<TlaValue.Fcn> report, String at) {
        TlaValue wanted = new TlaValue.Str(at);
        return report.stream()
                .filter(value -> value.field("at").filter(wanted::equals).isPresent())
                .findFirst();
    }

    private static List<String> differences(JsonNode step, TlaValue.Fcn after) {
        List<String> found = new ArrayList<>();
        for (String invariant : List.of("Recoverable", "Consistent", "OneOwner")) {
            if (after.field(invariant).filter(new TlaValue.Bool(false)::equals).isPresent()) {
                found.add(invariant + " does not hold");
            }
        }
        if (after.field("RecordAgrees").filter(new TlaValue.Bool(false)::equals).isPresent()) {
            found.add("the record is " + step.path("record") + ", the specification has "
                    + after.field("record").map(TlaValue::plain).orElse("another"));
        }
        Optional<TlaValue> host = after.field("host");
        if (step.path("compare").asBoolean() && host.isPresent() && host.get() instanceof TlaValue.Fcn fields) {
            for (Map.Entry<String, JsonNode> said : step.path("after").properties()) {
                String spec = fields.field(said.getKey()).map(TlaValue::plain).orElse("?");
                String recorded = spell(said.getValue());
                if (!spec.equals(recorded)) {
                    found.add(said.getKey() + " is " + recorded + ", the specification has " + spec);
                }
            }
        }
        return found.isEmpty() ? List.of("the state after it does not fit") : found;
    }

    private static String spell(JsonNode value) {
        if (value.isArray()) {
            return StreamSupport.stream(value.spliterator(), false)
                    .map(JsonNode::asText)
                    .collect(java.util.stream.Collectors.joining(", ", "{", "}"));
        }
        return value.isBoolean() ? value.asText().toUpperCase(java.util.Locale.ROOT) : value.asText();
    }
}
