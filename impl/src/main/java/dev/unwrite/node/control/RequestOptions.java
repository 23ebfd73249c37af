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
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What comes with a request: {@code {"timeout": "30s"}} as JSON, or {@code ?timeout=30s}; {@code ?cold=true} for a failover without the checkpoint; and, for a checkpoint,
 * {@code ?until=cut}, and the state as {@code application/octet-stream}, of any size, with {@code ?base=EPOCH} if it is a delta.
 *
 * @param state the body, to be read once; null if there is none
 */
record RequestOptions(
        Duration timeout,
        boolean cold,
        boolean untilCut,
        long base,
        @Nullable InputStream state) {
    static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(30);
    static final Duration TIMEOUT_MAX = Duration.ofDays(7);
    static final int BODY_BYTES_MAX = 4096;
    static final String STATE = "application/octet-stream";
    private static final Set<String> OPTIONS = Set.of("timeout", "cold", "until", "base");

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern EPOCH = Pattern.compile("[1-9][0-9]{0,17}");
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    static RequestOptions read(HttpExchange exchange, boolean takesState) throws ControlException, IOException {
        Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
        String timeout = query.get("timeout");
        boolean cold = flag(query.get("cold"));
        boolean untilCut = isCut(query.get("until"));
        long base = base(query.get("base"));
        if (takesState && isState(exchange)) {
            return new RequestOptions(duration(timeout), cold, untilCut, base, exchange.getRequestBody());
        }
        if (base != 0) {
            throw new ControlException(Kind.INVALID, "base goes with a delta, which is sent as " + STATE);
        }
        byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        if (body.length > BODY_BYTES_MAX) {
            throw new ControlException(
                    Kind.INVALID,
                    "the body has more than " + BODY_BYTES_MAX + " bytes"
                            + (takesState ? "; a state is sent as " + STATE : ""));
        }
        String inBody = new String(body, StandardCharsets.UTF_8).isBlank() ? null : json(body);
        return new RequestOptions(duration(inBody == null ? timeout : inBody), cold, untilCut, 0, null);
    }

    ControlApi.CheckpointOrder checkpoint() {
        return new ControlApi.CheckpointOrder(state, base, untilCut);
    }

    private static boolean isState(HttpExchange exchange) {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        return type != null && type.strip().equalsIgnoreCase(STATE);
    }

    private static Map<String, String> query(@Nullable String query) throws ControlException {
        Map<String, String> options = new HashMap<>();
        if (query == null || query.isEmpty()) {
            return options;
        }
        for (String option : query.split("&", -1)) {
            int equals = option.indexOf('=');
            String name = equals < 0 ? option : option.substring(0, equals);
            if (equals < 0 || !OPTIONS.contains(name) || options.containsKey(name)) {
                throw new ControlException(
                        Kind.INVALID,
                        "the only options are timeout, such as ?timeout=30s, cold=true for a failover, and until=cut and"
                                + " base=EPOCH for a checkpoint");
            }
            try {
                options.put(name, URLDecoder.decode(option.substring(equals + 1), StandardCharsets.UTF_8));
            } catch (IllegalArgumentException e) {
                throw new ControlException(Kind.INVALID, "a query that cannot be read", e);
            }
        }
        return options;
    }

    private static boolean flag(@Nullable String text) throws ControlException {
        if (text == null || text.equals("false")) {
            return false;
        }
        if (!text.equals("true")) {
            throw new ControlException(Kind.INVALID, "cold is true or false, not '" + text + "'");
        }
        return true;
    }

    private static boolean isCut(@Nullable String text) throws ControlException {
        if (text == null || text.equals("commit")) {
            return false;
        }
        if (!text.equals("cut")) {
            throw new ControlException(Kind.INVALID, "until is cut or commit, not '" + text + "'");
        }
        return true;
    }

    private static long base(@Nullable String text) throws ControlException {
        if (text == null) {
            return 0;
        }
        if (!EPOCH.matcher(text).matches()) {
            throw new ControlException(Kind.INVALID, "base is the epoch of a checkpoint, not '" + text + "'");
        }
        return Long.parseLong(text);
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
