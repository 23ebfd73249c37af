package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether the fields of an event have the types that they must have: TLC stops at a comparison of unlike values. */
final class EventShape {
    private static final List<String> TEXTS = List.of("role", "mode");
    private static final List<String> NUMBERS = List.of(
            "term",
            "epoch",
            "session",
            "version",
            "pending",
            "kept",
            "dirty",
            "owed",
            "asked",
            "owes",
            "safe",
            "copies",
            "ckptTerm",
            "ckptEpoch");
    /** What the specification sees as a number; a session or a version is never given to it. */
    private static final List<String> BEYOND_INT = List.of("session", "version");

    private EventShape() {}

    /** What is wrong, in words for a person, or null. */
    static @Nullable String complaint(JsonNode event) {
        for (String name : List.of("term", "epoch", "said")) {
            if (event.has(name) && !event.get(name).isInt()) {
                return name + " is not a number of 31 bits";
            }
        }
        if (event.path("action").asText().equals("StoreCopy")
                && !event.path("session").isIntegralNumber()) {
            return "StoreCopy does not say in which session it was read: a trace of an earlier version";
        }
        if (event.has("record")) {
            String wrong = ofRecord(event.get("record"));
            if (wrong != null) {
                return wrong;
            }
        }
        for (JsonNode value : event.path("values")) {
            if (!value.isInt()) {
                return "values holds something that is not a number of 31 bits";
            }
        }
        return event.has("group") ? null : ofAfter(event.path("after"));
    }

    private static @Nullable String ofRecord(JsonNode record) {
        for (String name : List.of("term", "base")) {
            if (!record.path(name).isInt()) {
                return "record." + name + " is not a number of 31 bits";
            }
        }
        for (String name : List.of("owner", "mode", "secondary")) {
            if (!record.path(name).isTextual()) {
                return "record." + name + " is not a text";
            }
        }
        return record.path("version").isIntegralNumber() ? null : "record.version is not a number";
    }

    private static @Nullable String ofAfter(JsonNode after) {
        for (String name : TEXTS) {
            if (!after.path(name).isTextual()) {
                return "after." + name + " is not a text";
            }
        }
        for (String name : NUMBERS) {
            JsonNode value = after.path(name);
            if (!(BEYOND_INT.contains(name) ? value.isIntegralNumber() : value.isInt())) {
                return "after." + name + " is not a number of 31 bits";
            }
        }
        if (!after.path("cuts").isArray()) {
            return "after.cuts is not a list";
        }
        for (JsonNode cut : after.path("cuts")) {
            if (!cut.isInt()) {
                return "after.cuts holds something that is not a number of 31 bits";
            }
        }
        return null;
    }
}
