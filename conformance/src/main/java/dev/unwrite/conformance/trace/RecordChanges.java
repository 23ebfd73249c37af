package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** Which action changed the record, as can be told from the record before and after. */
final class RecordChanges {
    private RecordChanges() {}

    /** The action's name, or null if no action makes this change; TLC looks at the details. */
    static @Nullable String action(@Nullable TraceEvent before, TraceEvent after) {
        if (before == null) {
            return null;
        }
        JsonNode old = before.record();
        JsonNode now = after.record();
        String host = after.text("host");
        if (!now.path("owner").asText().equals(host)) {
            return null;
        }
        String change = old.path("mode").asText() + " " + now.path("mode").asText();
        boolean same = old.path("term").asLong() == now.path("term").asLong();
        if (old.path("owner").asText().isEmpty()) {
            return change.equals("none solo") ? "Bootstrap" : null;
        }
        if (!old.path("owner").asText().equals(host)) {
            return change.equals("protected rollback") ? "TakeOver" : null;
        }
        return switch (change) {
            case "protected solo" -> same ? "GoAlone" : "ForceColdStart";
            case "solo protected" -> "Protect";
            case "rollback solo" -> "FinishRollback";
            case "solo solo" -> "ColdStart";
            default -> null;
        };
    }
}
