package dev.unwrite.node.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import dev.unwrite.node.control.ControlException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What comes with a request: {@code {"timeout": "30s"}} as JSON, or {@code ?timeout=30s}; and, for a checkpoint, the state
 * as {@code application/octet-stream}, of any size.
 *
 * @param state the body, to be read once; null if there is none
 */
record RequestOptions(Duration timeout, @Nullable InputStream state) {
    static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(30);
    static final Duration TIMEOUT_MAX = Duration.ofDays(7);
    static final int BODY_BYTES_MAX = 4096;
    static final String STATE = "application/octet-stream";

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    static RequestOptions read(HttpExchange exchange, boolean takesState) throws ControlException, IOException {
        @Nullable String timeout = query(exchange.getRequestURI().getRawQuery());
        if (takesState && isState(exchange)) {
            return new RequestOptions(duration(timeout), exchange.getRequestBody());
        }
        byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        if (body.length > BODY_BYTES_MAX) {
            throw new ControlException(
                    Kind.INVALID,
                    "the body has more than " + BODY_BYTES_MAX + " bytes"
                            + (takesState ? "; a state is sent as " + STATE : ""));
        }
        String inBody = new String(body, StandardCharsets.UTF_8).isBlank() ? null : json(body);
        return new RequestOptions(duration(inBody == null ? timeout : inBody), null);
    }

    private static boolean isState(HttpExchange exchange) {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        return type != null && type.strip().equalsIgnoreCase(STATE);
    }

    private static @Nullable String query(@Nullable String query) throws ControlException {
        if (query == null || query.isEmpty()) {
            return null;
        }
        if (!query.startsWith("timeout=") || query.indexOf('&') >= 0) {
            throw new ControlException(Kind.INVALID, "the only option is timeout, such as ?timeout=30s");
        }
        try {
            return URLDecoder.decode(query.substring("timeout=".length()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ControlException(Kind.INVALID, "a query that cannot be read", e);
        }
    }

    private static @Nullable String json(byte[] body) throws ControlException, IOException {
        JsonNode json;
        try {
            json = MAPPER.readTree(body);
        } catch (JsonProcessingException e) {
            throw new ControlException(Kind.INVALID, "the body is not JSON such as {\"timeout\": \"30s\"}", e);
        }
        JsonNode timeout = json.path("timeout");
        Iterator<String> names = json.fieldNames();
        if (!json.isObject() || (names.hasNext() && (!timeout.isTextual() || json.size() > 1))) {
            throw new ControlException(Kind.INVALID, "the body is not of the form {\"timeout\": \"30s\"}");
        }
        return timeout.isTextual() ? timeout.asText() : null;
    }

    private static Duration duration(@Nullable String text) throws ControlException {
        if (text == null) {
            return TIMEOUT_DEFAULT;
        }
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new ControlException(Kind.INVALID, "'" + text + "' is not a timeout, such as 500ms, 30s or 5m");
        }
        long number = Long.parseLong(matcher.group(1));
        Duration duration = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
        return duration.compareTo(TIMEOUT_MAX) > 0 ? TIMEOUT_MAX : duration;
    }
}
