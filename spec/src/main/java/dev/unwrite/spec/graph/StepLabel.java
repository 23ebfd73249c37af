package dev.unwrite.spec.graph;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which step: the action as the specification names it, and the parameters that its definition has.
 *
 * @param action the name; a model's {@code MC} before it is gone
 * @param parameters the values, as text, by name; strings without quotes
 */
public record StepLabel(String action, Map<String, String> parameters) {
    /** Reads the text in a graph's file. */
    static StepLabel of(String text) {
        int open = text.indexOf('(');
        String name = (open < 0 ? text : text.substring(0, open)).replaceFirst("^MC(?=[A-Z])", "");
        Map<String, String> parameters = new LinkedHashMap<>();
        if (open >= 0) {
            for (String part : text.substring(open + 1, text.length() - 1).split(",")) {
                String[] pair = part.split("=", 2);
                parameters.put(pair[0], pair[1].replace("\"", ""));
            }
        }
        return new StepLabel(name, parameters);
    }

    /** The parameter's value; the empty text if the action has none of this name. */
    public String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }

    @Override
    public String toString() {
        return parameters.isEmpty() ? action : action + "(" + String.join(", ", parameters.values()) + ")";
    }
}
