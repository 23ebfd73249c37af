package dev.unwrite.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.protocol.OwnershipRecord;

/** JSON of records and requests: strict, and every complaint is an {@link IllegalArgumentException} of one line. */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static ObjectNode parse(String text) {
        JsonNode node;
        try {
            node = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            String why = String.valueOf(e.getOriginalMessage());
            throw new IllegalArgumentException(
                    "not JSON: " + why.lines().findFirst().orElse(""), e);
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new IllegalArgumentException("not a JSON object");
    }

    static String string(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null || !value.isTextual()) {
            throw new IllegalArgumentException("\"" + field + "\" is missing or not a string");
        }
        return value.textValue();
    }

    static long number(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException("\"" + field + "\" is missing or not a whole number of 64 bits");
        }
        return value.longValue();
    }

    static JsonNode child(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null || !value.isObject()) {
            throw new IllegalArgumentException("\"" + field + "\" is missing or not an object");
        }
        return value;
    }

    static ObjectNode ofRecord(OwnershipRecord record) {
        return object().put("version", record.version())
                .put("term", record.term())
                .put("owner", record.owner())
                .put("mode", record.mode().wire())
                .put("secondary", record.secondary())
                .put("base", record.base());
    }

    /** Throws {@link IllegalArgumentException} with one line if it is no record, or a name in it is not a name. */
    static OwnershipRecord toRecord(JsonNode node) {
        return new OwnershipRecord(
                number(node, "version"),
                number(node, "term"),
                host(node, "owner"),
                OwnershipRecord.Mode.ofWire(string(node, "mode")),
                host(node, "secondary"),
                number(node, "base"));
    }

    private static String host(JsonNode node, String field) {
        String name = string(node, field);
        return name.isEmpty() ? name : Names.check(field, name);
    }
}
